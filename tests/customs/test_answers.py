"""The gateway's word on what was told: the latest holds, all are kept, and totals follow."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from gateway.customs import register
from licencexml import messages as m
from tests.customs.conftest import MakeCounter
from tests.customs.counter import Counter, licence, of_kind

ACCEPTED, REPEATED, REFUSED = m.AckStatus.ACCEPTED, m.AckStatus.REPEATED, m.AckStatus.REFUSED
ONE = licence()


def stands(counter: Counter) -> Decimal:
    ((written_off, _),) = counter.totals(ONE.key)
    return Decimal(written_off)


def told(counter: Counter) -> list[m.Message]:
    """What customs tells of the licence once it has it, without the acknowledgement."""
    return [one for one in counter.issue(ONE) if not isinstance(one, m.ApplicationAck)]


def agree(counter: Counter, *sent: m.Message) -> None:
    for one in sent:
        counter.answer(one)


def quantity(write_off: m.WriteOff) -> Decimal:
    return write_off.declaration.lines[0].quantity.amount


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_answer_made_last_holds_in_whatever_order_they_come(
    make_counter: MakeCounter, order: tuple[int, ...]
) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, told(counter))
    answers = []
    for status, codes in ((ACCEPTED, ()), (REFUSED, ("CAP",)), (REPEATED, ())):
        answers.append(counter.ack(write_off, status, *codes))
        counter.later(minutes=1)
    for number in order:
        counter.receive(answers[number])
    shown = counter.show(ONE.key)
    assert [(one["answer"], one["codes"]) for one in shown["releases"]] == [("REPEATED", [])]
    assert [(one["answer"], one["codes"]) for one in shown["answers"]] == [
        ("ACCEPTED", []),
        ("REFUSED", ["CAP"]),
        ("REPEATED", []),
    ]
    assert {one["answers"] for one in shown["answers"]} == {write_off.header.message_id}
    assert stands(counter) == quantity(write_off)


def test_a_repeated_answer_never_undoes_a_later_one(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, told(counter))
    first = counter.ack(write_off, ACCEPTED)
    counter.receive(first)
    counter.later(minutes=1)
    counter.answer(write_off, REFUSED, "CAP")
    counter.receive(first)
    (release,) = counter.show(ONE.key)["releases"]
    assert (release["answer"], release["codes"]) == ("REFUSED", ["CAP"])
    assert stands(counter) == 0


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_that_other_content_came_under_its_identity_unsays_no_verdict(
    make_counter: MakeCounter, order: tuple[int, ...]
) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, told(counter))
    answers = [counter.ack(write_off, ACCEPTED)]
    counter.later(minutes=1)
    answers.append(counter.ack(write_off, REFUSED, "MESSAGE_ID_CONFLICT"))
    for number in order:
        counter.receive(answers[number])
    shown = counter.show(ONE.key)
    assert [(one["answer"], one["codes"]) for one in shown["releases"]] == [("ACCEPTED", [])]
    assert [one["answer"] for one in shown["answers"]] == ["ACCEPTED", "REFUSED"]
    assert stands(counter) == quantity(write_off)


def test_a_message_whose_identity_was_never_its_own_is_refused(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, told(counter))
    counter.answer(write_off, REFUSED, "MESSAGE_ID_CONFLICT")
    (release,) = counter.show(ONE.key)["releases"]
    assert (release["answer"], release["codes"]) == ("REFUSED", ["MESSAGE_ID_CONFLICT"])


def test_the_repeat_of_a_refused_message_is_not_agreed_to(make_counter: MakeCounter) -> None:
    """It is answered REPEATED, with the reasons of the first answer."""
    counter = make_counter(multi={"declarations": 1})
    (write_off,) = of_kind(m.WriteOff, told(counter))
    counter.answer(write_off, REPEATED, "CAP")
    assert stands(counter) == 0


def test_amended_and_withdrawn_quantities_count_once_the_gateway_agrees(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 3, "amend": 1, "withdraw": 1})
    *write_offs, amendment, reversal = told(counter)
    assert isinstance(amendment, m.WriteOffAmendment)
    assert isinstance(reversal, m.WriteOffReversal)
    amounts = [quantity(one) for one in of_kind(m.WriteOff, write_offs)]
    assert stands(counter) == 0
    agree(counter, *write_offs)
    assert stands(counter) == sum(amounts)
    counter.answer(amendment, REFUSED, "SOME_CODE")
    assert stands(counter) == sum(amounts)
    counter.later(minutes=1)
    agree(counter, amendment, reversal)
    assert stands(counter) == amendment.content.quantity.amount + amounts[1]
    shown = counter.show(ONE.key)
    by_line = [
        (one["released"], one["amended_to"], one["withdrawn"], one["stands"]) for one in shown["declarations"]
    ]
    first, second, third = (f"{amount:f}" for amount in amounts)
    half = f"{amendment.content.quantity.amount:f}"
    assert by_line == [
        (first, half, "0.00000", half),
        (second, None, "0.00000", second),
        (third, None, third, "0.00000"),
    ]
    assert [(one["kind"], one["answer"]) for one in shown["corrections"]] == [
        ("WriteOffAmendment", "ACCEPTED"),
        ("WriteOffReversal", "ACCEPTED"),
    ]


def test_a_reversal_told_first_leaves_nothing_of_its_release(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 1, "mischief": ["reversal-first", "unknown-reversal"]})
    write_off, reversal, withdrawn, unknown = told(counter)
    assert [m.kind_of(one) for one in (write_off, reversal, withdrawn, unknown)] == [
        "WriteOff",
        "WriteOffReversal",
        "WriteOff",
        "WriteOffReversal",
    ]
    agree(counter, write_off, reversal, withdrawn, unknown)
    assert isinstance(write_off, m.WriteOff)
    assert stands(counter) == quantity(write_off)


def test_no_two_messages_about_a_licence_are_created_together(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 3, "amend": 3, "withdraw": 3, "mischief": ["conflict"]})
    created = [one.header.created for one in told(counter)]
    assert created == sorted(set(created))


def test_out_of_order_everything_is_told_last_first(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 2, "amend": 1, "withdraw": 1}, reorder=True)
    sent = told(counter)
    assert [m.kind_of(one) for one in sent] == [
        "WriteOffReversal",
        "WriteOffAmendment",
        "WriteOff",
        "WriteOff",
    ]
    agree(counter, *sent)
    (amendment,) = of_kind(m.WriteOffAmendment, sent)
    assert stands(counter) == amendment.content.quantity.amount


def test_answers_are_counted_for_the_status(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 2, "amend": 1})
    first, *_, amendment = told(counter)
    agree(counter, first)
    counter.answer(amendment, REFUSED, "SOME_CODE")
    assert counter.look(register.counts) == {
        "licences": 1,
        "releases_accepted": 1,
        "releases_waiting": 1,
        "corrections_refused": 1,
    }

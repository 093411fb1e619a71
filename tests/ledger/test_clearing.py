"""Write-offs in the ledger: applied once, refused as discrepancies, repeated with the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.kinds import EntryKind, OutcomeStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import discrepancy, entry, write_off_line
from gateway.licences.life import LicenceStatus
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff
from licencexml.values import UsageMode
from tests.ledger.makers import clearance_received, digest, issue_received, sealed
from tests.ledger.test_issuing import content, statements
from tests.licences.clearances import reversal, withdrawn
from tests.licences.makers import KILOGRAM, POLICY, drawn, entry_id, goods, key, licence, write_off

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_customs(run: Run) -> None:
    """A multi-use licence of two lines of 100 and 50, sealed."""
    lines = (goods(1, "100"), goods(2, "50", goods_code="2709000000"))
    run(book.accept_issues, [issue_received(licence(key(), *lines))], POLICY)
    run(book.record_seals, [sealed(key(), "s-1")])


def apply(run: Run, *write_offs: WriteOff) -> list[book.Outcome]:
    cleared: book.Cleared = run(
        book.record_clearances, [clearance_received(each) for each in write_offs], POLICY
    )
    return list(cleared.outcomes)


def state(look: Run) -> LicenceState:
    states: dict[Any, LicenceState] = look(load_states, [key()])
    return states[key()]


def balances(look: Run) -> list[Decimal]:
    return [line.balance for line in state(look).lines]


def discrepancies(look: Run) -> list[Any]:
    rows: list[Any] = look(
        lambda connection: connection.execute(select(discrepancy).order_by(discrepancy.c.id)).all()
    )
    return rows


def codes(outcome: book.Outcome) -> list[str]:
    return [rejection.code for rejection in outcome.rejections]


def test_an_applied_write_off_takes_from_its_line_only(run: Run, look: Run) -> None:
    [outcome] = apply(run, write_off(drawn("10.00001")))

    assert outcome == book.Outcome(OutcomeStatus.ACCEPTED, "w-1", key())
    assert balances(look) == [Decimal("89.99999"), Decimal("50")]
    assert state(look).status is LicenceStatus.PART_USED


def test_the_same_message_again_gets_the_same_answer_and_changes_nothing(run: Run, look: Run) -> None:
    apply(run, write_off())
    before = look(content)

    [outcome] = apply(run, write_off())
    assert outcome == book.Outcome(OutcomeStatus.REPEATED, "w-1", key(), already=OutcomeStatus.ACCEPTED)
    assert look(content) == before


def test_the_same_message_twice_in_a_batch_is_applied_once(run: Run, look: Run) -> None:
    outcomes = apply(run, write_off(), write_off(), write_off(declaration=2, message_id="w-2"))

    assert [outcome.status for outcome in outcomes] == [
        OutcomeStatus.ACCEPTED,
        OutcomeStatus.REPEATED,
        OutcomeStatus.ACCEPTED,
    ]
    assert balances(look) == [80, 50]


def test_a_batch_draws_in_its_order(run: Run, look: Run) -> None:
    outcomes = apply(
        run,
        write_off(drawn("60"), declaration=1, message_id="w-1"),
        write_off(drawn("60"), declaration=2, message_id="w-2"),
        write_off(drawn("40"), declaration=3, message_id="w-3"),
    )

    assert [codes(outcome) for outcome in outcomes] == [[], ["QUANTITY_EXCEEDS_BALANCE"], []]
    assert balances(look) == [0, 50]


def test_a_refused_write_off_is_a_discrepancy_once_with_one_answer(run: Run, look: Run) -> None:
    excess = write_off(drawn("100.00001"), drawn("1", line_number=2, unit=KILOGRAM))
    [first] = apply(run, excess)
    again = apply(run, excess, excess)

    assert first.status is OutcomeStatus.REFUSED
    assert codes(first) == ["UNIT_MISMATCH", "QUANTITY_EXCEEDS_BALANCE"]
    assert [outcome.status for outcome in again] == [OutcomeStatus.REPEATED] * 2
    assert [outcome.rejections for outcome in again] == [first.rejections] * 2
    assert again[0].already is OutcomeStatus.REFUSED
    [row] = discrepancies(look)
    assert (row.message_id, row.status) == ("w-1", "OPEN")
    assert [rejection["code"] for rejection in row.rejections] == codes(first)
    assert balances(look) == [100, 50]


def test_a_write_off_is_applied_whole_or_not_at_all(run: Run, look: Run) -> None:
    apply(run, write_off(drawn("10"), drawn("51.50001", line_number=2, goods_code="2709000000")))

    assert balances(look) == [100, 50]
    assert look(lambda connection: connection.execute(select(write_off_line)).all()) == []


def test_an_unknown_licence_is_a_discrepancy(run: Run, look: Run) -> None:
    [outcome] = apply(run, write_off(licence_key=key(99)))

    assert codes(outcome) == ["LICENCE_UNKNOWN"]
    assert [row.licence_no for row in discrepancies(look)] == ["26-AA-000099"]


def test_the_same_lines_under_another_message_id_are_a_repeat(run: Run, look: Run) -> None:
    apply(run, write_off())
    [outcome] = apply(run, write_off(message_id="w-2"))

    assert outcome.status is OutcomeStatus.REPEATED
    assert outcome.is_accepted
    assert balances(look) == [90, 50]
    assert discrepancies(look) == []


def test_the_same_lines_twice_in_a_batch_are_applied_once(run: Run, look: Run) -> None:
    outcomes = apply(run, write_off(message_id="w-1"), write_off(message_id="w-2"))

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ACCEPTED, OutcomeStatus.REPEATED]
    assert balances(look) == [90, 50]


def test_a_message_with_known_and_new_lines_applies_the_new(run: Run, look: Run) -> None:
    apply(run, write_off(drawn("10")))
    [outcome] = apply(run, write_off(drawn("10"), drawn("5", line_number=2), message_id="w-2"))

    assert outcome.status is OutcomeStatus.ACCEPTED
    assert balances(look) == [85, 50]


def test_a_known_line_with_other_content_is_a_conflict_and_a_discrepancy(run: Run, look: Run) -> None:
    apply(run, write_off(drawn("10")))
    [outcome] = apply(run, write_off(drawn("11"), message_id="w-2"))

    assert outcome.status is OutcomeStatus.CONFLICT
    assert codes(outcome) == ["WRITE_OFF_CONFLICT"]
    assert [row.message_id for row in discrepancies(look)] == ["w-2"]
    assert balances(look) == [90, 50]


def test_a_message_id_with_other_content_is_a_conflict_told_once(run: Run, look: Run) -> None:
    apply(run, write_off(drawn("10")))
    other = write_off(drawn("20"), declaration=2)
    first = apply(run, other, other)
    again = apply(run, other)

    assert [codes(outcome) for outcome in first + again] == [["MESSAGE_ID_CONFLICT"]] * 3
    assert [bytes(row.digest) for row in discrepancies(look)] == [digest(repr(other))]
    assert balances(look) == [90, 50]


def test_a_single_use_licence_serves_one_declaration_in_one_batch(run: Run) -> None:
    single = key(7)
    run(book.accept_issues, [issue_received(licence(single, mode=UsageMode.SINGLE), "i-7")], POLICY)
    run(book.record_seals, [sealed(single, "s-7", "i-7")])

    outcomes = apply(
        run,
        write_off(declaration=1, message_id="w-1", licence_key=single),
        write_off(declaration=2, message_id="w-2", licence_key=single),
    )
    assert [codes(outcome) for outcome in outcomes] == [[], ["SINGLE_USE_SPENT"]]


def test_twelve_declarations_pass_and_the_thirteenth_does_not(run: Run, look: Run) -> None:
    outcomes = apply(
        run,
        *[write_off(drawn("1"), declaration=number, message_id=f"w-{number}") for number in range(1, 14)],
    )

    assert [codes(outcome) for outcome in outcomes] == [[]] * 12 + [["MULTI_USE_CAP_REACHED"]]
    assert balances(look) == [88, 50]


def test_what_a_withdrawn_declaration_keeps_of_its_use_is_known_after_any_look(run: Run, look: Run) -> None:
    kept = replace(POLICY, count_restored=False)
    back = write_off(drawn("10"))
    stays = write_off(drawn("5"), declaration=2, message_id="w-2")
    told = [*map(clearance_received, (back, stays)), clearance_received(reversal(withdrawn("10")))]
    run(book.record_clearances, told, kept)

    found = state(look)
    assert found.declarations == {entry_id(1), entry_id(2)}
    assert found.live_declarations == {entry_id(2)}
    assert look(lambda connection: list(differences(connection))) == []


def test_the_entries_tell_all_that_the_projection_says(run: Run, look: Run) -> None:
    apply(run, write_off(drawn("10")), write_off(drawn("500"), declaration=2, message_id="w-2"))
    apply(run, write_off(drawn("10"), message_id="w-3"), write_off(licence_key=key(9), message_id="w-4"))

    kinds = look(lambda connection: connection.execute(select(entry.c.kind)).scalars().all())
    assert kinds[2:] == [
        EntryKind.WRITE_OFF_APPLIED,
        EntryKind.WRITE_OFF_REFUSED,
        EntryKind.WRITE_OFF_REPEATED,
        EntryKind.WRITE_OFF_REFUSED,
    ]
    assert look(lambda connection: list(differences(connection))) == []


def test_a_batch_is_a_handful_of_statements_whatever_its_size(ledger: Ledger, run: Run) -> None:
    keys = [key(number) for number in range(100, 165)]
    issues = [issue_received(licence(each), f"i-{each.number}") for each in keys]
    run(book.accept_issues, issues, POLICY)
    run(book.record_seals, [sealed(each, f"s-{each.number}") for each in keys])
    batch = [write_off(message_id=f"w-{each.number}", licence_key=each) for each in keys]

    with statements(ledger) as of_one:
        apply(run, batch[0])
    with statements(ledger) as of_many:
        apply(run, *batch[1:])
    assert len(of_many) == len(of_one) <= 13, "\n".join(of_many)


@pytest.mark.parametrize(
    ("tampering", "table"),
    [
        ("UPDATE licence_line SET balance = '99.00000' WHERE line_number = 1", "licence_line"),
        ("UPDATE licence SET status = 'EXHAUSTED'", "licence"),
        ("DELETE FROM write_off_line", "write_off_line"),
        ("DELETE FROM declaration_use", "declaration_use"),
        ("DELETE FROM discrepancy", "discrepancy"),
    ],
)
def test_the_check_finds_what_was_tampered_with(run: Run, look: Run, tampering: str, table: str) -> None:
    apply(run, write_off(), write_off(drawn("500"), declaration=2, message_id="w-2"))
    run(lambda uow: uow.connection.exec_driver_sql(tampering))

    [difference] = look(lambda connection: list(differences(connection)))
    assert difference.table == table
    assert difference.licence == key()
    assert str(key()) in str(difference)


def test_the_check_goes_through_all_pages(run: Run, look: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.ledger.check.PAGE", 2)
    keys = [key(number) for number in range(100, 105)]
    run(book.accept_issues, [issue_received(licence(each), f"i-{each.number}") for each in keys], POLICY)
    assert look(lambda connection: list(differences(connection))) == []

    run(lambda uow: uow.connection.exec_driver_sql("UPDATE licence_line SET balance = '1.00000'"))
    found = look(lambda connection: list(differences(connection)))
    assert [difference.licence for difference in found] == [key(), key(), *keys]


def test_an_equal_quantity_written_otherwise_is_the_same_content(run: Run) -> None:
    first = write_off(drawn("10"))
    apply(run, first)
    [outcome] = apply(run, replace(first, header=replace(first.header, message_id="w-2")))

    assert outcome.status is OutcomeStatus.REPEATED

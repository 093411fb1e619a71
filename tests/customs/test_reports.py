"""对账: the gateway's report of a day is answered with customs' own, part by part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest
from lxml import etree
from sqlalchemy import insert, select

from gateway.clock import BUSINESS_ZONE
from gateway.customs import releases
from gateway.customs.scenario import Mischief
from gateway.customs.tables import customs_received, customs_report_part
from licencexml import messages as m
from licencexml import parsing
from licencexml.names import SIGNATURE
from licencexml.reconciling import Collected, join, split
from licencexml.values import LicenceKey, LicenceType, Party, Quantity
from tests.customs.conftest import MakeCounter
from tests.customs.counter import DAY, NOON, Counter, acks, licence, of_kind
from tests.customs.test_taking import revocation, suspension

ACCEPTED, REPEATED, REFUSED = m.AckStatus.ACCEPTED, m.AckStatus.REPEATED, m.AckStatus.REFUSED
#: Licences that customs never had.
STRANGERS = [LicenceKey(LicenceType.EXPORT, f"25-ZZ-{number:06d}") for number in range(600)]
LINE = m.GoodsLineBalance(1, "1006302001", *(Quantity.of(n, "070") for n in (10, 4, 6)))


def report(
    counter: Counter, message_ids: Sequence[str] = (), keys: Sequence[LicenceKey] = (), day: date = DAY
) -> list[m.Reconciliation]:
    """The gateway's report, naming these messages and licences."""
    sent = m.TransferStatus.SENT
    return split(
        lambda number: counter.header(f"R-{counter.now:%H%M}-{number}"),
        day,
        counter.now,
        [m.Transfer(one, "LicenceIssue", STRANGERS[0], bytes(32), sent) for one in message_ids],
        [m.LicenceFigures(key, 1, (LINE,)) for key in keys],
    )


def tell(counter: Counter, *parts: m.Reconciliation) -> list[m.Message]:
    """What customs says to these parts, in one interchange."""
    return counter.receive(*map(counter.signed, parts))


def answer(counter: Counter, parts: Sequence[m.Reconciliation]) -> Collected:
    """Customs' own report, whole."""
    told = of_kind(m.Reconciliation, tell(counter, *parts))
    assert {one.header.in_reply_to for one in told} == {parts[0].header.message_id}
    assert {one.header.sender for one in told} == {"CN-CUSTOMS"}
    joined = join(told)
    assert joined.is_sound
    assert joined.business_date == parts[0].business_date
    assert joined.as_of == counter.now
    return joined


def transfers(whole: Collected) -> list[tuple[str, str, str]]:
    return [(one.message_id, one.kind, str(one.status)) for one in whole.transfers]


def licences(whole: Collected) -> list[LicenceKey]:
    return [one.licence for one in whole.licences]


def signed_content(sealed: bytes) -> bytes:
    """The digest of what the seal signed, by lxml alone: exclusive C14N without the seal's own signature."""
    root = parsing.parse(sealed, max_bytes=2**20)
    for signature in root.findall(SIGNATURE):
        root.remove(signature)
    return hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()


def test_a_day_without_business_is_answered_with_nought(counter: Counter) -> None:
    whole = answer(counter, report(counter))
    assert (whole.transfers, whole.licences) == ((), ())


def test_all_sealed_messages_of_the_day_are_listed_with_what_the_seal_signed(counter: Counter) -> None:
    one = licence(1)
    documents = [
        counter.sealed(m.LicenceIssue(counter.from_issuer(), one), "S-1"),
        counter.sealed(suspension(counter), "S-2"),
        counter.sealed(revocation(counter, STRANGERS[0]), "S-3"),
        counter.sealed(revocation(counter), "S-4"),
    ]
    for document in documents:
        counter.receive(document)
        counter.later(minutes=1)
    whole = answer(counter, report(counter))
    assert transfers(whole) == [
        ("S-1", "LicenceIssue", "ACCEPTED"),
        ("S-2", "LicenceSuspension", "ACCEPTED"),
        ("S-3", "LicenceRevocation", "REFUSED"),
        ("S-4", "LicenceRevocation", "ACCEPTED"),
    ]
    assert [each.digest for each in whole.transfers] == [signed_content(document) for document in documents]
    assert [each.licence for each in whole.transfers] == [one.key, one.key, STRANGERS[0], one.key]


def test_a_message_that_came_again_is_listed_once_as_it_ended(counter: Counter) -> None:
    act = counter.sealed(suspension(counter), "S-2")
    counter.receive(act)
    counter.issue(licence(1), "S-1")
    counter.later(minutes=1)
    counter.receive(act)
    counter.receive(act)
    whole = answer(counter, report(counter))
    assert transfers(whole) == [
        ("S-1", "LicenceIssue", "ACCEPTED"),
        ("S-2", "LicenceSuspension", "ACCEPTED"),
    ]


def test_the_day_is_that_of_shanghai(counter: Counter) -> None:
    midnight = datetime(DAY.year, DAY.month, DAY.day + 1, tzinfo=BUSINESS_ZONE)
    second, day = timedelta(seconds=1), timedelta(days=1)
    for number, instant in enumerate((midnight - second, midnight, midnight + day - second, midnight + day)):
        counter.now = instant
        counter.issue(licence(number + 1), f"S-{number}")
    for business_date, expected in ((DAY, [0]), (DAY + day, [1, 2]), (DAY + 2 * day, [3])):
        counter.later(minutes=1)
        whole = answer(counter, report(counter, day=business_date))
        assert [one.message_id for one in whole.transfers] == [f"S-{number}" for number in expected]
        assert licences(whole) == [licence(number + 1).key for number in expected]


def test_what_the_gateway_names_is_told_whenever_it_came(counter: Counter) -> None:
    counter.issue(licence(1), "S-1")
    counter.issue(licence(2), "S-2")
    counter.later(days=1)
    tomorrow = DAY + timedelta(days=1)
    parts = report(counter, ["S-2", "S-UNKNOWN"], [licence(1).key, STRANGERS[1]], tomorrow)
    whole = answer(counter, parts)
    assert transfers(whole) == [("S-2", "LicenceIssue", "ACCEPTED")]
    assert licences(whole) == [licence(1).key]


def test_figures_are_those_of_the_register(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 2})
    one = licence(1, lines=2)
    first, second = of_kind(m.WriteOff, counter.issue(one))
    counter.answer(first)
    counter.answer(second, REFUSED, "CAP")
    (stated,) = answer(counter, report(counter)).licences
    assert (stated.licence, stated.uses) == (one.key, 1)
    assert [line.written_off for line in stated.lines] == [line.quantity for line in first.declaration.lines]
    reply = counter.ask(one.key)
    assert reply.standing is not None
    assert stated.lines == reply.standing.lines


def test_a_licence_used_that_day_is_told_though_it_came_before(counter: Counter) -> None:
    one = licence(1)
    counter.issue(one)
    counter.later(days=1)
    line = m.DeclarationLine(1, 1, one.lines[0].goods_code, Quantity.of(1, one.lines[0].quantity.unit), 1)
    party = Party("样例公司", "91110000600037341L")
    declaration = m.Declaration("220020260000000001", party, "2200", "JPN", counter.now, (line,))
    write_off = m.WriteOff(counter.header("W-1", sender="CN-CUSTOMS"), one.key, declaration)
    counter.write(lambda uow: releases.record_release(uow, write_off, Mischief.NONE))
    (stated,) = answer(counter, report(counter, day=DAY + timedelta(days=1))).licences
    assert (stated.licence, stated.uses) == (one.key, 1)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_report_in_parts_is_answered_when_all_are_there(counter: Counter, order: tuple[int, ...]) -> None:
    parts = report(counter, keys=STRANGERS)
    assert len(parts) == 3
    *early, last = (parts[number] for number in order)
    for part in early:
        assert acks(told := tell(counter, part)) == [(ACCEPTED, [])]
        assert of_kind(m.Reconciliation, told) == []
    told = tell(counter, last)
    assert acks(told) == [(ACCEPTED, [])]
    (own,) = of_kind(m.Reconciliation, told)
    assert own.header.in_reply_to == parts[0].header.message_id
    kept = counter.look(lambda connection: connection.execute(select(customs_report_part.c.xml)).all())
    assert {row.xml for row in kept} == {b""}, "what is answered is not kept"


def test_each_part_is_acknowledged_as_what_it_is(counter: Counter) -> None:
    (part,) = report(counter)
    (ack,) = of_kind(m.ApplicationAck, tell(counter, part))
    assert ack.answers == m.AckSubject(part.header.message_id, "Reconciliation")
    assert (ack.header.in_reply_to, ack.licence) == (part.header.message_id, None)


def test_the_repeat_of_the_first_part_gets_the_same_answer_again(counter: Counter) -> None:
    parts = [counter.signed(part) for part in report(counter, keys=STRANGERS)]
    first = of_kind(m.Reconciliation, counter.receive(*parts))
    counter.issue(licence(1))
    again = counter.receive(parts[0])
    assert acks(again) == [(REPEATED, [])]
    assert of_kind(m.Reconciliation, again) == first
    other = counter.receive(parts[1])
    assert acks(other) == [(REPEATED, [])]
    assert of_kind(m.Reconciliation, other) == []


def test_a_report_made_anew_is_answered_anew(counter: Counter) -> None:
    assert answer(counter, report(counter)).transfers == ()
    counter.issue(licence(1), "S-1")
    counter.later(hours=1)
    assert transfers(answer(counter, report(counter))) == [("S-1", "LicenceIssue", "ACCEPTED")]


def test_a_part_under_a_new_message_after_the_answer_changes_nothing(counter: Counter) -> None:
    (part,) = report(counter)
    answer(counter, [part])
    again = replace(part, header=counter.header("R-AGAIN"))
    told = tell(counter, again)
    assert acks(told) == [(ACCEPTED, [])]
    assert of_kind(m.Reconciliation, told) == []


def test_parts_that_contradict_one_another_are_refused(counter: Counter) -> None:
    first, second, third = report(counter, keys=STRANGERS)
    wrong = replace(third, day=m.ReconciliationTotals(0, 1))
    told = tell(counter, first, second, wrong)
    assert acks(told) == [(ACCEPTED, []), (ACCEPTED, []), (REFUSED, ["REPORT_CONTRADICTORY"])]
    assert of_kind(m.Reconciliation, told) == []


def test_a_part_with_other_content_under_its_message_is_refused(counter: Counter) -> None:
    (part,) = report(counter)
    answer(counter, [part])
    told = tell(counter, replace(part, business_date=DAY - timedelta(days=1)))
    assert acks(told) == [(REFUSED, ["MESSAGE_CONFLICT"])]


def test_a_long_answer_goes_in_parts(counter: Counter) -> None:
    rows = [
        {
            "message_id": f"S-{number}",
            "kind": "LicenceIssue",
            "licence_type": "EXPORT",
            "licence_no": key.number,
            "digest": bytes(32),
            "status": "ACCEPTED",
            "received_at": NOON,
        }
        for number, key in enumerate(STRANGERS[:501])
    ]
    counter.write(lambda uow: uow.connection.execute(insert(customs_received), rows))
    parts = report(counter, [f"S-{number}" for number in range(501)])
    told = of_kind(m.Reconciliation, tell(counter, *parts))
    assert [one.part for one in told] == [m.ReconciliationTotals(500, 0), m.ReconciliationTotals(1, 0)]
    assert {one.day for one in told} == {m.ReconciliationTotals(501, 0)}
    assert len(join(told).transfers) == 501


@pytest.mark.parametrize("every", [0, 1, 2])
def test_messages_are_lost_from_the_list_on_purpose(make_counter: MakeCounter, every: int) -> None:
    """By what is in them, so that it is always the same ones."""
    counter = make_counter(lose_every=every)
    expected = []
    for number in range(8):
        sealed = counter.sealed(m.LicenceIssue(counter.from_issuer(), licence(number + 1)), f"S-{number}")
        counter.receive(sealed)
        if not every or int.from_bytes(signed_content(sealed)[:4], "big") % every:
            expected.append(f"S-{number}")
    whole = answer(counter, report(counter))
    assert [one.message_id for one in whole.transfers] == expected
    assert len(whole.licences) == 8, "what customs has it still counts"


def test_figures_are_wrong_on_purpose_and_always_of_the_same_licences(make_counter: MakeCounter) -> None:
    stated = []
    for every in (0, 3, 3):
        counter = make_counter(multi={"declarations": 1}, wrong_figures_every=every)
        for number in range(12):
            counter.issue(licence(number + 1))
        stated.append(answer(counter, report(counter)).licences)
    right, wrong, again = stated
    assert wrong == again
    assert 0 < sum(one != other for one, other in zip(right, wrong, strict=True)) < 12

"""Licences taken in and sealed: once each, urgent first, in a handful of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, event, func, select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.kinds import EntryKind, OutcomeStatus
from gateway.ledger.store import Ledger
from gateway.ledger.tables import entry, licence, message, metadata, outbox
from licencexml.values import LicenceType
from tests.ledger.makers import FakeClock, issue_received, sealed
from tests.licences.makers import POLICY, goods, key
from tests.licences.makers import licence as a_licence

Run = Callable[..., Any]


def content(connection: Connection) -> dict[str, list[Any]]:
    return {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}


def entries(connection: Connection) -> list[str]:
    return list(connection.execute(select(entry.c.kind).order_by(entry.c.seq)).scalars())


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


@contextmanager
def statements(ledger: Ledger) -> Iterator[list[str]]:
    seen: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(ledger._writer, "before_cursor_execute", record)
    yield seen
    event.remove(ledger._writer, "before_cursor_execute", record)


def accept(run: Run, *batch: book.IssueReceived) -> list[book.Outcome]:
    outcomes: list[book.Outcome] = run(book.accept_issues, batch, POLICY)
    return outcomes


def test_an_accepted_licence_waits_for_its_seal(run: Run, look: Run) -> None:
    [outcome] = accept(run, issue_received(a_licence(key(), goods(1), goods(2, "7.5"))))

    assert outcome == book.Outcome(OutcomeStatus.ACCEPTED, "i-1", key())
    [waiting] = look(book.to_seal, 10)
    bytes_ = b"i-1 EXPORT/26-AA-000001"
    assert waiting == book.ToSeal("i-1", key(), bytes_, False, "default", "i-1.xml", port="2200")
    assert look(entries) == [EntryKind.ISSUE_ACCEPTED]


def test_the_same_message_again_gets_the_earlier_answer_and_changes_nothing(run: Run, look: Run) -> None:
    accept(run, issue_received())
    before = look(content)

    [outcome] = accept(run, issue_received())
    assert outcome == book.Outcome(OutcomeStatus.REPEATED, "i-1", key(), already=OutcomeStatus.ACCEPTED)
    assert outcome.is_accepted
    assert look(content) == before


def test_the_same_message_twice_in_a_batch_is_accepted_once(run: Run, look: Run) -> None:
    outcomes = accept(run, issue_received(), issue_received())

    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ACCEPTED, OutcomeStatus.REPEATED]
    assert len(look(book.to_seal, 10)) == 1


def test_a_message_id_with_other_content_is_a_conflict(run: Run, look: Run) -> None:
    first, second = issue_received(), issue_received(a_licence(key(2)), "i-1")
    accept(run, first)

    [outcome] = accept(run, second)
    assert outcome.status is OutcomeStatus.CONFLICT
    assert [rejection.code for rejection in outcome.rejections] == ["MESSAGE_ID_CONFLICT"]
    assert look(entries) == [EntryKind.ISSUE_ACCEPTED, EntryKind.MESSAGE_REFUSED]
    assert [row.licence for row in look(book.to_seal, 10)] == [key()]


def test_a_licence_is_issued_once_whatever_the_message(run: Run) -> None:
    outcomes = accept(run, issue_received(), issue_received(message_id="i-2"))
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ACCEPTED, OutcomeStatus.REFUSED]

    [outcome] = accept(run, issue_received(message_id="i-3"))
    assert [rejection.code for rejection in outcome.rejections] == ["LICENCE_EXISTS"]


def test_one_number_of_two_types_is_two_licences(run: Run) -> None:
    export, imported = key(1, LicenceType.EXPORT), key(1, LicenceType.IMPORT)

    outcomes = accept(
        run, issue_received(a_licence(export), "i-1"), issue_received(a_licence(imported), "i-2")
    )
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ACCEPTED] * 2


def test_a_refused_issue_does_not_burn_its_message_id(run: Run, look: Run) -> None:
    expired = issue_received(a_licence(valid_to=date(2026, 5, 31)))
    [refused] = accept(run, expired)
    assert [rejection.code for rejection in refused.rejections] == ["LICENCE_EXPIRED"]

    [accepted] = accept(run, issue_received(content="corrected"))
    assert accepted.status is OutcomeStatus.ACCEPTED
    assert look(entries) == [EntryKind.MESSAGE_REFUSED, EntryKind.ISSUE_ACCEPTED]


def test_today_is_the_day_of_shanghai(run: Run, clock: FakeClock) -> None:
    lasting_today = a_licence(valid_to=date(2026, 6, 1))
    clock.advance(hours=11, minutes=59)
    [outcome] = accept(run, issue_received(lasting_today))
    assert outcome.is_accepted

    clock.advance(minutes=1)
    [outcome] = accept(run, issue_received(a_licence(key(2), valid_to=date(2026, 6, 1)), "i-2"))
    assert not outcome.is_accepted


def test_a_licence_of_the_year_is_issued_until_midnight_of_its_last_day_in_shanghai(
    run: Run, clock: FakeClock
) -> None:
    last_day = date(2026, 12, 31)
    first, second = (
        replace(a_licence(key(number), valid_from=last_day, valid_to=last_day), licence_date=last_day)
        for number in (1, 2)
    )
    clock.instant = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    [outcome] = accept(run, issue_received(first))
    assert outcome.is_accepted

    clock.advance(seconds=1)
    [outcome] = accept(run, issue_received(second, "i-2"))
    assert [rejection.code for rejection in outcome.rejections] == ["LICENCE_EXPIRED"]


def test_urgent_licences_are_sealed_first_then_the_oldest(run: Run, look: Run) -> None:
    accept(
        run,
        issue_received(a_licence(key(1)), "i-1"),
        issue_received(a_licence(key(2)), "i-2", urgent=True),
        issue_received(a_licence(key(3)), "i-3"),
        issue_received(a_licence(key(4)), "i-4", urgent=True),
    )

    assert [row.message_id for row in look(book.to_seal, 3)] == ["i-2", "i-4", "i-1"]


def test_a_licence_is_sealed_and_queued_once(run: Run, look: Run) -> None:
    accept(run, issue_received())

    assert run(book.record_seals, [sealed(key(), "s-1"), sealed(key(), "s-2")]) == [sealed(key(), "s-1")]
    assert run(book.record_seals, [sealed(key(), "s-3")]) == []
    assert look(book.to_seal, 10) == []
    queued = look(lambda connection: connection.execute(select(outbox.c.message_id)).scalars().all())
    assert queued == ["s-1"]
    assert look(lambda connection: list(differences(connection))) == []


def test_a_refusal_without_anything_readable_is_an_entry(run: Run, look: Run) -> None:
    run(
        book.refuse,
        kind=None,
        message_id=None,
        licence=None,
        source="default:x.xml",
        rejections=[],
        digest=b"\x01" * 32,
    )
    [row] = look(lambda connection: connection.execute(select(entry)).all())
    assert (row.kind, row.data["source"]) == (EntryKind.MESSAGE_REFUSED, "default:x.xml")


def test_a_licence_tells_where_it_came_from(run: Run, look: Run) -> None:
    accept(run, issue_received())

    assert look(book.origins, [key(), key(2)]) == {
        key(): book.Origin("i-1", "ISSUER-BEIJING", "default", "i-1.xml")
    }


def test_a_batch_is_a_handful_of_statements_whatever_its_size(ledger: Ledger, run: Run, look: Run) -> None:
    def batch(first: int, size: int) -> list[book.IssueReceived]:
        return [
            issue_received(a_licence(key(number), goods(1), goods(2)), f"i-{number}")
            for number in range(first, first + size)
        ]

    with statements(ledger) as of_one:
        accept(run, *batch(0, 1))
    with statements(ledger) as of_many:
        accept(run, *batch(1, 64))
    assert len(of_many) == len(of_one) <= 7, "\n".join(of_many)

    with statements(ledger) as of_seals:
        run(book.record_seals, [sealed(key(number), f"s-{number}") for number in range(65)])
    assert len(of_seals) <= 6, "\n".join(of_seals)
    assert [look(count, table) for table in (licence, message)] == [65, 130]

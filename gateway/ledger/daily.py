"""The ends of business days: closed, reported to customs, answered, and what was found to differ.

A day is closed once, and again only if a clock was ahead and it was not over yet. It is reported to each
partner by itself, and may be more than once; of several reports to a partner that are answered the latest
says what is open. Differences stay until a later report of their day to that partner no longer finds them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from gateway.ledger.correspondence import Received, register
from gateway.ledger.daily_tables import business_day, day_difference, day_report, day_report_part
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import Direction, EntryKind
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import message

_REPORT = day_report.c
_PART = day_report_part.c
_DIFFERENCE = day_difference.c

_LAST_CLOSED = select(func.max(business_day.c.day)).where(business_day.c.day <= bindparam("until"))
_CLOSED_SINCE = (
    select(business_day.c.day).where(business_day.c.day >= bindparam("since")).order_by(business_day.c.day)
)
_UNWRITTEN = (
    select(_REPORT.id, _REPORT.day, _REPORT.partner, _REPORT.content)
    .where(~_REPORT.written)
    .order_by(_REPORT.id)
)


class DifferenceStatus(StrEnum):
    """A difference is open, or was no longer found by a later report of its day."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True)
class ReportPart:
    """One message of a report: its number in the report, from 1, and its MessageID."""

    number: int
    message_id: str


@dataclass(frozen=True, slots=True)
class DayReport:
    """A report that was sent. `answered_at` is None while customs' answer is not whole.

    `answer_as_of` is the time of the answer that holds, by customs' clock.
    """

    id: int
    day: date
    partner: str
    as_of: datetime
    answered_at: datetime | None
    answer_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A difference that an answer shows: what identifies it on its day, its class, and what it says."""

    identity: str
    kind: str
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """The content (JSON) of a report whose files are still to be written."""

    id: int
    day: date
    partner: str
    content: bytes


def last_closed(connection: Connection, until: date) -> date | None:
    """The last business day up to `until` that was closed; a clock that was ahead may have closed others."""
    return connection.execute(_LAST_CLOSED, {"until": until}).scalar()


def closed_at(connection: Connection, day: date) -> datetime | None:
    """When `day` was closed; None if it was not."""
    return connection.execute(select(business_day.c.closed_at).where(business_day.c.day == day)).scalar()


def closed_since(connection: Connection, day: date) -> list[date]:
    """The days from `day` on that are closed, in order."""
    return list(connection.execute(_CLOSED_SINCE, {"since": day}).scalars())


def reopen(uow: UnitOfWork, days: Iterable[date]) -> None:
    """These days were closed by a clock that was ahead: they are to be closed again when they are over."""
    uow.connection.execute(delete(business_day).where(business_day.c.day.in_(list(days))))


def close_day(uow: UnitOfWork, day: date, expired: int) -> None:
    """`day` is over: `expired` licences expired with it."""
    uow.connection.execute(insert(business_day).values(day=day, closed_at=uow.now, expired=expired))
    _enter(uow, EntryKind.DAY_CLOSED, day, expired=expired)


def record_report(
    uow: UnitOfWork, day: date, partner: str, parts: Sequence[ReportPart], *, transfers: int, licences: int
) -> int:
    """A report about `day` as of now to `partner` is in the outbox, in these messages; returns its number."""
    row = {
        "day": day,
        "partner": partner,
        "as_of": uow.now,
        "part_count": len(parts),
        "transfers": transfers,
        "licences": licences,
        "written": True,
    }
    number: int = uow.connection.execute(insert(day_report).values(row).returning(_REPORT.id)).scalar_one()
    for part in parts:
        _add_part(uow, number, Direction.OUT, uow.now, part)
    ids = [part.message_id for part in parts]
    counts = {"transfers": transfers, "licences": licences}
    _enter(uow, EntryKind.DAY_REPORTED, day, partner=partner, messages=ids, **counts)
    return number


def report_by_message(connection: Connection, message_id: str, *, first: bool) -> DayReport | None:
    """The report that a message of ours is a part of; with `first`, only if it is its first part."""
    query = (
        select(day_report)
        .join(day_report_part, _PART.report_id == _REPORT.id)
        .where(_PART.message_id == message_id, _PART.direction == Direction.OUT)
    )
    if first:
        query = query.where(_PART.part_number == 1)
    return _day_report(connection.execute(query).one_or_none())


def came_as(connection: Connection, report: DayReport, as_of: datetime) -> dict[int, str]:
    """The parts of an answer that have come: their numbers, and the MessageIDs that they came under."""
    query = select(_PART.part_number, _PART.message_id).where(
        _PART.report_id == report.id, _PART.direction == Direction.IN, _PART.as_of == as_of
    )
    return {row.part_number: row.message_id for row in connection.execute(query)}


def take_part(uow: UnitOfWork, report: DayReport, as_of: datetime, part: ReportPart) -> None:
    """A part of customs' answer to `report`, all parts of which are as of one time, is in the register."""
    _add_part(uow, report.id, Direction.IN, as_of, part)


def take_message(uow: UnitOfWork, received: Received, outcome: Outcome) -> None:
    """Put a received message into the register."""
    journal = Journal(uow)
    register(journal, uow, received, outcome)
    journal.flush()


def report_parts(connection: Connection, report: DayReport) -> list[bytes]:
    """The bytes of our own parts of a report, in the order of their numbers."""
    return _parts(connection, report, Direction.OUT, report.as_of)


def answer_parts(connection: Connection, report: DayReport, as_of: datetime) -> list[bytes]:
    """The bytes of the parts of an answer that have come, in the order of their numbers."""
    return _parts(connection, report, Direction.IN, as_of)


def report_refused(uow: UnitOfWork, report: DayReport, rejections: list[dict[str, object]]) -> None:
    """Customs does not take a report; the reasons are kept with it."""
    refused = update(day_report).where(_REPORT.id == report.id).values(refusals=rejections)
    uow.connection.execute(refused)


def reconcile(
    uow: UnitOfWork,
    report: DayReport,
    found: Sequence[Found],
    *,
    undecided: Container[str],
    answer_as_of: datetime,
    content: bytes,
) -> None:
    """Customs' answer to a report is whole: this is what differs, and what is written of it.

    Of what is `undecided` (identities) nothing is said: what was open stays so.
    """
    values = {
        "answered_at": uow.now,
        "answer_as_of": answer_as_of,
        "differences": len(found),
        "content": content,
        "written": _is_answered_since(uow.connection, report),
    }
    uow.connection.execute(update(day_report).where(_REPORT.id == report.id).values(values))
    if not values["written"]:
        _settle_differences(uow, report, found, undecided)
    _enter(
        uow,
        EntryKind.DAY_RECONCILED,
        report.day,
        partner=report.partner,
        report=report.id,
        differences=[{"item": one.identity, "class": one.kind} for one in found],
    )


def unwritten(connection: Connection) -> list[Written]:
    """The reports whose files are to be written, oldest first."""
    return [Written(row.id, row.day, row.partner, row.content) for row in connection.execute(_UNWRITTEN)]


def mark_written(uow: UnitOfWork, report_id: int) -> None:
    """The files of a report are on disk."""
    uow.connection.execute(update(day_report).where(_REPORT.id == report_id).values(written=True))


def _parts(connection: Connection, report: DayReport, direction: Direction, as_of: datetime) -> list[bytes]:
    query = (
        select(message.c.xml)
        .join(day_report_part, _PART.message_id == message.c.message_id)
        .where(_PART.report_id == report.id, _PART.direction == direction, _PART.as_of == as_of)
        .order_by(_PART.part_number)
    )
    return list(connection.execute(query).scalars())


def _day_report(row: Row[Any] | None) -> DayReport | None:
    if row is None:
        return None
    return DayReport(row.id, row.day, row.partner, row.as_of, row.answered_at, row.answer_as_of)


def _is_answered_since(connection: Connection, report: DayReport) -> bool:
    """Whether a later report of the same day to that partner is answered already: then that one holds."""
    later = select(_REPORT.id).where(
        _REPORT.day == report.day,
        _REPORT.partner == report.partner,
        _REPORT.id > report.id,
        _REPORT.answered_at.is_not(None),
    )
    return connection.execute(later.limit(1)).first() is not None


def _settle_differences(
    uow: UnitOfWork, report: DayReport, found: Iterable[Found], undecided: Container[str]
) -> None:
    known_before = select(day_difference).where(
        _DIFFERENCE.day == report.day, _DIFFERENCE.partner == report.partner
    )
    rows = uow.connection.execute(known_before)
    known = {(row.identity, row.kind): row for row in rows}
    for one in found:
        row = known.pop((one.identity, one.kind), None)
        open_now = {"status": DifferenceStatus.OPEN, "report_id": report.id, "told": one.told}
        if row is None:
            new = {"day": report.day, "partner": report.partner, "identity": one.identity}
            new |= {"kind": one.kind, "found_at": uow.now}
            uow.connection.execute(insert(day_difference).values(**new, **open_now))
        else:
            again = open_now | {"settled_at": None}
            uow.connection.execute(update(day_difference).where(_DIFFERENCE.id == row.id).values(again))
    gone = [
        row.id
        for row in known.values()
        if row.status == DifferenceStatus.OPEN and row.identity not in undecided
    ]
    for number in gone:
        settled = {"status": DifferenceStatus.SETTLED, "settled_at": uow.now}
        uow.connection.execute(update(day_difference).where(_DIFFERENCE.id == number).values(settled))


def _add_part(
    uow: UnitOfWork, report_id: int, direction: Direction, as_of: datetime, part: ReportPart
) -> None:
    row = {
        "report_id": report_id,
        "direction": direction,
        "as_of": as_of,
        "part_number": part.number,
        "message_id": part.message_id,
    }
    uow.connection.execute(insert(day_report_part).values(row))


def _enter(uow: UnitOfWork, kind: EntryKind, day: date, **data: Any) -> None:
    journal = Journal(uow)
    journal.enter(kind, {"day": day.isoformat(), **data})
    journal.flush()

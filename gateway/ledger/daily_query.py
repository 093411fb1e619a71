"""The operators' questions about business days. Nothing here changes anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from gateway.ledger.calls import count_open
from gateway.ledger.columns import instant_text
from gateway.ledger.daily import DifferenceStatus
from gateway.ledger.daily_tables import business_day, day_difference, day_report
from gateway.ledger.portable import is_literally

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A report that customs has not answered, and the codes for which it refused it, if it did."""

    day: date
    as_of: datetime
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What wants attention: open differences by day, reports without an answer, calls to be made."""

    differences: Mapping[date, int]
    unanswered: tuple[Unanswered, ...]
    calls: int


def standing(connection: Connection) -> Standing:
    """What wants attention now. A report is not waited for when a later one of its day is there."""
    open_ones = (
        select(day_difference.c.day, func.count().label("number"))
        .where(is_literally(day_difference.c.status, DifferenceStatus.OPEN))
        .group_by(day_difference.c.day)
    )
    later = day_report.alias()
    superseded = exists().where(later.c.day == day_report.c.day, later.c.id > day_report.c.id)
    waiting = (
        select(day_report.c.day, day_report.c.as_of, day_report.c.refusals)
        .where(day_report.c.answered_at.is_(None), ~superseded)
        .order_by(day_report.c.id)
    )
    return Standing(
        differences={row.day: row.number for row in connection.execute(open_ones)},
        unanswered=tuple(Unanswered(row.day, row.as_of, _codes(row)) for row in connection.execute(waiting)),
        calls=count_open(connection),
    )


def counts(connection: Connection) -> Answer:
    """How much of the daily duties is open."""
    now = standing(connection)
    return {
        "day_differences": sum(now.differences.values()),
        "days_unanswered": len(now.unanswered),
        "calls": now.calls,
    }


def days(connection: Connection, limit: int) -> list[Answer]:
    """The last days that were closed or reported, latest first, each with its latest report."""
    closed = {
        row.day: row
        for row in connection.execute(select(business_day).order_by(business_day.c.day.desc()).limit(limit))
    }
    reported = select(day_report.c.day).distinct().order_by(day_report.c.day.desc()).limit(limit)
    known = sorted({*closed, *connection.execute(reported).scalars()}, reverse=True)[:limit]
    return [_day(connection, day, closed.get(day)) for day in known]


def last_day(connection: Connection) -> date | None:
    """The last day about which there is anything to show."""
    return next((date.fromisoformat(row["day"]) for row in days(connection, 1)), None)


def report(connection: Connection, day: date) -> Answer | None:
    """All that is known of a day: its latest report, and what customs' last answer came to."""
    closed = connection.execute(select(business_day).where(business_day.c.day == day)).one_or_none()
    shown = _day(connection, day, closed)
    if shown["closed_at"] is None and shown["sent_at"] is None:
        return None
    answered = (
        select(day_report.c.content)
        .where(day_report.c.day == day, day_report.c.answered_at.is_not(None))
        .order_by(day_report.c.id.desc())
        .limit(1)
    )
    content = connection.execute(answered).scalar()
    return shown | {"report": None if content is None else json.loads(content)}


def _day(connection: Connection, day: date, closed: Row[Any] | None) -> Answer:
    row = _latest(connection, day)
    by_status = (
        select(day_difference.c.status, func.count().label("number"))
        .where(day_difference.c.day == day)
        .group_by(day_difference.c.status)
    )
    found = {one.status: one.number for one in connection.execute(by_status)}
    return {
        "day": day.isoformat(),
        "closed_at": None if closed is None else instant_text(closed.closed_at),
        "expired": None if closed is None else closed.expired,
        "sent_at": None if row is None else instant_text(row.as_of),
        "parts": None if row is None else row.part_count,
        "transfers": None if row is None else row.transfers,
        "licences": None if row is None else row.licences,
        "answered_at": None if row is None or row.answered_at is None else instant_text(row.answered_at),
        "refused": list(_codes(row)) if row is not None else [],
        "differences_open": found.get(DifferenceStatus.OPEN, 0),
        "differences_settled": found.get(DifferenceStatus.SETTLED, 0),
    }


def _latest(connection: Connection, day: date) -> Any:
    query = (
        select(
            day_report.c.id,
            day_report.c.as_of,
            day_report.c.part_count,
            day_report.c.transfers,
            day_report.c.licences,
            day_report.c.refusals,
            day_report.c.answered_at,
        )
        .where(day_report.c.day == day)
        .order_by(day_report.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _codes(row: Any) -> tuple[str, ...]:
    return tuple(str(one["code"]) for one in row.refusals or ())

"""The operators' questions about business days. Nothing here changes anything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select

from gateway.ledger.calls import count_open
from gateway.ledger.columns import instant_text
from gateway.ledger.daily import DifferenceStatus
from gateway.ledger.daily_tables import business_day, day_difference, day_report
from gateway.ledger.portable import is_literally

Answer = dict[str, Any]

#: In place of the reports of a day that was not reported.
_NOT_REPORTED = (None,)

_OPEN_BY_DAY = (
    select(day_difference.c.day, day_difference.c.partner, func.count().label("number"))
    .where(is_literally(day_difference.c.status, DifferenceStatus.OPEN))
    .group_by(day_difference.c.day, day_difference.c.partner)
    .order_by(day_difference.c.day, day_difference.c.partner)
)
_LATER = day_report.alias()
_IS_SUPERSEDED = exists().where(
    _LATER.c.day == day_report.c.day,
    _LATER.c.partner == day_report.c.partner,
    _LATER.c.id > day_report.c.id,
)
_UNANSWERED = (
    select(day_report.c.day, day_report.c.partner, day_report.c.as_of, day_report.c.refusals)
    .where(day_report.c.answered_at.is_(None), ~_IS_SUPERSEDED)
    .order_by(day_report.c.id)
)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A report that its partner has not answered, and the codes for which it refused it, if it did."""

    day: date
    partner: str
    as_of: datetime
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What wants attention: open differences by day and partner, reports without an answer, calls to make."""

    differences: Mapping[tuple[date, str], int]
    unanswered: tuple[Unanswered, ...]
    calls: int


def standing(connection: Connection) -> Standing:
    """What wants attention now. A report is not waited for when its partner has a later one of its day."""
    return Standing(
        differences={(row.day, row.partner): row.number for row in connection.execute(_OPEN_BY_DAY)},
        unanswered=tuple(
            Unanswered(row.day, row.partner, row.as_of, _codes(row))
            for row in connection.execute(_UNANSWERED)
        ),
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
    """The last days that were closed or reported, latest first, with the latest report to each partner."""
    closed = select(business_day.c.day).order_by(business_day.c.day.desc()).limit(limit)
    reported = select(day_report.c.day).distinct().order_by(day_report.c.day.desc()).limit(limit)
    known = {*connection.execute(closed).scalars(), *connection.execute(reported).scalars()}
    return days_of(connection, sorted(known, reverse=True)[:limit])


def last_day(connection: Connection) -> date | None:
    """The last day about which there is anything to show."""
    return next((date.fromisoformat(row["day"]) for row in days(connection, 1)), None)


def reported_to(connection: Connection, day: date) -> list[str]:
    """The partners to whom a day was reported."""
    query = select(day_report.c.partner).where(day_report.c.day == day).distinct()
    return sorted(connection.execute(query).scalars())


def report(connection: Connection, day: date, partner: str | None = None) -> Answer | None:
    """All that is known of a day: the latest report to `partner`, and what its last answer came to.

    Without a partner the first of them, by name.
    """
    shown = next((row for row in days_of(connection, [day]) if partner in (None, row["partner"])), None)
    if shown is None or (shown["closed_at"] is None and shown["sent_at"] is None):
        return None
    answered = (
        select(day_report.c.content)
        .where(
            day_report.c.day == day,
            day_report.c.partner == shown["partner"],
            day_report.c.answered_at.is_not(None),
        )
        .order_by(day_report.c.id.desc())
        .limit(1)
    )
    content = connection.execute(answered).scalar()
    return shown | {"report": None if content is None else json.loads(content)}


def days_of(connection: Connection, wanted: Sequence[date]) -> list[Answer]:
    """Of these days, in their order, the latest report to each partner; one row if there is none."""
    query = select(business_day).where(business_day.c.day.in_(wanted))
    closed = {row.day: row for row in connection.execute(query)}
    latest = _latest(connection, wanted)
    found = _differences(connection, wanted)
    return [
        _row(day, closed.get(day), row, found) for day in wanted for row in latest.get(day, _NOT_REPORTED)
    ]


def _row(day: date, closed: Any, row: Any, found: Mapping[tuple[date, str, str], int]) -> Answer:
    partner = None if row is None else row.partner
    return {
        "day": day.isoformat(),
        "partner": partner,
        "closed_at": None if closed is None else instant_text(closed.closed_at),
        "expired": None if closed is None else closed.expired,
        "sent_at": None if row is None else instant_text(row.as_of),
        "parts": None if row is None else row.part_count,
        "transfers": None if row is None else row.transfers,
        "licences": None if row is None else row.licences,
        "answered_at": None if row is None or row.answered_at is None else instant_text(row.answered_at),
        "refused": list(_codes(row)) if row is not None else [],
        "differences_open": found.get((day, partner or "", DifferenceStatus.OPEN), 0),
        "differences_settled": found.get((day, partner or "", DifferenceStatus.SETTLED), 0),
    }


def _latest(connection: Connection, wanted: Sequence[date]) -> dict[date, list[Any]]:
    """The latest report of each of these days to each partner, by day, in the order of the names."""
    columns = day_report.c
    last = select(func.max(columns.id)).where(columns.day.in_(wanted)).group_by(columns.day, columns.partner)
    query = (
        select(
            columns.day,
            columns.partner,
            columns.as_of,
            columns.part_count,
            columns.transfers,
            columns.licences,
            columns.refusals,
            columns.answered_at,
        )
        .where(columns.id.in_(last))
        .order_by(columns.day, columns.partner)
    )
    latest: dict[date, list[Any]] = {}
    for row in connection.execute(query):
        latest.setdefault(row.day, []).append(row)
    return latest


def _differences(connection: Connection, wanted: Sequence[date]) -> dict[tuple[date, str, str], int]:
    """How many differences of these days there are, by day, partner and status."""
    columns = (day_difference.c.day, day_difference.c.partner, day_difference.c.status)
    query = select(*columns, func.count().label("number")).where(day_difference.c.day.in_(wanted))
    rows = connection.execute(query.group_by(*columns))
    return {(row.day, row.partner, row.status): row.number for row in rows}


def _codes(row: Any) -> tuple[str, ...]:
    return tuple(str(one["code"]) for one in row.refusals or ())

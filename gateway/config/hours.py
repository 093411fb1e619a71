"""Periods as an operator writes them: `"mon-fri 06:00-22:00"` or `"2026-12-01 02:00 to 2026-12-01 04:00"`.

All of it in Asia/Shanghai, which has no summer time. A weekly period that ends when it begins, or before,
ends on the next day; its days are those on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

from gateway.clock import BUSINESS_ZONE

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAYS = frozenset(range(len(_DAYS)))
_DAY = timedelta(days=1)
#: How far ahead periods are laid out: a weekly one comes again within.
_AHEAD = timedelta(days=8)
_WEEKLY = re.compile(r"(?:([a-z,-]{3,27}) )?([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_ONCE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}) to ([0-9-]{10} [0-9]{2}:[0-9]{2})")

#: From when on, until when: aware, the end not included.
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week, on `days` (Monday is 0) from `begin` on, until the next `end`."""

    days: frozenset[int]
    begin: time
    end: time

    @classmethod
    def parse(cls, written: object) -> Self:
        """The period written as `[days ]HH:MM-HH:MM`; ValueError if it is none. `24:00` ends a day."""
        found = _WEEKLY.fullmatch(written) if isinstance(written, str) else None
        if found is None:
            raise ValueError(f"not a weekly period: {written!r}")
        end = time(0) if found[3] == "24:00" else time.fromisoformat(found[3])
        return cls(_days(found[1]) if found[1] else _ALL_DAYS, time.fromisoformat(found[2]), end)

    def spans(self, now: datetime) -> Iterator[Span]:
        """When it is, from a day before `now` on."""
        today = now.astimezone(BUSINESS_ZONE).date()
        for ahead in range(-1, _AHEAD.days + 1):
            day = today + ahead * _DAY
            if day.weekday() in self.days:
                begin = datetime.combine(day, self.begin, BUSINESS_ZONE)
                end = datetime.combine(day, self.end, BUSINESS_ZONE)
                yield begin, end if end > begin else end + _DAY


@dataclass(frozen=True, slots=True)
class Once:
    """One time only."""

    begin: datetime
    end: datetime

    @classmethod
    def parse(cls, written: object) -> Self:
        """The period written as `DATE HH:MM to DATE HH:MM`; ValueError if it is none, or ends too early."""
        found = _ONCE.fullmatch(written) if isinstance(written, str) else None
        if found is None:
            raise ValueError(f"not a period: {written!r}")
        begin, end = (datetime.fromisoformat(one).replace(tzinfo=BUSINESS_ZONE) for one in found.groups())
        if end <= begin:
            raise ValueError(f"ends before it begins: {written!r}")
        return cls(begin, end)

    def spans(self, now: datetime) -> Iterator[Span]:
        """Itself, unless it is over."""
        if self.end > now:
            yield self.begin, self.end


Period = Weekly | Once


def parse_period(written: object) -> Period:
    """A period of either kind; ValueError if it is none."""
    if isinstance(written, str) and _ONCE.fullmatch(written):
        return Once.parse(written)
    return Weekly.parse(written)


def laid_out(periods: Iterable[Period], now: datetime) -> list[Span]:
    """When any of `periods` is, in order, those that touch being one; from a day before `now` on."""
    merged: list[Span] = []
    for begin, end in sorted(span for period in periods for span in period.spans(now)):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def between(periods: Iterable[Period], now: datetime) -> list[Span]:
    """When none of `periods` is, in order, from a day before `now` to a week after it."""
    gaps: list[Span] = []
    open_since = now - _DAY
    for begin, end in laid_out(periods, now):
        if begin > open_since:
            gaps.append((open_since, begin))
        open_since = max(open_since, end)
    if open_since < now + _AHEAD:
        gaps.append((open_since, now + _AHEAD))
    return gaps


def _days(written: str) -> frozenset[int]:
    """`mon-fri` or `sat,sun`, or both kinds; `sat-mon` goes round the end of the week."""
    days: set[int] = set()
    for part in written.split(","):
        first, dash, last = part.partition("-")
        begin, end = _DAYS.index(first), _DAYS.index(last if dash else first)
        days |= {day % len(_DAYS) for day in range(begin, end + 1 if end >= begin else end + 1 + len(_DAYS))}
    return frozenset(days)

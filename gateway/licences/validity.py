"""How long a licence may be valid: the terms of the dated table `validity.toml`, and their arithmetic."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTHS = 12
_MONTH_DAY = re.compile("([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True, slots=True, order=True)
class YearDay:
    """A day that every year has; 29 February is none."""

    month: int
    day: int

    def __post_init__(self) -> None:
        self.of(2001)

    def of(self, year: int) -> date:
        """This day in `year`. Raises ValueError for a day that no year has."""
        return date(year, self.month, self.day)

    @classmethod
    def parse(cls, text: str) -> YearDay:
        """The day that `text` (12-31) names; ValueError if it names none."""
        found = _MONTH_DAY.fullmatch(text)
        if found is None:
            raise ValueError(text)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"


NEW_YEAR = YearDay(1, 1)


@dataclass(frozen=True, slots=True)
class Term:
    """The longest validity: not more than `months`, and not past `last_day`.

    `months` count from the first day of validity; None: the year alone limits it. `last_day` is in the
    licence's year, or with `next_year` in the one after it. A licence's year is that of its licence date; but
    one that was issued on `early_from` or later and begins with the next year belongs to that year.
    """

    months: int | None
    last_day: YearDay
    next_year: bool = False
    early_from: YearDay | None = None

    def last_by_months(self, valid_from: date) -> date | None:
        """The last day that the months allow."""
        return None if self.months is None else months_after(valid_from, self.months)

    def last_by_year(self, licence_date: date, valid_from: date) -> date:
        """The last day that the year allows."""
        return self.last_day.of(self._year(licence_date, valid_from) + self.next_year)

    def _year(self, licence_date: date, valid_from: date) -> int:
        year = licence_date.year
        if self.early_from is None or licence_date < self.early_from.of(year):
            return year
        return year + 1 if valid_from == NEW_YEAR.of(year + 1) else year

    def __str__(self) -> str:
        parts = [f"{self.months} months"] if self.months else []
        parts.append(f"to {self.last_day}" + (" of the next year" if self.next_year else ""))
        if self.early_from:
            parts.append(f"next year's from {self.early_from}")
        return "; ".join(parts)


def months_after(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month if it has no such day.

    How periods of months are counted is inferred: the first day is not, so six months from 15 January end
    with 15 July, and six from 31 August with the last of February.
    """
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))

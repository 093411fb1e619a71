"""Periods that run from a day, in working days or in months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.licences.calendar import WorkingDays
from gateway.licences.validity import months_after


@dataclass(frozen=True, slots=True)
class WorkingDayPeriod:
    """So many working days; the day from which they run is not counted (inferred)."""

    count: int

    def last_day(self, start: date, calendar: WorkingDays) -> date:
        """The last day of the period. Raises CalendarUnknown."""
        return calendar.add_working_days(start, self.count)

    def __str__(self) -> str:
        return f"{self.count} working days"


@dataclass(frozen=True, slots=True)
class MonthPeriod:
    """So many months, counted as those of a validity are."""

    count: int

    def last_day(self, start: date, calendar: WorkingDays) -> date:
        """The last day of the period."""
        return months_after(start, self.count)

    def __str__(self) -> str:
        return f"{self.count} month{'s' if self.count > 1 else ''}"

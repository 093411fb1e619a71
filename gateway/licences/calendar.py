"""Working days (工作日), by what the State Council announces for a year; no day is guessed.

Only periods that the texts count in working days ask this calendar: 次日 and 每日 are days like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5


class CalendarUnknown(LookupError):
    """Nothing is announced about a day of `year`: whether it is a working day cannot be told."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no days off are announced for {year}")
        self.year = year


class CalendarFault(ValueError):
    """What is announced contradicts itself; the message has a line a fault."""


@dataclass(frozen=True, slots=True)
class AnnouncedYear:
    """What is announced about `year`: days off, and Saturdays and Sundays that are worked.

    `complete`: nothing else holds for it, every other day is off at the weekend and worked on weekdays.
    `source` says where it is announced.
    """

    year: int
    days_off: frozenset[date]
    days_worked: frozenset[date]
    complete: bool
    source: str

    def is_working_day(self, day: date) -> bool | None:
        """Whether `day`, which is in this year, is worked; None: it is not said."""
        if day in self.days_off:
            return False
        if day in self.days_worked:
            return True
        return day.weekday() < _SATURDAY if self.complete else None

    def faults(self) -> Iterator[str]:
        """What is wrong with it, a line each."""
        for day in sorted(self.days_off | self.days_worked):
            if day.year != self.year:
                yield f"{self.year}: {day} is in another year"
            elif day in self.days_off and day in self.days_worked:
                yield f"{self.year}: {day} is both off and worked"
        if self.complete and not self.days_off:
            yield f"{self.year}: complete, but names no day off"


def _unknown(_day: date) -> bool | None:
    return None


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The calendar: `announced` goes first, then `otherwise`, which says None of days that it does not know.

    Raises CalendarFault, with every fault.
    """

    announced: tuple[AnnouncedYear, ...] = ()
    otherwise: Callable[[date], bool | None] = _unknown
    _years: Mapping[int, AnnouncedYear] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        faults = [fault for one in self.announced for fault in one.faults()]
        years = [one.year for one in self.announced]
        faults += [f"{year}: is there more than once" for year in sorted({*years}) if years.count(year) > 1]
        if faults:
            raise CalendarFault("\n".join(faults))
        object.__setattr__(self, "_years", {one.year: one for one in self.announced})

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked. Raises CalendarUnknown."""
        announced = self._years.get(day.year)
        said = announced.is_working_day(day) if announced else None
        if said is None:
            said = self.otherwise(day)
        if said is None:
            raise CalendarUnknown(day.year)
        return said

    def add_working_days(self, start: date, count: int) -> date:
        """The `count`th working day after `start`, which is not counted itself; `start` if `count` is 0.

        Raises CalendarUnknown when a day on the way is in a year of which nothing is announced.
        """
        assert count >= 0, "periods run forward"
        day = start
        while count:
            day += _DAY
            count -= self.is_working_day(day)
        return day

"""The calendar of working days: `calendar.toml`, and behind it the library of what was announced.

The library is data alone: it reads no file and asks nobody.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import chinese_calendar
from pydantic import Field

from gateway.config.kinds import Day, Flag, Source, whole
from gateway.config.loading import load
from gateway.config.section import Section
from gateway.errors import ConfigurationFault
from gateway.licences.calendar import AnnouncedYear, CalendarFault, WorkingDays

CALENDAR_FILE = "calendar.toml"
_MAX_YEARS = 100
_MAX_DAYS = 366


class _Year(Section):
    year: Annotated[int, whole(2000, 2099)]
    complete: Flag = False
    days_off: tuple[Day, ...] = Field(default=(), max_length=_MAX_DAYS)
    days_worked: tuple[Day, ...] = Field(default=(), max_length=_MAX_DAYS)
    source: Source

    def announced(self) -> AnnouncedYear:
        """The same as the law sees it."""
        off, worked = frozenset(self.days_off), frozenset(self.days_worked)
        return AnnouncedYear(self.year, off, worked, self.complete, self.source)


class _Calendar(Section):
    """The file; without years, the library alone knows."""

    year: tuple[_Year, ...] = Field(default=(), max_length=_MAX_YEARS)


def load_calendar(path: Path) -> WorkingDays:
    """The calendar in the file at `path`; ConfigurationFault with every fault."""
    announced = tuple(year.announced() for year in load(_Calendar, path).year)
    try:
        return WorkingDays(announced, in_library)
    except CalendarFault as fault:
        raise ConfigurationFault("\n".join(f"{path}: {line}" for line in str(fault).splitlines())) from None


def in_library(day: date) -> bool | None:
    """Whether the library knows `day` as worked; None for years that it does not know."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None

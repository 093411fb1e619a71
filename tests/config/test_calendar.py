"""`calendar.toml`: what it adds to the library, and that a faulty one never gets past the start."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from gateway.config.tables import load_tables, shipped_tables
from gateway.errors import ConfigurationFault
from gateway.licences.calendar import WorkingDays

YEAR = """
[[year]]
year = 2031
complete = true
days_off = [2031-01-01, 2031-01-02]
days_worked = [2031-01-04]
source = "a test"
"""


def calendar(tmp_path: Path, text: str) -> WorkingDays:
    folder = Path(shutil.copytree(shipped_tables(), tmp_path / "tables"))
    (folder / "calendar.toml").write_text(text, "utf-8")
    return load_tables(folder).calendar


def test_the_shipped_calendar_is_the_library() -> None:
    shipped = load_tables(shipped_tables()).calendar

    assert shipped.announced == ()
    assert not shipped.is_working_day(date(2026, 10, 1))
    assert shipped.is_working_day(date(2026, 10, 10))


def test_a_year_that_operators_enter_is_known(tmp_path: Path) -> None:
    days = calendar(tmp_path, YEAR)

    assert days.add_working_days(date(2031, 1, 1), 1) == date(2031, 1, 3)
    assert days.is_working_day(date(2031, 1, 4))
    assert not days.is_working_day(date(2031, 1, 5))
    assert [one.source for one in days.announced] == ["a test"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("2031-01-04", "2031-01-02"), "calendar.toml: 2031: 2031-01-02 is both off and worked"),
        (("[2031-01-01, 2031-01-02]", "[]"), "calendar.toml: 2031: complete, but names no day off"),
        (("year = 2031", "year = 2030"), "calendar.toml: 2030: 2031-01-01 is in another year"),
        (("year = 2031", "year = 31"), "year #1.year: expected a whole number from 2000 to 2099"),
        (("[2031-01-04]", '["2031-01-04"]'), "year #1.days_worked #1: expected a date such as 2026-01-01"),
        (('source = "a test"', ""), "year #1.source: missing; expected where this is laid down"),
        ((YEAR, YEAR * 2), "calendar.toml: 2031: is there more than once"),
    ],
)
def test_every_fault_is_told_with_its_file(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    with pytest.raises(ConfigurationFault) as caught:
        calendar(tmp_path, YEAR.replace(*change))
    assert fault in str(caught.value)

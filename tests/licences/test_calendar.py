"""Working days: what is announced, the library behind it, and years of which nobody knows anything."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.calendar import in_library
from gateway.licences.calendar import AnnouncedYear, CalendarFault, CalendarUnknown, WorkingDays

DAY = timedelta(days=1)
LIBRARY = WorkingDays(otherwise=in_library)
FRIDAY = date(2027, 1, 1)
MONDAY_OFF = date(2027, 1, 4)
SUNDAY_WORKED = date(2027, 1, 10)


def announced(*, complete: bool = True, year: int = 2027, off: set[date] | None = None) -> AnnouncedYear:
    days_off = frozenset(off or {FRIDAY, MONDAY_OFF})
    return AnnouncedYear(year, days_off, frozenset({SUNDAY_WORKED}), complete, "a test")


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 4), True),  # a Sunday, in exchange for the Friday
        (date(2026, 2, 14), True),  # a Saturday before the Spring Festival
        (date(2026, 2, 16), False),
        (date(2026, 2, 24), True),
        (date(2026, 2, 28), True),  # a Saturday after it
        (date(2026, 3, 1), False),
        (date(2026, 5, 9), True),
        (date(2026, 9, 25), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),
        (date(2024, 2, 29), True),
    ],
)
def test_festivals_are_off_and_weekends_worked_in_exchange_are_worked(day: date, worked: bool) -> None:
    assert LIBRARY.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        (date(2026, 5, 20), 0, date(2026, 5, 20)),
        (date(2026, 5, 20), 20, date(2026, 6, 17)),
        (date(2026, 2, 6), 20, date(2026, 3, 12)),  # over the Spring Festival, two Saturdays worked
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 10, 1), 3, date(2026, 10, 10)),  # begins on a day off, ends on a Saturday worked
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2026, 12, 3), 20, date(2026, 12, 31)),
    ],
)
def test_the_first_day_is_not_counted_and_only_working_days_are(start: date, count: int, last: date) -> None:
    assert LIBRARY.add_working_days(start, count) == last


def test_a_year_of_which_nothing_is_announced_is_not_guessed() -> None:
    for ask in (
        lambda: LIBRARY.is_working_day(date(2099, 6, 1)),
        lambda: LIBRARY.is_working_day(date(2003, 12, 31)),
        lambda: LIBRARY.add_working_days(date(2098, 12, 4), 20),
        lambda: WorkingDays().is_working_day(date(2026, 6, 1)),
    ):
        with pytest.raises(CalendarUnknown) as caught:
            ask()
        assert caught.value.year in (2099, 2003, 2098, 2026)


def test_a_period_that_runs_into_an_unknown_year_is_refused_and_names_it() -> None:
    up_to_2026 = WorkingDays(otherwise=lambda day: in_library(day) if day.year < 2027 else None)

    assert up_to_2026.add_working_days(date(2026, 12, 3), 20) == date(2026, 12, 31)
    with pytest.raises(CalendarUnknown) as caught:
        up_to_2026.add_working_days(date(2026, 12, 4), 20)
    assert caught.value.year == 2027


def test_a_year_that_is_announced_as_a_whole_is_known() -> None:
    calendar = WorkingDays((announced(),))

    assert calendar.add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 5)
    assert not calendar.is_working_day(FRIDAY)
    assert calendar.is_working_day(SUNDAY_WORKED)
    assert not calendar.is_working_day(date(2027, 1, 9))
    with pytest.raises(CalendarUnknown):
        calendar.is_working_day(date(2028, 1, 3))


def test_what_is_announced_goes_before_the_library_which_knows_the_rest() -> None:
    new_years_eve = date(2026, 12, 31)
    calendar = WorkingDays(
        (AnnouncedYear(2026, frozenset({new_years_eve}), frozenset({date(2026, 1, 3)}), False, "a test"),),
        in_library,
    )

    assert not calendar.is_working_day(new_years_eve)
    assert calendar.is_working_day(date(2026, 1, 3))
    assert not calendar.is_working_day(date(2026, 10, 1))
    assert calendar.is_working_day(date(2026, 12, 30))


def test_part_of_a_year_does_not_make_the_rest_known() -> None:
    calendar = WorkingDays((announced(complete=False),))

    assert not calendar.is_working_day(MONDAY_OFF)
    with pytest.raises(CalendarUnknown):
        calendar.is_working_day(date(2027, 1, 5))


def test_a_calendar_that_contradicts_itself_is_refused_with_every_fault() -> None:
    wrong = announced(off={SUNDAY_WORKED, date(2028, 1, 1)})
    empty = AnnouncedYear(2029, frozenset(), frozenset(), True, "a test")
    with pytest.raises(CalendarFault) as caught:
        WorkingDays((wrong, empty, announced()))

    assert str(caught.value).splitlines() == [
        "2027: 2027-01-10 is both off and worked",
        "2027: 2028-01-01 is in another year",
        "2029: complete, but names no day off",
        "2027: is there more than once",
    ]


@given(st.dates(date(2005, 1, 1), date(2026, 6, 30)), st.integers(1, 60))
def test_as_many_working_days_lie_between_as_were_asked_for(start: date, count: int) -> None:
    last = LIBRARY.add_working_days(start, count)

    days = [start + DAY * n for n in range(1, (last - start).days + 1)]
    assert sum(map(LIBRARY.is_working_day, days)) == count
    assert LIBRARY.is_working_day(last)

"""Periods as operators write them, in Asia/Shanghai."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import BUSINESS_ZONE
from gateway.config.hours import Once, Weekly, between, laid_out, parse_period

# A Saturday.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=BUSINESS_ZONE)


def hours(spans: list[tuple[datetime, datetime]]) -> list[str]:
    return [f"{begin:%a %H:%M}-{end:%a %H:%M}" for begin, end in spans]


def test_a_weekly_period_is_on_its_days_and_may_pass_midnight() -> None:
    spans = laid_out([Weekly.parse("fri,sun 22:00-06:00")], NOON)
    assert hours(spans) == [
        "Fri 22:00-Sat 06:00",
        "Sun 22:00-Mon 06:00",
        "Fri 22:00-Sat 06:00",
        "Sun 22:00-Mon 06:00",
    ]


def test_days_go_round_the_end_of_the_week_and_none_named_are_all() -> None:
    assert Weekly.parse("sat-mon 01:00-02:00").days == {5, 6, 0}
    assert Weekly.parse("mon-wed,fri 01:00-02:00").days == {0, 1, 2, 4}
    assert Weekly.parse("01:00-24:00").days == set(range(7))


def test_periods_that_touch_are_one() -> None:
    spans = laid_out([Weekly.parse("00:00-24:00")], NOON)
    assert len(spans) == 1
    assert between([Weekly.parse("00:00-24:00")], NOON) == []


def test_what_is_between_periods_is_known() -> None:
    gaps = between([Weekly.parse("06:00-22:00")], NOON)
    assert hours(gaps)[1:3] == ["Sat 22:00-Sun 06:00", "Sun 22:00-Mon 06:00"]


def test_a_period_is_one_time_only_and_then_over() -> None:
    once = parse_period("2026-12-01 02:00 to 2026-12-01 04:00")
    assert isinstance(once, Once)
    assert once.begin == datetime(2026, 11, 30, 18, 0, tzinfo=UTC), "it is written in Asia/Shanghai"
    assert laid_out([once], NOON) == [(once.begin, once.end)]
    assert laid_out([once], once.end) == []


@pytest.mark.parametrize(
    "written",
    [
        *("6:00-22:00", "06:00", "xyz 06:00-22:00", "mon- 06:00-22:00", "25:00-26:00", "", 5, None),
        *("2026-12-01 02:00 to 2026-12-01 02:00", "2026-13-01 02:00 to 2026-14-01 04:00"),
        *("mon,,tue 06:00-07:00", "06:00-24:30"),
    ],
)
def test_what_is_no_period_is_refused(written: object) -> None:
    with pytest.raises(ValueError):
        parse_period(written)


@given(begin=st.times(), end=st.times(), minutes=st.integers(0, 7 * 24 * 60), days=st.sets(st.integers(0, 6)))
def test_every_instant_is_inside_or_between(begin: object, end: object, minutes: int, days: set[int]) -> None:
    window = Weekly(frozenset(days), begin, end)  # type: ignore[arg-type]
    now = NOON + timedelta(minutes=minutes)
    inside = any(begin <= now < end for begin, end in laid_out([window], now))
    outside = any(begin <= now < end for begin, end in between([window], now))
    assert inside != outside

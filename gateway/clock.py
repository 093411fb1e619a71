"""Time: instants are aware and in UTC; business dates are those of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")

#: A clock is anything that tells the present instant, aware, in UTC.
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present instant by the machine's clock."""
    return datetime.now(UTC)


def clock_ahead(days: int) -> Clock:
    """For trials: the machine's clock, so many days later."""
    return lambda: system_clock() + timedelta(days=days)


def business_date(instant: datetime) -> date:
    """The date of `instant` (aware) in Asia/Shanghai."""
    assert instant.tzinfo is not None, "an instant must be aware"
    return instant.astimezone(BUSINESS_ZONE).date()


def local_text(instant: datetime) -> str:
    """`instant` (aware) as people here read it: ISO 8601 in Asia/Shanghai, to the second."""
    return instant.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds")


def local_words(instant: datetime) -> str:
    """`instant` (aware) as it stands in a sentence: date and time in Asia/Shanghai, without its zone."""
    return instant.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S")

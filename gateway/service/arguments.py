"""What operators' commands are given, read: each function raises CommandRefused for what makes no sense."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from gateway.clock import BUSINESS_ZONE, business_date
from gateway.operations.commands import CommandRefused
from licencexml.values import LicenceKey, LicenceType

Arguments = dict[str, Any]

MAX_ROW_NUMBER = 2**63 - 1
_TICK = timedelta(microseconds=1)


def licence_argument(arguments: Arguments) -> LicenceKey:
    """The licence that a command names."""
    try:
        return LicenceKey.parse(str(arguments.get("licence", "")))
    except ValueError:
        types = ", ".join(LicenceType)
        raise CommandRefused(
            "usage", f"expected TYPE/NUMBER, as EXPORT/26-AA-000001; the types are {types}"
        ) from None


def maybe_licence_argument(arguments: Arguments) -> LicenceKey | None:
    """The licence that a command names, if it names one."""
    return None if arguments.get("licence") is None else licence_argument(arguments)


def whole_number(name: str, given: object, most: int = MAX_ROW_NUMBER, *, least: int = 1) -> int:
    """A whole number."""
    if type(given) is not int or not least <= given <= most:
        raise CommandRefused("usage", f"{name}: expected a whole number from {least} to {most}")
    return given


def flag(name: str, given: object) -> bool:
    """Yes or no; no if nothing is said."""
    if given is None or isinstance(given, bool):
        return bool(given)
    raise CommandRefused("usage", f"{name}: expected true or false")


def line_of_text(name: str, given: object, most: int) -> str:
    """A text on one line that says something, without the spaces round it."""
    if not isinstance(given, str) or not given.strip() or len(given) > most or not given.isprintable():
        raise CommandRefused("usage", f"{name}: expected a text of 1 to {most} characters on one line")
    return given.strip()


def moment(name: str, given: object, now: datetime) -> datetime:
    """The instant that a text names: ISO 8601, in Asia/Shanghai if no zone is said. Not after `now`.

    A date means the whole day: what is so at its end, or now if it is today. "now" is `now`.
    """
    if given == "now":
        return now
    try:
        found = _instant(given, now)
    except (TypeError, ValueError, OverflowError):
        expected = 'a date, or a time such as "2026-11-21 14:00" (Asia/Shanghai) or 2026-11-21T06:00:00Z'
        raise CommandRefused("usage", f"{name}: expected {expected}") from None
    if found > now:
        shown = now.astimezone(BUSINESS_ZONE).isoformat(sep=" ", timespec="seconds")
        raise CommandRefused("usage", f"{name}: {given} is still to come; it is {shown}")
    return found


def _instant(given: object, now: datetime) -> datetime:
    if not isinstance(given, str):
        raise TypeError
    day = _day(given)
    if day is not None and day == business_date(now):
        return now
    if day is not None:
        return (
            datetime.combine(day + timedelta(days=1), time.min, BUSINESS_ZONE).astimezone(now.tzinfo) - _TICK
        )
    found = datetime.fromisoformat(given.strip())
    return (found if found.tzinfo else found.replace(tzinfo=BUSINESS_ZONE)).astimezone(now.tzinfo)


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        return None

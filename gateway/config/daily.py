"""The daily duties and the register of contacts, as configured."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Any

from gateway.config.kinds import Kind, one_of, text, whole
from gateway.config.section import Section
from gateway.licences.differences import ContactRole

_WEEK_MINUTES = 7 * 24 * 60
#: A day is closed in the morning after it: not so late that its report is of no use.
_LATEST = time(12)


def _read_time(value: Any, _folder: Path | None) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or len(value) != len("00:10"):
        raise ValueError
    read = time.fromisoformat(value)
    if read > _LATEST:
        raise ValueError
    return read


_MORNING = Kind('a time from "00:00" to "12:00", the minutes past the midnight that ends the day', _read_time)


class DailyConfig(Section):
    """When a business day is closed, in Asia/Shanghai, and how long customs has to answer its report."""

    close_at: Annotated[time, _MORNING] = time(0, 10)
    answer_within_minutes: Annotated[int, whole(1, _WEEK_MINUTES, "minutes")] = 60


class ContactConfig(Section):
    """Whom operators call in a role, and when; none is shipped (外经贸配管发〔2000〕539号 art. 9)."""

    role: Annotated[str, one_of(*ContactRole)]
    name: Annotated[str, text(r"[^\x00-\x1f\x7f]{1,64}", "a name of 1 to 64 characters")]
    phone: Annotated[str, text(r"[0-9+][0-9 +()#*/-]{1,39}", "a telephone number of 2 to 40 characters")]
    hours: Annotated[str, text(r"[^\x00-\x1f\x7f]{1,64}", "hours, as a text of 1 to 64 characters")] = (
        "at any time"
    )

"""From a Twisted log event to a record: plain JSON values, bounded, with secrets masked.

A record always has `time` (UTC), `business_time` (Asia/Shanghai), `level`, `source` (the logger's name) and
`event` (the sentence); `message_id` and `licence` when the caller gave them; the caller's other fields beside
them; `traceback` when there was a failure, and `fault`, its sentence, when the machine is to blame for it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from twisted.logger import LogEvent, LogLevel, formatEvent
from twisted.python.failure import Failure

from gateway.clock import BUSINESS_ZONE
from gateway.errors import is_of_machine, told

Record = dict[str, Any]

MASK = "***"
_MAX_FIELD_CHARACTERS = 2_000
_MAX_TRACEBACK_CHARACTERS = 16_000

_SECRET_NAME = re.compile(r"passw|secret|token|private|credential|(?:^|_)pin$", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    r"(?P<name>\b(?:password|passwd|secret|token|SSIDPSWD)\b\s*[=:]\s*)(?P<value>[^\s,;]+)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def record_of(event: LogEvent) -> Record:
    """The record of `event`; whatever is wrong with the event, there is a record of it."""
    try:
        return _record_of(event)
    except Exception as error:
        now = datetime.now(UTC).timestamp()
        told = f"a log event could not be told: {type(error).__name__}"
        return _head(now, "error", "gateway.operations.log") | {"event": told}


def _record_of(event: LogEvent) -> Record:
    seconds = event.get("log_time", 0.0)
    level = event.get("log_level", LogLevel.info)
    fields = {name: value for name, value in event.items() if _is_callers(name)}
    secret = {name: MASK for name in fields if _is_secret(name)}
    masked = fields | secret
    record = _head(seconds, level.name, str(event.get("log_namespace", "")))
    record["event"] = _text(_sentence(event | secret if secret else event), _MAX_FIELD_CHARACTERS)
    for name in ("message_id", "licence"):
        if masked.get(name) is not None:
            record[name] = _plain(masked.pop(name))
    others = {name: _plain(value) for name, value in masked.items() if name not in record}
    record |= {name: value for name, value in others.items() if value is not None}
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        record["traceback"] = _text(failure.getTraceback(), _MAX_TRACEBACK_CHARACTERS)
        if is_of_machine(failure.value):
            record["fault"] = _text(told(failure.value), _MAX_FIELD_CHARACTERS)
    return record


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _is_callers(name: str) -> bool:
    """Whether the caller gave this field: Twisted's own begin with `log_`, its older ones are named here."""
    return not name.startswith("log_") and name not in ("isError", "system", "time", "message", "format")


def _sentence(event: LogEvent) -> str:
    """What `formatEvent` says; it takes a format apart in Python, and most need no more than `format_map`."""
    try:
        return str(event["log_format"].format_map(event))
    except Exception:
        return formatEvent(event)


def _head(seconds: float, level: str, source: str) -> Record:
    whole_seconds, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    milliseconds = microseconds // 1_000
    utc, business, offset = _clock_faces(whole_seconds)
    return {
        "time": f"{utc}.{milliseconds:03}Z",
        "business_time": f"{business}.{milliseconds:03}{offset}",
        "level": level,
        "source": source,
    }


@lru_cache(maxsize=16)
def _clock_faces(seconds: int) -> tuple[str, str, str]:
    """A second in UTC, and in business time with its offset."""
    moment = datetime.fromtimestamp(seconds, UTC)
    business = moment.astimezone(BUSINESS_ZONE)
    return f"{moment:%Y-%m-%dT%H:%M:%S}", f"{business:%Y-%m-%dT%H:%M:%S}", business.isoformat()[19:]


def _plain(value: object) -> object:
    """A JSON value; what is not one is told by its `str`."""
    if value is None or isinstance(value, bool | int):
        return value
    return _text(str(value), _MAX_FIELD_CHARACTERS)


def _text(text: str, most: int) -> str:
    masked = _SECRET_IN_TEXT.sub(_mask, text) if _may_hold_secret(text) else text
    # Lone surrogates cannot be stored.
    storable = masked if masked.isascii() else masked.encode("utf-8", "backslashreplace").decode("utf-8")
    return storable if len(storable) <= most else storable[:most] + "…"


def _may_hold_secret(text: str) -> bool:
    """Whether one of the signs is there without which `_SECRET_IN_TEXT` finds nothing: soon told of most."""
    return "=" in text or ":" in text or "-----" in text


def _mask(found: re.Match[str]) -> str:
    return (found["name"] or "") + MASK

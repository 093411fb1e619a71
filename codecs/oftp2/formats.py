"""Commands to octets and back, by the formats of a release level (`layouts`)."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, Final

from oftp2 import commands as c
from oftp2.errors import RemoteProtocolError
from oftp2.fields import INVALID_DATA, Reader
from oftp2.layouts import CHALLENGE_BYTES, FORMATS, FORMATS_BY_LEVEL, Format
from oftp2.levels import LEVEL, SECURE_LEVEL, written_level

__all__ = [
    "BUFFER_BYTES_MAX",
    "BUFFER_BYTES_MIN",
    "CHALLENGE_BYTES",
    "CREDIT_MAX",
    "FORMATS",
    "LEVEL",
    "Format",
    "build",
    "parse",
]

UNKNOWN_COMMAND = 1
BUFFER_BYTES_MIN = 128
BUFFER_BYTES_MAX = 99_999
CREDIT_MAX = 999
DATA_OCTET = b"D"
_SSID_OCTET, _ESID_OCTET = b"X", b"F"
#: An ESID of the levels below 5 ends after its reason. It is read at any level: a partner of such a level may
#: leave before the level is agreed.
_SHORT_ESID_BYTES = 4
#: What tells people more, and may be left out where a level has no field for it.
_TELLING: Final = {"text", "description", "original_size_blocks"}

_BY_OCTET = {level: {form.octet: form for form in forms} for level, forms in FORMATS_BY_LEVEL.items()}
_BY_COMMAND = {level: {form.command: form for form in forms} for level, forms in FORMATS_BY_LEVEL.items()}


def parse(buffer: bytes, level: int = LEVEL) -> c.Command:
    """The command in one exchange buffer of a session at `level`; an SSID is read by the level that it names.

    Raises RemoteProtocolError with reason 01 (no such command), 06 (wrong field) or 07 (wrong length).
    """
    octet = buffer[:1]
    if octet == DATA_OCTET:
        return c.DATA(buffer[1:])
    form = _BY_OCTET[_level_of(buffer, level)].get(octet)
    if form is None:
        raise RemoteProtocolError(UNKNOWN_COMMAND, f"there is no command {octet!r} at level {level}")
    reader = Reader(buffer, 1)
    values: dict[str, Any] = {}
    for attribute, field in form.fields:
        try:
            value = field.read(reader)
        except RemoteProtocolError as error:
            if octet != _SSID_OCTET or error.reason != INVALID_DATA:
                raise
            # What stands in the wrong place may be a part of the password: it is not told.
            raise RemoteProtocolError(INVALID_DATA, f"{field.name} is not in order") from None
        if attribute is not None:
            values[attribute] = value
    reader.finish()
    command = form.command(**values)
    if isinstance(command, c.SSID) and not command.buffer_bytes >= BUFFER_BYTES_MIN:
        raise RemoteProtocolError(
            INVALID_DATA, f"SSIDSDEB {command.buffer_bytes} is less than {BUFFER_BYTES_MIN}"
        )
    return command


def build(command: c.Command, level: int = LEVEL) -> bytes:
    """The exchange buffer of `command` at `level`; an SSID is written by its own.

    ValueError when a value does not fit its field, or is of weight and has no field at that level.
    """
    if isinstance(command, c.DATA):
        return DATA_OCTET + command.payload
    if isinstance(command, c.SSID):
        level = written_level(command.level)
    form = _BY_COMMAND[level].get(type(command))
    if form is None:
        raise ValueError(f"there is no {type(command).__name__} at level {level}")
    if level < SECURE_LEVEL:
        _check_nothing_is_lost(command, form, level)
    parts = [form.octet]
    for attribute, field in form.fields:
        parts.append(field.write(None if attribute is None else getattr(command, attribute)))
    return b"".join(parts)


def _level_of(buffer: bytes, level: int) -> int:
    """The level of the formats that `buffer` is read by."""
    if buffer[:1] == _SSID_OCTET and buffer[1:2].isdigit():
        return written_level(int(buffer[1:2]))
    if buffer[:1] == _ESID_OCTET:
        return LEVEL if len(buffer) != _SHORT_ESID_BYTES else min(level, SECURE_LEVEL - 1)
    return level


def _check_nothing_is_lost(command: c.Command, form: Format, level: int) -> None:
    written = {attribute for attribute, _ in form.fields}
    for field in fields(command):
        has_default = field.default is not MISSING
        if field.name in written | _TELLING or not has_default:
            continue
        if getattr(command, field.name) != field.default:
            raise ValueError(f"{type(command).__name__} has no {field.name} at level {level}")

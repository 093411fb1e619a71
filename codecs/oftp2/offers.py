"""What may be said at a level: a file to be offered (RFC 5024 section 5.3.3), a response to be given."""

from __future__ import annotations

from dataclasses import replace

from oftp2.attributes import STRUCTURED
from oftp2.commands import EERP, NERP, SFID
from oftp2.formats import build
from oftp2.reasons import Refusal


def offer_fault(sfid: SFID, level: int) -> tuple[Refusal, str] | None:
    """Why we cannot offer `sfid` at `level`: the reason that fits, and a text; None when we can."""
    try:
        sfid.identity()
    except ValueError as error:
        return Refusal.INVALID_FILENAME, str(error)
    if (sfid.format in STRUCTURED) is not (sfid.record_bytes > 0):
        text = f"format {sfid.format} with records of {sfid.record_bytes} octets"
        return Refusal.RECORD_LENGTH_NOT_SUPPORTED, text
    try:
        build(sfid, level)
    except ValueError as error:
        return _reason(sfid, level), str(error)
    return None


def response_fault(response: EERP | NERP, level: int) -> str | None:
    """Why `response` cannot be given at `level`, which may be without such a command or field."""
    try:
        build(response, level)
    except ValueError as error:
        return str(error)
    return None


def _reason(sfid: SFID, level: int) -> Refusal:
    try:
        build(replace(sfid, size_blocks=0, original_size_blocks=0, restart=0), level)
    except ValueError:
        return Refusal.UNSPECIFIED
    return Refusal.FILE_TOO_BIG

"""Log records as lines for people: business time, level, what happened, whom it is about."""

from __future__ import annotations

from typing import TextIO

import click

from gateway.operations.records import Record

_COLOURS = {"debug": "bright_black", "info": "green", "warn": "yellow", "error": "red", "critical": "red"}


def readable(record: Record, *, colour: bool) -> str:
    """`record` as a line (with its traceback, lines); what came from outside cannot steer the terminal."""
    level = str(record["level"])
    painted = click.style(f"{level:<8}", fg=_COLOURS.get(level), bold=level == "critical")
    about = " ".join(str(record[name]) for name in ("message_id", "licence") if name in record)
    clock = str(record["business_time"])[11:19]
    line = f"{clock} {painted} {harmless(str(record['event']))}"
    if about:
        line += click.style(f"  [{harmless(about)}]", fg="cyan")
    for told in str(record.get("traceback", "")).splitlines():
        line += f"\n         {harmless(told)}"
    return line if colour else click.unstyle(line)


def harmless(text: str) -> str:
    """`text` with everything that is not printable written as an escape: one line, no control sequences."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class Terminal:
    """Writes records to a text stream, in colour when it is a terminal; never raises."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = stream.isatty()

    def write(self, record: Record) -> None:
        """Write `record`; a stream that is gone is left alone."""
        try:
            self._stream.write(readable(record, colour=self._colour) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

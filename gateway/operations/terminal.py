"""Log records as lines for people: business day and time, level, what happened, whom it is about."""

from __future__ import annotations

from typing import TextIO

import click

from gateway.operations.records import Record

_COLOURS = {"debug": "bright_black", "info": "green", "warn": "yellow", "error": "red", "critical": "red"}


def readable(record: Record, *, colour: bool) -> str:
    """`record` as a line, of a bug lines; what came from outside cannot steer the terminal.

    Of a fault of the machine people need the sentence; its traceback is in the log file.
    """
    style = click.style if colour else _plain
    level = str(record["level"])
    painted = style(f"{level:<8}", fg=_COLOURS.get(level), bold=level == "critical")
    event = str(record["event"])
    named = [str(record[name]) for name in ("message_id", "licence") if name in record]
    about = " ".join(name for name in named if name not in event)
    clock = str(record["business_time"])[5:19].replace("T", " ")
    fault = record.get("fault")
    line = f"{clock} {painted} {harmless(event if fault is None else f'{event}: {fault}')}"
    if about:
        line += style(f"  [{harmless(about)}]", fg="cyan")
    for told in str(record.get("traceback", "") if fault is None else "").splitlines():
        line += f"\n         {harmless(told)}"
    return line


def _plain(text: str, **_style: object) -> str:
    return text


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

    def write(self, *records: Record) -> None:
        """Write these; a stream that is gone is left alone."""
        try:
            lines = [readable(record, colour=self._colour) + "\n" for record in records]
            self._stream.write("".join(lines))
            self._stream.flush()
        except (OSError, ValueError, MemoryError):
            return

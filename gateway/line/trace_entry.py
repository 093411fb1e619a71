"""One line of a trace: something that passed in a session, or that happened to its connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.line.status import Direction
from oftp2 import commands as c
from oftp2.trace import After, Passed, Way, describe, fields_of


@dataclass(slots=True)
class Whose:
    """Which session: its number since the start (0: none), and who is at its other end, if that is known."""

    number: int
    direction: Direction
    partner: str | None = None
    address: str | None = None


@dataclass(slots=True)
class Entry:
    """What passed, as it is kept: no secret, no content of a file.

    Buffers of data that follow each other are one entry: `buffers` and `octets` grow with each, `credits`
    with each CDT between them, and `at_seconds` is when the last one passed. What repeats itself otherwise
    has `times`, and `since_seconds`.
    """

    at_seconds: float
    whose: Whose
    way: Way
    passed: Passed | str
    after: After | None
    times: int = 1
    buffers: int = 0
    octets: int = 0
    credits: int = 0
    since_seconds: float | None = None

    def again(self, now_seconds: float) -> None:
        """The same has happened once more."""
        if self.since_seconds is None:
            self.since_seconds = self.at_seconds
        self.at_seconds = now_seconds
        self.times += 1

    @property
    def text(self) -> str:
        """What is told of it, in a line."""
        if self.buffers:
            told = f"DATA x{self.buffers} {self.octets} octets"
            return f"{told}, CDT x{self.credits}" if self.credits else told
        text = self.passed if isinstance(self.passed, str) else describe(self.passed)
        return text if self.times == 1 else f"{text} (x{self.times})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `command` and `fields` only of commands."""
        told: dict[str, Any] = {
            "at": _instant(self.at_seconds),
            "since": None if self.since_seconds is None else _instant(self.since_seconds),
            "partner": self.whose.partner,
            "session": self.whose.number,
            "direction": self.whose.direction,
            "address": self.whose.address,
            "way": str(self.way),
            "text": self.text,
        }
        if isinstance(self.passed, c.Command):
            told["command"] = type(self.passed).__name__
            told["fields"] = self._fields(self.passed)
        if self.after is not None:
            told["state"] = str(self.after.state)
            told["credit"] = self.after.credit
        return told

    def _fields(self, command: c.Command) -> dict[str, str | int]:
        if self.buffers:
            return {"buffers": self.buffers, "octets": self.octets, "credits": self.credits}
        return fields_of(command)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

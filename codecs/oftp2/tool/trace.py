"""What passes on the line, for people: one line a command, with its fields, and no secrets."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields

from oftp2 import commands as c
from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper
from oftp2.errors import RemoteProtocolError
from oftp2.formats import parse

_SECRETS = frozenset({"password", "challenge", "response"})
_MASK = "***"


def describe(command: c.Command) -> str:
    """The command's name and fields; secrets are masked, octets counted."""
    parts = [type(command).__name__]
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name in _SECRETS:
            shown = _MASK if value else "none"
        else:
            shown = f"{len(value)} octets" if isinstance(value, bytes) else repr(value)
        parts.append(f"{field.name}={shown}")
    return " ".join(parts)


class Ear:
    """Listens to one direction, and hands on each command. What is no command is told as such, uncited."""

    def __init__(self, hear: Callable[[c.Command | str], None]) -> None:
        self._hear = hear
        self._unwrapper = Unwrapper(EXCHANGE_BUFFER_MAX)
        self._is_lost = False

    def feed(self, octets: bytes) -> None:
        """Take octets as they pass; after what cannot be read, nothing more is."""
        if self._is_lost:
            return
        self._unwrapper.feed(octets)
        try:
            while (buffer := self._unwrapper.next()) is not None:
                self._hear(parse(buffer))
        except RemoteProtocolError as error:
            self._is_lost = True
            self._hear(f"{len(octets)} octets that cannot be read: {error.text}")


class Trace:
    """Hears both directions, remembers the partner's SSID, and writes lines when it has somewhere to."""

    def __init__(self, write: Callable[[str], object] | None) -> None:
        self.peer: c.SSID | None = None
        self._write = write
        self._since_seconds = time.monotonic()
        self.sent = Ear(lambda command: self._line(">", command))
        self.received = Ear(self._take)

    def say(self, text: str) -> None:
        """A line about the connection itself."""
        self._line("-", text)

    def _take(self, command: c.Command | str) -> None:
        if isinstance(command, c.SSID):
            self.peer = command
        self._line("<", command)

    def _line(self, direction: str, what: c.Command | str) -> None:
        if self._write is not None:
            text = what if isinstance(what, str) else describe(what)
            self._write(f"{time.monotonic() - self._since_seconds:9.3f} {direction} {text}\n")

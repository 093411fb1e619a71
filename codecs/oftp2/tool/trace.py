"""What passes on the line, for people: one line a command, on standard error or wherever it is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable

from oftp2.trace import After, Passed, Way, in_a_line


class Trace:
    """Writes lines when it has somewhere to."""

    def __init__(self, write: Callable[[str], object] | None) -> None:
        self._write = write
        self._since_seconds = time.monotonic()

    def hear(self, way: Way, passed: Passed, after: After) -> None:
        """A command passes: `Session` tells."""
        if self._write is not None:
            self._line(in_a_line(way, passed, after))

    def say(self, text: str) -> None:
        """A line about the connection itself."""
        self._line(f"{Way.ABOUT} {text}")

    def _line(self, text: str) -> None:
        if self._write is not None:
            self._write(f"{time.monotonic() - self._since_seconds:9.3f} {text}\n")

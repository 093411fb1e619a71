"""`line trace`: what passed on the line lately, and what passes."""

from __future__ import annotations

from typing import Any

from gateway.line.tracing import KEPT
from gateway.operations.commands import CommandRefused, Stream
from gateway.service.surroundings import Line


def partner_named(line: Line, name: object) -> str:
    """The partner of that name; refused when there is none."""
    if str(name) in line.partners():
        return str(name)
    raise CommandRefused("not-found", f"no partner {str(name)!r}; there are: {', '.join(line.partners())}")


class LineTrace:
    """Answers from the rings of the line, and lets clients follow."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def command(self, arguments: dict[str, Any], stream: Stream) -> None:
        """`{"partner": str, "last": int, "follow": bool}` → entries, oldest first (`Entry.to_dict`).

        Without a partner those of all, and of callers whom nobody knows. A follower that reads too slowly
        misses entries and is told how many; the line never waits for it.
        """
        partner = None
        if arguments.get("partner") is not None:
            partner = partner_named(self._line, arguments["partner"])
        last = arguments.get("last", 50)
        if type(last) is not int or not 0 <= last <= KEPT:
            raise CommandRefused("usage", f"last: expected a whole number from 0 to {KEPT}")
        tracing = self._line.tracing
        stream.send_all(entry.to_dict() for entry in tracing.last(partner, last))
        if not arguments.get("follow"):
            return
        leave = tracing.follow(partner, lambda entry: stream.send(entry.to_dict()))
        try:
            await stream.when_closed()
        finally:
            leave()

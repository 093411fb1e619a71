"""The last log records, kept in memory for `gatewayd ctl tail`, and passed on as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogLevel

from gateway.operations.commands import CommandRefused, Stream
from gateway.operations.records import Record

MAX_RECORDS = 1_000

_RANK = {level.name: rank for rank, level in enumerate(LogLevel.iterconstants())}


class Tail:
    """A bounded memory of records, and those who follow it."""

    def __init__(self, *, call_in_reactor: Callable[[Callable[[], None]], object] | None = None) -> None:
        """`call_in_reactor` (`reactor.callFromThread`) brings records from other threads to followers."""
        self._records: deque[Record] = deque(maxlen=MAX_RECORDS)
        self._followers: list[Callable[[Record], None]] = []
        self._call_in_reactor = call_in_reactor

    def write(self, record: Record) -> None:
        """Remember `record`, and tell the followers."""
        self._records.append(record)
        if not self._followers:
            return
        if self._call_in_reactor is None:
            self._tell(record)
        else:
            self._call_in_reactor(lambda: self._tell(record))

    def _tell(self, record: Record) -> None:
        for follower in tuple(self._followers):
            follower(record)

    async def command(self, arguments: dict[str, Any], stream: Stream) -> None:
        """Control command `tail`: {"count": int, "follow": bool, "level": str, "match": str} → records.

        `match` is looked for in message id, licence and event; `follow` goes on until the client leaves.
        """
        wanted = _filter(arguments)
        count = arguments.get("count", 20)
        if type(count) is not int or not 0 <= count <= MAX_RECORDS:
            raise CommandRefused("usage", f"count: expected a whole number from 0 to {MAX_RECORDS}")
        past = [record for record in tuple(self._records) if wanted(record)]
        stream.send_all(past[len(past) - min(count, len(past)) :])
        if arguments.get("follow"):
            await self._follow(wanted, stream)

    async def _follow(self, wanted: Callable[[Record], bool], stream: Stream) -> None:
        def pass_on(record: Record) -> None:
            if wanted(record):
                stream.send(record)

        gone: Deferred[None] = stream.when_closed()
        self._followers.append(pass_on)
        try:
            await gone
        finally:
            self._followers.remove(pass_on)


def _filter(arguments: dict[str, Any]) -> Callable[[Record], bool]:
    level, match = arguments.get("level") or "debug", str(arguments.get("match") or "")
    if level not in _RANK:
        raise CommandRefused("usage", f"level: expected one of {', '.join(_RANK)}")

    def wanted(record: Record) -> bool:
        if _RANK[record["level"]] < _RANK[level]:
            return False
        return any(match in str(record.get(name, "")) for name in ("message_id", "licence", "event"))

    return wanted

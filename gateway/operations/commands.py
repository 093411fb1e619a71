"""Control commands: their names, who answers them, and how they refuse.

A command takes a dict of arguments and answers with a dict; a stream sends any number of dicts until it ends
or the client leaves. Both are `async def`. The wire is in `control` (the daemon's end) and `client`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal, Protocol

from twisted.internet.defer import Deferred

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

#: Why: the state forbids it; there is no such thing; the arguments are wrong; something failed here.
Kind = Literal["refused", "not-found", "usage", "failed"]

MAX_REQUEST_BYTES = 64 * 1024
MAX_REPLY_BYTES = 8 * 1024 * 1024


class CommandRefused(Exception):
    """A handler's plain refusal: the client is told `message`."""

    def __init__(self, kind: Kind, message: str) -> None:
        self.kind: Kind = kind
        self.message = message
        super().__init__(message)


class Stream(Protocol):
    """Where a streaming handler sends what it has."""

    def send(self, item: dict[str, Any]) -> None:
        """Send `item`; while the client reads too slowly items are dropped and counted instead."""

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        """Send what was kept, which is bounded: nothing of it is dropped."""

    def when_closed(self) -> Deferred[None]:
        """Fires when the client has left."""
        ...


StreamHandler = Callable[[dict[str, Any], Stream], Awaitable[None]]


class Commands:
    """The registry: one handler a name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._streams: dict[str, StreamHandler] = {}

    def add(self, name: str, handler: Handler) -> None:
        """Register `handler` for `name` (such as "queue list")."""
        assert name not in self.names(), f"command {name!r} is registered twice"
        self._handlers[name] = handler

    def add_stream(self, name: str, handler: StreamHandler) -> None:
        """Register a streaming `handler` for `name`."""
        assert name not in self.names(), f"command {name!r} is registered twice"
        self._streams[name] = handler

    def names(self) -> list[str]:
        """All registered names, sorted."""
        return sorted([*self._handlers, *self._streams])

    def is_stream(self, name: object) -> bool:
        """Whether `name` is a streaming command."""
        return name in self._streams if isinstance(name, str) else False

    async def answer(self, name: object, arguments: dict[str, Any], stream: Stream) -> dict[str, Any] | None:
        """Run the command: a dict is its result, None the end of its stream.

        Raises CommandRefused, or whatever else the handler raises.
        """
        if isinstance(name, str) and name in self._streams:
            await self._streams[name](arguments, stream)
            return None
        if isinstance(name, str) and name in self._handlers:
            return await self._handlers[name](arguments)
        raise CommandRefused("usage", f"no such command; expected one of: {', '.join(self.names())}")

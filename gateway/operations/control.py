"""The daemon's end of the control socket: a Unix socket that only its owner can open.

One connection carries one request: a line of JSON, `{"command": …, "arguments": {…}}`. The daemon answers
with the line `{"result": {…}}` or `{"error": {"kind": …, "message": …}}`, or with one `{"item": {…}}` after
the other and then `{"end": true}`. Then it hangs up.

Whoever is connected and does nothing keeps nobody else out: who asks nothing or does not read is hung up on,
and some connections are kept for commands that are answered at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IListeningPort,
    IPushProducer,
    IReactorTime,
    IReactorUNIX,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from gateway.errors import ConfigurationFault, is_of_machine, told
from gateway.operations.commands import MAX_REPLY_BYTES, MAX_REQUEST_BYTES, CommandRefused, Commands
from gateway.operations.socket_path import reachable

MAX_CONNECTIONS = 32
#: So many of them may follow something for as long as they like.
MAX_STREAMS = 24
REQUEST_TIMEOUT_SECONDS = 10.0
#: A client that does not read for so long is hung up on.
STALLED_SECONDS = 30.0


@dataclass(slots=True)
class Desk:
    """What all clients share: the commands, the clock, and who is connected."""

    commands: Commands
    clock: IReactorTime
    #: In the order in which they came.
    clients: dict[ControlProtocol, None] = field(default_factory=dict)
    log: Logger = field(default_factory=lambda: Logger(namespace="gateway.operations.control"))

    def make_room(self, comer: ControlProtocol) -> bool:
        """Hang up on whoever has been silent longest, for `comer`; False if all others have asked."""
        silent = next((one for one in self.clients if one.is_silent and one is not comer), None)
        if silent is not None:
            silent.hang_up()
            del self.clients[silent]
        return silent is not None


@implementer(IPushProducer)
class ControlProtocol(LineOnlyReceiver):
    """One client: its request, and the answer to it. It is the `Stream` of a streaming command."""

    delimiter = b"\n"
    MAX_LENGTH = MAX_REQUEST_BYTES

    def __init__(self, desk: Desk) -> None:
        self.is_stream = False
        self._desk = desk
        self._waiting: IDelayedCall | None = None
        self._stalled: IDelayedCall | None = None
        self._asked = False
        self._connected = False
        self._paused = False
        self._dropped = 0
        self._gone: list[Deferred[None]] = []

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Give the client some seconds to ask."""
        assert self.transport is not None
        self._connected = True
        self._desk.clients[self] = None
        IConsumer(self.transport).registerProducer(self, True)
        if len(self._desk.clients) > MAX_CONNECTIONS and not self._desk.make_room(self):
            self._refuse("failed", "too many control connections")
            return
        self._waiting = self._desk.clock.callLater(REQUEST_TIMEOUT_SECONDS, self._too_late)

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take the request; anything after it is ignored."""
        if self._asked:
            return
        self._asked = True
        self._stop_waiting()
        try:
            request = json.loads(line)
            name, arguments = request["command"], request.get("arguments", {})
            if not isinstance(arguments, dict):
                raise TypeError  # noqa: TRY301 - one answer for whatever is not a request
            # JSON can write half a surrogate pair; what holds one can be neither kept nor shown.
            json.dumps(request, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            self._refuse("usage", "expected text in UTF-8, of whole characters")
            return
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._refuse("usage", 'expected one JSON object: {"command": "…", "arguments": {…}}')
            return
        self.is_stream = self._desk.commands.is_stream(name)
        if self.is_stream and sum(one.is_stream for one in self._desk.clients) > MAX_STREAMS:
            self._refuse("failed", f"{MAX_STREAMS} clients follow already: end one of them first")
            return
        answer = Deferred.fromCoroutine(self._desk.commands.answer(name, arguments, self))
        answer.addCallbacks(self._answered, self._failed)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Refuse a request that does not end."""
        self._refuse("usage", f"expected a request of at most {MAX_REQUEST_BYTES} bytes")

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """Tell a stream that nobody listens any more."""
        self._connected = False
        self._stop_waiting()
        self._reads_again()
        self._desk.clients.pop(self, None)
        waiting, self._gone = self._gone, []
        for deferred in waiting:
            deferred.callback(None)

    def send(self, item: dict[str, Any]) -> None:
        """Send one item of a stream, or drop it while the client does not keep up."""
        if self._paused:
            self._dropped += 1
            return
        self._write({"item": item})

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        """Send what is kept anyway, and bounded: none of it is dropped."""
        for item in items:
            self._write({"item": item})

    def when_closed(self) -> Deferred[None]:
        """Fires when the client has left."""
        gone: Deferred[None] = Deferred()
        if self._connected:
            self._gone.append(gone)
        else:
            gone.callback(None)
        return gone

    def pauseProducing(self) -> None:  # noqa: N802 - IPushProducer's name
        """The client reads too slowly."""
        self._paused = True
        self._watch_reading()

    def resumeProducing(self) -> None:  # noqa: N802 - IPushProducer's name
        """The client has caught up; it is told how much it missed."""
        self._paused = False
        self._reads_again()
        if self._dropped:
            self._write({"dropped": self._dropped})
            self._dropped = 0

    def stopProducing(self) -> None:  # noqa: N802 - IPushProducer's name
        """The connection is lost; `connectionLost` follows."""

    def hang_up(self) -> None:
        """End the connection once what was said is sent."""
        if self._connected:
            assert self.transport is not None
            IConsumer(self.transport).unregisterProducer()
            self.transport.loseConnection()
            self._watch_reading()

    @property
    def is_silent(self) -> bool:
        """Whether it has asked nothing so far."""
        return not self._asked

    def _answered(self, result: dict[str, Any] | None) -> None:
        self._write({"end": True} if result is None else {"result": result})
        self.hang_up()

    def _failed(self, failure: Failure) -> None:
        reason = failure.value
        if isinstance(reason, CommandRefused):
            self._refuse(reason.kind, reason.message)
        elif is_of_machine(reason):
            self._refuse("failed", told(reason))
        else:
            self._desk.log.failure("a control command failed", failure)
            self._refuse("failed", "the command failed; the daemon's log says why")

    def _refuse(self, kind: str, message: str) -> None:
        self._asked = True
        self._write({"error": {"kind": kind, "message": message}})
        self.hang_up()

    def _too_late(self) -> None:
        self._waiting = None
        self._refuse("usage", f"no request within {REQUEST_TIMEOUT_SECONDS:g} seconds")

    def _watch_reading(self) -> None:
        """What was said must be read: a connection that is full would else stand for ever."""
        if self._stalled is None and self._connected:
            self._stalled = self._desk.clock.callLater(STALLED_SECONDS, self._does_not_read)

    def _does_not_read(self) -> None:
        self._stalled = None
        transport: Any = self.transport
        transport.abortConnection()

    def _reads_again(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _write(self, reply: dict[str, Any]) -> None:
        line = json.dumps(reply, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
        if len(line) >= MAX_REPLY_BYTES:
            told = {"kind": "failed", "message": "the answer is too large; ask for less"}
            line = json.dumps({"error": told}).encode()
        if self._connected:
            assert self.transport is not None
            self.transport.write(line + self.delimiter)


class ControlServer:
    """Listens on the control socket from `start` to `stop`."""

    def __init__(self, *, unix: IReactorUNIX, clock: IReactorTime, path: Path, commands: Commands) -> None:
        self._unix = unix
        self._path = path
        self._desk = Desk(commands, clock)
        self._port: IListeningPort | None = None
        self._holding = contextlib.ExitStack()

    def start(self) -> None:
        """Listen; ConfigurationFault if another daemon listens there or the socket cannot be made."""
        path = self._holding.enter_context(_made_reachable(self._path))
        _clear_the_way(path, self._path)
        factory: Factory[Any] = Factory.forProtocol(lambda: ControlProtocol(self._desk))
        factory.noisy = False
        before = os.umask(0o177)
        try:
            self._port = self._unix.listenUNIX(str(path), factory, mode=0o600)
        except OSError as error:
            self._holding.close()
            raise ConfigurationFault(f"{self._path}: cannot listen there: {error}") from None
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Stop listening and hang up on every client, after what was said to it is sent."""
        for client in tuple(self._desk.clients):
            client.hang_up()
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
            self._port = None
        self._holding.close()


def _made_reachable(path: Path) -> contextlib.AbstractContextManager[Path]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return reachable(path)


def _clear_the_way(path: Path, told: Path) -> None:
    """Remove the socket that a killed daemon left."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigurationFault(f"{told}: expected a socket or nothing; something else is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        with contextlib.suppress(OSError):
            probe.connect(str(path))
            raise ConfigurationFault(f"{told}: another gatewayd is running with this control socket")
    path.unlink(missing_ok=True)

"""A line of a given delay and rate between two lines' services, in memory and under a clock of its own.

Every connection goes over the same line: a lane each way, whose segments wait for one another in turn. What
TCP itself does (slow start, loss, acknowledgements) is not in it, but for the octets of its headers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol, IPushProducer
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

#: As Twisted's own transports have it: from so many unsent octets on a producer is told to pause.
PAUSE_BYTES = 65_536
CALLS_MAX = 5_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """The line: seconds one way, bits per second, octets a segment, and the octets of headers on each."""

    delay_seconds: float = 0.015
    bits_per_second: int = 2_000_000
    segment_bytes: int = 1_448
    header_bytes: int = 52


@dataclass
class Lane:
    """One direction. `carried_bytes` counts what was given, without headers."""

    reactor: MemoryReactorClock
    shape: Shape
    carried_bytes: int = 0
    _waiting: deque[ShapedTransport] = field(default_factory=deque)
    _is_busy: bool = False

    def has_more(self, transport: ShapedTransport) -> None:
        """`transport` has octets to send, or its end to tell."""
        self._waiting.append(transport)
        if not self._is_busy:
            self._next()

    def _next(self) -> None:
        self._is_busy = bool(self._waiting)
        if not self._waiting:
            return
        transport = self._waiting.popleft()
        octets = transport.segment(self.shape.segment_bytes)
        self.carried_bytes += len(octets)
        takes = (len(octets) + self.shape.header_bytes) * 8 / self.shape.bits_per_second
        self.reactor.callLater(takes, self._sent, transport, octets)

    def _sent(self, transport: ShapedTransport, octets: bytes) -> None:
        self.reactor.callLater(self.shape.delay_seconds, transport.arrived, octets)
        if transport.wants_to_send():
            self._waiting.append(transport)
        self._next()


class ShapedTransport:
    """One end of a connection."""

    def __init__(self, reactor: MemoryReactorClock, lane: Lane) -> None:
        self.protocol: IProtocol | None = None
        self.peer: ShapedTransport | None = None
        self.disconnecting = False
        self._reactor = reactor
        self._lane = lane
        self._unsent = bytearray()
        self._inbox: deque[bytes] = deque()
        self._producer: IPushProducer | None = None
        self._is_paused = False
        self._is_waiting = False
        self._is_held = False
        self._is_gone = False

    # ITransport

    def write(self, data: bytes) -> None:
        if self.disconnecting or self._is_gone:
            return
        self._unsent += data
        if self._producer is not None and not self._is_paused and len(self._unsent) > PAUSE_BYTES:
            self._is_paused = True
            self._producer.pauseProducing()
        self._queue()

    def writeSequence(self, data: list[bytes]) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        if not self.disconnecting:
            self.disconnecting = True
            self._queue()

    def abortConnection(self) -> None:
        peer = self.peer
        self._end(Failure(ConnectionLost()))
        if peer is not None:
            self._reactor.callLater(self._lane.shape.delay_seconds, peer._end, Failure(ConnectionLost()))

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        self._producer = producer

    def unregisterProducer(self) -> None:
        self._producer = None

    def pauseProducing(self) -> None:
        self._is_held = True

    def resumeProducing(self) -> None:
        self._is_held = False
        self._reactor.callLater(0, self._deliver)

    def getPeer(self) -> str:
        return "peer"

    def getHost(self) -> str:
        return "host"

    # The lane

    def segment(self, size: int) -> bytes:
        """The next octets to go; none when only the end is left to tell."""
        octets = bytes(self._unsent[:size])
        del self._unsent[:size]
        self._is_waiting = False
        return octets

    def wants_to_send(self) -> bool:
        """Whether more is to go; a producer that was paused is asked for more first."""
        if not self._unsent and self._is_paused and self._producer is not None:
            self._is_paused = False
            self._producer.resumeProducing()
        wants = bool(self._unsent) and not self._is_waiting
        self._is_waiting = self._is_waiting or wants
        return wants

    def arrived(self, octets: bytes) -> None:
        """A segment is at the other end; an empty one is the end."""
        if self.peer is not None:
            self.peer._inbox.append(octets)
            self.peer._deliver()

    def _queue(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self._lane.has_more(self)

    def _deliver(self) -> None:
        while self._inbox and not self._is_held and not self._is_gone and self.protocol is not None:
            octets = self._inbox.popleft()
            if octets:
                self.protocol.dataReceived(octets)
            else:
                self._end(Failure(ConnectionDone()))

    def _end(self, why: Failure) -> None:
        if self._is_gone:
            return
        self._is_gone = True
        peer, self.peer = self.peer, None
        assert self.protocol is not None
        if peer is not None and self.disconnecting:
            self._reactor.callLater(0, peer._end, why)
        self.protocol.connectionLost(why)


class _Connector:
    def stopConnecting(self) -> None: ...

    def disconnect(self) -> None: ...


class ShapedReactor(MemoryReactorClock):
    """The reactor of both ends. Who listens on a port is found by its number."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        self._lanes: dict[int, tuple[Lane, Lane]] = {}
        self._one, self._other = Lane(self, self.shape), Lane(self, self.shape)

    def lanes_to(self, port: int) -> tuple[Lane, Lane]:
        """From the caller of `port` to its listener, and back. Odd ports are all at one end."""
        return (self._one, self._other) if port % 2 else (self._other, self._one)

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        function(*args)

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: object = None,  # noqa: N803
    ) -> Any:
        listener = next(server for server in self.tcpServers if server[0] == port)[1]
        there, back = self.lanes_to(port)
        caller, called = ShapedTransport(self, there), ShapedTransport(self, back)
        caller.peer, called.peer = called, caller
        delay = self.shape.delay_seconds

        def join(end: ShapedTransport, protocol: Any) -> None:
            end.protocol = protocol
            protocol.makeConnection(end)
            end._deliver()

        # SYN and its answer; then the caller's acknowledgement.
        self.callLater(2 * delay, lambda: join(caller, factory.buildProtocol(None)))
        self.callLater(3 * delay, lambda: join(called, listener.buildProtocol(None)))
        return _Connector()

    def run_until(self, holds: Callable[[], bool], limit_seconds: float = 600.0) -> float:
        """Let time pass from one event to the next until `holds`; the time then."""
        end = self.seconds() + limit_seconds
        for _ in range(CALLS_MAX):
            if holds():
                return self.seconds()
            calls = self.getDelayedCalls()
            assert calls, "nothing is left to happen"
            self.advance(max(0.0, min(call.getTime() for call in calls) - self.seconds()))
            assert self.seconds() <= end, "it takes too long"
        raise AssertionError("it never comes to rest")

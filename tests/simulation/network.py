"""Connections between the processes: in order and whole, or cut; late, in pieces, or held up.

A connection can be told to break after so many octets. Its two ends learn of that at different times, as they
do when a cable is cut; that a process was killed its peer learns soon, that a machine has no power late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IConnector, IListeningPort, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.simulation.timeline import Life, Timeline
from tests.simulation.witness import Reader, Witness

BUFFER_BYTES = 64 * 1024
#: A peer that is gone without a word is missed after this: what the kernel's probes take.
MISSED_SECONDS = 90.0


@dataclass
class Weather:
    """How the network is now: seconds one way, octets a piece, and how many octets a connection lives."""

    latency_seconds: float = 0.01
    piece_bytes: int = 4096
    cut_after_bytes: int | None = None
    is_down: bool = False
    stalls_until_seconds: float = 0.0


@implementer(ITransport)
class End:
    """One end of a connection."""

    disconnecting = False

    def __init__(self, network: Network, life: Life, protocol: Any = None) -> None:
        self.life = life
        self.protocol: Any = protocol
        self.peer: End | None = None
        self.written = Reader()
        self._network = network
        self._outgoing: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_reading = True
        self._is_delivering = False
        self._is_over = False
        self._producer: Any = None
        self._is_producer_paused = False
        life.at_death.append(self._died)

    # ITransport

    def write(self, data: bytes) -> None:
        """See ITransport."""
        if self._is_over or self.disconnecting or not data or not self.life.is_alive:
            return
        if self._network.witness is not None and self.peer is not None:
            self._network.witness.wrote(self.life.name, self.written, self.peer.written, data)
        self._outgoing.append(bytes(data))
        self._waiting_bytes += len(data)
        if self._producer is not None and self._waiting_bytes > BUFFER_BYTES and not self._is_producer_paused:
            self._is_producer_paused = True
            self._producer.pauseProducing()
        self._deliver_later()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """See ITransport."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """See ITransport."""
        self.disconnecting = True
        self._deliver_later()

    def abortConnection(self) -> None:
        """Drop it now."""
        self._network.break_later(self, 0.0, self._network.weather.latency_seconds)

    def getPeer(self) -> IPv4Address:
        """See ITransport."""
        return IPv4Address("TCP", "127.0.0.1", 1)

    getHost = getPeer  # noqa: N815 - Twisted's name

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See IConsumer."""
        self._producer = producer

    def unregisterProducer(self) -> None:
        """See IConsumer."""
        self._producer = None

    def pauseProducing(self) -> None:
        """See IPushProducer: read no more."""
        self._is_reading = False

    def resumeProducing(self) -> None:
        """See IPushProducer: read again."""
        self._is_reading = True
        if self.peer is not None:
            self.peer._deliver_later()

    def stopProducing(self) -> None:
        """See IPushProducer."""
        self.loseConnection()

    # Delivery

    def _deliver_later(self) -> None:
        if not self._is_delivering and not self._is_over:
            self._is_delivering = True
            self._network.timeline.call_later(self._network.delay(), self._deliver)

    def _deliver(self) -> None:
        self._is_delivering = False
        peer = self.peer
        if self._is_over or peer is None or peer._is_over:
            return
        if not self._outgoing:
            if self.disconnecting:
                self._network.break_later(self, 0.0, 0.0, error.ConnectionDone())
            return
        if not peer._is_reading:
            return
        data = self._network.cut(self, self._next_piece())
        if data:
            peer.life.run(peer.protocol.dataReceived, data)
        self._drained()
        if self._outgoing or self.disconnecting:
            self._deliver_later()

    def _next_piece(self) -> bytes:
        size = self._network.piece_bytes()
        first = self._outgoing.popleft()
        piece, rest = first[:size], first[size:]
        if rest:
            self._outgoing.appendleft(rest)
        self._waiting_bytes -= len(piece)
        return piece

    def _drained(self) -> None:
        if self._is_producer_paused and self._waiting_bytes <= BUFFER_BYTES // 2:
            self._is_producer_paused = False
            if self._producer is not None:
                self.life.run(self._producer.resumeProducing)

    # The end

    def lost(self, why: Exception) -> None:
        """This end learns that the connection is gone."""
        if self._is_over:
            return
        self._is_over = True
        self._outgoing.clear()
        self.life.run(self.protocol.connectionLost, Failure(why))

    def _died(self) -> None:
        if not self._is_over:
            self._is_over = True
            peer = self.peer
            if peer is not None:
                late = self._network.chance.choice((0.0, 0.0, MISSED_SECONDS))
                self._network.timeline.call_later(late, peer.lost, error.ConnectionLost())


@implementer(IListeningPort)
@dataclass
class Port:
    """A port that somebody listens at."""

    network: Network
    number: int

    def startListening(self) -> None:
        """It does already."""

    def stopListening(self) -> None:
        """See IListeningPort."""
        self.network.listeners.pop(self.number, None)

    def getHost(self) -> IPv4Address:
        """See IListeningPort."""
        return IPv4Address("TCP", "127.0.0.1", self.number)


@implementer(IConnector)
@dataclass
class Connector:
    """A call that is being made."""

    factory: Any
    is_over: bool = False

    def stopConnecting(self) -> None:
        """See IConnector."""
        self.is_over = True

    disconnect = stopConnecting

    def connect(self) -> None:
        """It does already."""

    def getDestination(self) -> IPv4Address:
        """See IConnector."""
        return IPv4Address("TCP", "127.0.0.1", 1)


@dataclass
class Network:
    """All listeners and connections; `weather` may change at any time."""

    timeline: Timeline
    chance: Random
    weather: Weather = field(default_factory=Weather)
    listeners: dict[int, tuple[Life, Any]] = field(default_factory=dict)
    witness: Witness | None = None
    cuts: int = 0
    octets: int = 0

    def listen(self, life: Life, port: int, factory: Any) -> Port:
        """`life` takes calls at `port` until it ends."""
        self.listeners[port] = (life, factory)
        life.at_death.append(lambda: self.listeners.pop(port, None) and None)
        return Port(self, port)

    def connect(self, life: Life, host: str, port: int, factory: Any, timeout_seconds: float) -> Connector:
        """`life` calls; told of the outcome later."""
        connector = Connector(factory)
        factory.startedConnecting(connector)
        if self.weather.is_down:
            self.timeline.call_later(timeout_seconds, self._failed, life, connector, error.TimeoutError())
        else:
            self.timeline.call_later(self.delay(), self._connected, life, port, connector)
        return connector

    def delay(self) -> float:
        """Seconds that the next piece takes."""
        held = max(0.0, self.weather.stalls_until_seconds - self.timeline.seconds())
        return held + self.weather.latency_seconds * self.chance.uniform(0.5, 1.5)

    def piece_bytes(self) -> int:
        """How many octets travel together."""
        return max(1, int(self.weather.piece_bytes * self.chance.random()))

    def cut(self, end: End, piece: bytes) -> bytes:
        """What of `piece` arrives before the connection breaks, if this is where it does."""
        self.octets += len(piece)
        left = self.weather.cut_after_bytes
        if left is None:
            return piece
        if len(piece) < left:
            self.weather.cut_after_bytes = left - len(piece)
            return piece
        self.weather.cut_after_bytes = None
        self.cuts += 1
        ours, theirs = (self.chance.choice((0.0, 0.5, MISSED_SECONDS)) for _ in range(2))
        self.break_later(end, ours, theirs)
        return piece[:left]

    def break_later(self, end: End, ours: float, theirs: float, why: Exception | None = None) -> None:
        """The connection is gone; `end` learns of it after `ours` seconds, its peer after `theirs`."""
        reason = why or error.ConnectionLost()
        end._outgoing.clear()
        end.disconnecting = True
        self.timeline.call_later(ours, end.lost, reason)
        if end.peer is not None:
            self.timeline.call_later(theirs, end.peer.lost, reason)

    def _connected(self, life: Life, port: int, connector: Connector) -> None:
        if connector.is_over or not life.is_alive:
            return
        if port not in self.listeners:
            self._failed(life, connector, error.ConnectionRefusedError())
            return
        other, factory = self.listeners[port]
        address = IPv4Address("TCP", "127.0.0.1", port)
        here, there = End(self, life), End(self, other)
        here.peer, there.peer = there, here
        there.protocol = factory.buildProtocol(address)
        if there.protocol is None:
            self._failed(life, connector, error.ConnectionRefusedError())
            return
        other.run(there.protocol.makeConnection, there)
        life.run(self._joined, here, connector, address)

    def _joined(self, here: End, connector: Connector, address: IPv4Address) -> None:
        here.protocol = connector.factory.buildProtocol(address)
        here.protocol.makeConnection(here)

    def _failed(self, life: Life, connector: Connector, why: Exception) -> None:
        if not connector.is_over:
            connector.is_over = True
            life.run(connector.factory.clientConnectionFailed, connector, Failure(why))

"""A session's transport on a serial line: the link between the port and the protocol, and its timers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IConsumer, IDelayedCall, IProtocol, IReactorTime, ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

from oftp2.buffers import EXCHANGE_BUFFER_MAX, Unwrapper, wrap
from oftp2.serial_link import SerialLink
from oftp2.serial_outputs import Deliver, Down, LinkTimer, Output, SetTimer, StopTimer, Write

_INBOX_MAX = 16


@implementer(IAddress)
class SerialAddress:
    """A device."""

    def __init__(self, device: str) -> None:
        self.device = device


@implementer(ITransport, IConsumer)
class SerialTransport:
    """What a protocol sees in place of a TCP connection; `is_serial` tells it that this is none.

    `link_watch` counts and tells what happens on the link below.

    The protocol's octets are stream transmission buffers, as on TCP; on the line there are envelopes instead.
    """

    is_serial = True
    disconnecting = False

    def __init__(
        self,
        link: SerialLink,
        protocol: IProtocol,
        address: SerialAddress,
        *,
        clock: IReactorTime,
        write: Callable[[bytes], None],
        over: Callable[[Down], None],
    ) -> None:
        """`write` puts octets on the line; `over` is told once, when the link is down.

        Whoever is told calls `tell_lost` when the line is free for another session.
        """
        self.link_watch = link.watch
        self._link = link
        self._protocol = protocol
        self._address = address
        self._clock = clock
        self._write = write
        self._over = over
        self._unwrapper = Unwrapper(EXCHANGE_BUFFER_MAX)
        self._timers: dict[LinkTimer, IDelayedCall] = {}
        self._inbox: deque[Deliver | Down] = deque()
        self._is_held = False
        self._is_acting = False

    def start(self) -> None:
        """The line is open."""
        self._protocol.makeConnection(self)
        self._link.start()
        self._act()

    # What the line tells

    def octets_came(self, octets: bytes) -> None:
        """Take what came from the line."""
        self._link.receive(octets)
        self._act()

    def carrier(self, *, is_present: bool) -> None:
        """The modem's carrier has gone or come back."""
        self._link.carrier(is_present=is_present)
        self._act()

    def line_lost(self, reason: str) -> None:
        """The port is gone: what came before is still handed over."""
        self._link.abort(reason)
        self._act()

    def tell_lost(self, down: Down) -> None:
        """Tell the protocol that its connection is gone."""
        error = ConnectionDone() if down.is_clean else ConnectionLost(down.reason)
        self._protocol.connectionLost(Failure(error))

    # ITransport, and what LineProtocol asks beside it

    def write(self, data: bytes) -> None:
        """See ITransport."""
        self._unwrapper.feed(data)
        while (exchange_buffer := self._unwrapper.next()) is not None:
            self._link.send(exchange_buffer)
        self._act()

    def writeSequence(self, data: Any) -> None:  # noqa: N802 - Twisted's name
        """See ITransport."""
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802 - Twisted's name
        """See IConsumer. Credit 1 leaves nothing to hold back."""

    def unregisterProducer(self) -> None:  # noqa: N802 - Twisted's name
        """See IConsumer."""

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Deliver nothing for now. The line is read all the same: its timers depend on it."""
        self._is_held = True

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Deliver again."""
        self._is_held = False
        if self._inbox:
            self._clock.callLater(0, self._act)

    def loseConnection(self) -> None:  # noqa: N802 - Twisted's name
        """See ITransport. An ESID that was just sent is given time to arrive."""
        self._link.close()
        self._act()

    def abortConnection(self) -> None:  # noqa: N802 - Twisted's name
        """Down at once; what came and was not handed over is dropped."""
        self._abort("aborted")

    def getPeer(self) -> Any:  # noqa: N802 - Twisted's name
        """See ITransport."""
        return self._address

    def getHost(self) -> Any:  # noqa: N802 - Twisted's name
        """See ITransport."""
        return self._address

    # Inside

    def _abort(self, reason: str) -> None:
        self._is_held = False
        self._inbox.clear()
        self._link.abort(reason)
        self._act()

    def _act(self) -> None:
        """Do what the link asks for, in order; whatever is asked for meanwhile is done by the same loop."""
        if self._is_acting:
            return
        self._is_acting = True
        try:
            while True:
                for output in self._link.outputs():
                    self._do(output)
                if self._is_held or not self._inbox:
                    break
                self._hand_over(self._inbox.popleft())
        finally:
            self._is_acting = False

    def _do(self, output: Output) -> None:
        match output:
            case Write(octets):
                self._write(octets)
            case SetTimer(timer, seconds):
                self._stop(timer)
                self._timers[timer] = self._clock.callLater(seconds, self._expired, timer)
            case StopTimer(timer):
                self._stop(timer)
            case Deliver() if len(self._inbox) == _INBOX_MAX:
                self._abort("the partner does not wait for its turn")
            case Deliver():
                self._inbox.append(output)
            case Down():
                for timer in list(self._timers):
                    self._stop(timer)
                self._inbox.append(output)

    def _hand_over(self, item: Deliver | Down) -> None:
        if isinstance(item, Deliver):
            self._protocol.dataReceived(wrap(item.exchange_buffer))
        else:
            # Not from within a call of the protocol's own.
            self._clock.callLater(0, self._over, item)

    def _stop(self, timer: LinkTimer) -> None:
        running = self._timers.pop(timer, None)
        if running is not None and running.active():
            running.cancel()

    def _expired(self, timer: LinkTimer) -> None:
        del self._timers[timer]
        self._link.timer_expired(timer)
        self._act()

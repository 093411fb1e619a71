"""One connection: octets between the transport and the engine, back-pressure both ways, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gateway.line.conversation import Conversation
from gateway.line.doing import doing
from gateway.line.house import House
from gateway.line.session_trace import SessionTrace
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.sockets import watch_peer
from gateway.line.tls import Handshake, failed_handshake, handshake_fault
from gateway.line.verdicts import in_words
from oftp2.reasons import EndReason
from oftp2.session import Session
from oftp2.tables import State


@implementer(IPushProducer)
class LineProtocol(Protocol):
    """Runs `session` over its transport. `conversation` exists from the beginning."""

    def __init__(
        self,
        session: Session,
        house: House,
        *,
        clock: IReactorTime,
        settings: LineSettings,
        trace: SessionTrace,
        made: Callable[[LineProtocol], None],
        partner: PartnerSettings | None = None,
    ) -> None:
        """`made` is told when the connection stands; `trace` hears of all that happens to it."""
        self.session = session
        self.conversation = Conversation(session, self, house, partner)
        self._trace = trace
        #: See Link; known from the connection on.
        self.peer = ""
        #: The handshake of TLS, where we refused the partner's certificate in it.
        self.failed: Handshake | None = None
        self._made = made
        self._clock = clock
        self._settings = settings
        self._can_write = True
        self._is_held = False
        self._is_closed = False
        self._is_lost = False
        self._progress = 0
        self._watched: tuple[object, ...] = ()
        self._timer: IDelayedCall | None = None

    # The transport

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        transport: Any = self.transport
        watch_peer(transport)
        peer = transport.getPeer()
        self.peer = str(getattr(peer, "host", peer))
        transport.registerProducer(self, True)
        self._trace.connected(transport)
        self._made(self)
        self.session.connection_made()
        self.flush()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        events = self.session.receive_data(data)
        if events:
            self.conversation.take(events)
        self.flush()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._is_closed = self._is_lost = True
        self._stop_watching()
        events = self.session.connection_lost()
        if self.conversation.outcome == "connection lost":
            self.failed = failed_handshake(self.transport)
            why = handshake_fault(self.transport) or in_words(reason.value) or reason.getErrorMessage()
            self.conversation.outcome = f"connection lost: {why}"
        in_hand = self._trace.in_hand
        if in_hand and not self.conversation.was_released:
            self.conversation.outcome += f", while {in_hand}"
        self._trace.over(f"ended: {self.conversation.outcome}")
        self.conversation.lost(events)

    # IPushProducer: the transport tells whether the partner reads

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """See IPushProducer."""
        self._can_write = False
        self._watch()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """See IPushProducer."""
        self._can_write = True
        self._progress += 1
        self.conversation.wake()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """See IPushProducer."""
        self._can_write = False

    # Link: what the conversation does with the connection

    @property
    def can_write(self) -> bool:
        """See Outlet."""
        return self._can_write

    @property
    def is_serial(self) -> bool:
        """See Link."""
        return bool(getattr(self.transport, "is_serial", False))

    def flush(self) -> None:
        """See Outlet."""
        octets = self.session.data_to_send()
        if octets and not self._is_closed:
            assert self.transport is not None, "a protocol is connected before it speaks"
            self.transport.write(octets)
        self._watch()

    def hold(self) -> None:
        """See Link."""
        if not self._is_held and not self._is_closed:
            self._is_held = True
            self._on_transport("pauseProducing")
        self._watch()

    def go_on(self) -> None:
        """See Link."""
        if self._is_held and not self._is_closed:
            self._is_held = False
            self._on_transport("resumeProducing")
        self._watch()

    def close(self) -> None:
        """See Link. A partner that does not take the rest is cut off after `closing_seconds`."""
        if self._is_closed:
            return
        self._is_closed = True
        self.flush()
        self._stop_watching()
        self._on_transport("unregisterProducer")
        # A connection that is not read from would never tell that it is gone.
        self._on_transport("resumeProducing")
        self._timer = self._clock.callLater(self._settings.closing_seconds, self.abort)
        self._on_transport("loseConnection")

    def abort(self) -> None:
        """See Link."""
        self._is_closed = True
        self._stop_watching()
        if not self._is_lost:
            # What TLS leaves of a connection that is gone cannot be aborted any more.
            self._on_transport("abortConnection")

    def _on_transport(self, method: str) -> None:
        call: Callable[[], None] = getattr(self.transport, method)
        call()

    # Time

    def _watch(self) -> None:
        """Run the timer that the present state asks for, from its beginning whenever something has moved."""
        if self._is_closed:
            return
        seconds = self._limit_seconds()
        watched = (seconds, self.session.state, self.session.timer.starts, self._progress)
        if watched == self._watched:
            return
        self._watched = watched
        if self._timer is not None and self._timer.active():
            self._timer.reset(seconds)
            return
        self._timer = self._clock.callLater(seconds, self._timed_out)

    def _limit_seconds(self) -> float:
        if self.session.state is State.WF_NDISC:
            return self._settings.closing_seconds
        if self.conversation.is_nameless:
            return min(self._settings.identify_seconds, self._settings.inactivity_seconds)
        if not self.conversation.is_established and not self.is_serial:
            # Whoever takes a connection and says nothing must not keep us from the next address.
            return min(self._settings.connect_timeout_seconds, self._settings.inactivity_seconds)
        owes = self.session.is_awaiting_partner or not self._can_write
        return self._settings.inactivity_seconds if owes else self._settings.idle_limit_seconds

    def _stop_watching(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _timed_out(self) -> None:
        self._timer = None
        if self.session.state is State.WF_NDISC or not self._can_write:
            if self.session.state is not State.WF_NDISC:
                self.conversation.outcome = "time-out: the partner does not read"
            self.abort()
            return
        waited = f"no answer within {self._limit_seconds():g} s: {doing(self.session.state)}"
        self.conversation.end(EndReason.TIME_OUT, "time-out")
        self.conversation.outcome = waited

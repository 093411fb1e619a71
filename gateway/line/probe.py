"""One trial of a partner at one address: connect, negotiate, say what was found step by step, end.

Nothing is sent but what a session begins and ends with. A receipt that the partner gives all the same is
taken in as in any session, for it would be lost otherwise; a file is put off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gateway.line.receiving import Receiving
from gateway.line.remedies import todo
from gateway.line.session_trace import SessionTrace
from gateway.line.tls import handshake_fault
from gateway.line.verdicts import in_words
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.probing import Probe
from oftp2.session import Session
from oftp2.tables import State
from oftp2.trace import After, Hear, Passed, Way

#: How long each step may take.
STEP_SECONDS: Final = 15.0
_OVER: Final = frozenset({State.IDLE, State.WF_NDISC})


class Stage(StrEnum):
    """What is tried, in its order."""

    NAME = "name"
    CONNECTION = "connection"
    TLS = "TLS"
    CERTIFICATE = "certificate"
    GREETING = "greeting"
    IDENTITY = "identity"
    AUTHENTICATION = "authentication"
    SESSION = "session"
    ROUND_TRIP = "round trip"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """What was found at one stage, in words; `todo` tells what to do about what is not `ok`."""

    stage: Stage
    ok: bool
    found: str
    milliseconds: float | None = None
    todo: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "step": str(self.stage),
            "ok": self.ok,
            "found": self.found,
            "ms": None if self.milliseconds is None else round(self.milliseconds, 1),
            "todo": self.todo,
        }


@dataclass(slots=True)
class Found:
    """All that a trial told: its steps as they come, and whether all is well."""

    tell: Callable[[Step], None]
    stage: Stage = Stage.CONNECTION
    is_well: bool = True
    steps: list[Step] = field(default_factory=list)

    def add(self, stage: Stage, found: str, milliseconds: float | None = None) -> None:
        """A step went well."""
        self._add(Step(stage, True, found, milliseconds))

    def fail(self, why: str, remedy: str | None = None) -> None:
        """The present stage is where it ends. Only the first failure is told: others follow from it."""
        if self.is_well:
            self.is_well = False
            self._add(Step(self.stage, False, why, None, todo(why) if remedy is None else remedy))

    def _add(self, step: Step) -> None:
        self.steps.append(step)
        self.tell(step)


@implementer(IHandshakeListener)
class ProbeProtocol(Protocol):
    """Leads `session` from its beginning to its end. `finished` fires when the connection is gone."""

    def __init__(
        self,
        make_session: Callable[[Hear], Session],
        partner: str,
        found: Found,
        *,
        clock: IReactorTime,
        trace: SessionTrace,
        receiving: Callable[[Session], Receiving],
        authenticate: Callable[[Session, e.ChallengeWanted | e.ChallengeIndication], str | None],
        describe_tls: Callable[[object], list[tuple[Stage, str]]] | None,
    ) -> None:
        """`partner` is the code that must answer. `describe_tls` tells what the handshake came to.

        Without `describe_tls` the connection is plain.
        """
        self.finished: Deferred[None] = Deferred()
        self.session = self._session = make_session(self.hear)
        self._probe = Probe(self.session, partner)
        self._partner = partner
        self._found = found
        self._clock = clock
        self._trace = trace
        self._receiving = receiving(self.session)
        self._authenticate = authenticate
        self._describe_tls = describe_tls
        self._events: deque[e.Event] = deque()
        self._is_working = False
        self._is_lost = False
        self._is_ended = False
        self._since_seconds = clock.seconds()
        self._timer: IDelayedCall | None = None

    # The transport

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._trace.connected(self.transport)
        self._trace.say("only a test of the line")
        self._passed(Stage.CONNECTION, f"{self._trace.whose.address} answers")
        self._found.stage = Stage.TLS if self._describe_tls is not None else Stage.GREETING
        self._session.connection_made()
        self._flush()

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """See IHandshakeListener."""
        assert self._describe_tls is not None, "a plain connection has no handshake"
        for stage, told in self._describe_tls(self.transport):
            self._passed(stage, told)
        self._found.stage = Stage.GREETING

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._take(self._session.receive_data(data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._is_lost = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        why = handshake_fault(self.transport) or in_words(reason.value)
        if self._session.state not in _OVER:
            if why is not None:
                self._found.stage = Stage.TLS
            silent = "the partner hung up without a word" if self._found.stage is Stage.GREETING else None
            self._found.fail(why or silent or f"the connection was lost: {reason.getErrorMessage()}")
        how = "the test is over" if self._found.is_well else self._found.steps[-1].found
        self._trace.over(f"ended: {how}")
        self._session.connection_lost()
        self.finished.callback(None)

    def hear(self, way: Way, passed: Passed, after: After) -> None:
        """What passes tells how far the session is; see `oftp2.trace.Hear`."""
        self._trace.hear(way, passed, after)
        match way, passed:
            case Way.RECEIVED, c.SSRM():
                self._passed(Stage.GREETING, "SSRM")
                self._found.stage = Stage.IDENTITY
            case Way.RECEIVED, c.SSID(code=code):
                if code == self._partner:
                    self._passed(Stage.IDENTITY, f"{code} answers")
                    self._found.stage = Stage.SESSION
            case Way.SENT, c.CD():
                self._since_seconds = self._clock.seconds()
                self._found.stage = Stage.ROUND_TRIP
            case Way.RECEIVED, c.ESID(reason=0) if self._found.stage is Stage.ROUND_TRIP:
                self._passed(Stage.ROUND_TRIP, "the turn went over, and the partner ended the session")
                self._found.stage = Stage.END
            case Way.RECEIVED, c.CD() if self._found.stage is Stage.ROUND_TRIP:
                self._passed(Stage.ROUND_TRIP, "the turn went over and came back")
                self._found.stage = Stage.END

    # Inside

    def _passed(self, stage: Stage, told: str) -> None:
        now_seconds = self._clock.seconds()
        milliseconds = (now_seconds - self._since_seconds) * 1000
        self._since_seconds = now_seconds
        self._found.add(stage, told, milliseconds)

    def _take(self, events: list[e.Event]) -> None:
        self._events.extend(events)
        if not self._is_working:
            self._is_working = True
            Deferred.fromCoroutine(self._work()).addErrback(self._broke)

    async def _work(self) -> None:
        while self._events:
            await self._on(self._events.popleft())
            if self._session.state not in _OVER:
                self._probe.pump()
            self._flush()
        self._flush()
        self._is_working = False
        if self._session.state in _OVER:
            self._close()

    async def _on(self, event: e.Event) -> None:
        match event:
            case e.ChallengeWanted() | e.ChallengeIndication():
                self._found.stage = Stage.AUTHENTICATION
                fault = self._authenticate(self._session, event)
                if fault is not None:
                    self._fault(fault)
            case e.EndResponseIndication():
                await self._receiving.receipt_arrived(event)
            case e.NegativeEndResponseIndication():
                await self._receiving.negative_receipt_arrived(event)
            case _:
                self._probe.on(event)
        if isinstance(event, e.ConnectConfirmation) and self._probe.fault is None:
            self._stands(event)
        if self._probe.fault is not None:
            self._fault(self._probe.fault)

    def _stands(self, event: e.ConnectConfirmation) -> None:
        agreed = event.parameters
        if agreed.authentication:
            self._found.add(Stage.AUTHENTICATION, "each end has proved who it is")
        found = f"level {agreed.level}, buffer {agreed.buffer_bytes} octets, credit {agreed.credit}"
        self._passed(Stage.SESSION, f"stands: {found}")

    def _fault(self, why: str) -> None:
        self._found.fail(why)
        if self._session.state not in _OVER:
            self._session.time_out()
        self._flush()

    def _broke(self, failure: Failure) -> None:
        self._found.fail(f"a failure at this site: {failure.getErrorMessage()}", "the log has more")
        self._abort()

    def _flush(self) -> None:
        octets = self._session.data_to_send()
        transport: Any = self.transport
        if octets and not self._is_lost:
            transport.write(octets)
        self._watch()

    def _watch(self) -> None:
        if self._is_lost:
            return
        if self._timer is not None and self._timer.active():
            self._timer.reset(STEP_SECONDS)
        else:
            self._timer = self._clock.callLater(STEP_SECONDS, self._timed_out)

    def _timed_out(self) -> None:
        if self._session.state in _OVER:
            self._abort()
            return
        self._found.fail(f"no answer within {STEP_SECONDS:g} s")
        self._session.time_out()
        self._flush()
        self._close()

    def _close(self) -> None:
        if self._found.is_well and self._found.stage is Stage.END and not self._is_ended:
            self._found.add(Stage.END, "the session was ended as it should be")
        self._is_ended = True
        transport: Any = self.transport
        if not self._is_lost:
            transport.loseConnection()

    def _abort(self) -> None:
        transport: Any = self.transport
        if not self._is_lost:
            transport.abortConnection()

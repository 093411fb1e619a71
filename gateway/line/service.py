"""The line of one daemon: its listeners, its calls, all its partners."""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IListeningPort, IProtocol
from twisted.internet.task import LoopingCall

from gateway.clock import Clock, system_clock
from gateway.line import journal
from gateway.line.admission import NotAdmitted, identify
from gateway.line.authentication import Authentication
from gateway.line.calling import Caller
from gateway.line.conversation import Conversation
from gateway.line.endpoints import client_endpoints, server_endpoint, server_factory
from gateway.line.factory import LineFactory
from gateway.line.house import Link
from gateway.line.nameless import Nameless
from gateway.line.office import PostOffice
from gateway.line.protocol import LineProtocol
from gateway.line.session_trace import SessionTrace
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction, Gauge, LineStatus, Traffic
from gateway.line.tracing import Tracing
from gateway.line.vault import Vault
from gateway.line.waiting import done, when_finished
from oftp2.commands import SSID
from oftp2.events import ChallengeIndication, ChallengeWanted, StartFileIndication
from oftp2.negotiation import Capabilities, Credentials, Disagreement
from oftp2.reasons import EndReason
from oftp2.serial_link import BUFFER_BYTES_MAX
from oftp2.session import Role, Session

_CLOSING = "closing down"


class LineService:
    """Holds the line: one calling session to each partner that has endpoints, and whoever of them calls.

    `office` is the house. `wrap_protocol`, when given, is called with each new session's protocol and returns
    what is connected to TCP or TLS in its place (a `ProtocolWrapper`, say): that is how a simulated partner
    cuts, delays or garbles. `chance` gives numbers in 0..1 for the jitter of the pauses; `clock` judges the
    certificates by which partners authenticate themselves.
    """

    def __init__(
        self,
        reactor: Any,
        settings: LineSettings,
        office: PostOffice,
        *,
        wrap_protocol: Callable[[IProtocol], IProtocol] | None = None,
        chance: Callable[[], float] | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.office = office
        self._reactor = reactor
        self._settings = settings
        self._wrap = wrap_protocol or (lambda protocol: protocol)
        self._chance = chance or SystemRandom().random
        self._partners = {partner.name: partner for partner in settings.partners}
        self.tracing = Tracing(reactor, {one.name: one.identification for one in settings.partners})
        self._vault = Vault(settings)
        self._authentication = Authentication(self._vault, clock)
        self._gauges = {
            (name, direction): Gauge(name, direction, self.tracing.say)
            for name in self._partners
            for direction in Direction
        }
        self._callers: dict[str, Caller] = {}
        self._ports: list[IListeningPort] = []
        self._nameless = Nameless(settings.max_unidentified)
        self._accepted: dict[str, list[Conversation]] = {name: [] for name in self._partners}
        self._is_down: set[str] = set()
        self._unwatch: list[Callable[[], None]] = []

    # What operators do

    async def start(self) -> None:
        """Listen, and call every partner that has endpoints.

        Raises ConfigurationFault for what cannot be used, and Twisted's CannotListenError for a port in use.
        """
        now_seconds = self._reactor.seconds()
        for gauge in self._gauges.values():
            gauge.since_seconds = now_seconds
        self._callers = {
            partner.name: self._caller(partner) for partner in self._settings.partners if partner.call
        }
        for written in self._settings.listen:
            factory = server_factory(self._reactor, written, LineFactory(self._answer), self._vault)
            port = await server_endpoint(self._reactor, self._settings, written).listen(factory)
            self._ports.append(port)
            journal.listening(str(written))
        for name, caller in self._callers.items():
            self._unwatch.append(self.office.watch(name, caller.wake))
        for name in self._partners:
            self.up(name)

    async def stop(self) -> None:
        """Listen no more, end all sessions properly, at the latest after `closing_seconds`."""
        for unwatch in self._unwatch:
            unwatch()
        self._unwatch.clear()
        ports, self._ports = self._ports, []
        for port in ports:
            await done(port.stopListening())
        self._nameless.hang_up()
        await DeferredList([Deferred.fromCoroutine(self.drain(name)) for name in self._partners])

    def up(self, partner: str) -> None:
        """Call `partner`, and let it call. KeyError when there is no such partner."""
        assert partner in self._partners, f"no partner {partner}"
        self._is_down.discard(partner)
        answering = self._gauges[partner, Direction.ANSWERING]
        if self._settings.listen and not self._accepted[partner]:
            answering.set("listening", self._reactor.seconds())
        caller = self._callers.get(partner)
        if caller is not None:
            caller.start()
            caller.call_now()

    async def down(self, partner: str) -> None:
        """End all sessions with `partner` now, and take no more. What is cut is restarted later."""
        self._close(partner)
        for conversation in self._conversations(partner):
            conversation.end(EndReason.EMERGENCY_CLOSE, _CLOSING)
        await self._gone(partner)

    async def drain(self, partner: str) -> None:
        """Let what is in hand with `partner` be finished, then end its sessions; take no more."""
        self._close(partner)
        conversations = self._conversations(partner)
        for conversation in conversations:
            conversation.drain()
        limit = self._reactor.callLater(self._settings.closing_seconds, self._end_all, partner)
        await self._gone(partner)
        if limit.active():
            limit.cancel()

    def partners(self) -> tuple[str, ...]:
        """The names of all partners."""
        return tuple(self._partners)

    def status(self) -> list[LineStatus]:
        """A status for each partner and direction that is in use."""
        return [
            gauge.read()
            for (name, direction), gauge in self._gauges.items()
            if (direction is Direction.CALLING and name in self._callers)
            or (direction is Direction.ANSWERING and self._settings.listen)
        ]

    def addresses(self) -> list[Any]:
        """Where the line really listens, as Twisted's addresses, in the order of `listen`."""
        return [port.getHost() for port in self._ports]

    # House: what conversations ask

    def identify(self, ssid: SSID, link: Link) -> PartnerSettings | Disagreement:
        """See House: code and password, the certificate, and whether there is room."""
        assert isinstance(link, LineProtocol)
        partner = identify(ssid, link.transport, self._partners.values(), self._vault)
        if isinstance(partner, NotAdmitted):
            self._note_refusal(ssid.code, partner)
            return partner.disagreement
        return self.room_for(partner) or partner

    def room_for(self, partner: PartnerSettings) -> Disagreement | None:
        """See House."""
        if partner.name in self._is_down:
            return Disagreement(EndReason.NO_RESOURCES, "the line is down")
        if len(self._accepted[partner.name]) >= self._settings.max_sessions_per_partner:
            return Disagreement(EndReason.NO_RESOURCES, "too many sessions")
        return None

    def authenticate(
        self, session: Session, partner: PartnerSettings, event: ChallengeWanted | ChallengeIndication
    ) -> str | None:
        """See House."""
        return self._authentication.deal_with(event, session, partner.name)

    def _note_refusal(self, code: str, refusal: NotAdmitted) -> None:
        """Whoever looks at the line of the partner that was named sees why nobody comes."""
        if refusal.why != refusal.disagreement.text:
            journal.certificate_refused(code, refusal.why)
        for partner in self._partners.values():
            if partner.identification == code:
                gauge = self._gauges[partner.name, Direction.ANSWERING]
                gauge.traffic.last_error = f"a call was refused: {refusal.why}"

    def capabilities(self, partner: PartnerSettings, *, is_serial: bool) -> Capabilities:
        """See House."""
        return Capabilities(
            Credentials(self._settings.identification, partner.password_ours),
            buffer_bytes=min(partner.buffer_bytes, BUFFER_BYTES_MAX) if is_serial else partner.buffer_bytes,
            credit=1 if is_serial else partner.window,
            special_logic=is_serial,
            compression=partner.compression,
            levels=partner.levels,
            authentication=partner.authentication is not None,
        )

    def established(self, conversation: Conversation) -> Traffic:
        """See House."""
        assert conversation.partner is not None, "an established session has a partner"
        name = conversation.partner.name
        if conversation.direction is Direction.ANSWERING:
            self._nameless.discard(conversation)
            self._accepted[name].append(conversation)
        gauge = self._gauges[name, conversation.direction]
        gauge.set("in session", self._reactor.seconds())
        gauge.parameters = conversation.session.parameters
        self._offer_turn_later(conversation, conversation.partner)
        return gauge.traffic

    async def make_way(self, conversation: Conversation, event: StartFileIndication) -> None:
        """See House."""
        assert conversation.partner is not None, "files come from partners"
        for other in self._conversations(conversation.partner.name):
            if other is not conversation and other.is_receiving(event):
                other.link.abort()
                await when_finished(other)

    def calls(self, partner: str) -> bool:
        """See House."""
        caller = self._callers.get(partner)
        return caller is not None and caller.conversation is not None and caller.conversation.is_established

    def ended(self, conversation: Conversation) -> None:
        """See House."""
        self._nameless.discard(conversation)
        if conversation.direction is Direction.CALLING or conversation.partner is None:
            return
        name = conversation.partner.name
        if conversation not in self._accepted[name]:
            gauge = self._gauges[name, Direction.ANSWERING]
            gauge.traffic.last_error = f"a call was refused: {conversation.outcome}"
            return
        self._accepted[name].remove(conversation)
        gauge = self._gauges[name, Direction.ANSWERING]
        if not conversation.was_released:
            gauge.traffic.last_error = conversation.outcome
        if not self._accepted[name]:
            gauge.parameters = None
            gauge.set("down" if name in self._is_down else "listening", self._reactor.seconds())

    # Inside

    def _caller(self, partner: PartnerSettings) -> Caller:
        caller = Caller(
            partner,
            client_endpoints(self._reactor, self._settings, partner, self._vault),
            lambda: LineFactory(lambda: self._call(partner, caller)),
            clock=self._reactor,
            chance=self._chance,
            gauge=self._gauges[partner.name, Direction.CALLING],
        )
        return caller

    def _call(self, partner: PartnerSettings, caller: Caller) -> IProtocol:
        expected = Credentials(partner.identification, partner.password_theirs)
        trace = self.tracing.session(Direction.CALLING, partner.name)
        capabilities = self.capabilities(partner, is_serial=partner.is_serial)
        session = Session(Role.INITIATOR, capabilities, expected, hear=trace.hear)
        return self._wrap(self._protocol(session, trace, caller.joined, partner))

    def _answer(self) -> IProtocol:
        trace = self.tracing.session(Direction.ANSWERING)
        capabilities = Capabilities(Credentials(self._settings.identification))
        session = Session(Role.RESPONDER, capabilities, hear=trace.hear)
        return self._wrap(self._protocol(session, trace, self._nameless.add, None))

    def _protocol(
        self,
        session: Session,
        trace: SessionTrace,
        made: Callable[[LineProtocol], None],
        partner: PartnerSettings | None,
    ) -> LineProtocol:
        return LineProtocol(
            session,
            self,
            clock=self._reactor,
            settings=self._settings,
            trace=trace,
            made=made,
            partner=partner,
        )

    def _offer_turn_later(self, conversation: Conversation, partner: PartnerSettings) -> None:
        """A partner that cannot call us gets the turn now and then, or it could never answer."""
        if conversation.direction is not Direction.CALLING:
            return

        def offer() -> None:
            if not self._accepted[partner.name]:
                conversation.offer_turn()

        offering = LoopingCall(offer)
        offering.clock = self._reactor
        offering.start(partner.offer_turn_seconds, now=False)
        conversation.finished.addCallback(lambda _: offering.stop())

    def _conversations(self, partner: str) -> list[Conversation]:
        caller = self._callers.get(partner)
        calling = [caller.conversation] if caller is not None and caller.conversation is not None else []
        return [*calling, *self._accepted[partner]]

    def _close(self, partner: str) -> None:
        self._is_down.add(partner)
        caller = self._callers.get(partner)
        if caller is not None:
            caller.stop()
        if not self._accepted[partner]:
            self._gauges[partner, Direction.ANSWERING].set("down", self._reactor.seconds())

    def _end_all(self, partner: str) -> None:
        for conversation in self._conversations(partner):
            conversation.end(EndReason.EMERGENCY_CLOSE, _CLOSING)

    async def _gone(self, partner: str) -> None:
        for conversation in self._conversations(partner):
            await when_finished(conversation)

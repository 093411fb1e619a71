"""The line of one daemon: its listeners, and a desk for each partner."""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IListeningPort, IProtocol
from twisted.internet.task import LoopingCall

from gateway.clock import Clock, system_clock
from gateway.config.endpoints import Transport
from gateway.line import journal
from gateway.line.admission import NotAdmitted, identify
from gateway.line.authentication import Authentication
from gateway.line.calling import Caller
from gateway.line.conversation import Conversation
from gateway.line.endpoints import client_endpoints, server_endpoint, server_factory
from gateway.line.factory import LineFactory
from gateway.line.homing import CallAddress
from gateway.line.house import Link
from gateway.line.nameless import Nameless
from gateway.line.office import PostOffice
from gateway.line.partner_line import PartnerLine
from gateway.line.protocol import LineProtocol
from gateway.line.resolving import Resolver
from gateway.line.session_trace import SessionTrace
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction, LineStatus, Traffic
from gateway.line.tls import partner_certificate
from gateway.line.tracing import Tracing
from gateway.line.vault import Vault
from gateway.line.waiting import done, when_finished
from oftp2.commands import SSID
from oftp2.events import ChallengeIndication, ChallengeWanted, StartFileIndication
from oftp2.negotiation import Capabilities, Credentials, Disagreement
from oftp2.reasons import EndReason
from oftp2.serial_link import BUFFER_BYTES_MAX
from oftp2.session import Role, Session


class LineService:
    """Holds the line: one calling session to each partner that is called, and whoever of them calls.

    `office` is the house. `wrap_protocol`, when given, is called with each new session's protocol and returns
    what is connected to TCP or TLS in its place (a `ProtocolWrapper`, say): that is how a simulated partner
    cuts, delays or garbles. `chance` gives numbers in 0..1 for the jitter of the pauses; `clock` judges the
    certificates by which partners authenticate themselves, and says when there may be sessions.
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
        resolver: Resolver | None = None,
    ) -> None:
        self.office = office
        self._reactor = reactor
        self._settings = settings
        self._wrap = wrap_protocol or (lambda protocol: protocol)
        self._chance = chance or SystemRandom().random
        self._clock = clock
        self._resolver = resolver or Resolver(reactor, settings.connect_timeout_seconds)
        self.tracing = Tracing(reactor, {one.name: one.identification for one in settings.partners})
        self._vault = Vault(settings)
        self._authentication = Authentication(self._vault, clock)
        self._lines = {
            partner.name: PartnerLine(partner, settings, reactor, clock, self.tracing.say)
            for partner in settings.partners
        }
        self._ports: list[IListeningPort] = []
        self._nameless = Nameless(settings.max_unidentified)
        self._unwatch: list[Callable[[], None]] = []

    # What operators do

    async def start(self) -> None:
        """Listen, and call every partner that is to be called.

        Raises ConfigurationFault for what cannot be used, and Twisted's CannotListenError for a port in use.
        """
        for line in self._lines.values():
            line.caller = self._caller(line) if line.settings.we_call else None
        for written in self._settings.listen:
            factory = server_factory(self._reactor, written, LineFactory(self._answer), self._vault)
            port = await server_endpoint(self._reactor, self._settings, written).listen(factory)
            self._ports.append(port)
            journal.listening(str(written))
        for name, line in self._lines.items():
            if line.caller is not None:
                self._unwatch.append(self.office.watch(name, line.caller.wake))
            line.begin()

    async def stop(self) -> None:
        """Listen no more, end all sessions properly, at the latest after `closing_seconds`."""
        for unwatch in self._unwatch:
            unwatch()
        self._unwatch.clear()
        ports, self._ports = self._ports, []
        for port in ports:
            await done(port.stopListening())
        self._nameless.hang_up()
        await DeferredList([Deferred.fromCoroutine(line.drain()) for line in self._lines.values()])

    def up(self, partner: str) -> None:
        """Call `partner`, and let it call, also in maintenance. KeyError when there is no such partner."""
        self._lines[partner].up()

    async def down(self, partner: str) -> None:
        """End all sessions with `partner` now, and take no more. What is cut is restarted later."""
        await self._lines[partner].down()

    async def drain(self, partner: str) -> None:
        """Let what is in hand with `partner` be finished, then end its sessions; take no more."""
        await self._lines[partner].drain()

    def partners(self) -> tuple[str, ...]:
        """The names of all partners."""
        return tuple(self._lines)

    def status(self) -> list[LineStatus]:
        """A status for each partner and direction that is in use."""
        return [status for line in self._lines.values() for status in line.status()]

    def addresses(self) -> list[Any]:
        """Where the line really listens, as Twisted's addresses, in the order of `listen`."""
        return [port.getHost() for port in self._ports]

    # House: what conversations ask

    def identify(self, ssid: SSID, link: Link) -> PartnerSettings | Disagreement:
        """See House: code and password, the certificate, what was agreed, and whether there is room."""
        assert isinstance(link, LineProtocol)
        partners = [line.settings for line in self._lines.values()]
        found = identify(ssid, link.transport, partners, self._vault, is_serial=link.is_serial)
        if isinstance(found, NotAdmitted):
            self._note_refusal(ssid.code, found, link.peer)
            return found.disagreement
        line = self._lines[found.name]
        refusal = line.policy(_transport(link), link.peer) or line.room()
        if refusal is not None:
            line.refused(refusal.text, link.peer)
        return refusal or found

    def room_for(self, partner: PartnerSettings) -> Disagreement | None:
        """See House."""
        return self._lines[partner.name].room()

    async def slow_down(self, ssid: SSID, link: Link) -> None:
        """See House."""
        for line in self._lines.values():
            if line.settings.identification == ssid.code:
                await line.slow_down(link.peer)

    def authenticate(
        self, session: Session, partner: PartnerSettings, event: ChallengeWanted | ChallengeIndication
    ) -> str | None:
        """See House."""
        return self._authentication.deal_with(event, session, partner.name)

    def capabilities(
        self, partner: PartnerSettings, direction: Direction, *, is_serial: bool
    ) -> Capabilities:
        """See House."""
        return Capabilities(
            Credentials(self._settings.identification, partner.password_ours),
            mode=partner.mode(direction),
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
        self._nameless.discard(conversation)
        line = self._lines[conversation.partner.name]
        gauge = line.established(conversation)
        if conversation.direction is Direction.CALLING:
            self._offer_turn_later(conversation, line)
        return gauge.traffic

    async def make_way(self, conversation: Conversation, event: StartFileIndication) -> None:
        """See House."""
        assert conversation.partner is not None, "files come from partners"
        for other in self._lines[conversation.partner.name].conversations():
            if other is not conversation and other.is_receiving(event):
                other.link.abort()
                await when_finished(other)

    def calls(self, partner: str) -> bool:
        """See House."""
        caller = self._lines[partner].caller
        return caller is not None and caller.conversation is not None and caller.conversation.is_established

    def ended(self, conversation: Conversation) -> None:
        """See House."""
        self._nameless.discard(conversation)
        if conversation.direction is Direction.ANSWERING and conversation.partner is not None:
            self._lines[conversation.partner.name].ended(conversation)

    # Inside

    def _note_refusal(self, code: str, refusal: NotAdmitted, place: str) -> None:
        """Whoever looks at the line of the partner that was named sees why nobody comes.

        Only who has the right certificate and the wrong password is known to be that partner.
        """
        if refusal.why != refusal.disagreement.text:
            journal.certificate_refused(code, refusal.why)
        is_partner = refusal.disagreement.reason is EndReason.INVALID_PASSWORD
        for line in self._lines.values():
            if line.settings.identification == code:
                line.refused(refusal.why, place, is_their_fault=is_partner)

    def _caller(self, line: PartnerLine) -> Caller:
        partner = line.settings
        endpoints = client_endpoints(self._reactor, self._settings, partner, self._vault, self._resolver)

        def factory(address: CallAddress) -> LineFactory:
            return LineFactory(lambda: self._call(partner, caller, is_serial=address.is_serial))

        caller = Caller(
            partner,
            [CallAddress(*pair) for pair in zip(partner.call, endpoints, strict=True)],
            factory,
            clock=self._reactor,
            chance=self._chance,
            gauge=line.gauges[Direction.CALLING],
            now=self._clock,
        )
        return caller

    def _call(self, partner: PartnerSettings, caller: Caller, *, is_serial: bool) -> IProtocol:
        expected = Credentials(partner.identification, partner.password_theirs)
        ours = self.capabilities(partner, Direction.CALLING, is_serial=is_serial)
        trace = self.tracing.session(Direction.CALLING, partner.name)
        session = Session(Role.INITIATOR, ours, expected, hear=trace.hear)
        return self._wrap(self._protocol(session, trace, caller.joined, partner))

    def _answer(self) -> IProtocol:
        trace = self.tracing.session(Direction.ANSWERING)
        ours = Capabilities(Credentials(self._settings.identification))
        session = Session(Role.RESPONDER, ours, hear=trace.hear)
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

    def _offer_turn_later(self, conversation: Conversation, line: PartnerLine) -> None:
        """A partner that cannot call us gets the turn now and then, or it could never answer."""

        def offer() -> None:
            if not line.accepted:
                conversation.offer_turn()

        offering = LoopingCall(offer)
        offering.clock = self._reactor
        offering.start(line.settings.offer_turn_seconds, now=False)
        conversation.finished.addCallback(lambda _: offering.stop())


def _transport(link: LineProtocol) -> Transport:
    if link.is_serial:
        return Transport.SERIAL
    return Transport.TCP if partner_certificate(link.transport) is None else Transport.TLS

"""The House of a line: lets callers in, makes the sessions of either direction, keeps the desks."""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom
from typing import Any

from twisted.internet.interfaces import IProtocol
from twisted.internet.task import LoopingCall, deferLater

from gateway.clock import Clock
from gateway.config.endpoints import Transport
from gateway.line import journal
from gateway.line.admission import NotAdmitted, identify
from gateway.line.authentication import Authentication
from gateway.line.calling import Caller
from gateway.line.conversation import Conversation
from gateway.line.endpoints import client_endpoints
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
from gateway.line.status import Direction, Traffic
from gateway.line.tls import Shown, partner_certificate
from gateway.line.tracing import Tracing
from gateway.line.vault import Holdings, Vault
from gateway.line.waiting import when_finished
from oftp2.commands import SSID
from oftp2.events import ChallengeIndication, ChallengeWanted, StartFileIndication
from oftp2.negotiation import Capabilities, Credentials, Disagreement
from oftp2.reasons import EndReason
from oftp2.serial_link import BUFFER_BYTES_MAX
from oftp2.session import Role, Session


class Steward:
    """The House of all conversations, with a desk for each partner in `lines`.

    Raises ConfigurationFault for keys and certificates that cannot be used.
    """

    def __init__(
        self,
        reactor: Any,
        settings: LineSettings,
        office: PostOffice,
        *,
        wrap_protocol: Callable[[IProtocol], IProtocol] | None,
        chance: Callable[[], float] | None,
        clock: Clock,
        resolver: Resolver | None,
    ) -> None:
        """See LineService for what these are."""
        self.office = office
        self.settings = settings
        self.clock = clock
        self.tracing = Tracing(reactor, {one.name: one.identification for one in settings.partners})
        self.vault = Vault(settings)
        self.nameless = Nameless(settings.max_unidentified)
        self._reactor = reactor
        self._wrap = wrap_protocol or (lambda protocol: protocol)
        self._chance = chance or SystemRandom().random
        self.resolver = resolver or Resolver(reactor, settings.connect_timeout_seconds)
        self._authentication = Authentication(self.vault, clock)
        self._unwatch: dict[str, Callable[[], None]] = {}
        self.lines = {partner.name: self.desk(partner) for partner in settings.partners}

    def renew(self, settings: LineSettings, holdings: Holdings) -> None:
        """Sessions that begin from now on are made by these; the desks are renewed one by one."""
        self.settings = settings
        self.vault.renew(holdings)
        self.nameless.maximum = settings.max_unidentified
        self.resolver.timeout_seconds = settings.connect_timeout_seconds

    # Desks

    def desk(self, partner: PartnerSettings) -> PartnerLine:
        """A new desk, without a caller yet."""
        return PartnerLine(partner, self.settings, self._reactor, self.clock, self.tracing.say)

    def equip(self, line: PartnerLine) -> None:
        """Give `line` a caller by its settings, woken by the office, if the partner is called."""
        self.unwatch(line.name)
        line.caller = self._caller(line) if line.settings.we_call else None
        if line.caller is not None:
            self._unwatch[line.name] = self.office.watch(line.name, line.caller.wake)

    def forget(self, line: PartnerLine) -> None:
        """There is no such partner any more."""
        self.unwatch(line.name)
        del self.lines[line.name]

    def unwatch(self, partner: str) -> None:
        """What is due to `partner` wakes nobody any more."""
        self._unwatch.pop(partner, lambda: None)()

    # House: what conversations ask

    def identify(self, ssid: SSID, link: Link) -> PartnerSettings | Disagreement:
        """See House: code and password, the certificate, what was agreed, and whether there is room."""
        assert isinstance(link, LineProtocol)
        partners = [line.settings for line in self.lines.values()]
        found = identify(ssid, link.transport, partners, self.vault, is_serial=link.is_serial)
        if isinstance(found, NotAdmitted):
            self._note_refusal(ssid.code, found, link.peer)
            return found.disagreement
        line = self.lines[found.name]
        refusal = line.policy(_transport(link), link.peer) or line.room()
        if refusal is not None:
            line.refused(refusal.text, link.peer)
        return refusal or found

    def room_for(self, partner: PartnerSettings) -> Disagreement | None:
        """See House."""
        return self.lines[partner.name].room()

    async def pause(self, seconds: float) -> None:
        """See House."""
        if seconds > 0:
            await deferLater(self._reactor, seconds, lambda: None)

    async def slow_down(self, ssid: SSID, link: Link) -> None:
        """See House."""
        for line in self.lines.values():
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
            Credentials(self.settings.identification, partner.password_ours),
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
        self.nameless.discard(conversation)
        line = self.lines[conversation.partner.name]
        gauge = line.established(conversation)
        assert isinstance(conversation.link, LineProtocol)
        gauge.shown = Shown.of(conversation.link.transport)
        if conversation.direction is Direction.CALLING:
            self._offer_turn_later(conversation, line)
        return gauge.traffic

    async def make_way(self, conversation: Conversation, event: StartFileIndication) -> None:
        """See House."""
        assert conversation.partner is not None, "files come from partners"
        for other in self.lines[conversation.partner.name].conversations():
            if other is not conversation and other.is_receiving(event):
                other.link.abort()
                await when_finished(other)

    def calls(self, partner: str) -> bool:
        """See House."""
        caller = self.lines[partner].caller
        conversation = None if caller is None else caller.conversation
        return conversation is not None and conversation.is_established and conversation.may_send

    def ended(self, conversation: Conversation) -> None:
        """See House."""
        self.nameless.discard(conversation)
        if conversation.direction is Direction.ANSWERING and conversation.partner is not None:
            line = self.lines.get(conversation.partner.name)
            # A partner that was removed is forgotten as soon as its last session is over.
            if line is not None:
                line.ended(conversation)
        elif conversation.direction is Direction.ANSWERING:
            self._note_refused_certificate(conversation.link)

    # Inside

    def _note_refused_certificate(self, link: Link) -> None:
        """Whose it would be is a hint only, for anybody can write any name into a certificate."""
        assert isinstance(link, LineProtocol)
        if link.failed is None:
            return
        journal.caller_refused(link.peer, link.failed.fault)
        for name in self.vault.claimed(link.failed.refused):
            self.lines[name].refused(link.failed.fault, link.peer, is_their_fault=False)

    def _note_refusal(self, code: str, refusal: NotAdmitted, place: str) -> None:
        """Whoever looks at the line of the partner that was named sees why nobody comes.

        Only who has the right certificate and the wrong password is known to be that partner.
        """
        if refusal.why != refusal.disagreement.text:
            journal.certificate_refused(code, refusal.why)
        is_partner = refusal.disagreement.reason is EndReason.INVALID_PASSWORD
        for line in self.lines.values():
            if line.settings.identification == code:
                line.refused(refusal.why, place, is_their_fault=is_partner)

    def call_addresses(self, partner: PartnerSettings) -> list[CallAddress]:
        """Where `partner` is called, in order."""
        endpoints = client_endpoints(self._reactor, self.settings, partner, self.vault, self.resolver)
        return [CallAddress(*pair) for pair in zip(partner.call, endpoints, strict=True)]

    def _caller(self, line: PartnerLine) -> Caller:
        def factory(address: CallAddress) -> LineFactory:
            return LineFactory(lambda: self._call(line.settings, caller, is_serial=address.is_serial))

        caller = Caller(
            line.settings,
            self.call_addresses(line.settings),
            factory,
            clock=self._reactor,
            chance=self._chance,
            gauge=line.gauges[Direction.CALLING],
            now=self.clock,
        )
        return caller

    def _call(self, partner: PartnerSettings, caller: Caller, *, is_serial: bool) -> IProtocol:
        expected = Credentials(partner.identification, partner.password_theirs)
        ours = self.capabilities(partner, Direction.CALLING, is_serial=is_serial)
        trace = self.tracing.session(Direction.CALLING, partner.name)
        session = Session(Role.INITIATOR, ours, expected, hear=trace.hear)
        return self._wrap(self._protocol(session, trace, caller.joined, partner))

    def answer(self) -> IProtocol:
        """The protocol of a connection that somebody makes to us."""
        trace = self.tracing.session(Direction.ANSWERING)
        ours = Capabilities(Credentials(self.settings.identification))
        session = Session(Role.RESPONDER, ours, hear=trace.hear)
        return self._wrap(self._protocol(session, trace, self.nameless.add, None))

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
            settings=self.settings,
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

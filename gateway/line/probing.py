"""`line test`: tries a partner at its addresses, beside whatever sessions stand."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from twisted.internet.protocol import Protocol
from zope.interface import implementer

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.factory import LineFactory
from gateway.line.journal import Journal
from gateway.line.party import Party
from gateway.line.probe import STEP_SECONDS, Found, ProbeProtocol, Stage, Step
from gateway.line.probe_tls import describe_tls
from gateway.line.receiving import Receiving
from gateway.line.session_trace import written
from gateway.line.settings import PartnerSettings
from gateway.line.status import Direction, Traffic
from gateway.line.steward import Steward
from oftp2.negotiation import Capabilities, Credentials
from oftp2.probing import asking_nothing, findings
from oftp2.session import Role, Session
from oftp2.trace import fields_of, masked


@dataclass(frozen=True, slots=True)
class Trial:
    """How one address answered. `partner` is the SSID that came, without its password."""

    address: str
    is_well: bool
    steps: tuple[Step, ...]
    findings: tuple[tuple[str, str], ...]
    partner: dict[str, str | int] | None
    agreed: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "address": self.address,
            "ok": self.is_well,
            "steps": [step.to_dict() for step in self.steps],
            "found": dict(self.findings),
            "partner": self.partner,
            "agreed": self.agreed,
        }


class Prober:
    """Tries partners with what the line calls them with."""

    def __init__(self, reactor: Any, steward: Steward) -> None:
        self._reactor = reactor
        self._steward = steward

    def addresses(self, partner: str) -> tuple[Endpoint, ...]:
        """Where `partner` is called, the primary address first."""
        return self._steward.lines[partner].settings.call

    async def probe(self, name: str, address: Endpoint, tell: Callable[[Step], None]) -> Trial:
        """Try partner `name` at `address`; `tell` hears each step. Ends by itself, after a minute or so."""
        partner, found = self._steward.lines[name].settings, Found(tell)
        is_serial = address.transport is Transport.SERIAL
        ours = asking_nothing(self._steward.capabilities(partner, Direction.CALLING, is_serial=is_serial))
        expected = Credentials(partner.identification, partner.password_theirs)
        trace = self._steward.tracing.session(Direction.CALLING, name)
        protocol = ProbeProtocol(
            lambda hear: Session(Role.INITIATOR, ours, expected, hear=hear),
            partner.identification,
            found,
            clock=self._reactor,
            trace=trace,
            receiving=partial(self._receiving, partner),
            authenticate=lambda session, event: self._steward.authenticate(session, partner, event),
            describe_tls=partial(self._describe, name) if address.transport is Transport.TLS else None,
        )
        if await self._is_reached(partner, address, found, protocol):
            await protocol.finished
        else:
            trace.say("only a test of the line")
            trace.over(f"ended: {found.steps[-1].found}")
        return _trial(address, found, protocol.session, ours)

    async def _is_reached(
        self, partner: PartnerSettings, address: Endpoint, found: Found, protocol: Protocol
    ) -> bool:
        if address.transport is not Transport.SERIAL and not _is_number(address.host):
            found.stage = Stage.NAME
            if not await self._is_resolved(address, found):
                return False
        found.stage = Stage.CONNECTION
        (called,) = self._steward.call_addresses(replace(partner, call=(address,)))
        connecting = called.endpoint.connect(LineFactory(lambda: protocol))
        connecting.addTimeout(2 * STEP_SECONDS, self._reactor)
        try:
            await connecting
        except Exception as error:
            # Whatever the network or the device says is what the operator wants to know.
            found.fail(str(error) or type(error).__name__)
            return False
        return True

    async def _is_resolved(self, address: Endpoint, found: Found) -> bool:
        began_seconds = self._reactor.seconds()
        addresses = Addresses()
        self._steward.resolver.resolveHostName(addresses, address.host, address.port)
        await addresses.done
        if not addresses.found:
            found.fail(f"no address is known for {address.host}")
            return False
        milliseconds = (self._reactor.seconds() - began_seconds) * 1000
        told = ", ".join(dict.fromkeys(written(one).rpartition(":")[0] for one in addresses.found))
        found.add(Stage.NAME, f"{address.host} is {told}", milliseconds)
        return True

    def _describe(self, partner: str, transport: Any) -> list[tuple[Stage, str]]:
        return describe_tls(transport, self._steward.vault.anchorage_of(partner), self._steward.clock())

    def _receiving(self, partner: PartnerSettings, session: Session) -> Receiving:
        journal = Journal(Direction.CALLING)
        journal.partner = partner.name
        party = Party(partner.name, self._steward.office, Traffic(), journal)
        return Receiving(session, party, partner.files, self._steward.pause)


def _trial(address: Endpoint, found: Found, session: Session, ours: Capabilities) -> Trial:
    agreed, peer = session.parameters, session.peer
    return Trial(
        str(address),
        found.is_well,
        tuple(found.steps),
        tuple(findings(peer, agreed, ours)) if peer is not None else (),
        fields_of(masked(peer)) if peer is not None else None,
        asdict(agreed) if agreed is not None else None,
    )


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@implementer(IResolutionReceiver)
class Addresses:
    """Collects what a name resolves to."""

    def __init__(self) -> None:
        self.found: list[IAddress] = []
        self.done: Deferred[None] = Deferred()

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803
        """See IResolutionReceiver."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        """See IResolutionReceiver."""
        self.found.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        """See IResolutionReceiver."""
        if not self.done.called:
            self.done.callback(None)

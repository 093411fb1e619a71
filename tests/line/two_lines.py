"""The line of a gateway and that of a customs, over a shaped line in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred

from gateway.config.endpoints import Endpoint, Transport
from gateway.exchange.terms import PostOfficeLimits
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from tests.line.gathering import GatheringOffice
from tests.line.shaped import Shape, ShapedReactor

GATEWAY, CUSTOMS = "O0013GATEWAY", "O0013CUSTOMS"
GATEWAY_PORT, CUSTOMS_PORT = 6620, 6619


class TwoLines:
    """Both lines up, with two sessions, one a direction, or with one if `customs_calls` is not so."""

    def __init__(
        self,
        shape: Shape | None = None,
        *,
        customs_calls: bool = True,
        limits: PostOfficeLimits | None = None,
        **partner: Any,
    ) -> None:
        self.reactor = ShapedReactor(shape)
        limits = limits or PostOfficeLimits()
        self.gateway = GatheringOffice(self.reactor, GATEWAY, CUSTOMS, limits)
        self.customs = GatheringOffice(self.reactor, CUSTOMS, GATEWAY, limits)
        to_customs = (Endpoint(Transport.TCP, "127.0.0.1", CUSTOMS_PORT),)
        to_gateway = (Endpoint(Transport.TCP, "127.0.0.1", GATEWAY_PORT),)
        customs = PartnerSettings("customs", CUSTOMS, "GPW", "CPW", call=to_customs)
        gateway = PartnerSettings("gateway", GATEWAY, "CPW", "GPW", call=to_gateway if customs_calls else ())
        settings = (
            LineSettings(CUSTOMS, (replace(gateway, **partner),), listen=to_customs),
            LineSettings(GATEWAY, (replace(customs, **partner),), listen=to_gateway),
        )
        self.services = [
            LineService(self.reactor, ours, office, chance=lambda: 0.5)
            for ours, office in zip(settings, (self.customs, self.gateway), strict=True)
        ]
        self._sessions = 2 if customs_calls else 1
        for service in self.services:
            Deferred.fromCoroutine(service.start()).addErrback(lambda failure: failure.raiseException())
        self.reactor.run_until(self._are_up)

    def _are_up(self) -> bool:
        standing = [
            line for service in self.services for line in service.status() if line.state == "in session"
        ]
        return len(standing) == 2 * self._sessions

    def carried_bytes(self) -> int:
        """Octets that went from the gateway to customs, without the headers of segments."""
        return self.reactor.lanes_to(CUSTOMS_PORT)[0].carried_bytes

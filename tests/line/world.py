"""Real sockets with real mutual TLS on loopback: a gateway that calls a customs."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol
from twisted.trial.unittest import TestCase

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction
from tests.line.dummies import DummyOffice, Paper, make_paper

TIMEOUT_SECONDS = 15


class World(TestCase):
    """Two ends. Customs listens; the gateway listens and calls; `customs_calls` lets customs call as well."""

    timeout = TIMEOUT_SECONDS
    transport = Transport.TLS
    customs_calls = False
    gateway_partner: ClassVar[dict[str, Any]] = {}
    customs_partner: ClassVar[dict[str, Any]] = {}
    gateway_line: ClassVar[dict[str, Any]] = {}
    customs_line: ClassVar[dict[str, Any]] = {}

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        _, authority = make_paper(self.folder, "authority")
        self.authority = authority
        self.anchor = self.folder / "authority.pem"
        self.gateway_paper, _ = make_paper(self.folder, "gateway", authority)
        self.customs_paper, _ = make_paper(self.folder, "customs", authority)
        self.gateway_office, self.customs_office = DummyOffice(), DummyOffice()
        self.wrap_gateway: Callable[[IProtocol], IProtocol] | None = None
        self.services: list[LineService] = []

    def endpoint(self, port: int) -> Endpoint:
        return Endpoint(self.transport, "127.0.0.1", port)

    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def settings(self, code: str, paper: Paper, partner: PartnerSettings, **more: Any) -> LineSettings:
        base = LineSettings(
            code,
            (partner,),
            listen=(self.endpoint(0),),
            certificate=paper.certificate,
            key=paper.key,
            inactivity_seconds=5,
            closing_seconds=2,
        )
        return replace(base, **more)

    async def start(self) -> None:
        gateway = PartnerSettings(
            "gateway",
            "O0013GATEWAY",
            password_ours="CPW",
            password_theirs="GPW",
            tls_anchor=self.anchor,
            tls_names=("gateway.example",),
            backoff_min_seconds=0.05,
            backoff_max_seconds=0.2,
        )
        gateway = replace(gateway, **self.customs_partner)
        port = 0
        if self.customs_calls:
            port = self.free_port()
            gateway = replace(gateway, call=(self.endpoint(port),))
        customs_settings = self.settings("O0013CUSTOMS", self.customs_paper, gateway, **self.customs_line)
        self.customs = LineService(reactor, customs_settings, self.customs_office)
        self.services.append(self.customs)
        await self.customs.start()
        customs = PartnerSettings(
            "customs",
            "O0013CUSTOMS",
            password_ours="GPW",
            password_theirs="CPW",
            call=(self.endpoint(self.customs.addresses()[0].port),),
            tls_anchor=self.anchor,
            backoff_min_seconds=0.05,
            backoff_max_seconds=0.2,
        )
        customs = replace(customs, **self.gateway_partner)
        gateway_settings = self.settings("O0013GATEWAY", self.gateway_paper, customs, **self.gateway_line)
        gateway_settings = replace(gateway_settings, listen=(self.endpoint(port),))
        self.gateway = LineService(
            reactor, gateway_settings, self.gateway_office, wrap_protocol=self.wrap_gateway
        )
        self.services.append(self.gateway)
        await self.gateway.start()

    async def tearDown(self) -> None:
        for service in reversed(self.services):
            await service.stop()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            pause: Deferred[None] = Deferred()
            reactor.callLater(0.01, pause.callback, None)
            await pause

    def calling(self) -> Any:
        return next(s for s in self.gateway.status() if s.direction is Direction.CALLING)

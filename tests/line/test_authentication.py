"""Secure authentication over real sockets and TLS: both ends prove who they are, or there is no session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest

from gateway.config.endpoints import Transport
from gateway.errors import ConfigurationFault
from gateway.line.settings import AuthenticationFiles
from gateway.line.status import Direction
from tests.line.dummies import identity_of
from tests.line.world import World
from tests.trust.enciphering import authentication_paper


class Authenticated(World):
    """The files are made once: RSA keys take their time."""

    papers: ClassVar[TemporaryDirectory[str]]
    #: What the customs end knows the gateway by, and the gateway the customs.
    gateway_is: ClassVar[str] = "gateway"
    customs_is: ClassVar[str] = "customs"
    only: ClassVar[str] = ""

    @classmethod
    def setUpClass(cls) -> None:
        cls.papers = TemporaryDirectory()
        folder, now = Path(cls.papers.name), datetime.now(UTC)
        for name in ("gateway", "customs", "stranger"):
            authentication_paper(folder, name, now - timedelta(days=1), now + timedelta(days=10))
        authentication_paper(folder, "old", now - timedelta(days=9), now - timedelta(days=1))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.papers.cleanup()

    def setUp(self) -> None:
        super().setUp()
        self.gateway_partner = dict(self.gateway_partner)  # type: ignore[misc]
        self.customs_partner = dict(self.customs_partner)  # type: ignore[misc]
        if self.only != "customs":
            self.gateway_partner["authentication"] = self.files("gateway", self.customs_is)
        if self.only != "gateway":
            self.customs_partner["authentication"] = self.files("customs", self.gateway_is)

    def files(self, own: str, other: str) -> AuthenticationFiles:
        folder = Path(self.papers.name)
        return AuthenticationFiles(folder / f"{own}.key", folder / f"{own}.pem", folder / f"{other}.pem")

    async def refused(self, words: str) -> None:
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: self.calling().last_error != "")
        assert words in self.calling().last_error
        assert self.customs_office.log == []
        assert self.gateway_office.log == []

    def seen_by_customs(self) -> str:
        return next(
            str(status.last_error)
            for status in self.customs.status()
            if status.direction is Direction.ANSWERING
        )


class ProvenTests(Authenticated):
    async def test_files_pass_after_both_have_proved_themselves(self) -> None:
        self.gateway_office.outbox.append((identity_of(1), b"x" * 5000))
        await self.start()
        await self.until(lambda: "receipt received" in self.gateway_office.words())
        assert self.customs_office.received == {identity_of(1): b"x" * 5000}
        assert self.calling().parameters.authentication

    async def test_a_line_that_was_taken_down_meanwhile_takes_nobody(self) -> None:
        await self.start()
        await self.customs.down("gateway")
        await self.until(lambda: "08 the line is down" in self.calling().last_error)


class ProvenOverTcpTests(ProvenTests):
    transport = Transport.TCP

    def setUp(self) -> None:
        super().setUp()
        self.gateway_partner["tls_anchor"] = None
        self.customs_partner["tls_anchor"] = None


class WrongCallerTests(Authenticated):
    """Customs knows another certificate for the gateway: the gateway cannot read what it is asked."""

    gateway_is = "stranger"

    async def test_a_caller_without_the_key_gets_no_session(self) -> None:
        await self.refused("11 the challenge cannot be opened")
        await self.until(lambda: "11 the challenge cannot be opened" in self.seen_by_customs())
        assert self.seen_by_customs().endswith(", says the partner")


class WrongResponderTests(Authenticated):
    customs_is = "stranger"

    async def test_a_responder_without_the_key_gets_no_files(self) -> None:
        await self.refused("11 the challenge cannot be opened")
        await self.until(lambda: "11 the challenge cannot be opened" in self.seen_by_customs())


class ExpiredCallerTests(Authenticated):
    gateway_is = "old"

    async def test_a_certificate_of_the_callers_that_has_expired_does_not_do(self) -> None:
        await self.refused("11 the partner's certificate for authentication has expired, says the partner")
        await self.until(lambda: "11 the partner's certificate" in self.seen_by_customs())


class ExpiredResponderTests(Authenticated):
    customs_is = "old"

    async def test_a_certificate_of_the_responders_that_has_expired_does_not_do(self) -> None:
        await self.refused("11 the partner's certificate for authentication has expired")


class OneSidedTests(Authenticated):
    only = "gateway"

    async def test_only_the_caller_wants_it(self) -> None:
        await self.refused("12 ")


class OtherSidedTests(Authenticated):
    only = "customs"

    async def test_only_the_responder_wants_it(self) -> None:
        await self.refused("12 ")


class AbsentTests(Authenticated):
    gateway_is = "nobody"

    async def test_a_file_that_is_not_there_is_told_at_the_start(self) -> None:
        with pytest.raises(ConfigurationFault, match=r"nobody\.pem"):
            await self.start()

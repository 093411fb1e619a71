"""OpenSSL's own programs at the other end, over real sockets: versions, suites and certificates pass."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.trial.unittest import SkipTest

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction
from tests.line.dummies import DummyOffice
from tests.line.papers import DAY, Issued, bundle, issue
from tests.line.world import World

OPENSSL = shutil.which("openssl")
GREETING = b"ODETTE FTP READY"
#: OpenSSL's programs refuse old versions themselves, unless told not to.
ANYTHING = ("-cipher", "ALL:@SECLEVEL=0")


class Program(ProcessProtocol):
    """Gathers what the program writes; `seen` fires at `word`, or when it has ended."""

    def __init__(self, word: bytes) -> None:
        self.written = b""
        self.word = word
        self.seen: Deferred[None] = Deferred()
        self.over: Deferred[None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        self.written += data
        if self.word in self.written and not self.seen.called:
            self.seen.callback(None)

    def errReceived(self, data: bytes) -> None:
        self.outReceived(data)

    def processEnded(self, reason: object) -> None:
        if not self.seen.called:
            self.seen.callback(None)
        self.over.callback(None)


class OpenSsl(World):
    """Papers of one authority, and a program to run."""

    timeout = 30

    def setUp(self) -> None:
        if OPENSSL is None:
            raise SkipTest("openssl is not installed")
        super().setUp()
        self.root = issue(self.folder, "root", authority=True)
        self.us = self.root.issue("us", names=("127.0.0.1",))
        self.partner = self.root.issue("partner", names=("partner.example", "127.0.0.1"))
        self.running: list[Program] = []

    def run_openssl(self, *arguments: str, word: bytes = GREETING) -> Program:
        program = Program(word)
        reactor.spawnProcess(program, str(OPENSSL), ["openssl", *arguments], env=None, path=str(self.folder))
        self.running.append(program)
        return program

    async def tearDown(self) -> None:
        await super().tearDown()
        for program in self.running:
            if not program.over.called:
                with contextlib.suppress(ProcessExitedAlready):
                    program.transport.signalProcess("KILL")
                await program.over

    async def line(self, **partner: Any) -> LineService:
        """Ours: listens, knows the partner by its authority and name."""
        one = PartnerSettings(
            "partner",
            "O0013P",
            "A",
            "B",
            tls_anchor=self.root.path,
            backoff_min_seconds=0.05,
            backoff_max_seconds=0.1,
        )
        settings = LineSettings(
            "O0013US",
            (replace(one, **{"tls_names": ("partner.example",), **partner}),),
            listen=(Endpoint(Transport.TLS, "127.0.0.1", 0),),
            certificate=self.us.path,
            key=self.us.key,
            closing_seconds=0.1,
        )
        service = LineService(reactor, settings, DummyOffice())
        self.services.append(service)
        await service.start()
        return service


class CallerTests(OpenSsl):
    """`openssl s_client` calls us; whom we let through TLS is greeted with SSRM."""

    async def greeted(
        self, service: LineService, *options: str, paper: Issued | None = None
    ) -> tuple[bool, str]:
        """Whether it was greeted, and what it wrote."""
        own = () if paper is None else ("-cert", str(paper.path), "-key", str(paper.key))
        if paper is not None:
            own = (*own, "-cert_chain", str(paper.path))
        port = service.addresses()[0].port
        program = self.run_openssl(
            "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(self.root.path), *own, *options
        )
        await program.seen
        return GREETING in program.written, program.written.decode(errors="replace")

    async def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self) -> None:
        service = await self.line()
        for version, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            came, written = await self.greeted(service, version, paper=self.partner)
            assert came, written
            assert f"Protocol  : {name}" in written or f"New, {name}" in written
            assert "Verify return code: 0 (ok)" in written, "our own certificate is good to it"
        for version in ("-tls1_1", "-tls1"):
            came, written = await self.greeted(service, version, *ANYTHING, paper=self.partner)
            assert not came
            assert "alert protocol version" in written

    async def test_ciphers_without_forward_secrecy_or_authentication_are_not_taken(self) -> None:
        service = await self.line()
        came, _ = await self.greeted(
            service, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", paper=self.partner
        )
        assert came
        for cipher in ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "AES256-GCM-SHA384"):
            came, written = await self.greeted(service, "-tls1_2", "-cipher", cipher, paper=self.partner)
            assert not came
            assert "handshake failure" in written

    async def test_no_session_is_kept_for_later(self) -> None:
        service = await self.line()
        for version in ("-tls1_2", "-tls1_3"):
            _, written = await self.greeted(service, version, paper=self.partner)
            assert "TLS session ticket:" not in written

    async def test_who_shows_nothing_or_a_strangers_is_refused(self) -> None:
        service = await self.line()
        came, written = await self.greeted(service)
        assert not came
        assert "certificate required" in written
        (self.folder / "other").mkdir()
        forged = issue(self.folder / "other", "root", authority=True)
        came, written = await self.greeted(service, paper=forged.issue("forged", names=("partner.example",)))
        assert not came
        assert (
            "alert unknown ca" in written or "alert decrypt error" in written or "bad certificate" in written
        )

    async def test_expired_not_yet_valid_and_revoked_are_refused(self) -> None:
        revoked = self.root.issue("revoked", names=("partner.example",))
        service = await self.line(tls_crl=self.root.crl("root", revoked))
        expired = self.root.issue("expired", begins=-2 * DAY, ends=-DAY)
        early = self.root.issue("early", begins=DAY, ends=2 * DAY)
        for paper, alert in (
            (expired, "certificate expired"),
            (early, "bad certificate"),
            (revoked, "certificate revoked"),
        ):
            came, written = await self.greeted(service, paper=paper)
            assert not came
            assert f"alert {alert}" in written
        came, _ = await self.greeted(service, paper=self.partner)
        assert came

    async def test_a_chain_with_an_intermediate_is_followed(self) -> None:
        service = await self.line()
        between = self.root.issue("between", authority=True)
        leaf = between.issue("leaf", names=("partner.example",))
        came, written = await self.greeted(service, paper=leaf)
        assert not came, written
        bundle(leaf.path, leaf, between)
        came, written = await self.greeted(service, paper=leaf)
        assert came, written


class CalledTests(OpenSsl):
    """We call `openssl s_server`, which says nothing of its own: TLS stands, or we tell why it does not."""

    async def called(self, paper: Issued, *options: str, **partner: Any) -> str:
        """What we tell of a call to it: why it failed, or `stands` when TLS did."""
        port = self.free_port()
        server = self.run_openssl(
            *("s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(paper.path), "-key", str(paper.key)),
            *("-cert_chain", str(paper.path), "-Verify", "2", "-CAfile", str(self.root.path), *options),
            word=b"ACCEPT",
        )
        await server.seen
        call = (Endpoint(Transport.TLS, "127.0.0.1", port),)
        service = await self.line(**{"tls_names": (), **partner}, call=call)
        told = ""

        def is_told() -> bool:
            nonlocal told
            (status,) = (one for one in service.status() if one.direction is Direction.CALLING)
            told = "stands" if b"CIPHER is" in server.written else status.last_error
            return told != ""

        await self.until(is_told)
        await service.stop()
        server.transport.signalProcess("KILL")
        return told

    async def test_what_we_call_is_judged_before_anything_is_said(self) -> None:
        assert await self.called(self.partner, "-tls1_2") == "stands"
        assert await self.called(self.partner, "-tls1_3") == "stands"
        wrong = self.root.issue("wrong", names=("192.0.2.1", "customs.example"))
        assert await self.called(wrong) == (
            "connection lost: the certificate of CN=wrong is refused: expected the name 127.0.0.1;"
            " its names are: customs.example, 192.0.2.1"
        )
        assert await self.called(wrong, tls_names=("customs.example",)) == "stands"
        expired = self.root.issue("expired", names=("127.0.0.1",), begins=-2 * DAY, ends=-DAY)
        assert (await self.called(expired)).endswith("CN=expired is refused: it has expired")
        revoked = self.root.issue("revoked", names=("127.0.0.1",))
        crl = self.root.crl("root", revoked)
        assert (await self.called(revoked, tls_crl=crl)).endswith("its issuer has revoked it")

    async def test_an_old_server_is_not_spoken_to(self) -> None:
        told = await self.called(self.partner, "-tls1_1", *ANYTHING)
        assert "protocol version" in told or "unsupported protocol" in told, told

    async def test_a_server_that_does_not_know_us_says_so(self) -> None:
        (self.folder / "other").mkdir()
        self.us = issue(self.folder / "other", "us")
        told = await self.called(self.partner, "-tls1_2", "-verify_return_error")
        assert "alert" in told
        assert told.endswith("says the partner")

"""What goes wrong on real sockets, and how the line comes through it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import formatEvent, globalLogPublisher
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from gateway.config.endpoints import Transport
from gateway.line.office import RefusedOffer
from gateway.line.service import LineService
from gateway.line.settings import IdlePolicy, PartnerSettings
from gateway.line.status import Direction
from oftp2 import Capabilities, Credentials, Role, Session
from oftp2.events import ConnectConfirmation, StartFileIndication
from tests.line.dummies import Paper, identity_of, make_paper
from tests.line.papers import DAY, issue
from tests.line.world import World


class Cutter(ProtocolWrapper):
    """Aborts the connection once `left` octets were written."""

    def __init__(self, protocol: IProtocol, left: int) -> None:
        super().__init__(WrappingFactory(Factory()), protocol)
        self.left = left

    def write(self, data: bytes) -> None:
        self.left -= len(data)
        if self.left <= 0:
            self.transport.abortConnection()
            return
        super().write(data)


class CutTests(World):
    async def test_a_cut_is_restarted_where_the_partner_is_durable(self) -> None:
        limits = iter([150_000, 150_000, 150_000])
        self.wrap_gateway = lambda protocol: Cutter(protocol, next(limits, 10**9))
        content = bytes(range(1, 200)) * 2000
        self.gateway_office.outbox.append((identity_of(1), content))
        await self.start()
        await self.until(lambda: "sent" in self.gateway_office.words())
        assert self.customs_office.received == {identity_of(1): content}
        offers = [entry for entry in self.customs_office.log if entry[0] == "offered"]
        positions = [int(str(entry[2])) for entry in offers]
        assert positions[0] == 0
        assert positions == sorted(positions)
        assert positions[-1] >= 100_000
        assert self.customs_office.words().count("received") == 1

    async def test_an_older_session_that_still_receives_the_file_makes_way(self) -> None:
        class Deaf(ProtocolWrapper):
            """Sends for a while, then says nothing more and does not end either."""

            left = 100_000

            def write(self, data: bytes) -> None:
                self.left -= len(data)
                if self.left > 0:
                    super().write(data)

        made: list[Any] = []

        def wrap(protocol: IProtocol) -> IProtocol:
            if made:
                return protocol
            made.append(Deaf(WrappingFactory(Factory()), protocol))
            return made[0]

        self.wrap_gateway = wrap
        content = bytes(range(256)) * 1000
        self.gateway_office.outbox.append((identity_of(1), content))
        await self.start()
        await self.until(lambda: len(self.customs_office.held.get(identity_of(1), b"")) > 50_000)
        # Our own end loses the connection; customs does not hear of it, as after a power cut.
        conversation = made[0].wrappedProtocol.conversation
        made[0].wrappedProtocol.connectionLost()
        assert conversation.finished.called
        await self.until(lambda: "sent" in self.gateway_office.words())
        assert self.customs_office.received == {identity_of(1): content}
        assert self.customs_office.words().count("abandoned") == 1


class WrongPasswordTests(World):
    gateway_partner: ClassVar[dict[str, Any]] = {"password_ours": "WRONG"}

    async def test_the_caller_is_told_and_tries_again_later(self) -> None:
        await self.start()
        await self.until(lambda: "04" in self.calling().last_error)
        assert self.calling().last_error == "04 invalid password, says the partner"
        assert self.gateway_office.log == []
        assert self.customs_office.log == []


class WrongPasswordOfTheOtherTests(World):
    gateway_partner: ClassVar[dict[str, Any]] = {"password_theirs": "WRONG"}

    async def test_the_caller_ends_the_session(self) -> None:
        await self.start()
        await self.until(lambda: "04" in self.calling().last_error)
        assert self.calling().last_error == "04 invalid password"
        assert self.gateway_office.log == []


class WrongCertificateTests(World):
    async def test_a_certificate_under_another_anchor_gets_no_session(self) -> None:
        self.gateway_paper, _ = make_paper(self.folder, "impostor")
        await self.start()
        await self.until(lambda: self.calling().state == "waiting to call again")
        assert self.calling().files_sent == 0
        assert "session" not in [status.state for status in self.customs.status()]

    async def test_another_partners_certificate_does_not_do_for_this_code(self) -> None:
        """Both certificates pass the handshake, for customs knows both; the code decides which is right."""
        mallory, _ = make_paper(self.folder, "mallory")
        own = make_paper(self.folder, "gateway", self.authority)[0]
        self.customs_line = {"partners": (self._gateway(own), self._mallory(mallory))}
        self.gateway_paper = mallory
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: self.calling().last_error != "")
        await self.until(lambda: "certificate" in self.calling().last_error)
        assert self.calling().last_error.startswith("03 ")
        assert self.customs_office.received == {}

    async def test_another_customer_of_the_same_issuer_does_not_do_for_this_code(self) -> None:
        """It has a good certificate, and knows code and password: the name is what tells it apart."""
        self.gateway_paper, _ = make_paper(self.folder, "mallory", self.authority)
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: "certificate" in self.calling().last_error)
        assert self.calling().last_error == "03 the certificate is not of this user code, says the partner"
        assert self.customs_office.received == {}
        (answering,) = self.customs.status()
        assert answering.last_error == (
            "a call was refused: the certificate of CN=mallory is refused: expected the name gateway.example;"
            " its names are: mallory.example, 127.0.0.1"
        )

    async def test_a_caller_that_is_refused_in_the_handshake_is_seen_where_it_would_belong(self) -> None:
        told: list[Any] = []
        globalLogPublisher.addObserver(told.append)
        self.addCleanup(globalLogPublisher.removeObserver, told.append)
        expired = issue(self.folder, "expired", ends=-DAY / 2)
        self.gateway_paper = Paper(expired.path, expired.key)
        self.customs_partner = {"tls_anchor": expired.path}
        await self.start()
        await self.until(lambda: self.customs.status()[0].last_error != "")
        fault = "the certificate of CN=expired is refused: it has expired"
        assert self.customs.status()[0].last_error == f"a call was refused: {fault}"
        warned = [formatEvent(one) for one in told if one["log_level"].name == "warn"]
        assert f"call from 127.0.0.1: {fault}" in warned

    def _gateway(self, paper: Any) -> PartnerSettings:
        return PartnerSettings("gateway", "O0013GATEWAY", "CPW", "GPW", tls_anchor=paper.certificate)

    def _mallory(self, paper: Any) -> PartnerSettings:
        return PartnerSettings("mallory", "O0013MALLORY", "CPW", "MPW", tls_anchor=paper.certificate)

    async def test_a_certificate_may_be_pinned_itself(self) -> None:
        self.customs_partner = {"tls_anchor": self.gateway_paper.certificate}
        self.gateway_partner = {"tls_anchor": self.customs_paper.certificate}
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: "sent" in self.gateway_office.words())

    async def test_a_pinned_certificate_is_that_one_only(self) -> None:
        other = make_paper(self.folder, "other", self.authority)[0]
        self.gateway_partner = {"tls_anchor": other.certificate}
        await self.start()
        await self.until(lambda: "is in tls_anchor" in self.calling().last_error)


class PlainTextTests(World):
    """A partner with an anchor is not let in without TLS."""

    transport = Transport.TCP

    async def test_without_tls_there_is_no_certificate_to_know_it_by(self) -> None:
        await self.start()
        await self.until(lambda: "certificate" in self.calling().last_error)
        assert self.calling().last_error.startswith("03 ")


class Noise(Protocol):
    """Says something, and keeps what it hears."""

    def __init__(self, noise: bytes) -> None:
        self.noise = noise
        self.heard = b""
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.transport.write(self.noise)

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: object = None) -> None:
        self.gone.callback(None)


class GarbageTests(World):
    transport = Transport.TCP
    customs_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}
    gateway_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}
    customs_line: ClassVar[dict[str, Any]] = {"closing_seconds": 0.2, "max_unidentified": 3}

    async def noise(self, noise: bytes) -> Noise:
        protocol = Noise(noise)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.customs.addresses()[0].port)
        await endpoint.connect(Factory.forProtocol(lambda: protocol))
        return protocol

    async def test_garbage_is_answered_and_harms_no_one_else(self) -> None:
        self.gateway_office.outbox.append((identity_of(1), b"x" * 5000))
        await self.start()
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff", b"\0" * 100_000):
            protocol = await self.noise(noise)
            await protocol.gone
            assert b"ODETTE FTP READY" in protocol.heard
            assert b"F01" in protocol.heard or b"F07" in protocol.heard
        await self.until(lambda: "sent" in self.gateway_office.words())

    async def test_the_nameless_are_bounded_and_the_oldest_makes_way(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        silent = [await self.noise(b"") for _ in range(3)]
        await self.until(lambda: all(one.heard for one in silent))
        fourth = await self.noise(b"")
        await silent[0].gone
        await self.until(lambda: b"ODETTE FTP READY" in fourth.heard)
        assert not any(one.gone.called for one in silent[1:])
        assert self.calling().state == "in session", "who has a name is left alone"
        for one in (*silent[1:], fourth):
            one.transport.abortConnection()
            await one.gone

    async def test_silent_callers_do_not_keep_a_partner_out(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        await self.gateway.down("customs")
        silent = [await self.noise(b"") for _ in range(3)]
        await self.until(lambda: all(one.heard for one in silent))
        self.gateway_office.send(identity_of(1), b"x")
        self.gateway.up("customs")
        await self.until(lambda: "sent" in self.gateway_office.words())
        await silent[0].gone
        for one in silent[1:]:
            one.transport.abortConnection()
            await one.gone


class NamelessOverTlsTests(World):
    customs_line: ClassVar[dict[str, Any]] = {"closing_seconds": 0.2, "max_unidentified": 3}

    async def test_a_crowd_that_never_shakes_hands_is_bounded(self) -> None:
        """Counted from the first packet on; the oldest are hung up on, and nothing fails over it."""
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        crowd = [Noise(b"") for _ in range(5)]
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.customs.addresses()[0].port)
        for one in crowd:
            await endpoint.connect(Factory.forProtocol(lambda one=one: one))  # type: ignore[misc]
        for one in crowd[:2]:
            await one.gone
        assert not any(one.gone.called for one in crowd[2:])
        for one in crowd[2:]:
            one.transport.abortConnection()
            await one.gone


class Sleeper(Protocol):
    """A partner that asks for files, and stops reading as soon as one begins."""

    def __init__(self) -> None:
        ours = Capabilities(Credentials("O0013GATEWAY", "GPW"), credit=999, buffer_bytes=99_999)
        self.session = Session(Role.INITIATOR, ours, Credentials("O0013CUSTOMS", "CPW"))
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self.session.connection_made()

    def dataReceived(self, data: bytes) -> None:
        for event in self.session.receive_data(data):
            if isinstance(event, ConnectConfirmation):
                self.session.change_direction()
            elif isinstance(event, StartFileIndication):
                self.session.accept_file(0)
                self.transport.pauseProducing()
        self.transport.write(self.session.data_to_send())

    def connectionLost(self, reason: object = None) -> None:
        self.gone.callback(None)


class SleepingPartnerTests(World):
    transport = Transport.TCP
    customs_partner: ClassVar[dict[str, Any]] = {
        "tls_anchor": None,
        "window": 999,
        "buffer_bytes": 99_999,
        "compression": False,
    }
    customs_line: ClassVar[dict[str, Any]] = {"inactivity_seconds": 0.3}
    gateway_partner: ClassVar[dict[str, Any]] = {"call": ()}

    async def test_it_is_left_and_the_file_stays_due(self) -> None:
        await self.start()
        theirs = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.customs_office.outbox.append((theirs, b"0123456789" * 3_000_000))
        sleeper = Sleeper()
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.customs.addresses()[0].port)
        await endpoint.connect(Factory.forProtocol(lambda: sleeper))
        await self.until(lambda: "session lost" in self.customs_office.words())
        (status,) = self.customs.status()
        assert status.last_error.startswith("time-out: the partner does not read, while sending FILE2, ")
        assert len(self.customs_office.outbox) == 1
        sleeper.transport.resumeProducing()
        sleeper.transport.abortConnection()
        await sleeper.gone


class RefusalTests(World):
    async def test_a_refused_file_is_reported_with_its_reason(self) -> None:
        self.customs_office.refusal = RefusedOffer(6, "太大", retry=False)
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        await self.start()
        await self.until(lambda: "refused" in self.gateway_office.words())
        assert self.gateway_office.log == [("refused", "FILE1", "SFNA", 6, False)]
        words = "FILE1: SFNA 06 file too big (太大), by {}; not to be tried again"
        assert self.calling().last_refusal == words.format("customs")
        assert words.format("us") in [status.last_refusal for status in self.customs.status()]
        assert self.calling().state == "in session"


class OperatorTests(World):
    async def test_down_and_up(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        await self.gateway.down("customs")
        assert {status.state for status in self.gateway.status()} == {"down"}
        self.gateway.up("customs")
        await self.until(lambda: self.calling().state == "in session")

    async def test_a_partner_that_is_down_may_not_call(self) -> None:
        await self.start()
        await self.customs.down("gateway")
        await self.until(lambda: "08 the line is down" in self.calling().last_error)

    async def test_drain_lets_the_file_in_hand_be_finished(self) -> None:
        content = b"0123456789" * 300_000
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        self.gateway_office.send(identity_of(1), content)
        self.gateway_office.send(identity_of(2), content)
        await self.until(lambda: identity_of(1) in self.customs_office.held)
        await self.gateway.drain("customs")
        assert self.customs_office.received == {identity_of(1): content}
        assert [identity for identity, _ in self.gateway_office.outbox] == [identity_of(2)]
        await self.until(lambda: self.customs_office.words()[-1] == "session lost")

    async def test_a_session_survives_its_partners_restart(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        port = self.customs.addresses()[0].port
        await self.customs.stop()
        await self.until(lambda: self.calling().state == "waiting to call again")
        settings = replace(self.customs._settings, listen=(self.endpoint(port),))
        again = LineService(reactor, settings, self.customs_office)
        self.services.append(again)
        await again.start()
        await self.until(lambda: self.calling().state == "in session")


class PoliteCallerTests(World):
    """A caller that releases the session when all is said, and comes again when there is need."""

    gateway_partner: ClassVar[dict[str, Any]] = {"idle_policy": IdlePolicy.RELEASE}

    async def test_it_sends_listens_and_ends(self) -> None:
        self.gateway_office.outbox.append((identity_of(1), b"x"))
        self.customs_office.outbox.append((identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"), b"y"))
        await self.start()
        await self.until(lambda: "session lost" in self.customs_office.words())
        assert "sent" in self.gateway_office.words()
        assert self.gateway_office.received == {identity_of(2, "O0013CUSTOMS", "O0013GATEWAY"): b"y"}
        assert self.calling().last_error == ""
        await self.until(lambda: self.calling().state == "resting" or self.calling().files_sent > 1)

    async def test_it_calls_again_when_there_is_something_to_send(self) -> None:
        self.gateway_partner = {"idle_policy": IdlePolicy.RELEASE, "backoff_max_seconds": 600}
        await self.start()
        await self.until(lambda: self.calling().state == "resting")
        self.gateway_office.send(identity_of(1), b"x")
        await self.until(lambda: "sent" in self.gateway_office.words())


class MuteCalleeTests(World):
    """A partner that never calls is offered the turn when we are idle."""

    gateway_partner: ClassVar[dict[str, Any]] = {"offer_turn_seconds": 0.1}

    async def test_its_files_come_nevertheless(self) -> None:
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        theirs = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
        self.customs_office.send(theirs, b"answer")
        await self.until(lambda: theirs in self.gateway_office.received)


class ExtremeBufferTests(World):
    gateway_partner: ClassVar[dict[str, Any]] = {"buffer_bytes": 99_999, "window": 999}
    customs_partner: ClassVar[dict[str, Any]] = {"buffer_bytes": 128, "window": 1, "compression": False}

    async def test_the_smaller_wins(self) -> None:
        content = bytes(range(256)) * 100
        self.gateway_office.outbox.append((identity_of(1), content))
        await self.start()
        await self.until(lambda: "sent" in self.gateway_office.words())
        assert self.customs_office.received[identity_of(1)] == content
        parameters = self.calling().parameters
        assert (parameters.buffer_bytes, parameters.credit, parameters.compression) == (128, 1, False)
        statuses = [status for status in self.customs.status() if status.direction is Direction.ANSWERING]
        assert statuses[0].files_received == 1

"""What depends on time, and on a partner that misbehaves, in memory under a clock of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost, TCPTimedOutError
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.calling import Caller, pause_seconds
from gateway.line.homing import CallAddress
from gateway.line.office import NotProcessed, Phase, RefusedOffer
from gateway.line.protocol import LineProtocol
from gateway.line.refusals import in_words
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction, Gauge
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.attributes import FileAttributes
from oftp2.buffers import wrap
from oftp2.formats import build
from oftp2.negotiation import Capabilities, Credentials
from oftp2.reasons import EndReason
from oftp2.session import Role, Session
from oftp2.tables import State
from tests.line.dummies import DummyOffice, identity_of

GATEWAY = PartnerSettings("gateway", "O0013GATEWAY", password_ours="CPW", password_theirs="GPW")
SETTINGS = LineSettings(
    "O0013CUSTOMS",
    (GATEWAY,),
    listen=(Endpoint(Transport.TCP, "127.0.0.1", 6619),),
    inactivity_seconds=60,
    idle_limit_seconds=3600,
    closing_seconds=10,
)


class Wire:
    """Customs' line on one end; on the other a bare engine, that the test leads. It begins at `now`."""

    def __init__(self, settings: LineSettings = SETTINGS, now: datetime | None = None, **ours: Any) -> None:
        self.reactor = MemoryReactorClock()
        self.office = DummyOffice(answers_with_receipts=False)
        self.began = now or at_noon()
        self.service = LineService(self.reactor, settings, self.office, clock=self.now)
        starting = Deferred.fromCoroutine(self.service.start())
        starting.addErrback(lambda failure: pytest.fail(str(failure)))
        self.call(**ours)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.reactor.seconds())

    def call(self, password: str = "GPW", **ours: Any) -> None:
        """Another connection."""
        factory = self.reactor.tcpServers[0][1]
        self.line = factory.buildProtocol(None)
        assert isinstance(self.line, LineProtocol)
        self.transport = StringTransport()
        self.transport.abortConnection = self.transport.loseConnection  # type: ignore[attr-defined]
        self.line.makeConnection(self.transport)
        capabilities = Capabilities(
            Credentials("O0013GATEWAY", password), **{"buffer_bytes": 400, "credit": 2} | ours
        )
        self.partner = Session(Role.INITIATOR, capabilities, Credentials("O0013CUSTOMS", "CPW"))
        self.partner.connection_made()
        self.seen: list[e.Event] = []

    def exchange(self) -> list[e.Event]:
        """Carry octets until both are quiet; what the partner's engine told."""
        seen: list[e.Event] = []
        while True:
            to_partner, to_line = self.transport.value(), self.partner.data_to_send()
            self.transport.clear()
            if not to_partner and not to_line:
                return seen
            seen += self.partner.receive_data(to_partner)
            if to_line:
                self.line.dataReceived(to_line)

    def in_session(self) -> Wire:
        self.exchange()
        assert self.partner.state is State.IDLESP
        return self

    def lose(self) -> None:
        self.line.connectionLost(Failure(ConnectionLost()))


def test_an_idle_listener_is_not_timed_out_but_after_very_long() -> None:
    wire = Wire().in_session()
    wire.reactor.advance(3599)
    assert wire.exchange() == []
    wire.reactor.advance(2)
    (abort,) = (event for event in wire.exchange() if isinstance(event, e.AbortIndication))
    assert (abort.reason, abort.distant) == (EndReason.TIME_OUT, True)
    assert wire.partner.state is State.IDLE


def test_a_connection_that_is_gone_is_not_aborted_once_more() -> None:
    """A session that makes way for another may have lost its connection before: TLS has nothing left then."""
    wire = Wire().in_session()
    wire.lose()
    wire.transport.abortConnection = lambda: pytest.fail("there is nothing to abort")  # type: ignore[attr-defined]
    assert isinstance(wire.line, LineProtocol)
    wire.line.abort()


def test_a_partner_that_never_names_itself_is_left() -> None:
    wire = Wire()
    wire.line.dataReceived(b"\x10\x00")
    wire.reactor.advance(5)
    wire.line.dataReceived(b"\x00")
    wire.reactor.advance(4)
    assert not wire.transport.disconnecting
    wire.reactor.advance(2)
    assert b"F09" in wire.transport.value()
    wire.reactor.advance(10)
    assert wire.transport.disconnecting


def test_a_file_that_stalls_is_given_up_and_kept_for_a_restart() -> None:
    wire = Wire().in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 2000))
    wire.exchange()
    wire.partner.send_data(b"\x03abc")
    wire.exchange()
    wire.reactor.advance(61)
    events = wire.exchange()
    assert any(isinstance(event, e.AbortIndication) and event.reason == 9 for event in events)
    wire.lose()
    assert wire.office.log == [
        ("offered", "FILE1", 0),
        ("abandoned", "FILE1", 3),
        ("session lost", "gateway"),
    ]


def test_the_partner_is_held_back_while_the_office_is_busy() -> None:
    wire = Wire().in_session()
    wire.office.gate = Deferred()
    wire.partner.start_file(c.SFID.of(identity_of(1), 2000))
    wire.exchange()
    assert wire.transport.producerState == "paused"
    assert wire.partner.state is State.OPOP
    wire.reactor.advance(1000)
    assert not wire.transport.disconnecting, "it is we who keep the partner waiting"
    wire.office.gate.callback(None)
    assert wire.transport.producerState == "producing"
    wire.exchange()
    assert wire.partner.state is State.OPO


def test_a_partner_that_does_not_read_is_not_written_to_and_is_left_in_the_end() -> None:
    wire = Wire().in_session()
    theirs = identity_of(2, "O0013CUSTOMS", "O0013GATEWAY")
    wire.office.outbox.append((theirs, bytes(range(256)) * 400))
    wire.partner.change_direction()
    wire.line.dataReceived(wire.partner.data_to_send())
    wire.partner.receive_data(wire.transport.value())
    wire.transport.clear()
    wire.line.pauseProducing()
    wire.partner.accept_file(0)
    wire.line.dataReceived(wire.partner.data_to_send())
    assert wire.transport.value() == b""
    wire.reactor.advance(30)
    wire.line.resumeProducing()
    assert len(wire.transport.value()) <= 2 * 404, "no more than the window, whatever the file"
    wire.line.pauseProducing()
    wire.reactor.advance(61)
    assert wire.transport.disconnecting
    wire.lose()
    assert wire.office.log == [("session lost", "gateway")]


def test_an_office_that_fails_ends_the_session_with_a_reason() -> None:
    wire = Wire().in_session()

    async def fail(*_: object) -> None:
        raise OSError("disk full")

    wire.office.offer = fail  # type: ignore[method-assign,assignment]
    wire.partner.start_file(c.SFID.of(identity_of(1), 2000))
    (abort, *_) = wire.exchange()
    assert isinstance(abort, e.AbortIndication)
    assert abort.reason == EndReason.NO_RESOURCES
    wire.lose()


@pytest.mark.parametrize("counted", [2, 4])
def test_a_file_that_is_not_as_long_as_counted_is_refused(counted: int) -> None:
    wire = Wire().in_session()
    wire.partner.start_file(c.SFID.of(identity_of(1), 3))
    wire.exchange()
    wire.partner.send_data(b"\x83abc")
    wire.partner.close_file(unit_count=counted)
    (*_, refusal) = wire.exchange()
    assert refusal == e.CloseFileRefusal(11, "3 bytes came")
    assert wire.office.received == {}
    assert wire.partner.is_idle_speaker


def _send(wire: Wire, announced: int, content: bytes) -> list[e.Event]:
    wire.partner.start_file(c.SFID.of(identity_of(1), announced))
    wire.exchange()
    for at in range(0, len(content), 63):
        piece = content[at : at + 63]
        wire.partner.send_data(bytes((len(piece),)) + piece)
        wire.exchange()
    wire.partner.close_file(unit_count=len(content))
    return wire.exchange()


def test_more_than_was_announced_is_refused_and_not_kept() -> None:
    wire = Wire().in_session()
    (refusal,) = _send(wire, 1024, b"x" * 5000)
    assert refusal == e.CloseFileRefusal(11, "more came than SFIDFSIZ announced")
    assert wire.office.received == {}


def test_a_size_rounded_down_and_a_size_too_large_are_estimates() -> None:
    for announced in (1024, 1024 * 1024):
        wire = Wire().in_session()
        (confirmation,) = _send(wire, announced, b"x" * 2000)
        assert confirmation == e.CloseFileConfirmation(speaker=True)
        assert wire.office.received == {identity_of(1): b"x" * 2000}


def test_a_position_inside_a_block_is_not_written_twice() -> None:
    wire = Wire().in_session()
    content = bytes(range(250)) * 10
    wire.office.held[identity_of(1)] = bytearray(content[:1500])
    wire.partner.start_file(c.SFID.of(identity_of(1), len(content), restart=2))
    (confirmation,) = wire.exchange()
    assert confirmation == e.StartFileConfirmation(1)
    for at in range(1024, len(content), 63):
        piece = content[at : at + 63]
        wire.partner.send_data(bytes((len(piece),)) + piece)
        wire.exchange()
    wire.partner.close_file(unit_count=len(content))
    wire.exchange()
    assert wire.office.received == {identity_of(1): content}


def test_the_office_is_told_what_was_done_to_a_file_and_its_refusal_goes_out() -> None:
    wire = Wire().in_session()
    attributes = FileAttributes(
        signed=True, encrypted=True, compressed=True, enveloped=True, cipher_suite=4, original_size_blocks=7
    )
    wire.office.refusal = RefusedOffer(16, "not agreed", retry=False)
    wire.partner.start_file(c.SFID.of(identity_of(1), 100, attributes=attributes))
    (refusal,) = wire.exchange()
    assert isinstance(refusal, e.StartFileRefusal)
    assert (refusal.reason, refusal.retry) == (16, False)
    assert wire.office.attributes == [attributes]


def test_a_wrapped_file_of_records_counts_as_unstructured() -> None:
    """RFC 5024 section 5.3.3: restart in blocks, whatever SFIDFMT says of the original."""
    wire = Wire().in_session()
    wire.office.held[identity_of(1)] = bytearray(2048)
    wrapped = FileAttributes(format="V", record_bytes=80, compressed=True, enveloped=True)
    wire.partner.start_file(c.SFID.of(identity_of(1), 4096, restart=4, attributes=wrapped))
    (confirmation,) = wire.exchange()
    assert confirmation == e.StartFileConfirmation(2)


def test_responses_go_out_one_at_a_time_each_after_rtr_and_a_refusal_as_nerp() -> None:
    wire = Wire().in_session()
    wire.office.receipts = [identity_of(1), identity_of(2)]
    wire.office.not_processed[identity_of(1)] = NotProcessed(34, "不可读")
    wire.partner.change_direction()
    (nerp,) = wire.exchange()
    assert isinstance(nerp, e.NegativeEndResponseIndication)
    assert nerp.identity == identity_of(1)
    assert (nerp.nerp.creator, nerp.nerp.reason, nerp.nerp.text) == ("O0013CUSTOMS", 34, "不可读")
    wire.reactor.advance(30)
    assert wire.exchange() == [], "nothing more before RTR"
    assert wire.office.log == []
    wire.partner.ready()
    (eerp,) = wire.exchange()
    assert isinstance(eerp, e.EndResponseIndication)
    assert eerp.identity == identity_of(2)
    assert wire.office.log == [("receipt sent", "FILE1")]
    wire.partner.ready()
    wire.exchange()
    assert wire.office.log[-1] == ("receipt sent", "FILE2")


def test_a_response_that_gets_no_rtr_ends_the_session_and_stays_due() -> None:
    wire = Wire().in_session()
    wire.office.receipts = [identity_of(1)]
    wire.office.not_processed[identity_of(1)] = NotProcessed(34)
    wire.partner.change_direction()
    wire.exchange()
    wire.reactor.advance(61)
    assert any(isinstance(event, e.AbortIndication) and event.reason == 9 for event in wire.exchange())
    wire.lose()
    assert wire.office.log == [("session lost", "gateway")]
    assert wire.office.receipts == [identity_of(1)]


def test_a_negative_receipt_is_answered_and_reported() -> None:
    wire = Wire().in_session()
    wire.partner.send_negative_receipt(c.NERP.of(identity_of(7), "O0013GATEWAY", 34))
    assert wire.exchange() == [e.ReadyConfirmation()]
    assert wire.office.log == [("refused", "FILE7", "NERP", 34, False)]
    (status,) = wire.service.status()
    assert status.last_refusal == "FILE7: NERP 34 processing failed, by gateway; not to be tried again"


def test_what_is_signed_goes_with_the_response_and_comes_to_the_office() -> None:
    wire = Wire().in_session()
    wire.office.receipts = [identity_of(1)]
    wire.office.signed = (b"\x01" * 32, b"\x30" * 2000)
    wire.partner.change_direction()
    (eerp,) = wire.exchange()
    assert isinstance(eerp, e.EndResponseIndication)
    assert (eerp.eerp.hash, eerp.eerp.signature) == wire.office.signed
    wire.partner.ready()
    wire.exchange()
    wire.partner.send_receipt(identity_of(7, "O0013CUSTOMS", "O0013GATEWAY"), hash=b"h", signature=b"s")
    assert wire.exchange() == [e.ReadyConfirmation()]
    (receipt,) = wire.office.came
    assert (receipt.hash, receipt.signature, receipt.refusal) == (b"h", b"s", None)
    assert receipt.to_sign.startswith(b"FILE7 ")
    assert receipt.to_sign.endswith(b"O0013GATEWAY".ljust(25) + b"h")


def test_a_receipt_that_is_not_taken_gets_its_rtr_and_is_told() -> None:
    wire = Wire().in_session()
    wire.office.receipt_fault = "it is not signed, which was asked for"
    wire.partner.send_receipt(identity_of(7, "O0013CUSTOMS", "O0013GATEWAY"))
    assert wire.exchange() == [e.ReadyConfirmation()]
    (status,) = wire.service.status()
    assert status.last_refusal == "FILE7: receipt by gateway not taken: it is not signed, which was asked for"


def test_sessions_of_one_partner_are_bounded() -> None:
    wire = Wire(replace(SETTINGS, partners=(replace(GATEWAY, max_sessions=1),))).in_session()
    factory = wire.reactor.tcpServers[0][1]
    second = factory.buildProtocol(None)
    transport = StringTransport()
    second.makeConnection(transport)
    ssid = Capabilities(Credentials("O0013GATEWAY", "GPW")).ssid()
    second.dataReceived(wrap(build(ssid)))
    assert b"F08" in transport.value()


class Telephone:
    """An endpoint whose calls the test answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[Factory, Deferred[Any]]] = []

    def connect(self, factory: Factory) -> Deferred[Any]:
        self.calls.append((factory, Deferred()))
        return self.calls[-1][1]


def caller(telephones: list[Telephone], chance: float = 1.0, **more: Any) -> tuple[Caller, Clock, Gauge]:
    clock, gauge = Clock(), Gauge("customs", Direction.CALLING)
    partner = PartnerSettings(
        "customs",
        "O0013C",
        "A",
        "B",
        **{"backoff_min_seconds": 1, "backoff_max_seconds": 10, "circuit_failures": 100} | more,
    )
    addresses = [
        CallAddress(Endpoint(Transport.TCP, f"host{number}", 1), telephone)  # type: ignore[arg-type]
        for number, telephone in enumerate(telephones)
    ]
    made = Caller(
        partner, addresses, lambda _: Factory(), clock=clock, chance=lambda: chance, gauge=gauge, now=at_noon
    )
    return made, clock, gauge


def at_noon() -> datetime:
    return datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def test_pauses_grow_to_their_limit_and_start_again_when_an_operator_asks() -> None:
    telephone = Telephone()
    calling, clock, gauge = caller([telephone])
    calling.start()
    for pause in (1, 2, 4, 8, 10, 10):
        telephone.calls[-1][1].errback(Failure(TCPTimedOutError()))
        assert gauge.state == "waiting to call again"
        before = len(telephone.calls)
        clock.advance(pause - 0.01)
        assert len(telephone.calls) == before
        clock.advance(0.02)
        assert len(telephone.calls) == before + 1
    telephone.calls[-1][1].errback(Failure(TCPTimedOutError()))
    calling.call_now()
    assert gauge.state == "calling"
    calling.stop()
    assert clock.getDelayedCalls() == []


def test_pauses_are_jittered() -> None:
    settings = PartnerSettings("p", "P", "", "", backoff_min_seconds=1, backoff_max_seconds=100)
    assert [pause_seconds(settings, n, 0.5) for n in (1, 2, 3, 500)] == [0.75, 1.5, 3.0, 75.0]


def test_passwords_are_in_no_text() -> None:
    text = repr(SETTINGS) + repr(GATEWAY) + repr(Capabilities(Credentials("X", "SECRET")))
    text += repr(Capabilities(Credentials("X", "SECRET")).ssid())
    assert "PW" not in text
    assert "SECRET" not in text


def test_a_partner_that_takes_bytes_and_never_a_file_is_called_ever_more_slowly() -> None:
    telephone = Telephone()
    calling, clock, gauge = caller([telephone])
    calling.start()
    for pause in (1, 2, 4):
        calls = len(telephone.calls)
        conversation = Talk()
        calling.joined(conversation)  # type: ignore[arg-type]
        gauge.traffic.bytes_sent += 30_000
        conversation.finished.callback(None)
        assert gauge.state == "waiting to call again"
        clock.advance(pause + 0.01)
        assert len(telephone.calls) == calls + 1
    calling.joined(Talk())  # type: ignore[arg-type]
    gauge.traffic.files_sent += 1
    assert calling.conversation is not None
    calling.conversation.finished.callback(None)
    clock.advance(0)
    assert gauge.state == "calling", "a session that worked is followed by the next at once"
    calling.stop()


class Talk:
    """A session as the caller sees it: it stands, and ends when the test says so."""

    is_established = True
    was_released = False
    outcome = "cut"

    def __init__(self) -> None:
        self.finished: Deferred[None] = Deferred()

    @property
    def conversation(self) -> Talk:
        return self


@pytest.mark.parametrize(
    ("phase", "reason", "retry", "words"),
    [
        (
            Phase.START,
            12,
            True,
            "FILE1: SFNA 12 the partner could not store or read the file, by",
        ),
        (Phase.END, 22, False, "FILE1: EFNA 22 decryption failed, by customs; not to be tried again"),
        (
            Phase.AFTERWARDS,
            22,
            False,
            "FILE1: NERP 22 the partner could not store or read the file, f",
        ),
        (Phase.AFTERWARDS, 77, False, "FILE1: NERP 77 unknown reason 77, by customs"),
    ],
)
def test_a_reason_means_what_the_table_of_its_command_says(
    phase: Phase, reason: int, retry: bool, words: str
) -> None:
    assert in_words(identity_of(1), phase, reason, "", retry=retry, by="customs").startswith(words)

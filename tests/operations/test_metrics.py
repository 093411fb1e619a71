"""What is measured, as Prometheus reads it; its own parser is the oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator, Protocol
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase

from gateway.errors import ConfigurationFault
from gateway.operations.metrics import (
    PREFIX,
    STATES,
    Ending,
    LineReading,
    Reading,
    RoomReading,
    page,
    state_label,
)
from gateway.operations.metrics_site import CONNECTIONS_MAX, KEPT_SECONDS, MetricsServer, Pages

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
LINE = LineReading(
    partner="customs",
    direction="calling",
    state="in session",
    since=NOW - timedelta(minutes=1),
    sessions=3,
    refusals=1,
    files={"sent": 7, "received": 5},
    octets={"sent": 700, "received": 500},
)
READING = Reading(
    version="1.2",
    now=NOW,
    started=NOW - timedelta(days=1),
    alerts=2,
    lines=(LINE,),
    endings=(
        Ending("certificate", "seal", "", "/i/keys/seal.pem", NOW + timedelta(days=30)),
        Ending("crl", "tls_crl", "customs", "/i/tls/customs.crl", NOW + timedelta(days=1)),
    ),
    outbox={"DUE": 4, "HELD": 0},
    due_since={"customs": NOW - timedelta(seconds=90)},
    queues={"receipts_due": 1},
    discrepancies=0,
    rooms=(RoomReading("/data", 5_000, 6_000, is_short=True),),
)


def read(text: bytes) -> dict[tuple[str, ...], float]:
    """Each sample by its name without our prefix, and its labels' values in the order of their names."""
    return {
        (
            sample.name.removeprefix(PREFIX),
            *(sample.labels[name] for name in sorted(sample.labels)),
        ): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_page_has_what_was_found() -> None:
    found = read(page(READING))
    assert found == {
        ("build_info", "1.2"): 1,
        ("start_time_seconds",): (NOW - timedelta(days=1)).timestamp(),
        ("alerts",): 2,
        ("line_up", "calling", "customs"): 1,
        ("line_state", "calling", "customs", "in session"): 1,
        ("line_state_since_timestamp_seconds", "calling", "customs"): (
            NOW - timedelta(minutes=1)
        ).timestamp(),
        ("line_sessions_total", "calling", "customs"): 3,
        ("line_refusals_total", "calling", "customs"): 1,
        ("line_files_total", "calling", "customs", "sent"): 7,
        ("line_files_total", "calling", "customs", "received"): 5,
        ("line_bytes_total", "calling", "customs", "sent"): 700,
        ("line_bytes_total", "calling", "customs", "received"): 500,
        ("certificate_not_after_timestamp_seconds", "/i/keys/seal.pem", "", "seal"): (
            NOW + timedelta(days=30)
        ).timestamp(),
        ("crl_next_update_timestamp_seconds", "/i/tls/customs.crl", "customs", "tls_crl"): (
            NOW + timedelta(days=1)
        ).timestamp(),
        ("outbox_messages", "due"): 4,
        ("outbox_messages", "held"): 0,
        ("outbox_oldest_due_seconds", "customs"): 90,
        ("queue_length", "receipts_due"): 1,
        ("discrepancies_open",): 0,
        ("file_system_free_bytes", "/data"): 5_000,
        ("file_system_needed_bytes", "/data"): 6_000,
        ("takes_new_work", "/data"): 0,
    }
    # The library's own registry, with what it measures by itself, is not there.
    assert b"python_" not in page(READING)
    assert b"process_" not in page(READING)


def test_a_house_without_anything_has_a_page_too() -> None:
    found = read(page(Reading("1", NOW, NOW, 0)))
    assert found == {("build_info", "1"): 1, ("start_time_seconds",): NOW.timestamp(), ("alerts",): 0}


def test_states_are_labels_of_a_short_list() -> None:
    assert state_label("waiting to call again: circuit open until 12:00") == "waiting to call again"
    assert state_label("whatever comes") == "other"
    assert all(state_label(state) == state for state in STATES)


class TestPages:
    def test_one_is_made_at_a_time_and_kept_for_a_moment(self) -> None:
        clock = Clock()
        made: list[Deferred[bytes]] = []

        async def make() -> bytes:
            made.append(Deferred())
            return await made[-1]

        pages, got = Pages(make, clock.seconds), list[bytes]()
        for _ in range(3):
            pages.get().addCallback(got.append)
        assert len(made) == 1
        made[0].callback(b"1")
        assert got == [b"1"] * 3
        pages.get().addCallback(got.append)
        assert (len(made), got[-1]) == (1, b"1")
        clock.advance(KEPT_SECONDS)
        pages.get().addCallback(got.append)
        made[1].callback(b"2")
        assert got[-1] == b"2"

    def test_what_fails_is_tried_anew(self) -> None:
        outcomes = [ValueError("x"), b"page"]

        async def make() -> bytes:
            outcome = outcomes.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        pages, got = Pages(make, Clock().seconds), list[object]()
        pages.get().addErrback(lambda failure: got.append(failure.type))
        pages.get().addCallback(got.append)
        assert got == [ValueError, b"page"]


class Heard(Protocol):
    def __init__(self) -> None:
        self.heard = b""
        self.over: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: object = None) -> None:
        self.over.callback(self.heard)


class ServedTests(TestCase):
    timeout = 15

    def setUp(self) -> None:
        self.fails = False

        async def make() -> bytes:
            if self.fails:
                raise ValueError("no ledger")
            return b"page\n"

        self.server = MetricsServer(reactor, "127.0.0.1", 0, make)
        self.server.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.server.stop()))

    async def connect(self) -> Heard:
        return await ClientCreator(reactor, Heard).connectTCP("127.0.0.1", self.server.port)

    async def ask(self, line: bytes) -> bytes:
        heard = await self.connect()
        heard.transport.write(line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await heard.over

    async def test_metrics_are_there_and_nothing_else(self) -> None:
        told: list[object] = []
        globalLogPublisher.addObserver(told.append)
        self.addCleanup(globalLogPublisher.removeObserver, told.append)
        answer = await self.ask(b"GET /metrics")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"text/plain; version=0.0.4" in answer
        assert b"page\n" in answer
        assert (await self.ask(b"GET /")).startswith(b"HTTP/1.1 404")
        assert (await self.ask(b"GET /metrics/../etc")).startswith(b"HTTP/1.1 200")
        head = await self.ask(b"HEAD /metrics")
        assert head.startswith(b"HTTP/1.1 200")
        assert b"page" not in head
        assert (await self.ask(b"POST /metrics")).startswith(b"HTTP/1.1 405")
        assert told == [], "a request is not worth a line"

    async def test_what_fails_is_told_in_the_log_and_not_over_http(self) -> None:
        self.fails = True
        answer = await self.ask(b"GET /metrics")
        assert answer.startswith(b"HTTP/1.1 500")
        assert b"ledger" not in answer
        assert len(self.flushLoggedErrors(ValueError)) == 1

    async def test_connections_are_bounded(self) -> None:
        open_ones = [await self.connect() for _ in range(CONNECTIONS_MAX)]
        assert await (await self.connect()).over == b""
        await self.server.stop()
        assert [await one.over for one in open_ones] == [b""] * CONNECTIONS_MAX

    def test_a_port_in_use_is_a_fault_of_the_configuration(self) -> None:
        with pytest.raises(ConfigurationFault, match=r"operations\.metrics"):
            MetricsServer(reactor, "127.0.0.1", self.server.port, self.connect).start()  # type: ignore[arg-type]

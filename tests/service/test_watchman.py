"""The watchman tells of what is about to go wrong: lines that stay down, certificates that end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from gateway.line.status import Direction
from gateway.operations.expiring import NOTICE_DAYS, Expiring
from gateway.service.watchman import LINE_DOWN_SECONDS, ROUND_SECONDS, Watchman
from gateway.trust.authority import Authority, KeyKind

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass
class Line:
    state: str
    partner: str = "customs"
    direction: Direction = Direction.CALLING
    last_error: str = "connection refused"
    certificate_ends: datetime | None = None
    circuit: str | None = None


class World:
    def __init__(self, certificates: list[Expiring], now: Callable[[], datetime]) -> None:
        self.clock = Clock()
        self.line = Line("in session")
        self.alerts: dict[str, str] = {}
        self.watchman = Watchman(
            lines=lambda: [self.line],
            certificates=certificates,
            clock=now,
            reactor=self.clock,
            alarm=self._alarm,
        )
        self.watchman.start()

    def _alarm(self, name: str, trouble: str | None) -> None:
        if trouble is None:
            self.alerts.pop(name, None)
        else:
            self.alerts[name] = trouble


@pytest.fixture
def world() -> World:
    return World([], lambda: NOW)


def test_a_line_that_stays_down_is_told_and_forgotten_when_it_stands(world: World) -> None:
    passed = 0.0
    while passed < LINE_DOWN_SECONDS:
        assert world.alerts == {}
        world.line.state = (
            "calling" if world.line.state == "waiting to call again" else "waiting to call again"
        )
        world.clock.advance(ROUND_SECONDS)
        passed += ROUND_SECONDS
    world.clock.advance(ROUND_SECONDS)
    assert "connection refused" in world.alerts["line to customs"]
    world.line.state = "in session"
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts == {}


def test_a_line_that_an_operator_took_down_is_in_order(world: World) -> None:
    world.line.state = "down"
    world.clock.advance(10 * LINE_DOWN_SECONDS)
    assert world.alerts == {}


def test_an_open_circuit_is_one_alert_in_the_words_of_the_failure_that_opened_it(world: World) -> None:
    world.line.circuit = "5 calls in a row failed: connection refused"
    for state in ("circuit open, next try at 12:00", "calling", "circuit open, next try at 12:04"):
        world.line.state, world.line.last_error = state, state
        world.clock.advance(ROUND_SECONDS)
        assert world.alerts == {"line to customs": f"circuit open: {world.line.circuit}"}
    world.line.state = "in session"
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts == {}


def test_a_partner_whose_calls_fail_over_and_over_is_told(world: World) -> None:
    world.line = Line("listening", direction=Direction.ANSWERING, circuit="calls from 10.0.0.1 fail")
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts == {"calls of customs": "calls from 10.0.0.1 fail"}
    world.line.circuit = None
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts == {}


def test_the_alert_of_a_partner_that_is_no_more_ends(world: World) -> None:
    world.line.circuit, world.line.state = "5 calls in a row failed: refused", "circuit open"
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts != {}
    world.line = Line("in session", partner="other")
    world.clock.advance(ROUND_SECONDS)
    assert world.alerts == {}


def test_maintenance_is_in_order(world: World) -> None:
    world.line.state = "maintenance until 2026-11-21 04:00"
    world.clock.advance(10 * LINE_DOWN_SECONDS)
    assert world.alerts == {}


def test_certificates_are_spoken_of_before_their_end(tmp_path: Path) -> None:
    authority = Authority.create("CA", at=NOW, kind=KeyKind.P256, lifetime=timedelta(days=400))
    credential = authority.issue_signing("X", at=NOW, kind=KeyKind.P256, lifetime=timedelta(days=100))
    path = tmp_path / "x.pem"
    credential.save_certificate(path)
    now = [NOW]
    world = World([Expiring("of the seal", path), Expiring("of nobody", tmp_path / "no.pem")], lambda: now[0])
    assert "of the seal" not in str(world.alerts)
    assert "no.pem" in world.alerts["certificate of nobody"]
    end, told = NOW + timedelta(days=100), []
    for days in sorted(NOTICE_DAYS, reverse=True):
        now[0] = end - timedelta(days=days) - timedelta(minutes=1)
        world.clock.advance(ROUND_SECONDS)
        told.append(world.alerts.get("certificate of the seal"))
        now[0] = end - timedelta(days=days) + timedelta(minutes=1)
        world.clock.advance(ROUND_SECONDS)
        assert f"{days} day" in world.alerts["certificate of the seal"]
        assert told[-1] != world.alerts["certificate of the seal"], "told anew"
    assert told[0] is None
    assert NOTICE_DAYS == (1, 7, 30, 90)
    now[0] = NOW + timedelta(days=101)
    world.clock.advance(ROUND_SECONDS)
    assert "has expired on" in world.alerts["certificate of the seal"]


def test_a_certificate_that_a_partner_shows_is_spoken_of_too(tmp_path: Path) -> None:
    authority = Authority.create("CA", at=NOW, kind=KeyKind.P256, lifetime=timedelta(days=400))
    path = tmp_path / "ca.pem"
    authority.credential.save_certificate(path)
    world = World([Expiring("of customs for TLS", path, "tls_anchor", "customs")], lambda: NOW)
    world.line.certificate_ends = NOW + timedelta(days=6)
    world.clock.advance(ROUND_SECONDS)
    told = world.alerts["certificate that customs shows"]
    assert told.startswith("it expires on 2026-11-27")
    assert told.endswith("7 days left at most")
    # A new session with a new one, or with the very one whose file is looked after.
    for ends in (NOW + timedelta(days=300), authority.credential.certificate.not_valid_after_utc):
        world.line.certificate_ends = ends
        world.clock.advance(ROUND_SECONDS)
        assert world.alerts == {}

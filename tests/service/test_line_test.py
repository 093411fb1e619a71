"""`line test`: which addresses are tried, one trial at a time, and what is said of sessions that stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.probe import Stage, Step
from gateway.line.probing import Trial
from gateway.operations.commands import CommandRefused
from gateway.service.line_test import LineTest

TLS = Endpoint.parse("tls:10.0.0.1:6619")
TCP = Endpoint.parse("tcp:10.0.0.2:3305")
FULL = Step(Stage.IDENTITY, False, "the partner ended the session: ESID 08 resources not available")


class House:
    """A line to customs, which has two addresses; `port` has none."""

    def __init__(self) -> None:
        self.prober = self
        self.items: list[dict[str, Any]] = []
        self.tried: list[Endpoint] = []
        self.failures: dict[Endpoint, Step] = {}
        self.gate: Deferred[None] | None = None
        self.states = ["in session"]
        self.trouble_at: datetime | None = None

    def partners(self) -> tuple[str, ...]:
        return ("customs", "port")

    def addresses(self, partner: str) -> tuple[Endpoint, ...]:
        return (TLS, TCP) if partner == "customs" else ()

    def status(self) -> list[Any]:
        trouble = {"last_error_at": self.trouble_at, "last_error": "08 full", "direction": "calling"}
        return [SimpleNamespace(partner="customs", state=state, **trouble) for state in self.states]

    async def probe(self, _partner: str, address: Endpoint, tell: Callable[[Step], None]) -> Trial:
        self.tried.append(address)
        if self.gate is not None:
            await self.gate
        step = self.failures.get(address, Step(Stage.END, True, "well"))
        tell(step)
        return Trial(str(address), step.ok, (step,), (), None, None)

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        self.items += items

    def ask(self, test: LineTest | None = None, **arguments: Any) -> list[Any]:
        answer = (test or LineTest(self)).command(arguments, self)  # type: ignore[arg-type]
        end: list[Any] = []
        Deferred.fromCoroutine(answer).addBoth(end.append)
        return end

    @property
    def result(self) -> dict[str, Any]:
        (result,) = (item["result"] for item in self.items if "result" in item)
        return dict(result)


def test_all_addresses_are_tried_and_all_must_be_well() -> None:
    house = House()
    house.ask(partner="customs")
    assert house.tried == [TLS, TCP]
    assert house.result == {
        "partner": "customs",
        "ok": True,
        "sessions_before": 1,
        "sessions_after": 1,
        "notes": [],
    }
    assert [next(iter(item)) for item in house.items] == [*("address", "step", "trial") * 2, "result"]
    house = House()
    house.failures[TCP] = Step(Stage.CONNECTION, False, "refused")
    house.ask(partner="customs")
    assert not house.result["ok"]


def test_one_address_can_be_meant_also_one_that_is_not_configured_if_tls_proves_who_is_there() -> None:
    house = House()
    house.ask(partner="customs", address=str(TCP))
    house.ask(partner="customs", address="tls:10.9.9.9:1")
    assert house.tried == [TCP, Endpoint(Transport.TLS, "10.9.9.9", 1)]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"partner": "nobody"}, "not-found", "no partner"),
        ({"partner": "port"}, "refused", "it calls us"),
        ({"partner": "customs", "address": "tcp:10.9.9.9:1"}, "refused", "not in `call`"),
        ({"partner": "port", "address": "tls:10.9.9.9:1"}, "refused", "not in `call`"),
        ({"partner": "customs", "address": "10.9.9.9"}, "usage", "is none"),
    ],
)
def test_what_cannot_be_tried_is_refused(arguments: dict[str, Any], kind: str, words: str) -> None:
    house = House()
    (failure,) = house.ask(**arguments)
    assert isinstance(failure.value, CommandRefused)
    assert failure.value.kind == kind
    assert words in failure.value.message
    assert house.tried == []


def test_a_partner_is_tried_once_at_a_time() -> None:
    house = House()
    house.gate = Deferred()
    test = LineTest(house)  # type: ignore[arg-type]
    first = house.ask(test, partner="customs")
    (failure,) = house.ask(test, partner="customs")
    assert "being tested already" in failure.value.message
    house.gate.callback(None)
    assert first == [None]
    house.gate = None
    assert house.ask(test, partner="customs") == [None]


def test_no_room_beside_a_session_may_be_in_order() -> None:
    house = House()
    house.failures[TLS] = FULL
    house.ask(partner="customs", address=str(TLS))
    assert "may allow one only" in house.result["notes"][0]
    house = House()
    house.states = ["down"]
    house.failures[TLS] = FULL
    house.ask(partner="customs", address=str(TLS))
    assert house.result["notes"] == []


def test_a_line_that_is_in_trouble_though_the_test_is_well_is_told_of() -> None:
    house = House()
    house.trouble_at = datetime(2026, 11, 20, 19, tzinfo=UTC)
    house.ask(partner="customs", address=str(TLS))
    assert house.result["notes"] == [], "it is in session: all that is over"
    house.items.clear()
    house.states = ["circuit open"]
    house.ask(partner="customs", address=str(TLS))
    assert house.result["notes"] == [
        "the line is circuit open (calling); its last trouble was at 2026-11-21 03:00:00: 08 full"
    ]


def test_a_session_that_ends_meanwhile_is_told() -> None:
    house = House()
    house.gate = Deferred()
    house.ask(partner="customs", address=str(TLS))
    house.states = []
    house.gate.callback(None)
    assert "has ended meanwhile" in house.result["notes"][0]

"""`line up`, `down` and `drain`: one or all, what is waited for meanwhile, and what is so already."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from gateway.line.status import Direction
from gateway.line.tracing import Tracing
from gateway.operations.commands import CommandRefused
from gateway.service.line_acts import LineActs


class House:
    """Two partners; `customs` has a session."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tracing = Tracing(self.clock, {"customs": "A", "port": "B"})
        self.session = self.tracing.session(Direction.CALLING, "customs")
        self.session.whose.address = "10.0.0.1:6619"
        self.states = {"customs": "in session", "port": "listening"}
        self.acts: list[str] = []
        self.gate: Deferred[None] = Deferred()
        self.items: list[dict[str, Any]] = []

    def partners(self) -> tuple[str, ...]:
        return ("customs", "port")

    def status(self) -> list[Any]:
        return [SimpleNamespace(partner=name, state=state) for name, state in self.states.items()]

    def up(self, partner: str) -> None:
        self.acts.append(f"up {partner}")

    async def down(self, partner: str) -> None:
        self.acts.append(f"down {partner}")
        if partner == "customs" and not self.gate.called:
            await self.gate
        self.states[partner] = "down"

    async def drain(self, partner: str) -> None:
        await self.down(partner)

    async def rows(self, partner: str) -> list[dict[str, Any]]:
        return [{"partner": partner, "state": self.states[partner]}]

    def send(self, item: dict[str, Any]) -> None:
        self.items.append(item)

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        self.items += items

    def ask(self, act: str, **arguments: Any) -> list[Any]:
        self.items.clear()
        acts = LineActs(self, self)  # type: ignore[arg-type]
        end: list[Any] = []
        Deferred.fromCoroutine(getattr(acts, act)(arguments, self)).addBoth(end.append)
        self.clock.advance(0)
        return end

    def finish(self) -> None:
        self.session.over("ended")
        self.gate.callback(None)
        self.clock.advance(0)

    @property
    def result(self) -> dict[str, Any]:
        return dict(self.items[-1]["result"])


def test_who_drains_is_told_what_is_waited_for_until_it_is_over() -> None:
    house = House()
    end = house.ask("drain", partner="customs")
    house.clock.advance(1)
    house.clock.advance(1)
    assert [item["seconds"] for item in house.items] == [1.0, 2.0]
    (waits,) = house.items[0]["waits"]
    assert (waits["partner"], waits["address"]) == ("customs", "10.0.0.1:6619")
    house.finish()
    assert end == [None]
    assert house.result == {
        "done": [{"partner": "customs", "done": "is down: 1 session ended"}],
        "rows": [{"partner": "customs", "state": "down"}],
    }
    assert house.clock.getDelayedCalls() == []


def test_all_at_once_and_again() -> None:
    house = House()
    house.finish()
    house.ask("down", all=True)
    assert house.acts == ["down customs", "down port"]
    assert [one["done"] for one in house.result["done"]] == ["is down: no session stood"] * 2
    house.ask("down", all=True)
    assert [one["done"] for one in house.result["done"]] == ["was down already"] * 2


def test_up_says_whether_it_was() -> None:
    house = House()
    house.ask("up", all=True)
    assert [one["done"] for one in house.result["done"]] == [
        "was up already: 1 session stands",
        "is up: calls, and may be called",
    ]


@pytest.mark.parametrize("arguments", [{}, {"partner": "customs", "all": True}, {"partner": "nobody"}])
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    house = House()
    (failure,) = house.ask("down", **arguments)
    assert isinstance(failure.value, CommandRefused)
    assert house.acts == []

"""`line trace`: what was kept, then what comes, for one partner or for all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from gateway.line.status import Direction
from gateway.line.tracing import Tracing
from gateway.operations.commands import CommandRefused
from gateway.service.line_trace import LineTrace


class House:
    """A line of two partners."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tracing = Tracing(self.clock, {"customs": "A", "port": "B"})
        self.items: list[dict[str, Any]] = []
        self.closed: Deferred[None] = Deferred()

    def partners(self) -> tuple[str, ...]:
        return ("customs", "port")

    def send(self, item: dict[str, Any]) -> None:
        self.items.append(item)

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        self.items += items

    def when_closed(self) -> Deferred[None]:
        return self.closed

    def ask(self, **arguments: Any) -> list[str]:
        answer = LineTrace(self).command(arguments, self)  # type: ignore[arg-type]
        self.end: list[Any] = []
        Deferred.fromCoroutine(answer).addBoth(self.end.append)
        return [item["text"] for item in self.items]


@pytest.fixture
def house() -> House:
    house = House()
    for number in range(3):
        house.tracing.say("customs", Direction.CALLING, f"c{number}")
        house.tracing.say("port", Direction.CALLING, f"p{number}")
    return house


def test_of_one_partner_or_of_all(house: House) -> None:
    assert house.ask(partner="customs", last=2) == ["c1", "c2"]
    house.items.clear()
    assert sorted(house.ask(last=6)) == ["c0", "c1", "c2", "p0", "p1", "p2"]
    assert house.end == [None]


def test_whoever_follows_sees_what_comes_and_leaves_nothing_behind(house: House) -> None:
    house.ask(partner="customs", last=1, follow=True)
    house.tracing.say("port", Direction.CALLING, "no")
    house.tracing.say("customs", Direction.CALLING, "new")
    assert [item["text"] for item in house.items] == ["c2", "new"]
    assert house.end == []
    house.closed.callback(None)
    assert house.end == [None]
    assert house.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"partner": "nobody"}, "not-found"),
        ({"last": -1}, "usage"),
        ({"last": 501}, "usage"),
        ({"last": True}, "usage"),
    ],
)
def test_what_makes_no_sense_is_refused(house: House, arguments: dict[str, Any], kind: str) -> None:
    house.ask(**arguments)
    (failure,) = house.end
    assert isinstance(failure.value, CommandRefused)
    assert failure.value.kind == kind

"""Little room on the disk: nothing new is taken, what is in hand goes on, and all goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import MakeDocument, licences
from memory import World
from twisted.logger import formatEvent, globalLogPublisher

from gateway.operations.free_space import MIB, Room

PLENTY = Room(free_bytes=500 * MIB, size_bytes=10_000 * MIB)
SHORT = Room(free_bytes=63 * MIB, size_bytes=10_000 * MIB)
#: Enough to begin with, not enough to go on with.
BETWEEN = Room(free_bytes=70 * MIB, size_bytes=10_000 * MIB)


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What the log says of room."""
    events: list[str] = []

    def observer(event: dict[str, Any]) -> None:
        if " room again " in (text := formatEvent(event)) or "ALERT space " in text:
            events.append(text)

    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def test_without_room_nothing_new_is_taken_and_all_goes_on_when_there_is_some(
    world: World, document: MakeDocument, told: list[str]
) -> None:
    first, second = licences(2)
    world.wire.up = False
    world.drop("first", document(first))
    world.run(5)
    waiting = world.ask(world.gateway, "status")["queues"]["DUE"]
    assert waiting == 1
    world.room = SHORT
    world.drop("second", document(second))
    world.run(30)
    assert [path.name for path in (world.spool / "in").iterdir()] == ["second.xml"]
    _customs, gateway = sorted(told, key=len)
    assert gateway.startswith("ALERT space on /")
    assert "63.0 MiB free, 64.0 MiB needed (state, spool default): no new licences" in gateway
    (alert,) = world.ask(world.gateway, "status")["alerts"]
    assert alert["name"].startswith("space on /")
    (row,) = world.ask(world.gateway, "status")["space"]
    assert (row["free_mib"], row["needed_mib"], row["takes_new_work"]) == (63.0, 64.0, False)
    assert "licence_gateway_takes_new_work" in world.ask(world.gateway, "metrics")["text"]

    # The line takes nothing new either: it says so, and the file is offered again later.
    world.connect("customs")
    world.run(30)
    (held,) = world.ask(world.gateway, "queue list", status="ASSIGNED")["rows"]
    assert held["reason"] == "SFNA 12 no room for new files: try again later"

    for room in (BETWEEN, PLENTY, SHORT, PLENTY, BETWEEN, SHORT):
        world.room = room
        world.run(3)
    assert len(told) == 2, "it does not go on with every byte"
    world.room = PLENTY
    world.run(6)
    assert sum("has room again (500.0 MiB free): new work is taken" in text for text in told) == 2
    world.run(60)
    assert len(told) == 4
    assert {"first.customs-accepted.json", "second.customs-accepted.json"} <= set(world.out())
    assert world.ask(world.gateway, "status")["alerts"] == []


def test_what_was_claimed_before_a_start_without_room_is_examined(
    world: World, document: MakeDocument
) -> None:
    world.stop()
    world.room = SHORT
    for name, one in zip(("claimed", "waiting"), licences(2), strict=True):
        world.drop(name, document(one))
    (world.spool / "in" / "claimed.xml").rename(world.spool / "work" / "claimed.xml")
    world.start_customs()
    world.start_gateway()
    world.run(10)
    assert [name for name in world.out() if "accepted" in name] == ["claimed.accepted.json"]
    assert [path.name for path in (world.spool / "in").iterdir()] == ["waiting.xml"]


def test_a_file_that_is_here_is_said_to_be_here_room_or_not(world: World, document: MakeDocument) -> None:
    world.drop("one", document(licences(1)[0]))
    world.run(5)
    who, offered, _ = world.wire.offers[0]
    world.room = SHORT
    world.run(2)
    answer = world.now(world.wire.offices["customs"].offer(who, offered))  # type: ignore[arg-type]
    assert answer.reason == 13


@pytest.mark.parametrize(
    ("room", "short"),
    [
        (Room(free_bytes=4 * MIB, size_bytes=30 * MIB), False),
        (Room(free_bytes=2 * MIB, size_bytes=30 * MIB), True),
        (Room(free_bytes=500 * MIB, size_bytes=10_000 * MIB, free_files=900, max_files=100_000), True),
        (Room(free_bytes=500 * MIB, size_bytes=10_000 * MIB, free_files=300, max_files=2_000), False),
    ],
)
def test_of_a_small_file_system_a_tenth_is_kept_and_files_are_counted_too(
    world: World, room: Room, short: bool
) -> None:
    world.room = room
    world.run(2)
    rows = world.ask(world.gateway, "status")["space"]
    assert [not row["takes_new_work"] for row in rows] == [short]

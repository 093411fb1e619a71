"""Answers that wait by the thousand hold the intake back, and nothing that is urgent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import pytest
from conftest import MakeDocument, licences
from memory import World
from twisted.internet.task import Clock

from gateway.exchange import feedback_writer
from gateway.exchange.arrears import FEW, LASTING_SECONDS, MANY, Arrears
from gateway.service.licence_gateway import LicenceGateway


def test_the_intake_pauses_at_many_until_few_wait_and_a_long_pause_is_told() -> None:
    clock, told, over = Clock(), dict[str, str | None](), list[int]()
    arrears = Arrears(clock=clock, alarm=told.__setitem__, over=lambda: over.append(1))
    held = []
    for answers in (MANY - 1, MANY, FEW + 1, FEW, FEW + 1):
        arrears.waits("a", answers)
        held.append(bool(arrears))
    assert held == [False, True, True, False, False]
    assert (over, told) == ([1], {"answers to a": None})

    arrears.waits("a", MANY)
    clock.advance(LASTING_SECONDS)
    arrears.waits("a", FEW + 1)
    assert "nothing new is taken from in/" in (told["answers to a"] or "")
    arrears.waits("a", 0)
    assert told == {"answers to a": None}


def test_while_it_is_held_back_only_what_is_urgent_is_taken_in(world: World, document: MakeDocument) -> None:
    intake: Any = cast("LicenceGateway", world.gateway)._intake
    one, other = licences(2)
    intake._is_held_back = lambda: True
    world.drop("a", document(one))
    world.drop("b.urgent", document(other))
    world.run(10)
    assert "b.customs-accepted.json" in world.out()
    assert [path.name for path in (world.spool / "in").iterdir()] == ["a.xml"]
    intake._is_held_back = lambda: False
    intake.wake()
    world.run(10)
    assert "a.customs-accepted.json" in world.out()


def test_a_tree_that_cannot_be_written_to_holds_nothing_back(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename: Callable[..., None] = os.rename
    writer: Any = cast("LicenceGateway", world.gateway)._feedback

    def broken(source: Any, target: Any) -> None:
        if "/out/" in str(target):
            raise PermissionError(target)
        rename(source, target)

    monkeypatch.setattr(feedback_writer, "BATCH", 1)
    writer.arrears.waits("default", MANY)
    monkeypatch.setattr(os, "rename", broken)
    first, second = licences(2)
    world.drop("a.urgent", document(first))
    world.run(5)
    assert not writer.arrears
    assert [row["name"] for row in world.ask(world.gateway, "status")["alerts"]] == ["feedback to default"]
    monkeypatch.setattr(os, "rename", rename)
    world.drop("b", document(second))
    world.run(60)
    assert {"a.customs-accepted.json", "b.customs-accepted.json"} <= set(world.out())

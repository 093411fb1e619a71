"""Acts on licences that customs does not have yet, or refused: what ends here is not in force there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from act_messages import Acts, renumbered, scenario
from conftest import MakeDocument, licence
from memory import World
from test_acts import at_customs, codes, faults, show, sound

from gateway.operations.commands import CommandRefused
from gateway.operations.issuer import Issuer
from licencexml.values import UsageMode

USED_TWICE = "[multi]\ndeclarations = 2\n"


@pytest.fixture
def start(instance: Path) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(play: str = USED_TWICE) -> World:
        scenario(instance, play)
        world = World(instance)
        world.start_customs()
        world.start_gateway()
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.stop()


@pytest.mark.parametrize("replaces", [True, False], ids=["replaced", "revoked"])
def test_what_is_dropped_together_with_its_end_goes_to_customs_and_does_not_end(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer, replaces: bool
) -> None:
    world = start()
    one, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.drop("old", document(one))
    if replaces:
        acts.replace("end", one.key, renumbered(one))
    else:
        acts.revoke("end", one.key, one.operator)
    world.run()
    assert codes(world, "end.rejected.json") == ["CUSTOMS_NOT_RECONCILED"]
    assert (show(world, one)["status"], at_customs(world, one)["status"]) == ("PART_USED", "taken")
    assert not [name for name in world.out() if "discrepancy" in name]
    assert world.ask(world.gateway, "status")["alerts"] == []
    assert sound(world)


def _refused_and_then_mended(instance: Path, world: World, name: str, act: Callable[[], None]) -> int:
    """`act` once customs has refused the licence; customs would take it then. Returns the licence's row."""
    world.run()
    assert f"{name}.customs-rejected.json" in world.out()
    act()
    world.run()
    for _, duty in world.customs.duties():
        world.now(duty())
    faults(instance, "")
    world.start_customs()
    [row] = [
        row
        for row in world.ask(world.gateway, "queue list", status="DELIVERED")["rows"]
        if row["kind"] == "SealedLicence"
    ]
    number: int = row["id"]
    return number


def test_a_suspension_follows_its_licence_that_customs_took_after_all(
    start: Callable[..., World], instance: Path, document: MakeDocument, issuer: Issuer
) -> None:
    faults(instance, "refuse_every = 1")
    world = start("[multi]\ndeclarations = 0\n")
    one, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.drop("old", document(one))
    row = _refused_and_then_mended(instance, world, "old", lambda: acts.suspend("stop", one.key))
    assert [name for name in world.out() if name.startswith("stop")] == ["stop.accepted.json"]
    world.ask(world.gateway, "queue requeue", ids=[row])
    world.run()
    assert "stop.customs-accepted.json" in world.out()
    assert at_customs(world, one)["status"] == "suspended"
    assert json.loads((world.spool / "out" / "old.reconciled.json").read_text())["suspended"]
    assert sound(world)


def test_a_licence_that_was_revoked_after_its_refusal_is_not_sent_again(
    start: Callable[..., World], instance: Path, document: MakeDocument, issuer: Issuer
) -> None:
    faults(instance, "refuse_every = 1")
    world = start()
    one, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.drop("old", document(one))
    row = _refused_and_then_mended(instance, world, "old", lambda: acts.revoke("end", one.key, one.operator))
    assert show(world, one)["status"] == "REVOKED"
    with pytest.raises(CommandRefused, match=str(one.key)):
        world.ask(world.gateway, "queue requeue", ids=[row])
    world.run()
    found: dict[str, Any] = show(world, one)
    assert found["status"] == "REVOKED"
    assert not [name for name in world.out() if "discrepancy" in name]
    assert sound(world)


def test_a_suspension_of_in_a_moment_is_asked_about_when_it_holds(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    """The issuer's clock may be ahead: what both sides said before is no ground to end the licence."""
    world = start("[multi]\ndeclarations = 0\n")
    one, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.drop("old", document(one))
    world.run()
    acts.suspend("stop", one.key, ahead=timedelta(seconds=60))
    world.run(20)
    assert "stop.customs-accepted.json" in world.out()
    assert "old.reconciled.json" not in world.out()
    world.run(60)
    assert json.loads((world.spool / "out" / "old.reconciled.json").read_text())["suspended"]
    acts.replace("new", one.key, renumbered(one))
    world.run()
    assert "new.customs-accepted.json" in world.out()
    assert sound(world)

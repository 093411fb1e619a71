"""What customs says that does not fit is cleared up by operators: its alert ends, its list is empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from act_messages import Acts, renumbered, scenario
from conftest import MakeDocument, licence
from memory import World
from test_acts import UNUSED, faults

from gateway.operations.issuer import Issuer
from licencexml.messages import Licence
from licencexml.values import UsageMode


@pytest.fixture
def one() -> Licence:
    return licence(UsageMode.MULTI)


@pytest.fixture
def world(instance: Path, document: MakeDocument, one: Licence) -> Iterator[World]:
    """A licence at customs."""
    scenario(instance, UNUSED)
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    world.drop("old", document(one))
    world.run()
    yield world
    world.stop()


def again(world: World, instance: Path, fault: str) -> None:
    world.stop()
    faults(instance, fault)
    world.start_customs()
    world.start_gateway()


def alerts(world: World) -> list[str]:
    return [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]


def resolve_all(world: World) -> list[str]:
    """Resolve what is open; the kinds of it."""
    rows = world.ask(world.gateway, "discrepancy list")["rows"]
    for row in rows:
        shown = world.ask(world.gateway, "discrepancy show", id=row["id"])
        assert shown["said"]["answers"]
        assert [one["status"] for one in shown["history"]] == ["OPEN"]
        world.ask(
            world.gateway, "discrepancy resolve", id=row["id"], by="operator", why="agreed by telephone"
        )
    assert world.ask(world.gateway, "discrepancy list")["rows"] == []
    return [row["kind"] for row in rows]


def test_figures_that_differ(world: World, instance: Path, issuer: Issuer, one: Licence) -> None:
    again(world, instance, "wrong_figures_every = 1")
    Acts(world, issuer).suspend("stop", one.key)
    world.run()
    world.ask(world.gateway, "licence query", licence=str(one.key))
    world.run()
    first, _ = world.ask(world.gateway, "discrepancy list")["rows"]
    world.ask(world.gateway, "discrepancy resolve", id=first["id"], by="operator", why="asked again")
    assert f"figures of {one.key}" in alerts(world)
    assert resolve_all(world) == ["LicenceQueryReply"]
    assert alerts(world) == []


def test_acts_that_customs_refuses(world: World, instance: Path, issuer: Issuer, one: Licence) -> None:
    acts = Acts(world, issuer)
    acts.suspend("stop", one.key)
    world.run()
    again(world, instance, "refuse_every = 1")
    acts.replace("new", one.key, renumbered(one))
    world.run()
    acts.suspend("next", renumbered(one).key)
    world.run()
    assert alerts(world)
    assert "LicenceReplacement" in resolve_all(world)
    assert alerts(world) == []


def test_a_suspension_that_customs_refuses(
    world: World, instance: Path, issuer: Issuer, one: Licence
) -> None:
    again(world, instance, "refuse_every = 1")
    Acts(world, issuer).suspend("stop", one.key)
    world.run()
    assert [name for name in alerts(world) if name.startswith("LicenceSuspension")]
    steps = world.ask(world.gateway, "licence explain", licence=str(one.key))["steps"]
    assert "refused by customs" in steps[-2]["en"]
    assert resolve_all(world) == ["LicenceSuspension"]
    assert alerts(world) == []

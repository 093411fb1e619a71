"""What customs amends, withdraws and tells in a strange order: both sides end with the same figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeDocument, licence
from memory import World
from sqlalchemy import Connection

from gateway.customs.inquiries import reply_to
from gateway.customs.misstatement import Misstatement
from gateway.ledger.projection import load_states
from gateway.licences.confirm import compare
from gateway.licences.state import LicenceState
from licencexml.messages import Header, Licence, LicenceQuery, LicenceQueryReply
from licencexml.values import UsageMode

ALL = (
    'mischief = ["conflict", "excess", "repeat", "wrong-unit", '
    '"reversal-first", "unknown-reversal", "late-earlier"]'
)
RULES = {
    "some amended, some withdrawn": "declarations = 3\namend = 1\nwithdraw = 1",
    "all amended, then withdrawn": "declarations = 3\namend = 3\nwithdraw = 3",
    "withdrawn before it was told": 'declarations = 2\nmischief = ["reversal-first"]',
    "withdrawn and never told": 'declarations = 2\nmischief = ["unknown-reversal"]',
    "released first, told last": 'declarations = 2\nmischief = ["late-earlier"]',
    "released first, told last, with the cap reached": 'declarations = 12\nmischief = ["late-earlier"]',
    "a thirteenth made good": "declarations = 13\nwithdraw = 3",
    "all at once": f"declarations = 3\namend = 1\nwithdraw = 1\n{ALL}",
}


def set_up(instance: Path, one: Licence, rule: str, *settings: tuple[str, str]) -> World:
    (instance / "scenario.toml").write_text(f'[[licence]]\nlicence = "{one.key}"\n{rule}\n')
    path = instance / "customs.toml"
    text = path.read_text().replace('# scenario = "', 'scenario = "')
    for before, after in settings:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    return world


def at_customs(world: World, one: Licence) -> dict[str, Any]:
    return world.ask(world.customs, "licence show", licence=str(one.key))


REORDER = (("# [faults]", "[faults]"), ("# reorder = false", "reorder = true"))
ONE_BY_ONE = (
    ("# [limits]", "[limits]"),
    ("# interchange_max_messages = 500", "interchange_max_messages = 1"),
)


@pytest.mark.parametrize("settings", [(), REORDER, ONE_BY_ONE], ids=["in order", "reversed", "one by one"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_both_sides_count_the_same(
    instance: Path, document: MakeDocument, rule: str, settings: tuple[tuple[str, str], ...]
) -> None:
    one = licence(UsageMode.MULTI)
    world = set_up(instance, one, rule, *settings)
    world.drop("one", document(one))
    world.run()
    shown = at_customs(world, one)
    assert all(row["answer"] != "WAITING" for row in (*shown["releases"], *shown["corrections"]))
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    assert compare(*both(world, one)) == ()
    world.stop()


def both(world: World, one: Licence) -> tuple[LicenceState, LicenceQueryReply]:
    """The licence as the gateway has it, and what customs would reply to a query."""
    query = LicenceQuery(Header("Q", "CN-GATEWAY", "CN-CUSTOMS", world.clock()), one.key)
    header = Header("QR", "CN-CUSTOMS", "CN-GATEWAY", world.clock(), "Q")

    async def read(daemon: Any, question: Callable[[Connection], Any]) -> Any:
        return await daemon._station.ledger.read(question)

    states = world.now(read(world.gateway, lambda connection: load_states(connection, [one.key])))
    reply = world.now(
        read(world.customs, lambda connection: reply_to(connection, query, header, Misstatement()))
    )
    return states[one.key], reply


def test_a_verdict_that_changes_is_told_and_both_words_are_kept(
    instance: Path, document: MakeDocument
) -> None:
    one = licence(UsageMode.MULTI)
    world = set_up(instance, one, RULES["released first, told last, with the cap reached"], *ONE_BY_ONE)
    world.drop("one", document(one))
    world.run()
    shown = at_customs(world, one)
    *_, displaced, late = shown["releases"]
    assert (displaced["answer"], displaced["codes"]) == ("REFUSED", ["MULTI_USE_CAP_REACHED"])
    assert (late["answer"], late["mischief"]) == ("ACCEPTED", "late-earlier")
    words = [row["answer"] for row in shown["answers"] if row["answers"] == displaced["message_id"]]
    assert words == ["ACCEPTED", "REFUSED"]
    world.stop()

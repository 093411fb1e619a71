"""Two whole daemons, and whatever happened between them is explained: every licence, message and entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from act_messages import Acts, renumbered
from conftest import MakeDocument, licence
from memory import World
from sqlalchemy import Connection, select
from test_customs_corrections import ALL, ONE_BY_ONE, set_up
from test_days_end import next_morning

from gateway.ledger.tables import message
from gateway.operations.commands import CommandRefused
from gateway.operations.issuer import Issuer
from licencexml.messages import Licence
from licencexml.values import UsageMode

RULE = f"declarations = 3\namend = 1\nwithdraw = 1\n{ALL}"


@pytest.fixture
def house(instance: Path, document: MakeDocument, issuer: Issuer) -> Iterator[tuple[World, Licence]]:
    """A licence with all that customs can do to it; refused, suspended, and resumed by its issuer."""
    one = licence(UsageMode.MULTI)
    world = set_up(instance, one, RULE, *ONE_BY_ONE)
    world.drop("one", document(one, message_id="ISSUE-1"))
    world.drop("again", document(one, message_id="ISSUE-2"))
    world.run()
    acts = Acts(world, issuer)
    acts.replace("early", one.key, renumbered(one))
    acts.suspend("stop", one.key)
    world.run()
    acts.resume("on", one.key)
    world.run()
    yield world, one
    world.stop()


def _messages(connection: Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(select(message.c.message_id, message.c.direction, message.c.kind))
    return [(row.message_id, row.direction, row.kind) for row in rows]


def _all_messages(world: World) -> list[tuple[str, str, str]]:
    async def read() -> Any:
        gateway: Any = world.gateway
        return await gateway._station.ledger.read(_messages)

    found: list[tuple[str, str, str]] = world.now(read())
    return found


def test_every_message_is_explained_whatever_its_kind(house: tuple[World, Licence]) -> None:
    world, _ = house
    kinds: Counter[tuple[str, str]] = Counter()
    for message_id, direction, kind in _all_messages(world):
        told = world.ask(world.gateway, "message explain", message_id=message_id)
        kinds[direction, kind] += 1
        assert (told["kind"], told["direction"]) == (kind, direction)
        assert told["zh"].endswith("。")
        assert told["en"].endswith(".")
        assert "not kept" not in told["en"]
        assert all(one["zh"] and one["en"] for one in (*told["what_happened"], *told["changed"]))
        answered = kind in ("ApplicationAck", "TechnicalAck", "LicenceQueryReply")
        assert (told["answers"] is not None) is answered, told
        if direction == "IN" and kind.startswith("WriteOff"):
            assert told["answered_by"], told
            assert told["verdicts"][-1]["verdict"] in ("APPLIED", "REFUSED", "REPEATED", "PARKED", "CONFLICT")
    assert {kind for direction, kind in kinds if direction == "IN"} == {
        "LicenceIssue",
        "LicenceSuspension",
        "WriteOff",
        "WriteOffAmendment",
        "WriteOffReversal",
        "ApplicationAck",
        "TechnicalAck",
        "LicenceQueryReply",
    }
    assert {kind for direction, kind in kinds if direction == "OUT"} == {
        "SealedLicence",
        "ApplicationAck",
        "TechnicalAck",
        "LicenceQuery",
    }


def test_a_days_report_and_the_answer_to_it_are_explained(house: tuple[World, Licence]) -> None:
    world, _ = house
    day = next_morning(world)
    reports = [one for one in _all_messages(world) if one[2] == "Reconciliation"]
    assert {direction for _, direction, _ in reports} == {"IN", "OUT"}
    for message_id, direction, _ in reports:
        told = world.ask(world.gateway, "message explain", message_id=message_id)
        [outcome] = told["changed"]
        assert outcome["en"].startswith(f"The report about {day} was compared with the answer of customs")
        assert outcome["zh"].endswith("）。")
        answers = [one["message_id"] for one in told["answered_by"]]
        if direction == "OUT":
            assert answers == [each for each, other, _ in reports if other == "IN"]
        else:
            assert (told["answers"], answers) == (
                next(each for each, other, _ in reports if other == "OUT"),
                [],
            )


def test_what_was_refused_without_being_kept_is_explained_too(house: tuple[World, Licence]) -> None:
    world, one = house
    told = world.ask(world.gateway, "message explain", message_id="ISSUE-2")
    assert (told["outcome"], told["licence"]) == ("REFUSED", str(one.key))
    assert [reason["code"] for reason in told["rejections"]] == ["LICENCE_EXISTS"]
    assert told["rejections"][0]["article"]
    assert told["rejections"][0]["remedy"]


def test_a_verdict_that_changed_says_when_and_by_what_and_the_other_says_what_it_changed(
    house: tuple[World, Licence],
) -> None:
    world, _ = house
    changed = [
        told
        for message_id, _, _ in _all_messages(world)
        if len((told := world.ask(world.gateway, "message explain", message_id=message_id))["verdicts"]) > 1
    ]
    assert changed
    for told in changed:
        cause = told["verdicts"][-1]["because_of"]
        other = world.ask(world.gateway, "message explain", message_id=cause)
        assert told["message_id"] in [each["message_id"] for each in other["changed"]]


def test_every_entry_has_its_sentence(house: tuple[World, Licence]) -> None:
    world, one = house
    rows = world.ask(world.gateway, "licence history", licence=str(one.key))["rows"]
    assert len({row["kind"] for row in rows}) >= 15
    for row in rows:
        assert row["zh"].endswith("。")
        assert row["en"].endswith(".")
        assert "data" in row


def test_the_licence_is_explained_and_now_is_now(house: tuple[World, Licence]) -> None:
    world, one = house
    told = world.ask(world.gateway, "licence explain", licence=str(one.key))
    abouts = {step["about"] for step in told["steps"]}
    assert abouts == {"STANDING", "ISSUE", "WAY", "USE", "SUSPENSION", "LEFT", "NEXT"}
    shown = world.ask(world.gateway, "licence show", licence=str(one.key))
    assert shown["parked"]
    assert {found["status"] for found in shown["discrepancies"]} == {"OPEN"}
    for business in (False, True):
        then = world.ask(world.gateway, "licence show", licence=str(one.key), as_of="now", business=business)
        assert {name: then[name] for name in shown} == shown


def test_the_simulated_customs_does_not_look_back(house: tuple[World, Licence]) -> None:
    world, one = house
    with pytest.raises(CommandRefused, match="stands now only"):
        world.ask(world.customs, "licence show", licence=str(one.key), as_of="now")


def test_every_discrepancy_is_shown_with_what_to_do(house: tuple[World, Licence]) -> None:
    world, _ = house
    rows = world.ask(world.gateway, "discrepancy list")["rows"]
    assert rows
    for row in rows:
        shown = world.ask(world.gateway, "discrepancy show", id=row["id"])
        assert shown["rejections"]
        assert shown["next_steps"]
        assert shown["history"][0]["status"] == "OPEN"
        assert shown["said"]
        assert shown["position"]["lines"]

"""A licence explained from the ledger: what happened, by which message, and what became of it since."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.ledger.explaining import explain_licence
from tests.ledger.lives import HOUR, TRUSTING, Life, amended, released, withdrawn
from tests.ledger.makers import FakeClock
from tests.ledger.test_looking_back import eventful
from tests.licences.makers import key

Run = Callable[..., Any]


@pytest.fixture
def life(run: Run, look: Run, clock: FakeClock) -> Life:
    one = Life(run, look, clock)
    one.issue()
    return one


def explained(life: Life) -> list[dict[str, Any]]:
    told = life.look(explain_licence, life.key, TRUSTING, life.clock())
    assert json.loads(json.dumps(told)) == told
    steps: list[dict[str, Any]] = told["steps"]
    assert [step["no"] for step in steps] == list(range(1, len(steps) + 1))
    assert all(step["zh"] and step["en"] for step in steps)
    return steps


def of(steps: list[dict[str, Any]], message_id: str) -> str:
    [said] = [step["en"] for step in steps if step["message_id"] == message_id and step["about"] != "WAY"]
    return str(said)


def test_a_whole_life_is_told_in_its_order(life: Life) -> None:
    eventful(life)
    steps = explained(life)
    kinds = list(dict.fromkeys(step["about"] for step in steps))
    assert kinds == ["STANDING", "ISSUE", "WAY", "USE", "SUSPENSION", "END", "LEFT", "NEXT"]
    assert [step["message_id"] for step in steps if step["about"] == "WAY"] == [
        "i-26-AA-000001",
        "z-26-AA-000001",
        "a-26-AA-000001",
    ]
    uses = [step["message_id"] for step in steps if step["about"] == "USE"]
    assert uses == ["w-4", "w-1", "c-1-1", "b-1-1", "w-2", "b-2-1", "w-5", "w-3"]
    assert "replaced by licence EXPORT/26-AA-000002" in of(steps, "r-1")
    assert "Discrepancy 2 was resolved by operator: settled with customs." in of(steps, "w-3")
    assert "Discrepancy 3 is open." in of(steps, "w-5")


def test_what_displaced_a_release_is_named_and_what_healed_it(life: Life) -> None:
    start = life.clock()
    life.clock.advance(hours=3)
    life.tell(released("60", start + 2 * HOUR, declaration=2))
    life.tell(released("60", start + HOUR, declaration=1))
    displaced = of(explained(life), "w-2")
    assert "message w-1 changed the verdict from applied to not applied" in displaced
    assert "[QUANTITY_EXCEEDS_BALANCE]" in displaced

    life.tell(withdrawn("60", life.clock(), declaration=1))
    healed = of(explained(life), "w-2")
    assert "message b-1-1 changed the verdict from not applied to applied" in healed
    assert "60.00000 [070] of licence line 1 written off; then 40.00000 [070] of line 1 left" in healed
    assert "all of it withdrawn since" in of(explained(life), "w-1")


def test_what_waits_says_for_what_and_comes_last(life: Life) -> None:
    life.tell(withdrawn("5", life.clock(), declaration=7))
    life.tell(released("1", life.clock()))
    steps = explained(life)
    uses = [step for step in steps if step["about"] == "USE"]
    assert uses[-1]["en"].endswith("it waits for the write-off of declaration 220020260000000007.")
    assert "messages that wait for their write-offs: 1" in steps[-1]["en"]


def test_an_amendment_that_does_not_hold_says_why(life: Life) -> None:
    start = life.clock()
    life.tell(released("60", start), amended("160", start, released_at=start))
    assert "[QUANTITY_EXCEEDS_BALANCE]" in of(explained(life), "c-1-1")
    assert "60.00000 [070] of licence line 1 written off" in of(explained(life), "w-1")


def test_there_is_nothing_to_explain_of_an_unknown_licence(life: Life, look: Run) -> None:
    assert look(explain_licence, key(9), TRUSTING, life.clock()) is None

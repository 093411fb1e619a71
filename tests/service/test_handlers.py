"""The gateway's control commands: clear answers to clear questions, and to all others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import system_clock
from gateway.operations.commands import CommandRefused
from gateway.operations.instance import create_instance

sys.path.insert(0, str(Path(__file__).parents[1] / "exchange"))
from memory import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    instance = tmp_path_factory.mktemp("handlers") / "instance"
    create_instance(instance, at=system_clock())
    world = World(instance)
    world.start_gateway()
    yield world
    world.stop()


@pytest.mark.parametrize(
    ("command", "arguments", "kind"),
    [
        ("queue list", {"limit": -1}, "usage"),
        ("queue list", {"limit": "many"}, "usage"),
        ("queue list", {"limit": True}, "usage"),
        ("queue list", {"status": "LOST"}, "usage"),
        ("queue show", {}, "usage"),
        ("queue show", {"id": 2**70}, "usage"),
        ("queue show", {"id": 7}, "not-found"),
        ("queue hold", {"ids": []}, "usage"),
        ("queue hold", {"ids": "1"}, "usage"),
        ("queue release", {"ids": [1.5]}, "usage"),
        ("queue requeue", {"ids": [7, 8]}, "not-found"),
        ("licence show", {"licence": "26-AA-000001"}, "usage"),
        ("licence show", {"licence": ["x"]}, "usage"),
        ("licence explain", {"licence": "EXPORT/26-AA-000001"}, "not-found"),
        ("licence history", {"licence": "EXPORT/26-AA-000001"}, "not-found"),
        ("message show", {}, "not-found"),
        ("message explain", {"message_id": "\0"}, "not-found"),
        ("discrepancy list", {"all": "yes"}, "usage"),
        ("discrepancy list", {"licence": "x"}, "usage"),
        ("discrepancy list", {"after": -1}, "usage"),
        ("discrepancy show", {}, "usage"),
        ("discrepancy show", {"id": 7}, "not-found"),
        ("line down", {"partner": "nobody"}, "not-found"),
    ],
)
def test_senseless_questions_are_refused_in_plain_words(
    world: World, command: str, arguments: dict[str, Any], kind: str
) -> None:
    with pytest.raises(CommandRefused) as refused:
        world.ask(world.gateway, command, **arguments)
    assert refused.value.kind == kind
    assert refused.value.message


@pytest.mark.parametrize("command", ["status", "totals", "queue list", "discrepancy list", "line status"])
def test_an_empty_house_has_answers_too(world: World, command: str) -> None:
    assert isinstance(world.ask(world.gateway, command), dict)


def test_metrics_are_read_at_both_ends(world: World) -> None:
    world.start_customs()
    for daemon in (world.gateway, world.customs):
        text = world.ask(daemon, "metrics")["text"]
        assert 'licence_gateway_outbox_messages{status="due"} 0.0\n' in text
        assert 'certificate_not_after_timestamp_seconds{file="' in text
    assert "licence_gateway_discrepancies_open 0.0\n" in world.ask(world.gateway, "metrics")["text"]
    assert "discrepancies" not in world.ask(world.customs, "metrics")["text"]


def test_status_is_shown_though_a_folder_is_gone(world: World) -> None:
    moved = (world.spool / "in").rename(world.spool / "in.away")
    try:
        world.run(2)
        status = world.ask(world.gateway, "status")
        assert "trouble" in status["spool"]["default"]
        assert [alert["name"] for alert in status["alerts"]] == ["intake"]
    finally:
        moved.rename(world.spool / "in")
    world.run(40)
    assert world.ask(world.gateway, "status")["alerts"] == []

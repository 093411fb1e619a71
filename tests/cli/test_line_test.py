"""`ctl line test`: steps for people as they come, one object for programs, and the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.operations.commands import CommandRefused, Commands, Stream
from tests.cli.conftest import Gatewayd

STEPS: list[dict[str, Any]] = [
    {"step": "connection", "ok": True, "found": "10.1.2.3:6619 answers", "ms": 12.5, "todo": ""},
    {"step": "identity", "ok": False, "found": "ESID 04 invalid password", "ms": None, "todo": "agree"},
]
TRIAL = {"address": "tcp:10.1.2.3:6619", "ok": False, "steps": STEPS, "found": {"level": "5 (revision 2.0)"}}
RESULT = {"partner": "customs", "ok": False, "sessions_before": 1, "sessions_after": 1, "notes": ["a note"]}


def answering(daemon: Commands, *, well: bool) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = []

    async def test(arguments: dict[str, Any], stream: Stream) -> None:
        questions.append(arguments)
        stream.send_all(
            [{"address": TRIAL["address"]}, *STEPS, {"trial": TRIAL}, {"result": RESULT | {"ok": well}}]
        )

    daemon.add_stream("line test", test)
    return questions


def test_people_see_each_step_and_what_to_do(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    asked = answering(daemon, well=False)
    result = gatewayd(
        "ctl", "line", "test", "customs", "--address", "tcp:10.1.2.3:6619", "--instance", instance
    )
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "tcp:10.1.2.3:6619",
        "  ok     connection     10.1.2.3:6619 answers  (12.5 ms)",
        "  FAILED identity       ESID 04 invalid password",
        "                        → agree",
        "",
        "what the partner offers:",
        "level:  5 (revision 2.0)",
        "",
        "The line to customs does not work.",
        "Note: a note.",
    ]
    assert asked == [{"partner": "customs", "address": "tcp:10.1.2.3:6619"}]


def test_programs_get_all_of_it_at_the_end(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    answering(daemon, well=True)
    result = gatewayd("ctl", "line", "test", "customs", "--json", "--instance", instance)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == RESULT | {"ok": True, "addresses": [TRIAL]}


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_what_is_refused_is_said_and_told(
    as_json: tuple[str, ...], daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    async def test(_arguments: dict[str, Any], _stream: Stream) -> None:
        raise CommandRefused("refused", "customs is being tested already")

    daemon.add_stream("line test", test)
    result = gatewayd("ctl", "line", "test", "customs", *as_json, "--instance", instance)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "being tested already" in result.stderr

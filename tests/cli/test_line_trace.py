"""`ctl line trace`: a line an entry for people, JSON for programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.operations.commands import Commands, Stream
from tests.cli.conftest import Gatewayd

SFPA = {
    "at": "2026-11-20T19:00:00.250+00:00",
    "partner": "customs",
    "session": 7,
    "direction": "calling",
    "address": "10.1.2.3:6619",
    "way": "<",
    "text": "SFPA ACNT=0",
    "command": "SFPA",
    "fields": {"SFPAACNT": 0},
    "state": "OPO",
    "credit": 64,
}
FAILED = {
    "at": "2026-11-20T19:00:01+00:00",
    "partner": None,
    "session": 0,
    "direction": "answering",
    "address": None,
    "way": "-",
    "text": "ended: \x1b[31m (x2)",
    "since": "2026-11-20T18:59:00+00:00",
}


@pytest.fixture
def asked(daemon: Commands) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = []

    async def trace(arguments: dict[str, Any], stream: Stream) -> None:
        questions.append(arguments)
        stream.send_all([SFPA, FAILED])

    daemon.add_stream("line trace", trace)
    return questions


def test_people_see_a_line_an_entry(asked: list[Any], gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "line", "trace", "customs", "--last", 5, "--instance", instance)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "11-21 03:00:00.250   #7 < SFPA ACNT=0  [OPO, credit 64]",
        "11-21 03:00:01.000    – - ended: \\x1b[31m (x2) since 11-21 02:59:00.000",
    ]
    assert asked == [{"partner": "customs", "last": 5, "follow": False}]


def test_of_all_lines_it_says_whose_each_is(asked: list[Any], gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "line", "trace", "-f", "--instance", instance)
    assert [line.split()[3] for line in result.stdout.splitlines()] == ["customs", "unknown"]
    assert asked == [{"last": 50, "follow": True}]


@pytest.mark.usefixtures("asked")
def test_programs_get_json(gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "line", "trace", "--json", "--instance", instance)
    assert [json.loads(line) for line in result.stdout.splitlines()] == [SFPA, FAILED]


def test_whoever_is_too_slow_is_told_so(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    async def trace(_arguments: dict[str, Any], stream: Stream) -> None:
        stream.pauseProducing()  # type: ignore[attr-defined]  # as the transport does when the client does not read
        stream.send(SFPA)
        stream.resumeProducing()  # type: ignore[attr-defined]

    daemon.add_stream("line trace", trace)
    result = gatewayd("ctl", "line", "trace", "--instance", instance)
    assert result.stdout == "… 1 lines were missed here: this reader was too slow\n"

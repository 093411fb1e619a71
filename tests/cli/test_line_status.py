"""`ctl line status`, `up`, `down` and `drain` as people see them."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.operations.commands import Commands, Stream
from tests.cli.conftest import Gatewayd

ROW: dict[str, Any] = {
    "partner": "customs",
    "direction": "calling",
    "state": "waiting to call again",
    "since": "2026-11-20T19:00:00+00:00",
    "address": "tls:10.0.0.1:6619",
    "next_call": "2026-11-20T19:02:00+00:00",
    "last_error": "04 invalid password, says the partner",
    "todo": "agree on the passwords",
    "files_sent": 3,
    "files_received": 1,
    "bytes_sent": 4096,
    "bytes_received": 100,
    "parameters": {
        "level": 5,
        "mode": "B",
        "buffer_bytes": 2048,
        "credit": 1,
        "restart": True,
        "compression": False,
    },
    "link": {"blocks_sent": 7, "naks_sent": 2},
    "last_refusal": None,
    "waiting": {"due": 12, "oldest_due": "2026-11-20T18:00:00+00:00"},
}
ANSWER: dict[str, Any] = {
    "partner": "customs",
    "rows": [ROW],
    "waiting": {
        "due": 12,
        "oldest_due": "2026-11-20T18:00:00+00:00",
        "held": 1,
        "under_way": 0,
        "without_receipt": 2,
    },
    "sessions": [
        {
            "session": 4,
            "direction": "calling",
            "address": "10.0.0.1:6619",
            "state": "OPO",
            "in_hand": "sending A",
        }
    ],
    "certificates": [
        {"of": "customs for TLS", "ends": "2027-01-01T00:00:00+00:00", "days_left": 41, "file": "x.pem"}
    ],
}
WAITS = {
    "partner": "customs",
    "address": "10.0.0.1:6619",
    "doing": "sends",
    "in_hand": "sending A, 1 of 9 KiB",
}


def test_all_lines_are_a_row_each(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    async def status(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"rows": [ROW, {**ROW, "state": "in session", "next_call": None}]}

    daemon.add("line status", status)
    heading, waits, stands = gatewayd("ctl", "line", "status", "--instance", instance).stdout.splitlines()
    assert heading.split()[:4] == ["PARTNER", "DIRECTION", "STATE", "SINCE"]
    for told in (
        "2026-11-21 03:02:00+08:00",
        "04 invalid password, says the partner",
        " 12 ",
        "2026-11-21 02:00:00",
    ):
        assert told in waits
    assert "invalid password" not in stands


def test_one_line_is_told_of_in_full(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    async def status(arguments: dict[str, Any]) -> dict[str, Any]:
        assert arguments == {"partner": "customs"}
        return ANSWER

    daemon.add("line status", status)
    shown = gatewayd("ctl", "line", "status", "customs", "--instance", instance).stdout
    facts = dict(line.split(":  ", 1) for line in shown.splitlines() if ":  " in line)
    facts = {name: value.strip() for name, value in facts.items()}
    assert shown.startswith("customs, calling:\n")
    assert facts["what to do"] == "agree on the passwords"
    assert facts["agreed"] == "level 5, we send and receive, buffer 2048, credit 1, no compression, restart"
    assert facts["serial link"] == "blocks sent 7, naks sent 2"
    assert facts["sent, no receipt yet"] == "2"
    assert "last refusal" not in facts
    assert "sending A" in shown
    assert "41" in shown
    as_json = gatewayd("ctl", "line", "status", "customs", "--json", "--instance", instance).stdout
    assert json.loads(as_json) == ANSWER


@pytest.mark.parametrize(
    ("typed", "asked_for"),
    [
        ("drain customs", {"partner": "customs"}),
        ("down --all", {"all": True}),
        ("up customs", {"partner": "customs"}),
    ],
)
def test_acts_tell_what_they_wait_for_and_what_came_of_it(
    typed: str, asked_for: dict[str, Any], daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    async def act(arguments: dict[str, Any], stream: Stream) -> None:
        assert arguments == asked_for
        stream.send({"waits": [WAITS, {**WAITS, "in_hand": ""}], "seconds": 3.2})
        stream.send(
            {"result": {"done": [{"partner": "customs", "done": "is down: 1 session ended"}], "rows": [ROW]}}
        )

    daemon.add_stream(f"line {typed.split(maxsplit=1)[0]}", act)
    result = gatewayd("ctl", "line", *typed.split(), "--instance", instance)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "customs is down: 1 session ended"
    assert result.stderr.splitlines() == [
        "3 s: waiting for customs at 10.0.0.1:6619: sending A, 1 of 9 KiB",
        "3 s: waiting for customs at 10.0.0.1:6619: sends",
    ]
    as_json = gatewayd("ctl", "line", *typed.split(), "--json", "--instance", instance).stdout
    assert json.loads(as_json)["rows"] == [ROW]


@pytest.mark.parametrize("typed", ["down", "down customs --all"])
def test_who_is_meant_must_be_said(typed: str, gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "line", *typed.split(), "--instance", instance)
    assert result.exit_code == 2
    assert "expected PARTNER or --all" in result.stderr

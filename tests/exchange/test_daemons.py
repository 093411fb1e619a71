"""The two daemons as real processes: how they start, stop, refuse to start, and tell what they found."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MakeDocument, licences

from gateway.config import GatewayConfig
from gateway.demo.stage import Stage, wait_until


@pytest.fixture
def stage(instance: Path) -> Iterator[Stage]:
    stage = Stage(instance)
    yield stage
    stage.close()


def log_lines(instance: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (instance / "log" / "gateway.jsonl").read_text().splitlines()]


def the_line_can_be_looked_at(stage: Stage) -> None:
    """What an operator does at a line that stands: test, trace and status, and nothing is disturbed by it."""
    control = stage.gateway.control
    *_, last = control.stream("line test", partner="customs")
    assert last["result"]["ok"], last
    assert (last["result"]["sessions_before"], last["result"]["notes"]) == (
        last["result"]["sessions_after"],
        [],
    )
    passed = list(control.stream("line trace", partner="customs", last=500))
    assert {"SSRM", "SSID", "SFID", "SFPA", "DATA", "EFID", "EFPA", "EERP", "RTR", "CD", "ESID"} == {
        entry["command"] for entry in passed if "command" in entry
    }
    assert {entry["fields"]["SSIDPSWD"] for entry in passed if entry.get("command") == "SSID"} == {"***"}
    shown = control.call("line status", partner="customs")
    assert len(shown["sessions"]) == last["result"]["sessions_after"]
    assert {row["partner"] for row in shown["rows"]} == {"customs"}
    assert {one["of"] for one in shown["certificates"]} == {"the line", "customs for TLS"}


@pytest.mark.slow
def test_over_tls_and_stopped_cleanly(stage: Stage, instance: Path, document: MakeDocument) -> None:
    stage.customs.start()
    stage.gateway.start()
    (one,) = licences(1)
    stage.drop("one", document(one))
    assert stage.answer("one.customs-accepted.json")["outcome"] == "CUSTOMS_ACCEPTED"
    wait_until(lambda: bool(list((stage.spool / "out").glob("one.written-off-*.json"))), 20, "no write-off")
    (line,) = [
        row for row in stage.gateway.control.call("line status")["rows"] if row["direction"] == "calling"
    ]
    assert line["state"] == "in session"
    the_line_can_be_looked_at(stage)
    assert stage.gateway.stop() == 0
    assert stage.customs.stop() == 0
    lines = log_lines(instance)
    assert any(line.get("licence") == str(one.key) and line.get("message_id") for line in lines)
    assert not [line for line in lines if line["level"] in ("error", "critical")]
    assert not [line for line in lines if "traceback" in line]


@pytest.mark.slow
def test_stop_by_command_and_a_start_that_tells_what_it_found(
    stage: Stage, instance: Path, document: MakeDocument
) -> None:
    stage.gateway.start()
    for number, one in enumerate(licences(3)):
        stage.drop(f"l{number}", document(one))

    def is_sealed_and_told() -> bool:
        status = stage.status() or {}
        return status["queues"]["DUE"] == 3 and status["ledger"]["feedback_waiting"] == 0

    wait_until(is_sealed_and_told, 20, "they are not sealed, or not all answers are written")
    stage.gateway.kill()
    stage.gateway.start()
    (found,) = [line for line in log_lines(instance) if "; found: " in str(line["event"])]
    assert str(found["event"]).endswith("; found: 3 messages due")
    assert (found["due"], found["under_way"], found["files_in_work"]) == (3, 0, 0)
    assert stage.gateway.control.call("stop") == {"stopping": True}
    assert stage.gateway.wait() == 0


@pytest.mark.slow
def test_a_second_daemon_on_the_same_ledger_is_refused_clearly(stage: Stage, instance: Path) -> None:
    stage.gateway.start()
    second = subprocess.run(
        [sys.executable, "-m", "gatewayd", "run", "--instance", str(instance)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert "in use by another gatewayd" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.slow
def test_a_port_in_use_is_told_by_its_name(instance: Path) -> None:
    listen = GatewayConfig.load(instance / "gateway.toml").line.listen[0]
    with socket.create_server((listen.host, listen.port)):
        run = subprocess.run(
            [sys.executable, "-m", "gatewayd", "run", "--instance", str(instance)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 2
    assert str(listen.port) in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_sigterm_in_the_middle_of_work_loses_nothing(
    stage: Stage, instance: Path, document: MakeDocument
) -> None:
    stage.customs.start()
    stage.gateway.start()
    for number, one in enumerate(licences(60)):
        stage.drop(f"l{number:02}", document(one))
    time.sleep(0.3)
    stage.gateway.signal(signal.SIGTERM)
    assert stage.gateway.wait() == 0
    stage.gateway.start()
    wait_until(
        lambda: len(list((stage.spool / "out").glob("*.customs-accepted.json"))) == 60, 40, "some are lost"
    )
    assert stage.customs.control.call("status")["register"]["licences"] == 60
    assert not [path for path in (stage.spool / "out").iterdir() if "~" in path.name]

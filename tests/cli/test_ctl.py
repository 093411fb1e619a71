"""`ctl`: what is typed reaches the daemon, what it answers is shown, and the exit status tells success."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.operations.commands import CommandRefused, Commands, Stream
from tests.cli.conftest import Gatewayd


@pytest.mark.parametrize(
    ("typed", "asked_for"),
    [
        ("status", ("status", {})),
        ("reload", ("reload", {})),
        ("totals", ("totals", {})),
        ("discrepancy list", ("discrepancy list", {"limit": 100})),
        (
            "discrepancy list --all --licence IMPORT/26-AA-123456 --after 7 --limit 5",
            (
                "discrepancy list",
                {"all": True, "licence": "IMPORT/26-AA-123456", "after": 7, "limit": 5},
            ),
        ),
        ("discrepancy show 3", ("discrepancy show", {"id": 3})),
        (
            "discrepancy resolve 3 --by 王 --why settled",
            ("discrepancy resolve", {"id": 3, "by": "王", "why": "settled"}),
        ),
        ("queue list", ("queue list", {"limit": 100})),
        ("queue list --status HELD --limit 5", ("queue list", {"status": "HELD", "limit": 5})),
        ("queue show 7", ("queue show", {"id": 7})),
        ("queue hold 1 2", ("queue hold", {"ids": [1, 2]})),
        ("queue release 1", ("queue release", {"ids": [1]})),
        ("queue requeue 3", ("queue requeue", {"ids": [3]})),
        ("queue flush", ("queue flush", {})),
        ("queue flush customs", ("queue flush", {"partner": "customs"})),
        ("line status", ("line status", {})),
        ("licence show IMPORT/26-AA-123456", ("licence show", {"licence": "IMPORT/26-AA-123456"})),
        (
            "licence show IMPORT/26-AA-123456 --as-of 2026-11-21",
            ("licence show", {"licence": "IMPORT/26-AA-123456", "as_of": "2026-11-21"}),
        ),
        (
            "licence show IMPORT/26-AA-123456 --as-of now --business",
            ("licence show", {"licence": "IMPORT/26-AA-123456", "as_of": "now", "business": True}),
        ),
        ("licence explain IMPORT/26-AA-123456", ("licence explain", {"licence": "IMPORT/26-AA-123456"})),
        ("licence history IMPORT/26-AA-123456", ("licence history", {"licence": "IMPORT/26-AA-123456"})),
        ("message show M-1", ("message show", {"message_id": "M-1"})),
        ("message explain M-1", ("message explain", {"message_id": "M-1"})),
        ("contact list", ("contact list", {})),
        ("call list", ("call list", {})),
        ("call done 7 --by 值班员", ("call done", {"id": 7, "by": "值班员"})),
        ("call done 7 --by A --note told", ("call done", {"id": 7, "by": "A", "note": "told"})),
        ("reconcile run", ("reconcile run", {})),
        ("reconcile run 2026-11-20", ("reconcile run", {"date": "2026-11-20"})),
        ("reconcile list", ("reconcile list", {"limit": 31})),
        ("reconcile list --limit 3", ("reconcile list", {"limit": 3})),
    ],
)
def test_what_is_typed_reaches_the_daemon(
    typed: str,
    asked_for: tuple[str, dict[str, Any]],
    asked: list[tuple[str, dict[str, Any]]],
    gatewayd: Gatewayd,
    instance: Path,
) -> None:
    result = gatewayd("ctl", *typed.split(), "--instance", instance)
    assert (result.exit_code, result.stdout) == (0, "answer:  good\n")
    assert [(name, _plain(arguments)) for name, arguments in asked] == [asked_for]


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(arguments))  # type: ignore[no-any-return]  # as it went over the wire


@pytest.mark.parametrize(("kind", "status"), [("refused", 1), ("not-found", 1), ("usage", 2), ("failed", 2)])
def test_the_exit_status_tells_success(
    kind: Any, status: int, daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    async def refuse(_arguments: dict[str, Any]) -> dict[str, Any]:
        raise CommandRefused(kind, "no such licence")

    daemon.add("licence show", refuse)
    result = gatewayd("ctl", "licence", "show", "X", "--instance", instance)
    assert result.exit_code == status
    assert result.stderr == "gatewayd: no such licence\n"
    assert result.stdout == ""


def test_json_is_what_the_daemon_said(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    answer = {"gateway": {"participant": "CN-GATEWAY"}, "alerts": [{"zh": "差异"}]}

    async def status(_arguments: dict[str, Any]) -> dict[str, Any]:
        return answer

    daemon.add("status", status)
    assert json.loads(gatewayd("ctl", "status", "--json", "--instance", instance).stdout) == answer


def test_a_faulty_configuration_keeps_nobody_from_the_daemon_that_runs(
    daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    async def status(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"good": True}

    daemon.add("status", status)
    written = (instance / "gateway.toml").read_text(encoding="utf-8")
    broken = instance / "broken.toml"
    broken.write_text(written.replace('identification = "', 'identification = "?'), encoding="utf-8")
    try:
        assert gatewayd("ctl", "status", "--config", broken).exit_code == 0
    finally:
        broken.unlink()


def test_a_reload_is_shown_a_line_a_change(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    async def reload(_arguments: dict[str, Any]) -> dict[str, Any]:
        changed = ["partner b: added", "line: listen"]
        return {"reloaded": ["log", "law"], "changed": changed, "needs_restart": []}

    daemon.add("reload", reload)
    shown = gatewayd("ctl", "reload", "--instance", instance).stdout
    assert shown == "reloaded:  log, law\n\nchanged:\npartner b: added\nline: listen\n"


def test_people_see_no_error_of_a_line_in_session_and_programs_see_all(
    daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    lines = [
        {"state": state, "last_error": "refused", "parameters": {"credit": 64}}
        for state in ("in session", "waiting to call again")
    ]

    async def status(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"lines": lines}

    daemon.add("status", status)
    shown = gatewayd("ctl", "status", "--instance", instance).stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in shown] == ["lines:", "LAST ERROR", "–", "refused"]
    assert json.loads(gatewayd("ctl", "status", "--json", "--instance", instance).stdout) == {"lines": lines}


def test_a_row_of_the_queue_is_known_by_its_number(
    daemon: Commands, gatewayd: Gatewayd, instance: Path
) -> None:
    async def rows(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"rows": [{"id": 7, "message_id": "M-1", "status": "DUE", "interchange": None}]}

    daemon.add("queue list", rows)
    assert gatewayd("ctl", "queue", "list", "--instance", instance).stdout == "ID  STATUS\n7   DUE\n"


def test_without_a_daemon_it_says_so(gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "status", "--instance", instance)
    assert result.exit_code == 2
    assert "no gatewayd is running here" in result.stderr


def test_the_simulated_customs_has_a_socket_of_its_own(gatewayd: Gatewayd, instance: Path) -> None:
    result = gatewayd("ctl", "status", "--customs", "--instance", instance)
    assert "customs-state/control.sock" in result.stderr


def test_tail_shows_records_and_what_was_missed(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    record = {"business_time": "2026-07-02T00:30:00.000+08:00", "level": "info", "event": "sealed"}

    async def tail(arguments: dict[str, Any], stream: Stream) -> None:
        assert arguments["count"] == 5
        stream.send(record | {"licence": "IMPORT/26-AA-123456"})

    daemon.add_stream("tail", tail)
    result = gatewayd("ctl", "tail", "-n", 5, "--instance", instance)
    assert result.stdout == "07-02 00:30:00 info     sealed  [IMPORT/26-AA-123456]\n"
    lines = gatewayd("ctl", "tail", "-n", 5, "--json", "--instance", instance).stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["sealed"]


def test_stop_can_be_asked_for_without_waiting(daemon: Commands, gatewayd: Gatewayd, instance: Path) -> None:
    async def stop(_arguments: dict[str, Any]) -> dict[str, Any]:
        return {"stopping": True}

    daemon.add("stop", stop)
    result = gatewayd("ctl", "stop", "--no-wait", "--instance", instance)
    assert (result.exit_code, result.stdout) == (0, "stopping:  yes\n")

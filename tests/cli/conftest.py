"""An instance, and a daemon of a few commands at its control socket."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.operations.commands import Commands
from gateway.operations.control import ControlServer
from gateway.operations.instance import create_instance
from tests.operations.running import RunningReactor

Gatewayd = Callable[..., Result]


@pytest.fixture
def gatewayd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gatewayd:
    """Run `gatewayd` with these arguments, in an empty folder, with nothing in the environment."""
    for name in ("GATEWAYD_CONFIG", "GATEWAYD_CUSTOMS_CONFIG", "GATEWAYD_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("i") / "i"
    create_instance(folder, at=datetime.now(UTC))
    return folder


@pytest.fixture
def daemon(instance: Path) -> Iterator[Commands]:
    """The commands of a daemon that runs for `instance`; `asked` keeps what it was asked."""
    running, commands = RunningReactor(), Commands()
    server = ControlServer(
        unix=running.reactor,
        clock=running.reactor,
        path=instance / "state/control.sock",
        commands=commands,
    )
    running.do(server.start)
    yield commands
    running.do(server.stop)
    running.stop()


@pytest.fixture
def asked(daemon: Commands) -> list[tuple[str, dict[str, Any]]]:
    """What the daemon was asked; it answers every command of `ctl` with `{"answer": "good"}`."""
    questions: list[tuple[str, dict[str, Any]]] = []

    def answering(name: str) -> Callable[[dict[str, Any]], Any]:
        async def answer(arguments: dict[str, Any]) -> dict[str, Any]:
            questions.append((name, arguments))
            return {"answer": "good"}

        return answer

    lists = ("queue list", "queue show", "queue hold", "queue release", "queue requeue", "queue flush")
    lines = ("line status",)
    records = (
        "licence show",
        "licence explain",
        "licence history",
        "licence query",
        "message show",
        "message explain",
    )
    days = ("contact list", "call list", "call done", "reconcile run", "reconcile list")
    found = ("discrepancy list", "discrepancy show", "discrepancy resolve")
    for name in ("status", "totals", *found, "reload", *lists, *lines, *records, *days):
        daemon.add(name, answering(name))
    return questions

"""A control server that runs, and the commands that it answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.operations.commands import Commands
from gateway.operations.control import ControlServer
from tests.operations.running import RunningReactor


@pytest.fixture
def running() -> Iterator[RunningReactor]:
    reactor = RunningReactor()
    yield reactor
    reactor.stop()


@pytest.fixture
def socket_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("c") / "s"


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def server(running: RunningReactor, socket_path: Path, commands: Commands) -> Iterator[ControlServer]:
    server = ControlServer(unix=running.reactor, clock=running.reactor, path=socket_path, commands=commands)
    running.do(server.start)
    yield server
    running.do(server.stop)

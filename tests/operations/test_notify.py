"""What the service manager is told, on a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from gateway.operations.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        yield manager


def _told(manager: socket.socket) -> list[str]:
    told = []
    while True:
        try:
            told.append(manager.recv(4096).decode())
        except BlockingIOError:
            return told


def test_ready_status_and_stopping_are_told(manager: socket.socket) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready("line up\nREADY=0")
    notifier.status("3 due")
    notifier.stopping()
    assert _told(manager) == ["READY=1\nSTATUS=line up READY=0", "STATUS=3 due", "STOPPING=1"]


def test_an_abstract_address_is_understood() -> None:
    name = f"licence-gateway-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.setblocking(False)
        Notifier("@" + name).ready()
        assert _told(manager) == ["READY=1"]


def test_the_watchdog_is_fed_at_half_its_interval_while_healthy(manager: socket.socket) -> None:
    clock, healthy = Clock(), [True]
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "10000000"}
    notifier = Notifier.from_environment(environment | {"WATCHDOG_PID": str(os.getpid())})
    notifier.feed_watchdog(clock, lambda: healthy[0])
    clock.pump([5.0, 5.0])
    assert _told(manager) == ["WATCHDOG=1"] * 3
    healthy[0] = False
    clock.advance(5)
    assert _told(manager) == []
    healthy[0] = True
    notifier.stop_watchdog()
    clock.advance(50)
    assert _told(manager) == []


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}],
)
def test_a_watchdog_that_is_not_for_us_is_not_fed(environment: dict[str, str]) -> None:
    clock = Clock()
    Notifier.from_environment(environment).feed_watchdog(clock, lambda: True)
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("address", [None, "/nowhere/at/all", "x" * 200])
def test_a_manager_that_is_not_there_does_no_harm(address: str | None) -> None:
    Notifier(address).ready()

"""A control socket works wherever the instance lies, however deep."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.operations.client import ControlClient, DaemonNotRunning
from gateway.operations.socket_path import SUN_PATH_MAX_BYTES, reachable


def test_a_short_path_is_used_as_it_is(tmp_path: Path) -> None:
    path = Path("/tmp/s.sock")
    with reachable(path) as reached:
        assert reached == path


def test_a_deep_folder_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("深" * 40) / ("x" * 60)
    folder.mkdir(parents=True)
    path = folder / "control.sock"
    assert len(bytes(path)) > SUN_PATH_MAX_BYTES
    with socket.socket(socket.AF_UNIX) as listener, reachable(path) as reached:
        listener.bind(str(reached))
        listener.listen()
        assert path.is_socket()
        assert ControlClient(path).is_answered()


def test_nobody_there(tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 120) / "control.sock", tmp_path / "control.sock"):
        with pytest.raises(DaemonNotRunning):
            ControlClient(path).call("status")

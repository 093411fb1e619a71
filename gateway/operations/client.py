"""The commands' end of the control socket: blocking, one request a connection."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.errors import EnvironmentFault
from gateway.operations.commands import MAX_REPLY_BYTES, CommandRefused
from gateway.operations.socket_path import reachable


class DaemonNotRunning(EnvironmentFault):
    """Nobody answers at the control socket."""


class ControlClient:
    """Asks the daemon at `path`; waits at most `timeout_seconds` for each line of an answer."""

    def __init__(self, path: Path, *, timeout_seconds: float = 60.0) -> None:
        self._path = path
        self._timeout_seconds = timeout_seconds

    def call(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The result of `command`. Raises CommandRefused, DaemonNotRunning or EnvironmentFault."""
        with self._connect(self._timeout_seconds) as connection:
            for reply in self._replies(connection, command, arguments):
                if isinstance(reply.get("result"), dict):
                    return dict(reply["result"])
                break
        raise EnvironmentFault(f"{self._path}: the daemon hung up without an answer")

    def stream(self, command: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """What `command` sends, until it ends or the iterator is closed. Raises as `call` does.

        A `{"dropped": n}` in between says that n items were lost because this client read too slowly.
        """
        with self._connect(None) as connection:
            for reply in self._replies(connection, command, arguments):
                if "item" in reply:
                    yield reply["item"]
                elif "dropped" in reply:
                    yield reply
                elif reply.get("end"):
                    return
        raise EnvironmentFault(f"{self._path}: the daemon hung up")

    def is_answered(self) -> bool:
        """Whether a daemon listens."""
        try:
            self._connect(self._timeout_seconds).close()
        except DaemonNotRunning:
            return False
        return True

    def _connect(self, timeout_seconds: float | None) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout_seconds)
        try:
            with reachable(self._path) as path:
                connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            raise DaemonNotRunning(
                f"no gatewayd is running here ({self._path}): start it, or say another --instance"
            ) from None
        except PermissionError:
            connection.close()
            raise EnvironmentFault(f"{self._path}: only the owner of the daemon may control it") from None
        except OSError as error:
            connection.close()
            raise EnvironmentFault(f"{self._path}: {error}") from None
        return connection

    def _replies(
        self, connection: socket.socket, command: str, arguments: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        request = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
        try:
            connection.sendall(request)
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_REPLY_BYTES + 1):
                    yield _reply(line)
        except TimeoutError:
            waited = f"{self._timeout_seconds:g} seconds"
            raise EnvironmentFault(f"{self._path}: the daemon did not answer within {waited}") from None
        except (OSError, ValueError) as error:
            raise EnvironmentFault(f"{self._path}: {error}") from None


def _reply(line: bytes) -> dict[str, Any]:
    """One line of an answer; raises CommandRefused when it is a refusal, ValueError when it is no answer."""
    reply = json.loads(line)
    if not line.endswith(b"\n") or not isinstance(reply, dict):
        raise ValueError("the daemon's answer cannot be read")
    if "error" in reply:
        raise CommandRefused(reply["error"]["kind"], reply["error"]["message"])
    return reply

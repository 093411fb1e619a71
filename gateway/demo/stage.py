"""The demo's stage: one instance, its two daemons as real processes, and the files that go in and out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.config import CustomsConfig, GatewayConfig
from gateway.errors import EnvironmentFault
from gateway.operations.client import ControlClient, DaemonNotRunning
from gateway.operations.instance import CUSTOMS_FILE, GATEWAY_FILE
from gateway.operations.issuer import hand_over

START_SECONDS = 30.0
STOP_SECONDS = 60.0
_POLL_SECONDS = 0.05


class Actor:
    """One daemon: `gatewayd run` or `gatewayd customs`, and its control socket."""

    def __init__(self, command: str, config: Path, control_socket: Path, output: Path) -> None:
        self._command = [sys.executable, "-m", "gatewayd", command, "--config", str(config)]
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self.control = ControlClient(control_socket)
        self.kills = 0

    def start(self, *, days_ahead: int = 0) -> None:
        """Start it, and wait until it answers; EnvironmentFault if it does not."""
        later = ["--days-ahead", str(days_ahead)] if days_ahead else []
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._command, *later], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        wait_until(self._answers, START_SECONDS, f"{self._command[3]} did not start; see {self._output}")

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        process = self._process
        assert process is not None, "it was started"
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills += 1

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None, "it was started"
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        assert self._process is not None, "it was started"
        return self._process.wait(STOP_SECONDS)

    def stop(self) -> int | None:
        """SIGTERM, and wait for the clean end; returns the exit status."""
        process = self._process
        if process is None or process.poll() is not None:
            return None if process is None else process.returncode
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _answers(self) -> bool:
        assert self._process is not None, "it was started"
        if self._process.poll() is not None:
            status = self._process.returncode
            raise EnvironmentFault(f"{self._command[3]} ended at once ({status}); see {self._output}")
        return self.control.is_answered()


class Stage:
    """The instance in `folder`, with both daemons."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.days_ahead = 0
        gateway = GatewayConfig.load(folder / GATEWAY_FILE)
        customs = CustomsConfig.load(folder / CUSTOMS_FILE)
        log = folder / "log"
        self.gateway = Actor(
            "run",
            folder / GATEWAY_FILE,
            Path(gateway.operations.control_socket),
            log / "gateway.out",
        )
        self.customs = Actor(
            "customs",
            folder / CUSTOMS_FILE,
            Path(customs.operations.control_socket),
            log / "customs.out",
        )
        self.spool = Path(gateway.spools[0].path)

    def drop(self, name: str, data: bytes) -> None:
        """Hand a file over as an issuing system does: write it under another name, then rename it."""
        hand_over(self.spool, name, data)

    def answer(self, name: str) -> dict[str, Any]:
        """The answer `name` from `out/`, once it is there."""
        path = self.spool / "out" / name
        wait_until(path.exists, START_SECONDS, f"no answer {name}")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def status(self) -> dict[str, Any] | None:
        """What the gateway says of itself; None while it is down."""
        try:
            return self.gateway.control.call("status")
        except DaemonNotRunning:
            return None

    def let_pass(self, days: int) -> None:
        """Both daemons end properly, and begin again so many days later by their clocks."""
        self.close()
        self.days_ahead += days
        self.customs.start(days_ahead=self.days_ahead)
        self.gateway.start(days_ahead=self.days_ahead)

    def close(self) -> None:
        """Stop both daemons."""
        self.gateway.stop()
        self.customs.stop()


def wait_until(condition: Callable[[], bool], limit_seconds: float, otherwise: str) -> None:
    """Wait for `condition`; EnvironmentFault with `otherwise` when it takes too long."""
    deadline = time.monotonic() + limit_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EnvironmentFault(otherwise)
        time.sleep(_POLL_SECONDS)

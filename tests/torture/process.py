"""A daemon under a service manager: started, watched, started again when it ends."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import EnvironmentFault
from gateway.operations.client import ControlClient

#: How long the service manager waits before it starts a daemon that ended by itself once more.
RESTART_SECONDS = 1.0
STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ending:
    """An end that nobody asked for: when (seconds since the epoch), its exit status, whether it was ready."""

    at_seconds: float
    status: int
    was_ready: bool


class Daemon:
    """`gatewayd run` or `gatewayd customs` as a process; `tend` now and then does what a manager does."""

    def __init__(self, name: str, command: Sequence[str], control_socket: Path, output: Path) -> None:
        self.name = name
        self.control = ControlClient(control_socket, timeout_seconds=10.0)
        self.endings: list[Ending] = []
        self.kills = 0
        self.starts = 0
        self.is_ready = False
        self._command = list(command)
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at_seconds = 0.0

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def tend(self) -> None:
        """Start it if it is down and due; see whether it is ready."""
        now_seconds = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self.endings.append(Ending(time.time(), self._process.returncode, self.is_ready))
            self._down(RESTART_SECONDS)
        if self._process is None and now_seconds >= self._start_at_seconds:
            with self._output.open("ab") as output:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
            self.starts += 1
        if self._process is not None and not self.is_ready:
            with suppress(EnvironmentFault):
                self.is_ready = self.control.is_answered()

    def kill(self, restart_seconds: float) -> None:
        """SIGKILL: no chance to tidy up; it is started again after so long."""
        process = self._process
        assert process is not None, "it runs"
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills += 1
        self._down(restart_seconds)

    def stop(self) -> int | None:
        """SIGTERM, and the clean end; the exit status, or None if it did not end within `STOP_SECONDS`."""
        process = self._process
        if process is None:
            return None
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        finally:
            self._down(float("inf"))

    def workers(self) -> list[int]:
        """Its worker processes."""
        pid = self.pid
        found = []
        for task in Path(f"/proc/{pid}/task").glob("*/children") if pid else ():
            with suppress(OSError):
                found += [int(one) for one in task.read_text().split() if _is_worker(int(one))]
        return sorted(found)

    def cpu_seconds(self) -> float:
        """The processor time that it has used itself."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def descriptors(self) -> int:
        """How many files it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def _down(self, restart_seconds: float) -> None:
        self._process = None
        self.is_ready = False
        self._start_at_seconds = time.monotonic() + restart_seconds


def _is_worker(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False

"""What goes wrong for a while: each fault begins, lasts some seconds, and is taken away again."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import ClassVar

from tests.torture.machine import Machine

_MIB = 1024 * 1024
_LOADED_SECONDS = 10.0
_LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print(flush=True)
sys.stdin.read()
database.execute("ROLLBACK")
"""


class Fault(ABC):
    """One thing that is wrong from `begin` to `end`."""

    #: How long it lasts, at least and at most.
    seconds: ClassVar[tuple[float, float]] = (1.0, 6.0)
    #: What the gateway's log says of it, in words; nothing where it need not notice.
    told: ClassVar[tuple[str, ...]] = ()

    def __init__(self, machine: Machine, chance: Random) -> None:
        self.machine = machine
        self.chance = chance

    @abstractmethod
    def begin(self) -> str | None:
        """Do it; says what was done, or None where it cannot be done now."""

    @abstractmethod
    def end(self) -> None:
        """Take it away."""


class Stopped(Fault):
    """SIGSTOP, and SIGCONT after a while: a daemon, or one of the gateway's worker processes."""

    _pid: int

    def begin(self) -> str | None:
        """See `Fault`."""
        victim = self.chance.choice(("gateway", "customs", "worker"))
        workers = self.machine.gateway.workers()
        if victim == "worker":
            pid = self.chance.choice(workers) if workers else None
        else:
            pid = self.machine.daemons[victim].pid
        if pid is None:
            return None
        self._pid = pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        return f"{victim} ({pid}) is stopped"

    def end(self) -> None:
        """See `Fault`."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGCONT)


class FullDisk(Fault):
    """A ballast file takes all room, or all but a little, on one of the small file systems."""

    told = ("No space left on device", "disk is full", "disk I/O error", "no new licences")
    seconds = (2.0, 12.0)
    folders: ClassVar[tuple[str, ...]]
    _ballast: Path

    def begin(self) -> str | None:
        """See `Fault`."""
        if not self.machine.is_small:
            return None
        folder = self.machine.instance / self.chance.choice(self.folders)
        self._ballast = folder / "ballast"
        left_bytes = self.chance.choice((0, 0, 4_096, 40_000, 400_000))
        piece = bytes(4_096)
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while os.statvfs(folder).f_bavail:
                ballast.write(piece * min(256, os.statvfs(folder).f_bavail))
        size_bytes = self._ballast.stat().st_size
        os.truncate(self._ballast, max(0, size_bytes - left_bytes))
        return f"{folder.name} is full but for {left_bytes} bytes"

    def end(self) -> None:
        """See `Fault`."""
        self._ballast.unlink(missing_ok=True)


class FullSpool(FullDisk):
    """The spool's file system is full."""

    folders = ("spool",)


class FullState(FullDisk):
    """The file system of the ledger and of what is being received is full, at either end."""

    folders = ("state", "state", "customs-state")


class UnreadableFolder(Fault):
    """`in/` may not be read, or is not there."""

    told = ("Permission denied", "No such file or directory")
    seconds = (2.0, 8.0)
    _away: bool

    def begin(self) -> str | None:
        """See `Fault`."""
        folder = self.machine.instance / "spool" / "in"
        self._away = self.chance.random() < 0.3
        if self._away:
            folder.rename(folder.with_name("in.away"))
            return "in/ is gone"
        folder.chmod(0)
        return "in/ is unreadable"

    def end(self) -> None:
        """See `Fault`. A daemon that started meanwhile may have made a folder: what is in it goes along."""
        folder = self.machine.instance / "spool" / "in"
        if not self._away:
            folder.chmod(0o755)
            return
        away = folder.with_name("in.away")
        if folder.exists():
            for path in away.iterdir():
                path.rename(folder / path.name)
            away.rmdir()
        else:
            away.rename(folder)


class LockedDatabase(Fault):
    """Another process holds the database's write lock, for less than a daemon waits for it, or for more."""

    told = ("database is locked",)
    seconds = (1.0, 14.0)
    _holder: subprocess.Popen[bytes]

    def begin(self) -> str | None:
        """See `Fault`."""
        name = self.chance.choice(("gateway", "gateway", "customs"))
        path = self.machine.state_of(name) / "ledger.sqlite3"
        if not path.exists():
            return None
        self._holder = subprocess.Popen(
            [sys.executable, "-c", _LOCK, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return f"the database of {name} is locked"

    def end(self) -> None:
        """See `Fault`."""
        with suppress(subprocess.TimeoutExpired):
            self._holder.communicate(timeout=10.0)
        self._holder.kill()
        self._holder.wait()


class BadLine(Fault):
    """The line cuts, stalls, or corrupts octets."""

    seconds = (0.5, 10.0)

    def begin(self) -> str | None:
        """See `Fault`."""
        proxy = self.machine.proxy
        what = self.chance.choice(("cut", "down", "stall", "corrupt"))
        if what == "stall":
            proxy.weather.stalls = True
            return "the line stalls"
        if what == "corrupt":
            proxy.weather.corrupts_one_in = self.chance.choice((1, 5, 50))
            return f"one piece in {proxy.weather.corrupts_one_in} on the line has a wrong bit"
        proxy.weather.refuses = what == "down"
        return f"the line is {what}: {proxy.cut()} ends"

    def end(self) -> None:
        """See `Fault`."""
        weather = self.machine.proxy.weather
        weather.refuses, weather.stalls, weather.corrupts_one_in = False, False, 0


class _Limited(Fault):
    """A running process gets less of something; whoever is started meanwhile has all."""

    limit: ClassVar[int]
    _pid: int
    _before: tuple[int, int]

    def restrict(self, pid: int, soft: int) -> bool:
        """Lower the limit of a process; False if it is gone."""
        try:
            self._before = resource.prlimit(pid, self.limit)
            resource.prlimit(pid, self.limit, (soft, self._before[1]))
        except ProcessLookupError:
            return False
        self._pid = pid
        return True

    def end(self) -> None:
        """See `Fault`."""
        with suppress(ProcessLookupError):
            resource.prlimit(self._pid, self.limit, self._before)


class NoDescriptors(_Limited):
    """A daemon can open only a few files more, or none."""

    limit = resource.RLIMIT_NOFILE
    told = ("Too many open files", "unable to open database file")
    seconds = (2.0, 8.0)

    def begin(self) -> str | None:
        """See `Fault`."""
        daemon = self.machine.daemons[self.chance.choice(("gateway", "gateway", "customs"))]
        if daemon.pid is None or not daemon.is_ready:
            return None
        more = self.chance.choice((0, 0, 1, 3))
        if not self.restrict(daemon.pid, daemon.descriptors() + more):
            return None
        return f"{daemon.name} may open {more} files more"


class LittleMemory(_Limited):
    """A process gets hardly more memory than it has: a daemon, or one of the gateway's workers."""

    limit = resource.RLIMIT_AS
    seconds = (1.0, 6.0)

    def begin(self) -> str | None:
        """See `Fault`."""
        victim = self.chance.choice(("gateway", "customs", "worker", "worker"))
        # One that is still being loaded would say so in Python's own way.
        workers = [pid for pid in self.machine.gateway.workers() if _age_seconds(pid) > _LOADED_SECONDS]
        if victim == "worker":
            pid = self.chance.choice(workers) if workers else None
        else:
            pid = self.machine.daemons[victim].pid if self.machine.daemons[victim].is_ready else None
        if pid is None:
            return None
        more = self.chance.choice((0, 1 * _MIB, 8 * _MIB))
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        except OSError:
            return None
        if not self.restrict(pid, pages * resource.getpagesize() + more):
            return None
        return f"{victim} ({pid}) may have {more} bytes more"


def _age_seconds(pid: int) -> float:
    try:
        return time.time() - Path(f"/proc/{pid}").stat().st_mtime
    except OSError:
        return 0.0


#: By the name that `FAULTS=` takes. `kills` is besides: SIGKILL of a daemon or of a worker.
FAULTS: dict[str, type[Fault]] = {
    "stops": Stopped,
    "spool": FullSpool,
    "state": FullState,
    "in": UnreadableFolder,
    "lock": LockedDatabase,
    "line": BadLine,
    "files": NoDescriptors,
    "memory": LittleMemory,
}

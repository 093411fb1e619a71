"""What the kernel has counted of a process and its children: processor time, memory, bytes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
#: /proc/PID/stat, counted from the field after the command's name (proc(5)): utime and stime.
_UTIME, _STIME = 11, 12


@dataclass(frozen=True, slots=True)
class Reading:
    """All counts of the process `pid` and its children at one moment.

    `processes` are seconds of processor by process ("main", "worker 1" …); `peak_mib` is of
    the main process; `written_bytes` is what all of them had the disk write.
    """

    processes: Counter[str]
    peak_mib: float
    written_bytes: int

    @classmethod
    def of(cls, pid: int) -> Reading:
        """Read them now."""
        workers = worker_pids(pid)
        processes = Counter({"main": _cpu_seconds(pid)})
        processes.update({f"worker {n}": _cpu_seconds(child) for n, child in enumerate(workers, start=1)})
        return cls(processes, _peak_mib(pid), sum(map(_written, [pid, *workers])))


def worker_pids(pid: int) -> list[int]:
    """The processes that the daemon `pid` has work done by."""
    return [child for child in _children(pid) if _runs_benches(child)]


def _children(pid: int) -> list[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found.update(int(child) for child in (task / "children").read_text().split())
    return sorted(found)


def _runs_benches(pid: int) -> bool:
    """Not the resource tracker of multiprocessing, which does no work of ours."""
    return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_A_SECOND


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _written(pid: int) -> int:
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    return 0


def tree_cpu_seconds(pid: int) -> float:
    """Of a process, its children, and those children of its that have ended and were waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(fields[place]) for place in range(_UTIME, _UTIME + 4)) / _TICKS_A_SECOND
    return own + sum(_cpu_seconds(child) for child in _children(pid))

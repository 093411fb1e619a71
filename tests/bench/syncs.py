"""How often a licence has the disk synced: counted by strace in a run of its own, since it slows all down."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Sequence

from tests.bench.accounting import worker_pids
from tests.bench.house import House

_CALLS = ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync")


def count(house: House, documents: Sequence[bytes]) -> dict[str, float] | None:
    """Calls a licence by name, of all the gateway's processes; None without strace."""
    program = shutil.which("strace")
    if program is None:
        return None
    told = house.folder / "made" / "strace"
    command = [program, "-f", "-c", "-e", f"trace={','.join(_CALLS)}", "-o", str(told)]
    for pid in (house.pid, *worker_pids(house.pid)):
        command += ["-p", str(pid)]
    tracing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    if tracing.poll() is not None:
        return None
    house.load(documents)
    tracing.send_signal(signal.SIGINT)
    tracing.wait(60)
    return calls(told.read_text(), len(documents))


def calls(table: str, licences: int) -> dict[str, float]:
    """From strace's table: calls a licence, by name."""
    found = {}
    for line in table.splitlines():
        columns = line.split()
        if columns and columns[-1] in _CALLS:
            found[columns[-1]] = int(columns[3]) / licences
    return found

"""What a backlog costs in memory: the gateway starts with 10, 4,000 and 100,000 files waiting in `in/`.

    make memory [FILES=100000]

All names are real files; beyond the first thousands they are links, so that it fits on a small disk. The
daemon is a real process; its own peak memory is read from the kernel, and so is that of its workers, when
4,000 files are done or all. So the second and the third measurement did the same work, and differ by the
backlog alone; the first shows what work itself costs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import Stage
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer

FEW = 10
SAME_WORK = 4_000
#: The last files that are real; those beyond are links to them, and come after all that are done here.
LINKED = 64
WATCH_SECONDS = 120.0
#: What the backlog may cost: noise of the allocator, and the bounded list of names.
ALLOWED_MIB = 12.0


def main() -> int:
    """Measure both; 0 if the backlog costs no more than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    console = Console()
    table = Table("waiting in in/", "done", "peak of the gateway", "peak of a worker")
    peaks = {}
    for count in (FEW, SAME_WORK, options.files):
        peak, workers, taken = _measure(count)
        peaks[count] = peak
        table.add_row(f"{count:,}", f"{taken:,}", f"{peak:.1f} MiB", f"{workers:.1f} MiB")
    console.print(table)
    more = peaks[options.files] - peaks[SAME_WORK]
    console.print(f"the backlog of {options.files:,} costs {more:.1f} MiB; allowed {ALLOWED_MIB:g} MiB")
    return 0 if more <= ALLOWED_MIB else 1


def _measure(count: int) -> tuple[float, float, int]:
    folder = Path(tempfile.mkdtemp(prefix="memory-")) / "instance"
    try:
        create_instance(folder, at=system_clock())
        _fill(folder, count)
        stage = Stage(folder)
        stage.gateway.start()
        try:
            return _watch(stage, folder, count)
        finally:
            stage.gateway.stop()
    finally:
        shutil.rmtree(folder.parent)


def _fill(folder: Path, count: int) -> None:
    issuer = Issuer.of_instance(folder)
    receiver = GatewayConfig.load(folder / "gateway.toml").gateway.participant
    incoming = folder / "spool" / "in"
    real = min(count, SAME_WORK + LINKED)
    for number, licence in enumerate(generate(5, real, today=business_date(system_clock()), lines=1)):
        message = issue_message(
            licence,
            sender=issuer.participant,
            receiver=receiver,
            message_id=new_message_id(),
            created=system_clock(),
        )
        (incoming / f"a{number:07}.xml").write_bytes(issuer.issue(message))
    for number in range(real, count):
        os.link(incoming / f"a{SAME_WORK + number % LINKED:07}.xml", incoming / f"b{number:07}.xml")


def _watch(stage: Stage, folder: Path, count: int) -> tuple[float, float, int]:
    """Peaks of the daemon and of its largest worker, in MiB, and how many files were done by then."""
    pid = int((folder / "state" / "ledger.sqlite3.lock").read_text().split()[0])
    deadline = time.monotonic() + WATCH_SECONDS
    done = 0
    while done < min(count, SAME_WORK) and time.monotonic() < deadline:
        spool = stage.gateway.control.call("status")["spool"]["default"]
        done = count - spool["in"] - spool["work"]
        time.sleep(0.2)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    workers = max((_peak_mib(int(child)) for child in children), default=0.0)
    return _peak_mib(pid), workers, done


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())

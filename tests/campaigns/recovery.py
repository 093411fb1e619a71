"""How long it takes after a crash until the first licence goes out, with a large backlog of each kind.

    make recovery [LICENCES=100000] [JSON=1]

The gateway is a real process, killed by SIGKILL; customs is another, waits, and is called over TLS. Counted
from the start of the process: when it is ready (its control socket answers), when customs has the first file,
when the recovery is over as far as it is the gateway's; then its peak memory by the kernel, and what a stop
in order and the start after it cost.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.clock import system_clock
from gateway.demo.stage import Stage
from gateway.operations.instance import create_instance
from tests.campaigns.backlog import (
    LINKED,
    REAL,
    Done,
    LogReader,
    assign_all,
    linked,
    real_files,
    sealed_and_not_sent,
)

#: The targets: until the first file is at customs, and the peak of the gateway's own process.
FIRST_SENT_WITHIN_SECONDS = 10.0
PEAK_WITHIN_MIB = 300.0
WATCH_SECONDS = 60.0
#: Who uses less of the processor in a second has nothing to do.
_IDLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """What one start came to; seconds since the process was started, None for what did not happen.

    `cpu_seconds` is what the gateway and its workers had of the processors by the time of the first file: on
    a machine with other work it tells more than the clock.
    """

    left: str
    ready_seconds: float | None
    first_sent_seconds: float | None
    recovered_seconds: float | None
    cpu_seconds: float
    peak_mib: float
    said: tuple[str, ...]
    stop_seconds: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether the targets are met."""
        first = self.first_sent_seconds
        return first is not None and first <= FIRST_SENT_WITHIN_SECONDS and self.peak_mib <= PEAK_WITHIN_MIB


def main() -> int:
    """Measure each backlog; 0 if all targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licences", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    try:
        with Progress(console=console) as progress:
            rows = _measure_all(folder, options.licences, progress)
    finally:
        shutil.rmtree(folder)
    if options.json:
        sys.stdout.write(json.dumps([asdict(row) | {"good": row.is_good} for row in rows], indent=1) + "\n")
    else:
        _show(console, rows)
    return 0 if all(row.is_good for row in rows) else 1


def _measure_all(folder: Path, count: int, progress: Progress) -> list[Row]:
    def task(what: str) -> Done:
        number = progress.add_task(what, total=count)
        return lambda done: progress.update(number, completed=min(done, count))

    sealed = _instance(folder / "sealed")
    sealed_and_not_sent(sealed, count, task("sealing and copying licences"))
    assigned = Stage(shutil.copytree(sealed.folder, folder / "assigned"))
    files = assign_all(assigned.folder, task("putting them into files"))
    dropped = _instance(folder / "dropped")
    _fill(dropped, count, task("dropping files"))
    measuring = progress.add_task("measuring", total=4)
    rows = [
        *_measure(sealed, f"{count:,} licences due", _crashed),
        *_measure(assigned, f"{count:,} licences under way in {files:,} files", _crashed, orderly=False),
        *_measure(dropped, f"{count:,} files, half in work/, half in in/", lambda _: None, orderly=False),
    ]
    progress.update(measuring, completed=4)
    return rows


def _instance(folder: Path) -> Stage:
    create_instance(folder, at=system_clock())
    return Stage(folder)


def _fill(stage: Stage, count: int, done: Done) -> None:
    """Half of them claimed by a run that was killed, the real ones first; half not claimed yet."""
    stage.gateway.start()
    stage.gateway.kill()
    work, incoming = stage.spool / "work", stage.spool / "in"
    last = real_files(stage.folder, min(REAL, count), work, done)[-LINKED:]
    linked(last, work, max(0, count // 2 - REAL), "b")
    linked(last, incoming, count - max(REAL, count // 2), "c")
    done(count)


def _crashed(stage: Stage) -> None:
    """A run that did nothing but end by SIGKILL: customs was not there."""
    stage.gateway.start()
    stage.gateway.kill()


def _measure(stage: Stage, left: str, crash: Callable[[Stage], None], *, orderly: bool = True) -> list[Row]:
    try:
        crash(stage)
        stage.customs.start()
        row = _start(stage, left)
        if not orderly:
            return [row]
        began = time.monotonic()
        stage.gateway.stop()
        stopped_seconds = time.monotonic() - began
        _wait_until_idle(_pid(stage.folder / "customs-state"))
        again = _start(stage, "the same, after a stop in order", crashed=False)
        return [row, Row(**{**_values(again), "stop_seconds": stopped_seconds})]
    finally:
        stage.gateway.kill()
        stage.customs.kill()
        shutil.rmtree(stage.folder)


def _values(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Row.__slots__}


def _start(stage: Stage, left: str, *, crashed: bool = True) -> Row:
    log = LogReader(stage.folder / "log" / "gateway.jsonl")
    began = system_clock()
    stage.gateway.start()
    ready = (system_clock() - began).total_seconds()
    first = log.wait_for(" sent to customs", WATCH_SECONDS)
    pid = _pid(stage.folder / "state")
    cpu_seconds = _all_cpu_seconds(pid)
    over = log.wait_for("waits: ", WATCH_SECONDS) if crashed else None
    told = [str(one["event"]) for one in log.records if one["source"] == "gateway.recovery"]
    ready_lines = [str(one["event"]) for one in log.records if "gateway is ready" in str(one["event"])]
    first_seconds, over_seconds = _since(began, first), _since(began, over)
    said = (*told, *ready_lines)
    return Row(left, ready, first_seconds, over_seconds, cpu_seconds, peak_mib(pid), said)


def _since(began: datetime, record: dict[str, object] | None) -> float | None:
    if record is None:
        return None
    return (datetime.fromisoformat(str(record["time"])) - began).total_seconds()


def _pid(state: Path) -> int:
    """The daemon that has, or had last, the ledger in this folder."""
    return int((state / "ledger.sqlite3.lock").read_text().split()[0])


def _wait_until_idle(pid: int) -> None:
    """Until a daemon has done what it was given: it would be measured with the other."""
    deadline = time.monotonic() + WATCH_SECONDS
    used_seconds, before_seconds = _all_cpu_seconds(pid), -1.0
    while used_seconds > before_seconds + _IDLE_SECONDS and time.monotonic() < deadline:
        time.sleep(1)
        used_seconds, before_seconds = _all_cpu_seconds(pid), used_seconds


def _all_cpu_seconds(pid: int) -> float:
    return sum(_cpu_seconds(one) for one in (pid, *_children(pid)))


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    """The most memory that a process has had, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _show(console: Console, rows: list[Row]) -> None:
    names = ("stopped", "ready", "first sent", "recovered", "CPU", "peak", "")
    table = Table("left by the last run", *names)
    for row in rows:
        waited = (row.stop_seconds, row.ready_seconds, row.first_sent_seconds, row.recovered_seconds)
        seconds = (*waited, row.cpu_seconds)
        told = ("–" if one is None else f"{one:.1f} s" for one in seconds)
        table.add_row(row.left, *told, f"{row.peak_mib:.0f} MiB", "good" if row.is_good else "BAD")
    console.print(table)
    for row in rows:
        console.print("\n".join((row.left, *(f"  {one}" for one in row.said))), highlight=False)


if __name__ == "__main__":
    sys.exit(main())

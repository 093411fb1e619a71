"""Many partners at once in one gateway: 64 of them, 1,000 licences each, over TLS on loopback.

    make many [PARTNERS=64] [LICENCES=1000]

First all licences are taken in and sealed with every line down: the outbox is as full as it gets. Then all
partners come at once, each takes its licences and asks how one of them stands. The gateway is a real process,
the partners are in another (`partners`). Told are: how long either took, the gateway's memory (its peak, from
the kernel) before and while the partners are served, the processor time that it used without its workers, and
how long each partner waited: nobody's last licence may come much later than anybody else's.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Thread
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.clock import business_date, system_clock
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import Stage
from gateway.errors import EnvironmentFault
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer
from tests.offices import add_office

FIRST_PORT = 21_000
#: So many files wait in `in/` at most: an issuing system that looks at its answers does no more either.
BACKLOG = 2_000
STUCK_SECONDS = 300.0
#: What one partner more may cost while all are served: an interchange as it is sent, and two sessions.
ALLOWED_MIB_A_PARTNER = 12.0
#: The last partner may be done so much later than the median of them.
ALLOWED_UNFAIRNESS = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured: seconds, MiB, and for each partner when its last licence came."""

    sealed_seconds: float
    served_seconds: float
    sealed_cpu_seconds: float
    served_cpu_seconds: float
    idle_mib: float
    sealed_mib: float
    peak_mib: float
    last_seconds: Sequence[float]
    counts: dict[str, dict[str, int]]


def main() -> int:
    """Run it; 0 if everybody got all that is theirs, once, in a fair order and in bounded memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partners", type=int, default=64)
    parser.add_argument("--licences", type=int, default=50)
    parser.add_argument("--keep", action="store_true", help="leave the instance for inspection")
    options = parser.parse_args()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="many-")) / "instance"
    names = _make(folder, options.partners)
    outcome = _run(folder, names, options.licences, console)
    good = _tell(outcome, options.partners, options.licences, console)
    if good and not options.keep:
        shutil.rmtree(folder.parent)
    else:
        console.print(f"the instance is in {folder}")
    return 0 if good else 1


def _make(folder: Path, partners: int) -> list[str]:
    """An instance with so many partners: the centre, and offices from 1001 on."""
    create_instance(folder, at=system_clock())
    names = [f"p{number:03}" for number in range(1, partners)]
    for number, name in enumerate(names, start=1):
        add_office(folder, name, _port(number), at=system_clock(), port=FIRST_PORT + number)
    return ["customs", *names]


def _port(number: int) -> str:
    """The place of clearance of partner `number`; number 0 is the centre."""
    return f"{1000 + number}"


def _run(folder: Path, names: Sequence[str], licences: int, console: Console) -> Outcome:
    stage = Stage(folder)
    total = licences * len(names)
    stage.gateway.start()
    gateway = int((folder / "state" / "ledger.sqlite3.lock").read_text().split()[0])
    idle = _peak_mib(gateway)
    try:
        with Progress(console=console) as progress:
            began = time.monotonic()
            task = progress.add_task("sealed, with all lines down", total=total)
            for sealed in _seal_all(stage, len(names), total):
                progress.update(task, completed=sealed)
            sealed_seconds, sealed_mib = time.monotonic() - began, _peak_mib(gateway)
            sealed_cpu = _cpu_seconds(gateway)
            task = progress.add_task("delivered, to all at once", total=total)
            came = Partners(folder, names)
            try:
                began = came.ready()
                for delivered in came.until(licences):
                    progress.update(task, completed=delivered)
                _wait_for_receipts(stage)
                served = time.time() - began
                peak, served_cpu = _peak_mib(gateway), _cpu_seconds(gateway) - sealed_cpu
            finally:
                came.stop()
    finally:
        stage.close()
    arrivals: dict[str, dict[str, float]] = json.loads((folder / "arrivals.json").read_text())
    last = [max(times.values(), default=began) - began for times in arrivals.values()]
    return Outcome(sealed_seconds, served, sealed_cpu, served_cpu, idle, sealed_mib, peak, last, came.counts)


def _seal_all(stage: Stage, partners: int, total: int) -> Iterator[int]:
    """Drop licences, in turn for each partner, and yield how many are sealed."""
    issuer = Issuer.of_instance(stage.folder)
    made = generate(3, total, today=business_date(system_clock()), lines=1)
    dropped = sealed = 0
    since = time.monotonic()
    while sealed < total:
        while dropped < min(total, sealed + BACKLOG):
            licence = replace(next(made), clearance_port=_port(dropped % partners))
            message = issue_message(
                licence,
                sender=issuer.participant,
                receiver="CN-GATEWAY",
                message_id=new_message_id(),
                created=system_clock(),
            )
            stage.drop(f"l{dropped:07}", issuer.issue(message))
            dropped += 1
        status = stage.gateway.control.call("status")
        _take_answers(stage.spool / "out")
        now = sum(status["queues"][one] for one in ("DUE", "ASSIGNED"))
        since = time.monotonic() if now > sealed else since
        sealed = now
        yield sealed
        if time.monotonic() - since > STUCK_SECONDS:
            raise EnvironmentFault(f"only {sealed} of {total} are sealed: {json.dumps(status)}")
        time.sleep(0.1)


def _take_answers(out: Path) -> None:
    """As the issuing system does, so that the disk does not fill."""
    for path in out.iterdir():
        path.unlink(missing_ok=True)


class Partners:
    """The other process, and what it says of itself."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.counts: dict[str, dict[str, int]] = {name: {} for name in names}
        self._began = 0.0
        self._log = folder / "log" / "partners.err"
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.partners", str(folder), *names],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdout is not None
        self._reader = Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def ready(self) -> float:
        """Wait until all of them listen and call; since when that is so, in seconds of `time.time`."""
        deadline = time.monotonic() + STUCK_SECONDS
        while not self._began:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise EnvironmentFault(f"the partners did not start; see {self._log}")
            time.sleep(0.05)
        return self._began

    def until(self, licences: int) -> Iterator[int]:
        """Yield how many licences have come, until every partner has its own and two answers."""
        since, before = time.monotonic(), -1
        while True:
            delivered = sum(one.get("licences", 0) for one in self.counts.values())
            yield delivered
            if all(
                one.get("licences", 0) >= licences and one.get("answers", 0) >= 2
                for one in self.counts.values()
            ):
                return
            since, before = (since if delivered == before else time.monotonic()), delivered
            if self._process.poll() is not None or time.monotonic() - since > STUCK_SECONDS:
                raise EnvironmentFault(f"delivery stands still at {delivered}; see {self._log}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(60)
        self._reader.join(10)

    def _read(self, output: IO[bytes]) -> None:
        for line in output:
            self.counts = json.loads(line)
            self._began = self._began or time.time()


def _wait_for_receipts(stage: Stage) -> None:
    deadline = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < deadline:
        queues = stage.gateway.control.call("status")["queues"]
        if not queues["DUE"] + queues["ASSIGNED"] + queues["interchanges_without_receipt"]:
            return
        time.sleep(0.1)
    raise EnvironmentFault(f"receipts are missing: {json.dumps(queues)}")


def _tell(outcome: Outcome, partners: int, licences: int, console: Console) -> bool:
    total = partners * licences
    last = sorted(outcome.last_seconds)
    table = Table("measured", "value")
    rows: list[tuple[str, Any]] = [
        (
            "licences sealed, lines down",
            f"{outcome.sealed_seconds:.0f} s, {_rate(total, outcome.sealed_seconds)}",
        ),
        ("… in the gateway's own process", _cpu(outcome.sealed_cpu_seconds, total)),
        ("delivered to all at once, with receipts", f"{outcome.served_seconds:.0f} s"),
        ("… in the gateway's own process", _cpu(outcome.served_cpu_seconds, total)),
        ("until all were there", f"{last[-1]:.1f} s, {_rate(total, last[-1])}"),
        ("first, median, last partner done", f"{last[0]:.1f}, {median(last):.1f}, {last[-1]:.1f} s"),
        ("peak of the gateway after its start", f"{outcome.idle_mib:.0f} MiB"),
        ("… when all was sealed", f"{outcome.sealed_mib:.0f} MiB"),
        ("… when all was delivered", f"{outcome.peak_mib:.0f} MiB"),
    ]
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    counts = outcome.counts.values()
    found = {
        f"{partners} partners have {licences} licences each": all(
            one["licences"] == licences for one in counts
        ),
        "none came twice, or to another": not any(one["twice"] or one["crossed"] for one in counts),
        "each was answered": all(one["answers"] == 2 and not one["refused"] for one in counts),
        f"the last was done within {ALLOWED_UNFAIRNESS:g} times the median": last[-1]
        <= ALLOWED_UNFAIRNESS * median(last) + 1,
        f"serving cost no more than {ALLOWED_MIB_A_PARTNER:g} MiB a partner": outcome.peak_mib
        - outcome.sealed_mib
        <= ALLOWED_MIB_A_PARTNER * partners,
    }
    for text, good in found.items():
        console.print(f"{'good' if good else 'BAD '} {text}", highlight=False)
    return all(found.values())


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 0.001):,.0f} a second"


def _cpu(seconds: float, count: int) -> str:
    return f"{seconds:.0f} s of processor, {seconds / count * 1000:.2f} ms a licence"


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process, of all its threads and none of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())

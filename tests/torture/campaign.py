"""Both daemons as real processes under load, with real faults; then the simulation's judge.

make torture [KILLS=60] [SEED=1]             all faults
make torture FAULTS=kills                    SIGKILL alone
make torture FAULTS=spool,lock KILLS=20       these alone: as many rounds, without kills
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from tests.torture.faults import FAULTS
from tests.torture.findings import Finding
from tests.torture.load import PatientIssuers
from tests.torture.machine import Machine
from tests.torture.run import Run, room_bytes

_INSIDE = "--inside"
KILLS = "kills"


def main() -> int:
    """0 if nothing was lost, nothing doubled, and both daemons stood it."""
    options = _options()
    if not options.inside:
        _move_inside()
    # Whoever ends the campaign ends the daemons with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    console = Console(stderr=options.json)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"torture-{options.seed}-"))
    folder.chmod(0o755)
    chance = Random(f"torture {options.seed}")
    machine = Machine(folder, chance, options.seed, room_bytes(options.kills))
    good = False
    try:
        run, findings = _run(options, machine, chance, folder, console)
        good = all(finding.good for finding in findings)
    except BaseException:
        console.print(f"it was broken off; what there was: {machine.instance}", highlight=False)
        raise
    finally:
        machine.close(keep=not good or options.keep)
    figures = {
        "seed": options.seed,
        **{f"kills_of_{name}": count for name, count in run.killed.items()},
        "faults": dict(Counter(one.name for one in run.strikes)),
        "drops": len(run.issuers.drops),
        "released_by_operators": run.released,
        "settled_after_seconds": run.settled_after_seconds and round(run.settled_after_seconds, 1),
        "wall_seconds": round(time.monotonic() - began, 1),
        "good": good,
    }
    _show(console, findings, figures, machine.is_small)
    if options.json:
        shown = [{"what": one.what, "found": one.found, "good": one.good} for one in findings]
        sys.stdout.write(json.dumps({**figures, "findings": shown}) + "\n")
    if good and not options.keep:
        shutil.rmtree(folder)
    else:
        console.print(
            f"the instance with both logs: {machine.instance}\nthe story: {run.story_file}", highlight=False
        )
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=60.0, help="no more kills after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="", help=f"of {KILLS},{','.join(FAULTS)}; none named: all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the instance for inspection")
    parser.add_argument(_INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(filter(None, options.faults.split(","))) - {KILLS, *FAULTS}
    if unknown:
        parser.error(f"no such faults: {', '.join(sorted(unknown))}")
    return options


def _move_inside() -> None:
    """Go on in a mount namespace of our own, where file systems can be mounted and end with this process."""
    if shutil.which("unshare"):
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        probe = ["unshare", "--mount", *as_root]
        if os.spawnvp(os.P_WAIT, "unshare", [*probe, "true"]) == 0:
            os.execvp("unshare", [*probe, sys.executable, "-m", "tests.torture", *sys.argv[1:], _INSIDE])


def _run(
    options: argparse.Namespace, machine: Machine, chance: Random, folder: Path, console: Console
) -> tuple[Run, list[Finding]]:
    names = [name for name in options.faults.split(",") if name and name != KILLS]
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("kills", total=options.kills)
        run = Run(
            machine,
            chance,
            PatientIssuers(machine, chance, options.seed % 100_000),
            options.kills,
            options.minutes * 60,
            names if options.faults else list(FAULTS),
            not options.faults or KILLS in options.faults.split(","),
            folder / "story.log",
            lambda: progress.advance(task),
        )
        return run, run.play()


def _show(console: Console, findings: list[Finding], figures: dict[str, object], is_small: bool) -> None:
    table = Table("", "looked at", "found")
    for finding in findings:
        table.add_row(
            "good" if finding.good else "BAD",
            finding.what,
            finding.found[:3_000],
            style=None if finding.good else "red",
        )
    console.print(table)
    if not is_small:
        console.print("no file system could be mounted here: none was full")
    console.print(
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()), highlight=False
    )

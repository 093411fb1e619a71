"""Seeds by the thousand, or one of them once more.

make simulate SEEDS=1000 [FIRST_SEED=1]      how many, from which on
make simulate SEED=4711                      one, with its story
make simulate PLANTED=1                      finds each planted fault, and tells with which seed
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice

from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn
from rich.table import Table
from twisted.logger import globalLogBeginner

from tests.simulation.planted import PLANTED, SEEDS
from tests.simulation.run import Outcome, simulate

_FAILURES_SHOWN = 10
_STORY_LINES = 60


def main() -> int:
    """0 if every seed is good, or every planted fault was found."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, help="play this one, and tell its story")
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    if options.seed is not None:
        return _one(options.seed, console)
    if options.planted:
        return _planted(console, options.workers)
    return _many(range(options.first, options.first + options.seeds), options.workers, console, options.json)


def _one(seed: int, console: Console) -> int:
    _hush()
    outcome = simulate(seed)
    for line in outcome.story:
        console.print(line, highlight=False, markup=False)
    _show(outcome, console)
    console.print(f"story {outcome.digest[:16]}", highlight=False)
    return 0 if outcome.is_good else 1


def _many(seeds: range, workers: int, console: Console, as_json: bool) -> int:
    began = time.monotonic()
    kills = cuts = drops = 0
    simulated_seconds = 0.0
    bad: list[Outcome] = []
    with Progress(*Progress.get_default_columns(), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("seeds", total=len(seeds))
        for outcome in _outcomes(seeds, workers):
            progress.advance(task)
            kills, cuts, drops = kills + outcome.kills, cuts + outcome.cuts, drops + outcome.drops
            simulated_seconds += outcome.simulated_seconds
            if not outcome.is_good:
                bad.append(outcome)
                _show(outcome, progress.console)
            if len(bad) >= _FAILURES_SHOWN:
                break
    figures = {
        "seeds": len(seeds),
        "first_seed": seeds.start,
        "failed": [one.seed for one in bad],
        "kills": kills,
        "cuts": cuts,
        "drops": drops,
        "simulated_hours": round(simulated_seconds / 3600, 1),
        "wall_seconds": round(time.monotonic() - began, 1),
    }
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        console.print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items()))
    return 1 if bad else 0


def _outcomes(seeds: range, workers: int) -> Iterator[Outcome]:
    """As they come; only so many are under way at once."""
    context = multiprocessing.get_context("spawn")
    left = iter(seeds)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_hush) as pool:
        pending = {pool.submit(simulate, seed) for seed in islice(left, workers * 4)}
        while pending:
            done = next(as_completed(pending))
            pending.remove(done)
            pending |= {pool.submit(simulate, seed) for seed in islice(left, 1)}
            try:
                yield done.result()
            except GeneratorExit:
                pool.shutdown(cancel_futures=True)
                raise


def _planted(console: Console, workers: int) -> int:
    """Find each planted fault, the first seeds first."""
    table = Table("planted fault", "found by seed", "as", show_lines=True)
    table.columns[0].no_wrap = True
    context = multiprocessing.get_context("spawn")
    missed = 0
    with (
        ProcessPoolExecutor(workers, mp_context=context, initializer=_hush) as pool,
        Progress(console=console) as progress,
    ):
        task = progress.add_task("planted faults", total=len(PLANTED))
        for name, (seed, fault) in zip(PLANTED, pool.map(find, PLANTED), strict=True):
            progress.advance(task)
            table.add_row(name, "none" if seed is None else str(seed), fault[:100])
            missed += seed is None
    console.print(table)
    return 1 if missed else 0


def find(name: str, seeds: int = SEEDS) -> tuple[int | None, str]:
    """The first seed that finds the planted fault of this name, and what it found."""
    for seed in range(1, seeds + 1):
        with PLANTED[name]():
            outcome = simulate(seed)
        if not outcome.is_good:
            return seed, outcome.verdict.faults[0]
    return None, f"not found by {seeds} seeds"


def _show(outcome: Outcome, console: Console) -> None:
    """What is wrong with a seed, the last of its story, and how to see it again."""
    if outcome.is_good:
        console.print(f"seed {outcome.seed} is good", highlight=False)
        return
    for line in outcome.story[-_STORY_LINES:]:
        console.print(f"  {line}", highlight=False, markup=False)
    for fault in outcome.verdict.faults:
        console.print(f"seed {outcome.seed}: {fault}", highlight=False, markup=False)
    console.print(f"again: make simulate SEED={outcome.seed}", highlight=False)


def _hush() -> None:
    """The daemons' own log goes into the story."""
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False, discardBuffer=True)

"""SIGKILL at random moments, both daemons in turn, under load; then an independent count of the outcome.

    make kills [KILLS=100] [SEED=1]

The judge knows only what was dropped and what stands on the disk at the end: both databases, read by plain
SQL with both daemons ended, and the files in `out/`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from gateway.clock import business_date, system_clock
from gateway.config import GatewayConfig
from gateway.demo.cast import file_name
from gateway.demo.samples import generate, issue_message
from gateway.demo.stage import Actor, Stage
from gateway.errors import EnvironmentFault
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer

LICENCES_A_KILL = 6
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.02, 0.6
SETTLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was counted: what it is, and whether it is as it must be."""

    text: str
    good: bool


def main() -> int:
    """Run the campaign; 0 if nothing was lost and nothing doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the instance for inspection")
    options = parser.parse_args()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="kills-")) / "instance"
    create_instance(folder, at=system_clock())
    stage = Stage(folder)
    started = time.monotonic()
    try:
        dropped = _campaign(stage, options.kills, options.seed, console)
        _settle(stage, len(dropped))
    finally:
        stage.close()
    findings = judge(folder, dropped)
    for finding in findings:
        console.print(f"{'good' if finding.good else 'BAD '} {finding.text}", highlight=False)
    good = all(finding.good for finding in findings)
    console.print(
        f"{options.kills} kills (seed {options.seed}), {len(dropped)} licences, "
        f"{time.monotonic() - started:.0f} s: {'nothing lost, nothing doubled' if good else 'FAILED'}"
    )
    if good and not options.keep:
        shutil.rmtree(folder.parent)
    else:
        console.print(f"the instance is in {folder}")
    return 0 if good else 1


def _campaign(stage: Stage, kills: int, seed: int, console: Console) -> dict[str, str]:
    """Drop licences, kill and restart in turn; returns what was dropped: licence -> MessageID."""
    chance = random.Random(seed)
    issuer = Issuer.of_instance(stage.folder)
    receiver = GatewayConfig.load(stage.folder / "gateway.toml").gateway.participant
    licences = generate(seed, kills * LICENCES_A_KILL, today=business_date(system_clock()), lines=1)
    dropped: dict[str, str] = {}
    stage.customs.start()
    stage.gateway.start()
    with Progress(console=console) as progress:
        task = progress.add_task("kills", total=kills)
        for number in range(kills):
            for _ in range(LICENCES_A_KILL):
                licence = next(licences)
                message_id = new_message_id()
                message = issue_message(
                    licence,
                    sender=issuer.participant,
                    receiver=receiver,
                    message_id=message_id,
                    created=system_clock(),
                )
                stage.drop(file_name(licence.key), issuer.issue(message))
                dropped[str(licence.key)] = message_id
            time.sleep(chance.uniform(MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS))
            victim: Actor = (stage.gateway, stage.customs)[number % 2]
            victim.kill()
            victim.start()
            progress.advance(task)
    return dropped


def _settle(stage: Stage, count: int) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        status = stage.gateway.control.call("status")
        register = stage.customs.control.call("status")["register"]
        queues = status["queues"]
        quiet = queues["DUE"] + queues["ASSIGNED"] + status["ledger"]["feedback_waiting"] == 0
        done = sum(status["ledger"]["licences"].get(one, 0) for one in ("PART_USED", "EXHAUSTED"))
        if quiet and done == count and not register.get("releases_waiting"):
            return
        time.sleep(0.2)
    raise EnvironmentFault(
        f"it did not settle within {SETTLE_SECONDS:g} seconds: {json.dumps(status)}, {register}"
    )


def judge(folder: Path, dropped: dict[str, str]) -> list[Finding]:
    """Compare what was dropped with both databases and with `out/`, and the two databases with each other."""
    ours = sqlite3.connect(f"file:{folder / 'state' / 'ledger.sqlite3'}?mode=ro", uri=True)
    theirs = sqlite3.connect(f"file:{folder / 'customs-state' / 'ledger.sqlite3'}?mode=ro", uri=True)
    try:
        return [
            *_licences(ours, theirs, dropped),
            *_write_offs(ours, theirs),
            *_answers(folder / "spool", dropped),
        ]
    finally:
        ours.close()
        theirs.close()


def _licences(ours: sqlite3.Connection, theirs: sqlite3.Connection, dropped: dict[str, str]) -> list[Finding]:
    taken = Counter(
        f"{kind}/{number}"
        for kind, number in ours.execute(
            "SELECT licence_type, licence_no FROM entry WHERE kind = 'ISSUE_ACCEPTED'"
        )
    )
    sealed = Counter(
        f"{kind}/{number}"
        for kind, number in ours.execute("SELECT licence_type, licence_no FROM entry WHERE kind = 'SEALED'")
    )
    known = Counter(
        f"{kind}/{number}"
        for kind, number in theirs.execute("SELECT licence_type, licence_no FROM customs_licence")
    )
    once = Counter(dict.fromkeys(dropped, 1))
    return [
        Finding(f"{len(dropped)} dropped, {taken.total()} accepted, each once", taken == once),
        Finding(f"{sealed.total()} sealed, each once", sealed == once),
        Finding(f"{known.total()} in customs' register, each once", known == once),
    ]


def _write_offs(ours: sqlite3.Connection, theirs: sqlite3.Connection) -> list[Finding]:
    columns = "licence_type, licence_no, entry_id, line_number, sequence, quantity"
    applied = Counter(ours.execute(f"SELECT {columns} FROM write_off_line"))
    told = Counter(
        theirs.execute(
            f"SELECT {columns} FROM customs_release_line JOIN customs_release"
            " ON customs_release.id = release_id WHERE answer IN ('ACCEPTED', 'REPEATED')"
        )
    )
    entries = ours.execute("SELECT count(*) FROM entry WHERE kind = 'WRITE_OFF_APPLIED'").fetchone()[0]
    releases = theirs.execute("SELECT count(*) FROM customs_release").fetchone()[0]
    lines = ours.execute("SELECT licence_type, licence_no, line_number, issued, balance FROM licence_line")
    used: Counter[tuple[str, str, int]] = Counter()
    sums: dict[tuple[str, str, int], Decimal] = {}
    for kind, number, line, quantity in ours.execute(
        "SELECT licence_type, licence_no, licence_line, quantity FROM write_off_line"
    ):
        used[kind, number, line] += 1
        sums[kind, number, line] = sums.get((kind, number, line), Decimal(0)) + Decimal(quantity)
    unequal = [
        (kind, number, line)
        for kind, number, line, issued, balance in lines
        if Decimal(issued) - Decimal(balance) != sums.get((kind, number, line), Decimal(0))
    ]
    return [
        Finding(
            f"{applied.total()} lines written off here, {told.total()} agreed at customs", applied == told
        ),
        Finding(f"{entries} write-offs applied, {releases} declarations released", entries == releases),
        Finding(f"{len(used)} goods lines used, {len(unequal)} balances that do not add up", not unequal),
    ]


def _answers(spool: Path, dropped: dict[str, str]) -> list[Finding]:
    out = spool / "out"
    left = [path.name for part in ("in", "work", "held", "corrupt") for path in (spool / part).iterdir()]
    findings = [Finding(f"{len(left)} files left in in/, work/, held/ and corrupt/", not left)]
    for answer in ("accepted.json", "customs-accepted.json", "sealed.xml"):
        found = [path for path in out.glob(f"*.{answer}") if not path.name.startswith(".")]
        findings.append(Finding(f"{len(found)} answers {answer}, one a licence", len(found) == len(dropped)))
    numbered = [path.name for path in out.iterdir() if "~" in path.name or path.name.endswith(".tmp")]
    findings.append(Finding(f"{len(numbered)} answers given twice or left half-written", not numbered))
    ids = {json.loads(path.read_bytes())["message_id"] for path in out.glob("*.accepted.json")}
    findings.append(Finding("the answers name the messages that were dropped", ids == set(dropped.values())))
    return findings


if __name__ == "__main__":
    sys.exit(main())

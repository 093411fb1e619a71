"""What a run comes to: the judge's verdict, and what processes and logs say besides."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from tests.simulation.judge import Verdict
from tests.torture import logs
from tests.torture.machine import Machine

#: What stands idle may use so much of a processor.
IDLE_SHARE = 0.25
#: Worker processes of a daemon (the gateway: two that examine, one that writes answers) and open files, when
#: there is nothing to do.
WORKERS, MOST_FILES = 3, 100
#: A fault that lasts so long, with the gateway running all the while, should be told.
_NOTICED_SECONDS = 4.0
#: It may be told so long afterwards.
_LATE_SECONDS = 6.0
#: An end that nobody asked for is a fault's doing if the fault was over no longer ago than this.
_AFTERMATH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what was found, and whether it is as it must be."""

    what: str
    found: str
    good: bool


@dataclass
class Strike:
    """A fault that struck: which, what was done, in which words it is told, from when to when."""

    name: str
    what: str
    told: tuple[str, ...]
    began: float
    gateway_starts: int
    ended: float = 0.0
    gateway_lived: bool = False


def findings_of(
    machine: Machine,
    *,
    verdict: Verdict | None,
    waits: str | None,
    idle: Mapping[str, float],
    leftover: Mapping[str, tuple[int, int]],
    answered: Mapping[str, Sequence[str] | None],
    silent: tuple[int, int],
    statuses: Mapping[str, int | None],
    strikes: Sequence[Strike],
) -> list[Finding]:
    """Everything that was found, good or bad."""
    return [
        Finding("settles", waits or "all of it", waits is None),
        *_of_verdict(verdict),
        *(_answers(machine) if verdict is not None else ()),
        *(
            Finding(
                f"{name} answers",
                "; ".join(told or ()) or "no alerts" if told is not None else "not at all",
                told is not None,
            )
            for name, told in answered.items()
        ),
        *(
            Finding(f"{name} idle", f"{share:.0%} of a processor", share <= IDLE_SHARE)
            for name, share in idle.items()
        ),
        *(
            Finding(
                f"{name} holds",
                f"{workers} workers, {files} open files",
                workers <= WORKERS and files <= MOST_FILES,
            )
            for name, (workers, files) in leftover.items()
        ),
        *(
            Finding(f"{name} ends in order", f"exit status {status}", status == 0)
            for name, status in statuses.items()
        ),
        Finding(
            "asked between faults", f"{silent[0]} of {silent[1]} questions without an answer", not silent[0]
        ),
        *_endings(machine, strikes),
        *_logs(machine),
        *_told(machine, strikes),
    ]


def _of_verdict(verdict: Verdict | None) -> Iterator[Finding]:
    if verdict is None:
        yield Finding("judge", "nothing to judge before it settles", False)
    elif not verdict.faults:
        yield Finding("judge", "nothing lost, nothing doubled", True)
    else:
        yield from (Finding("judge", fault, False) for fault in verdict.faults)


def _answers(machine: Machine) -> Iterator[Finding]:
    """What the judge of a simulation does not look at: one sealed licence each, and no answer twice."""
    out = machine.instance / "spool" / "out"
    ledger = machine.instance / "state" / "ledger.sqlite3"
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as ours:
        accepted = {
            f"{kind}/{number}"
            for kind, number in ours.execute(
                "SELECT licence_type, licence_no FROM entry WHERE kind = 'CUSTOMS_ACCEPTED'"
            )
        }
        sealed = ours.execute("SELECT count(*) FROM entry WHERE kind IN ('SEALED', 'ACT_SEALED')").fetchone()[
            0
        ]
    # Whoever drops a file once more gets the same answers once more.
    copies = {path.read_bytes() for path in out.glob("*.sealed.xml")}
    yield Finding("sealed licences in out/", f"{len(copies)} of {sealed}", len(copies) == sealed)
    told = [json.loads(path.read_bytes())["licence"] for path in out.glob("*.customs-accepted*.json")]
    untold = accepted - {f"{one['type']}/{one['number']}" for one in told}
    yield Finding(
        "customs' acceptances in out/", f"{len(accepted) - len(untold)} of {len(accepted)}", not untold
    )
    given = Counter(
        (answer["file"], answer["outcome"], answer["message_id"])
        for answer in (json.loads(path.read_bytes()) for path in out.glob("*.json"))
    )
    twice = [one for one, times in given.items() if times > 1]
    yield Finding("answers given twice", f"{len(twice)} {twice[:3] if twice else ''}", not twice)


def _endings(machine: Machine, strikes: Sequence[Strike]) -> Iterator[Finding]:
    for name, daemon in machine.daemons.items():
        while_working = [one.status for one in daemon.endings if one.was_ready]
        at_start = [one for one in daemon.endings if not one.was_ready]
        yield Finding(f"{name} ended by itself", f"{while_working} while it worked", not while_working)
        for_nothing = [
            one.status
            for one in at_start
            if not any(
                strike.began <= one.at_seconds <= strike.ended + _AFTERMATH_SECONDS for strike in strikes
            )
        ]
        found = f"{len(at_start)} times, {len(for_nothing)} of them without a fault"
        yield Finding(f"{name} could not start", found, not for_nothing)


def _logs(machine: Machine) -> Iterator[Finding]:
    for name in machine.daemons:
        log, output = machine.log / f"{name}.jsonl", machine.log / f"{name}.out"
        traces = logs.tracebacks(log, output)
        yield Finding(f"tracebacks of {name}", f"{len(traces)} {traces[0] if traces else ''}", not traces)
        noise = logs.noisy(log)
        yield Finding(f"noise of {name}", "; ".join(noise[:3]) or "none", not noise)


def _told(machine: Machine, strikes: Sequence[Strike]) -> Iterator[Finding]:
    """Of faults that lasted while the gateway ran, one at least of each kind is told in words."""
    told = list(logs.records(machine.log / "gateway.jsonl"))
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for one in strikes:
        if (
            one.told
            and "customs" not in one.what
            and one.gateway_lived
            and one.ended - one.began >= _NOTICED_SECONDS
        ):
            kinds[one.name].append(logs.is_told(told, one.told, one.began, one.ended + _LATE_SECONDS))
    for name, found in kinds.items():
        yield Finding(f"{name} is told", f"{sum(found)} of {len(found)} times", any(found) or len(found) < 2)

"""What a second worker process gives the stages that are bound by the processor: examining and sealing.

    python -m tests.bench.scaling FOLDER DOCUMENTS ROUNDS

A process of its own, since it runs a reactor: the gateway's own pools of workers, one of one process and one
of two, fed with several batches at once, as by the intake and the sealing. Each process has done work before
anything is timed; then come rounds, in each of which both pools do all the documents, in turn. A second
worker is worth nothing while another program has the second processor: of up to three times as many rounds
those count in which others took least. Prints JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.epollreactor import EPollReactor

from gateway.clock import system_clock
from gateway.collector import spare_what_stays
from gateway.config import GatewayConfig
from gateway.exchange.bench import Bench
from gateway.exchange.correspondence import new_message_id
from gateway.exchange.examination import Document, Examined
from gateway.exchange.sealing import SealJob
from gateway.exchange.workers import Poisoned, ProcessWorkers
from gateway.service.licence_gateway import bench_settings
from licencexml.messages import Header

_BATCH, _LANES = 64, 4
#: So many licences each process must have done before its pool is timed: caches are full by then.
_WARM_LICENCES = 512
_WARM_PASSES = 200
#: How long a process is kept busy with saying who it is, so that another takes the next such job.
_BUSY_SECONDS = 0.02
#: Of one processor: while other programs take less, a round is calm.
_CALM = 0.1
_MOST_ROUNDS = 3


def rates(folder: Path, documents: Path, rounds: int) -> dict[str, list[float]]:
    """Licences a second, examined and sealed, in each round: of one worker process "1", of two "2".

    And "main": the microseconds of processor that feeding two of them took, a licence; "others": how much of
    one processor other programs had in that round.
    """
    command = [sys.executable, "-m", "tests.bench.scaling", str(folder), str(documents), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[dict[str, float]] = json.loads(done.stdout)
    return {name: [one[name] for one in found] for name in found[0]}


class CountingBench(Bench):
    """The gateway's bench, which knows how much it has done."""

    _done = 0

    def messages(self, documents: list[Document]) -> list[Any]:
        """See `Bench.messages`."""
        self._done += len(documents)
        return super().messages(documents)

    def who(self, jobs: list[None]) -> list[tuple[int, int]]:
        """This process, and how many licences it has examined."""
        time.sleep(_BUSY_SECONDS)
        return [(os.getpid(), self._done)] * len(jobs)


@dataclass(frozen=True, slots=True)
class _Timed:
    """Licences a second; microseconds of this process' own processor a licence; what others had of one."""

    rate: float
    main: float
    others: float


class _Run:
    """Examines and seals all documents in one pool, some batches at once."""

    def __init__(self, pool: ProcessWorkers, count: int, documents: list[bytes]) -> None:
        self._pool = pool
        self._count = count
        self._documents = documents
        self._processes: list[int] = []

    async def warm_up(self) -> None:
        """Work until every process of the pool has done its share."""
        done: Counter[int] = Counter()
        for _ in range(_WARM_PASSES):
            await self._pass(self._documents[: _BATCH * _LANES])
            asked = [Deferred.fromCoroutine(self._pool.run("who", [None])) for _ in range(4 * self._count)]
            for _, [(process, licences)] in await DeferredList(asked, fireOnOneErrback=True):
                done[process] = max(done[process], licences)
            if len(done) == self._count and min(done.values()) >= _WARM_LICENCES:
                self._processes = [os.getpid(), *done]
                return
        raise RuntimeError(f"not every worker came to work: {dict(done)}")

    async def timed(self) -> _Timed:
        """All documents once."""
        began, main, busy = time.perf_counter(), _used_seconds(), self._others_seconds()
        await self._pass(self._documents)
        seconds, main = time.perf_counter() - began, _used_seconds() - main
        others = (self._others_seconds() - busy) / seconds
        return _Timed(len(self._documents) / seconds, main / len(self._documents) * 1e6, others)

    def _others_seconds(self) -> float:
        """What all processors have worked since the start, but for this run."""
        user, nice, system, _idle, _iowait, *interrupts = _ticks(Path("/proc/stat"), 1)
        busy = user + nice + system + sum(interrupts[:3])
        return (busy - sum(_worked(process) for process in self._processes)) / os.sysconf("SC_CLK_TCK")

    async def _pass(self, documents: list[bytes]) -> None:
        batches = [documents[start : start + _BATCH] for start in range(0, len(documents), _BATCH)]
        lanes = [Deferred.fromCoroutine(self._lane(batches)) for _ in range(_LANES)]
        for good, result in await DeferredList(lanes, consumeErrors=True):
            if not good:
                result.raiseException()

    async def _lane(self, batches: list[list[bytes]]) -> None:
        while batches:
            now = system_clock()
            batch = batches.pop()
            examined = await self._pool.run("messages", [Document(one, now) for one in batch])
            assert all(isinstance(one, Examined) for one in examined), "the bench sends what is valid"
            jobs = [
                SealJob(one.xml, Header(new_message_id(), "CN-GATEWAY", "CN-CUSTOMS", now))
                for one in examined
            ]
            sealed = await self._pool.run("seals", jobs)
            assert not any(isinstance(one, Poisoned) for one in sealed), "what was examined can be sealed"


def _used_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ticks(path: Path, first: int) -> list[int]:
    words = path.read_text().partition("\n")[0].rpartition(")")[2].split()
    return [int(word) for word in words[first:] if word.lstrip("-").isdigit()]


def _worked(process: int) -> int:
    """User and system time: the fields 14 and 15; the name, which is the second, has been cut off."""
    return sum(_ticks(Path(f"/proc/{process}/stat"), 11)[:2])


async def _measured(runs: dict[str, _Run], rounds: int) -> list[dict[str, float]]:
    for run in runs.values():
        await run.warm_up()
    spare_what_stays()  # as the daemon does
    found: list[dict[str, float]] = []
    for number in range(_MOST_ROUNDS * rounds):
        # Which comes first changes, so that a machine that gets busier or idler favours neither.
        timed = {name: await runs[name].timed() for name in sorted(runs, reverse=bool(number % 2))}
        found.append(
            {name: one.rate for name, one in timed.items()}
            | {"main": timed["2"].main, "others": max(one.others for one in timed.values())}
        )
        if sum(one["others"] < _CALM for one in found) >= rounds:
            break
    return sorted(found, key=lambda one: one["others"])[:rounds]


def main() -> None:
    """See above."""
    folder, source, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    documents = [path.read_bytes() for path in sorted(source.glob("*.xml"))]
    settings = bench_settings(GatewayConfig.load(folder / "gateway.toml"))
    reactor = EPollReactor()
    pools = {
        count: ProcessWorkers(
            reactor, count=int(count), timeout_seconds=60, build=CountingBench, arguments=(settings,)
        )
        for count in ("1", "2")
    }
    found: list[dict[str, float]] = []

    async def all_of_it() -> None:
        try:
            runs = {count: _Run(pool, int(count), documents) for count, pool in pools.items()}
            found.extend(await _measured(runs, rounds))
        finally:
            for pool in pools.values():
                await pool.stop()
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(all_of_it()))
    reactor.run()
    if not found:
        sys.exit("the workers failed")
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    # Worker processes look for their bench by the name of its module.
    from tests.bench import scaling

    scaling.main()

"""What a second worker process gives the stages that are bound by the processor: examining and sealing.

    python -m tests.bench.scaling FOLDER DOCUMENTS WORKERS

A process of its own, since it runs a reactor: the gateway's own pool of workers, fed with as many batches at
once as the intake has in hand. Prints licences a second.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.epollreactor import EPollReactor

from gateway.clock import system_clock
from gateway.config import GatewayConfig
from gateway.exchange.bench import Bench
from gateway.exchange.correspondence import new_message_id
from gateway.exchange.examination import Document, Examined
from gateway.exchange.sealing import SealJob
from gateway.exchange.workers import ProcessWorkers
from gateway.service.licence_gateway import bench_settings
from licencexml.messages import Header

_BATCH, _LANES = 64, 4
#: A worker that still loads would take the processor from the others, and give nothing.
_TO_WARM_UP_SECONDS = 6.0


def licences_a_second(folder: Path, documents: Path, workers: int) -> float:
    """In a process of its own: examined and sealed, with so many worker processes."""
    command = [sys.executable, "-m", "tests.bench.scaling", str(folder), str(documents), str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


class _Run:
    """Examines and seals all documents, some batches at once."""

    def __init__(self, reactor: Any, pool: ProcessWorkers, documents: list[bytes]) -> None:
        self._reactor = reactor
        self._pool = pool
        self._documents = documents
        self.rate = 0.0

    async def whole(self) -> None:
        """First for so long that every worker has read its schemas; then all of it, timed."""
        began = time.perf_counter()
        while time.perf_counter() - began < _TO_WARM_UP_SECONDS:
            await self._pass(self._documents[: _BATCH * _LANES])
        began = time.perf_counter()
        await self._pass(self._documents)
        self.rate = len(self._documents) / (time.perf_counter() - began)

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
            header = Header("", "CN-GATEWAY", "CN-CUSTOMS", now)
            jobs = [SealJob(one.xml, _renamed(header)) for one in examined]
            await self._pool.run("seals", jobs)


def _renamed(header: Header) -> Header:
    return Header(new_message_id(), header.sender, header.receiver, header.created)


def main() -> None:
    """See above."""
    folder, source, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    documents = [path.read_bytes() for path in sorted(source.glob("*.xml"))]
    settings = bench_settings(GatewayConfig.load(folder / "gateway.toml"))
    reactor = EPollReactor()
    pool = ProcessWorkers(reactor, count=workers, timeout_seconds=60, build=Bench, arguments=(settings,))
    run = _Run(reactor, pool, documents)

    async def all_of_it() -> None:
        try:
            await run.whole()
        finally:
            await pool.stop()
            reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(all_of_it()))
    reactor.run()
    if not run.rate:
        sys.exit("the workers failed")
    sys.stdout.write(f"{run.rate}\n")


if __name__ == "__main__":
    main()

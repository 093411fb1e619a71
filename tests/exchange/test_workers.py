"""Worker processes: a poison document costs one worker and names itself; the others get their results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from gateway.errors import EnvironmentFault
from gateway.exchange.workers import SILENCE_SECONDS, Poisoned, ProcessWorkers

sys.path.insert(0, str(Path(__file__).parent))
from benches import Bench, FlawedBench


class ProcessWorkersTest(TestCase):
    """One pool for all that is tried: starting processes is what takes time here."""

    timeout = 60

    def setUp(self) -> None:
        self.workers = ProcessWorkers(reactor, count=2, timeout_seconds=3, build=Bench, arguments=(2,))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.workers.stop()))

    async def test_results_come_in_order(self) -> None:
        self.assertEqual(await self.workers.run("work", list(range(50))), [2 * n for n in range(50)])
        self.assertEqual(await self.workers.run("work", []), [])

    async def test_a_document_that_kills_its_worker_is_found(self) -> None:
        results = await self.workers.run("work", [1, "die", 3])
        self.assertEqual([results[0], results[2]], [2, 6])
        assert isinstance(results[1], Poisoned)
        self.assertIn("ended the process", results[1].reason)

    async def test_a_document_that_takes_for_ever_is_found(self) -> None:
        results = await self.workers.run("work", ["hang", 2])
        self.assertEqual(results[1], 4)
        assert isinstance(results[0], Poisoned)
        self.assertIn("more than 3 seconds", results[0].reason)

    async def test_a_bug_is_raised_and_not_hidden(self) -> None:
        with pytest.raises(ValueError, match="a bug"):
            await self.workers.run("work", [1, "bug"])


class _DumbPool:
    """A pool of which nothing ever comes: a worker was killed in the middle of a word."""

    def __init__(self) -> None:
        self.active = True
        self.futures: list[Future[Any]] = []

    def schedule(self, *_: object, **__: object) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]

    def stop(self) -> None:
        self.active = False

    def join(self) -> None: ...


class _Machine(Clock):
    """A reactor without threads of its own."""

    def callFromThread(self, function: Any, *arguments: Any) -> None:
        function(*arguments)


def test_workers_of_which_nothing_is_heard_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pools: list[_DumbPool] = []

    def start(_: ProcessWorkers) -> Any:
        pools.append(_DumbPool())
        return pools[-1]

    monkeypatch.setattr(ProcessWorkers, "_start", start)
    clock = _Machine()
    workers = ProcessWorkers(clock, count=2, timeout_seconds=60, build=Bench, arguments=(2,))
    waiting = [Deferred.fromCoroutine(workers.run("work", [one])) for one in (1, 2)]
    clock.advance(60 + SILENCE_SECONDS - 1)
    assert not any(one.called for one in waiting)
    clock.advance(1)
    for one in waiting:
        failures: list[Any] = []
        one.addErrback(failures.append)
        assert failures[0].check(EnvironmentFault)
    assert [pool.active for pool in pools] == [False, True]
    assert not clock.getDelayedCalls()


def test_what_a_pool_says_while_it_is_ended_is_no_fault_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = [_DumbPool(), _DumbPool()]
    first = pools[0]
    monkeypatch.setattr(ProcessWorkers, "_start", lambda _: pools.pop(0))
    workers = ProcessWorkers(_Machine(), count=2, timeout_seconds=60, build=Bench, arguments=(2,))
    failures: list[Any] = []
    for one in (1, 2):
        Deferred.fromCoroutine(workers.run("work", [one])).addErrback(failures.append)
    first.active = False
    first.futures[0].set_exception(BrokenProcessPool("All workers expired"))
    first.futures[1].set_exception(TypeError("its pipe is closed"))
    assert [failure.check(EnvironmentFault) for failure in failures] == [EnvironmentFault] * 2


def test_a_thread_that_the_machine_does_not_give_is_the_machines_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Threadless(_DumbPool):
        stopped = False

        def __getattribute__(self, name: str) -> Any:
            if name == "active":
                raise RuntimeError("can't start new thread")
            return super().__getattribute__(name)

        def schedule(self, *_: object, **__: object) -> Future[Any]:
            raise RuntimeError("can't start new thread")

        def stop(self) -> None:
            self.stopped = True

    pools: list[Any] = [Threadless(), _DumbPool()]
    first = pools[0]
    monkeypatch.setattr(ProcessWorkers, "_start", lambda _: pools.pop(0))
    workers = ProcessWorkers(_Machine(), count=2, timeout_seconds=60, build=Bench, arguments=(2,))
    failures: list[Any] = []
    Deferred.fromCoroutine(workers.run("work", [1])).addErrback(failures.append)
    assert failures[0].check(EnvironmentFault)
    assert first.stopped
    assert not pools


ORPHANS = """
import os, sys
sys.path[:0] = {path!r}
from twisted.internet import reactor, defer
from gateway.errors import EnvironmentFault
from gateway.exchange.workers import ProcessWorkers
from benches import Bench, FlawedBench
if __name__ == "__main__":
    async def main():
        workers = ProcessWorkers(reactor, count=1, timeout_seconds=60, build=Bench, arguments=(1,))
        print(*await workers.run("pids", [None]), flush=True)
    defer.ensureDeferred(main())
    reactor.run()
"""


def test_workers_do_not_outlive_a_killed_daemon(tmp_path: Path) -> None:
    script = tmp_path / "daemon.py"
    script.write_text(ORPHANS.format(path=[path for path in sys.path if path]))
    daemon = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    with daemon.stdout:
        worker = int(daemon.stdout.readline())
        os.kill(worker, 0)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


class UnsteadyWorkersTest(TestCase):
    """What happens to workers from outside is no fault of their jobs."""

    timeout = 60

    def workers(self, build: Any = Bench) -> ProcessWorkers:
        workers = ProcessWorkers(reactor, count=1, timeout_seconds=30, build=build, arguments=(2,))
        self.addCleanup(lambda: Deferred.fromCoroutine(workers.stop()))
        return workers

    async def test_a_job_whose_worker_was_killed_from_outside_gets_another(self) -> None:
        workers = self.workers()
        (pid,) = await workers.run("pids", [None])
        reactor.callLater(0.5, os.kill, pid, signal.SIGTERM)
        self.assertEqual(await workers.run("slow", [21]), [42])

    async def test_a_pool_that_cannot_start_is_told_as_the_machines_fault_and_comes_back(self) -> None:
        workers = self.workers(FlawedBench)
        with pytest.raises(EnvironmentFault):
            await workers.run("work", [1])
        await workers.renew((None,))
        self.assertEqual(await workers.run("work", [21]), [42])

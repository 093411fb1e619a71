"""Worker processes, fed by the batch; a job that kills its worker, a document say, is found and named.

A job to another process costs more than a P-256 signature, so jobs travel in batches. When a batch dies or
takes too long, its jobs are tried again one by one: each good one gets its result, and the culprit comes back
as `Poisoned`.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from gateway.collector import spare_what_stays
from gateway.errors import EnvironmentFault, is_of_machine, told

#: A pool of which nothing comes for so much longer than a batch may take is given up.
SILENCE_SECONDS = 30.0
#: How often a job that lost its worker is given another, alone, before the job is blamed.
TRIES_ALONE = 2


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A job that killed its worker or exceeded its time; `reason` says which."""

    reason: str


#: The reason for a document that is in order as far as its worker saw, and that we cannot settle.
OUR_FAULT = "this program has a fault that shows with this file; its log has the details"


class Workers(Protocol):
    """Runs CPU work by the batch, at a bench: an object with one method an operation.

    A method of the bench takes a list of jobs and returns a list of results, one a job and in order.
    """

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """The results, or `Poisoned` for a job that takes its worker with it. A bug raises here."""

    async def stop(self) -> None:
        """End the workers. What they have in hand is dropped, to be done again after the next start."""


class InlineWorkers:
    """Runs each batch at once in the calling thread: for tests under a fake clock."""

    def __init__(self, bench: object) -> None:
        self._bench = bench

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """See `Workers.run`."""
        results: list[Any] = getattr(self._bench, operation)(list(jobs))
        return results

    async def stop(self) -> None:
        """See `Workers.stop`."""


class ProcessWorkers:
    """`count` processes; each makes its bench once, by `build(*arguments)` (keys, schemas, anchors)."""

    def __init__(
        self,
        reactor: Any,
        *,
        count: int,
        timeout_seconds: float,
        build: Callable[..., object],
        arguments: tuple[Any, ...],
    ) -> None:
        self._reactor = reactor
        self._count = count
        self._timeout_seconds = timeout_seconds
        self._build = build
        self._arguments = arguments
        self._stopping = False
        self._in_hand: set[Deferred[list[Any]]] = set()
        self._watch: Any = None
        self._heard_seconds = 0.0
        self._pool = self._start()

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """See `Workers.run`."""
        if not jobs:
            return []
        try:
            return await self._schedule(operation, list(jobs))
        except (ProcessExpired, FutureTimeoutError):
            return [await self._run_alone(operation, job) for job in jobs]

    async def _run_alone(self, operation: str, job: Any) -> Any:
        """The result of one job. A worker may die for reasons that are not the job's: it gets another try."""
        why = ""
        for _ in range(TRIES_ALONE):
            try:
                [result] = await self._schedule(operation, [job])
            except (ProcessExpired, FutureTimeoutError) as error:
                why = _why(error, self._timeout_seconds)
            else:
                return result
        return Poisoned(why)

    async def renew(self, arguments: tuple[Any, ...]) -> None:
        """Go on with new processes, whose benches are built with `arguments`; the old ones finish first."""
        self._arguments = arguments
        old, self._pool = self._pool, self._start()
        old.close()
        await self._join(old)

    async def stop(self) -> None:
        """See `Workers.stop`."""
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._pool.stop()
        await self._join(self._pool)

    def _start(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._count,
            initializer=_start_worker,
            initargs=(self._build, self._arguments),
            context=multiprocessing.get_context("spawn"),
        )

    def _join(self, pool: ProcessPool) -> Deferred[None]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), pool.join)

    def _schedule(self, operation: str, jobs: list[Any]) -> Deferred[list[Any]]:
        done: Deferred[list[Any]] = Deferred()
        pool = self._pool
        try:
            future = pool.schedule(_at_the_bench, args=(operation, jobs), timeout=self._timeout_seconds)
        except (RuntimeError, OSError, MemoryError) as error:
            return fail(self._broken(error))
        if not self._in_hand:
            self._heard_seconds = self._reactor.seconds()
        self._in_hand.add(done)
        future.add_done_callback(
            lambda finished: self._reactor.callFromThread(self._settle, finished, done, pool)
        )
        self._keep_watch()
        return done.addErrback(self._told)

    def _settle(self, finished: Any, done: Deferred[list[Any]], pool: ProcessPool) -> None:
        if done not in self._in_hand:
            # It was given up.
            return
        self._heard_seconds = self._reactor.seconds()
        self._in_hand.remove(done)
        error = FutureCancelledError() if finished.cancelled() else finished.exception()
        if error is None:
            done.callback(finished.result())
        elif pool is not self._pool and not self._stopping:
            # What it says of its own end is of no use to anybody: another has taken its place.
            done.errback(EnvironmentFault("worker processes ended, and others take their place"))
        else:
            done.errback(error)

    def _keep_watch(self) -> None:
        """A worker that is killed while it speaks can leave a pool dumb, and no job of it ends then."""
        if self._watch is None and self._in_hand and not self._stopping:
            silent_seconds = self._reactor.seconds() - self._heard_seconds
            left_seconds = self._timeout_seconds + SILENCE_SECONDS - silent_seconds
            self._watch = self._reactor.callLater(max(0.0, left_seconds), self._look)

    def _look(self) -> None:
        self._watch = None
        if self._reactor.seconds() - self._heard_seconds < self._timeout_seconds + SILENCE_SECONDS:
            self._keep_watch()
            return
        self._pool.stop()
        fault = self._broken(RuntimeError("nothing was heard of them for too long"))
        given_up, self._in_hand = self._in_hand, set()
        for done in given_up:
            done.errback(fault)

    def _told(self, failure: Failure) -> Failure:
        """A pool that cannot start its processes is the machine's fault, not that of what they were to do."""
        error = failure.value
        if isinstance(error, BrokenProcessPool | CancelledError | FutureCancelledError):
            return Failure(self._broken(error))
        # What is examined is bounded: a worker that lacks memory or files lacks them because of others.
        if is_of_machine(error) and not isinstance(error, ProcessExpired | FutureTimeoutError):
            return Failure(EnvironmentFault(told(error)))
        return failure

    def _broken(self, error: BaseException) -> EnvironmentFault:
        """Put a new pool in place of the broken one, for the next try; unless we are stopping."""
        try:
            if not self._stopping and not self._is_active():
                old, self._pool = self._pool, self._start()
                _end(old)
        except OSError as again:
            error = again
        return EnvironmentFault(f"the worker processes do not run: {told(error)}")

    def _is_active(self) -> bool:
        """Whether the pool runs. One that was begun in part, for want of a thread, is of no use any more."""
        try:
            return bool(self._pool.active)
        except RuntimeError:
            self._pool.stop()
            return False


def _end(pool: ProcessPool) -> None:
    """End what is left of a pool that does not work: its processes, and its threads as far as they can be."""

    def end() -> None:
        # It is broken, and may break again here.
        with suppress(Exception):
            pool.join()

    pool.stop()
    # In a thread of its own, which nobody waits for: it may take for ever. Without one, what is left stays.
    with suppress(RuntimeError):
        threading.Thread(target=end, name="end-of-a-pool", daemon=True).start()


def _why(error: BaseException, timeout_seconds: float) -> str:
    if isinstance(error, ProcessExpired):
        return f"it ended the process that worked on it (exit status {error.exitcode})"
    return f"work on it took more than {timeout_seconds:g} seconds"


# ---- in the worker process ----

_bench: object = None


def _start_worker(build: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    # A terminal's Ctrl-C goes to the whole group; stopping is the daemon's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _bench  # noqa: PLW0603 - the one thing a worker process keeps between batches
    try:
        threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
        _bench = build(*arguments)
        spare_what_stays()
    except Exception as error:
        if not is_of_machine(error):
            raise
        # The pool would show where it happened, which is of no use to whoever has to find room.
        sys.stderr.write(f"a worker process cannot start: {told(error)}\n")
        os._exit(1)


def _at_the_bench(operation: str, jobs: list[Any]) -> list[Any]:
    results: list[Any] = getattr(_bench, operation)(jobs)
    return results


def _end_with_parent() -> None:
    """A worker whose daemon was killed must not outlive it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

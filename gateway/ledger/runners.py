"""Where the ledger's database work runs: inline for tests and tools, on two threads in the daemon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


class Runners(Protocol):
    """Runs one job of each kind at a time, in the order given; the Deferreds fire on the reactor's thread."""

    def write(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` where the writer runs."""

    def read(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` where the readers run."""

    def stop(self) -> None:
        """Finish what is running, and end."""


class InlineRunners:
    """Runs everything at once in the caller's thread."""

    def write(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` now."""
        return maybeDeferred(work)

    def read(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` now."""
        return maybeDeferred(work)

    def stop(self) -> None:
        """Nothing runs between calls."""


class ThreadRunners:
    """One thread that writes and one that reads; `reactor` is told of results by `callFromThread`."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._writer = _one_thread("ledger-writer")
        self._reader = _one_thread("ledger-reader")

    def write(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` on the writing thread."""
        return deferToThreadPool(self._reactor, self._writer, work)

    def read(self, work: Callable[[], T]) -> Deferred[T]:
        """Run `work` on the reading thread."""
        return deferToThreadPool(self._reactor, self._reader, work)

    def stop(self) -> None:
        """Join both threads; blocks until what they have in hand is done."""
        self._writer.stop()
        self._reader.stop()


def _one_thread(name: str) -> ThreadPool:
    pool = ThreadPool(minthreads=1, maxthreads=1, name=name)
    pool.start()
    return pool

"""The ledger's store: units of work, group commit, and reads of a snapshot.

The law of this module:

* Units are committed together, as many as wait, unless they hold so much work that the first of them would
  wait long for the last.
* Those about few messages (the line, or something urgent, waits for them) go before those about many: before
  one commit of theirs, so that nothing waits for ever. Otherwise all go as they were submitted.
* A Deferred fires only after the commit that holds its unit; a unit that is told of is on disk.
* When a batch fails, nothing of it stays; then each unit runs alone, and only those that fail alone fail.
  A unit may therefore run twice: it must have no effect but through its connection.
* When the environment fails (disk full, database locked), the units not yet committed fail with it at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from twisted.internet.defer import Deferred, fail

from gateway.clock import Clock
from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.ledger.lock import LedgerLock
from gateway.ledger.migrations import upgrade
from gateway.ledger.runners import InlineRunners, Runners
from gateway.ledger.sqlite import (
    as_environment_fault,
    environment_faults,
    reader_engine,
    transaction_is_open,
    writer_engine,
)

T = TypeVar("T")

#: The database's file in a daemon's state folder.
LEDGER_FILE = "ledger.sqlite3"

MAX_WAITING_UNITS = 4_096
MAX_WAITING_READS = 1_024
#: A commit takes no further unit if they would be about more messages.
MESSAGES_PER_COMMIT = 64
#: What is about no more messages than this need not wait for what is about more.
FEW_MESSAGES = 8


class LedgerBusy(EnvironmentFault):
    """More work waits than the ledger takes: retry later. Callers that await each answer never see it."""


class LedgerClosed(EnvironmentFault):
    """The ledger is closing or closed."""


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One transaction, as a unit sees it: its connection, and the one instant at which it all happens."""

    connection: Connection
    now: datetime


_Work = Callable[[UnitOfWork], Any]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


@dataclass(slots=True, eq=False)
class _Unit:
    work: _Work
    messages: int
    done: Deferred[Any] = field(default_factory=Deferred)

    def tell(self, result: object) -> None:
        if isinstance(result, _Failed):
            self.done.errback(result.error)
        else:
            self.done.callback(result)


class Ledger:
    """The one writer of truth. Its methods are called on the reactor's thread only."""

    def __init__(
        self, writer: Engine, reader: Engine, lock: LedgerLock, clock: Clock, runners: Runners
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._clock = clock
        self._runners = runners
        self._first: deque[_Unit] = deque()
        self._waiting: deque[_Unit] = deque()
        self._have_passed = False
        self._committing = False
        self._idle: Deferred[None] = Deferred()
        self._reads_in_hand = 0
        self._closed: Deferred[None] | None = None

    @classmethod
    def open(cls, location: str | Path, *, clock: Clock, runners: Runners | None = None) -> Self:
        """Open the ledger at `location` (a path or `sqlite:///PATH`), made or migrated as needed.

        Without `runners` everything runs inline, in the caller's thread. Raises `LedgerInUse` when another
        process has it open, and `EnvironmentFault` when the database cannot be opened or migrated.
        """
        path = _database_path(location)
        with environment_faults():
            lock = LedgerLock.take(path.with_name(path.name + ".lock"))
            try:
                writer = _migrated(path)
            except BaseException:
                lock.release()
                raise
        return cls(writer, reader_engine(path), lock, clock, runners or InlineRunners())

    def submit(
        self, work: Callable[[UnitOfWork], T], *, messages: int = 1, first: bool | None = None
    ) -> Deferred[T]:
        """Run `work` in a transaction; fires with its result once that is durable, or with its failure.

        `work` may run twice (see the law above), and on another thread. It is about so many `messages`;
        `first` tells whether it goes before what waits and does not (by default: if they are few).
        """
        if self._closed is not None:
            return fail(LedgerClosed("the ledger is closed"))
        if len(self._first) + len(self._waiting) >= MAX_WAITING_UNITS:
            return fail(LedgerBusy(f"{MAX_WAITING_UNITS} units of work wait already"))
        unit = _Unit(work, messages)
        is_first = messages <= FEW_MESSAGES if first is None else first
        (self._first if is_first else self._waiting).append(unit)
        if not self._committing:
            self._committing = True
            Deferred.fromCoroutine(self._commit_all())
        return unit.done

    def read(self, query: Callable[[Connection], T]) -> Deferred[T]:
        """Run `query` on a snapshot of what is committed; it cannot write."""
        if self._closed is not None:
            return fail(LedgerClosed("the ledger is closed"))
        if self._reads_in_hand >= MAX_WAITING_READS:
            return fail(LedgerBusy(f"{MAX_WAITING_READS} queries wait already"))
        self._reads_in_hand += 1
        return self._runners.read(lambda: self._query(query)).addBoth(self._read_done)

    def close(self) -> Deferred[None]:
        """Commit what waits, end the threads, close the database and give the lock back; idempotent."""
        if self._closed is None:
            self._closed = Deferred()
            Deferred.fromCoroutine(self._close()).chainDeferred(self._closed)
        return self._closed

    async def _close(self) -> None:
        if self._committing:
            await self._idle
        self._runners.stop()
        self._reader.dispose()
        self._writer.dispose()
        self._lock.release()

    async def _commit_all(self) -> None:
        while batch := self._next_batch():
            for unit, result in zip(batch, await self._commit(batch), strict=True):
                unit.tell(result)
        self._committing = False
        if self._closed is not None:
            self._idle.callback(None)

    def _next_batch(self) -> list[_Unit]:
        """Those that go first; then, or at least in each other commit, those that wait behind them."""
        batch = _taken(self._first, MESSAGES_PER_COMMIT)
        self._have_passed = bool(batch and self._waiting and not self._have_passed)
        if not self._have_passed:
            batch += _taken(self._waiting, MESSAGES_PER_COMMIT)
        return batch

    async def _commit(self, batch: Sequence[_Unit]) -> Sequence[object]:
        works = [unit.work for unit in batch]
        try:
            return await self._runners.write(lambda: self._commit_together(works))
        except Exception as error:
            return [_Failed(error)] * len(batch)

    def _commit_together(self, works: Sequence[_Work]) -> Sequence[object]:
        try:
            return self._transaction(works)
        except Exception as error:
            if len(works) == 1:
                return [_Failed(as_environment_fault(error) or error)]
        return self._commit_one_by_one(works)

    def _commit_one_by_one(self, works: Sequence[_Work]) -> Sequence[object]:
        results: list[object] = []
        for work in works:
            try:
                results += self._transaction([work])
            except Exception as error:
                failed = _Failed(as_environment_fault(error) or error)
                results.append(failed)
                if isinstance(failed.error, EnvironmentFault):
                    # The next would fail the same way, each after the database's own time-out.
                    return results + [failed] * (len(works) - len(results))
        return results

    def _transaction(self, works: Sequence[_Work]) -> list[object]:
        with self._writer.begin() as connection:
            unit_of_work = UnitOfWork(connection, self._clock())
            results: list[object] = [work(unit_of_work) for work in works]
            if not transaction_is_open(connection):
                raise EnvironmentFault("the database ended the transaction before its commit")
        return results

    def _query(self, query: Callable[[Connection], T]) -> T:
        with environment_faults(), self._reader.connect() as connection:
            return query(connection)

    def _read_done(self, result: T) -> T:
        self._reads_in_hand -= 1
        return result


def _taken(waiting: deque[_Unit], messages: int) -> list[_Unit]:
    """From the beginning of `waiting` one unit, and more while all are about no more than `messages`."""
    taken: list[_Unit] = []
    while waiting and (not taken or waiting[0].messages <= messages):
        taken.append(waiting.popleft())
        messages -= taken[-1].messages
    return taken


def _migrated(path: Path) -> Engine:
    writer = writer_engine(path)
    try:
        upgrade(writer)
    except BaseException:
        writer.dispose()
        raise
    return writer


def _database_path(location: str | Path) -> Path:
    text = str(location)
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///")).absolute()
    if "://" in text:
        raise ConfigurationFault(f"the ledger is kept in SQLite: a path or sqlite:///PATH, not {text}")
    return Path(text).absolute()

"""Recovery, told to people: what a start found of the run before it, what was redone, and what waits.

Whoever works (intake, reception, sealing, the line) takes up by itself what it finds; here is only watched
and told. After a run that did not end in order that is three lines, the second and the third once it is so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gateway.errors import EnvironmentFault
from gateway.exchange.spool import SpoolTree
from gateway.exchange.threads import InThread
from gateway.ledger import left_over, runs
from gateway.ledger.left_over import Marks
from gateway.ledger.parcels import InboundFile
from gateway.ledger.store import Ledger
from gateway.service.recovery_words import Left, Redone, found_words, redone_words, run_words, waits_words

_log = Logger(namespace="gateway.recovery")

ROUND_SECONDS = 0.5
#: A round rests so many times as long as it took.
_PART = 20
#: When nothing has changed for so long, what is left waits for others: the line, customs, an operator.
STILL_SECONDS = 30.0
#: How exactly the next start can say until when this run lived.
ALIVE_SECONDS = 60.0
_MAX_GONE_ON = left_over.MAX_TOLD

_Names = dict[SpoolTree, frozenset[str]]


class Recovery:
    """From `begin`, before anything works, to `ended`, after everything has: one run, and the one before."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        reactor: IReactorTime,
        in_thread: InThread,
        trees: Sequence[SpoolTree] = (),
    ) -> None:
        self._ledger = ledger
        self._reactor = reactor
        self._in_thread = in_thread
        self._trees = tuple(trees)
        self._number: int | None = None
        self._past: runs.PastRun | None = None
        self._names: _Names = {}
        self._marks: Marks | None = None
        self._found: Left | None = None
        self._left: Left | None = None
        self._done: Redone | None = None
        self._gone_on: dict[int, tuple[str, int]] = {}
        self._put_away = self._cleared = 0
        self._began_seconds = self._changed_seconds = 0.0
        self._shown: dict[str, Any] = {}
        self._rounds = self._every(self._round)
        self._lives = self._every(self._live)

    # What the daemon does with it

    async def begin(self, *, cleared: int = 0) -> str:
        """Look at what was left, before anything works, and watch it from now on; a line about it.

        `cleared` counts the half-written files that were cleared away already.
        """
        told = await self._look(cleared)
        self._lives.start(ALIVE_SECONDS, now=False).addErrback(_stopped)
        if self._is_after_crash:
            self._rounds.start(ROUND_SECONDS, now=False).addErrback(_stopped)
        return told

    async def _look(self, cleared: int) -> str:
        self._began_seconds = self._changed_seconds = self._reactor.seconds()
        self._cleared = cleared
        self._names = await self._in_thread(_claimed, self._trees)
        self._past, self._marks, found = await self._ledger.read(_look)
        self._found = self._left = Left(sum(map(len, self._names.values())), found)
        await self._record()
        words, what = run_words(self._past), found_words(self._found)
        self._shown = {"last_run": words, "found": what}
        if self._is_after_crash:
            _log.warn("{run}; found: {found}", run=words, found=what, **self._fields())
            return f"{words}; recovering"
        return words if self._past is None else f"{words}; left: {what}"

    async def stop(self) -> None:
        """Watch no more: the daemon stops."""
        for calls in (self._rounds, self._lives):
            if calls.running:
                calls.stop()

    async def ended(self) -> None:
        """The run ends in order: nothing but the end of the ledger comes after this."""
        number = self._number
        if number is None:
            return
        try:
            await self._ledger.submit(lambda uow: runs.ended(uow, number), first=False)
        except EnvironmentFault as fault:
            _log.warn("that this run ended in order cannot be recorded: {fault}", fault=fault)

    def shown(self) -> dict[str, Any]:
        """For operators who ask for the status."""
        return dict(self._shown)

    # What others tell

    def put_away(self, files: int) -> None:
        """So many files that were settled before were still to be put away."""
        self._put_away = files

    def gone_on(self, file: InboundFile) -> None:
        """A partner goes on with a file at `file.position_bytes`."""
        if self._marks is None or file.id > self._marks.inbound_file or not self._rounds.running:
            return
        if len(self._gone_on) < _MAX_GONE_ON or file.id in self._gone_on:
            name = f"{file.identity.dataset_name} of {file.partner}"
            self._gone_on[file.id] = name, file.position_bytes

    # Inside

    @property
    def _is_after_crash(self) -> bool:
        return self._past is not None and not self._past.was_in_order

    async def _record(self) -> None:
        """Put down that this run has begun; on a disk that is full, later."""
        try:
            self._number = await self._ledger.submit(runs.begin)
        except EnvironmentFault as fault:
            _log.warn("that this run has begun cannot be recorded yet: {fault}", fault=fault)

    async def _live(self) -> None:
        if self._number is None:
            await self._record()
        number = self._number
        if number is not None:
            await self._ledger.submit(lambda uow: runs.alive(uow, number))

    async def _round(self) -> None:
        began_seconds = self._reactor.seconds()
        left = await self._look_again()
        now_seconds = self._reactor.seconds()
        # However much there is: to watch the work is a small part of the work.
        self._rounds.interval = max(ROUND_SECONDS, _PART * (now_seconds - began_seconds))
        if left != self._left:
            self._left, self._changed_seconds = left, now_seconds
        if left.is_nothing or now_seconds - self._changed_seconds >= STILL_SECONDS:
            await self._tell(left, self._changed_seconds - self._began_seconds)

    async def _look_again(self) -> Left:
        """What of that which was found is still there."""
        names = self._names = await self._in_thread(_still_claimed, self._names)
        marks = self._marks
        found = await self._ledger.read(lambda connection: left_over.left_over(connection, marks))
        # Messages that are due come and go: here they are no sign of anything.
        found = replace(found, due=0, held=0, without_receipt=0)
        return Left(sum(map(len, names.values())), found)

    async def _tell(self, left: Left, seconds: float) -> None:
        found = self._found
        assert found is not None, "what was found was looked at first"
        again = sorted(set(found.ledger.interchanges) - set(left.ledger.interchanges))
        refused = await self._ledger.read(lambda connection: left_over.refused(connection, again))
        waits = Left(left.work, await self._ledger.read(left_over.left_over))
        done = Redone(found, left, refused, dict(self._gone_on.values()), self._put_away, self._cleared)
        number = self._number
        if number is not None:
            await self._ledger.submit(lambda uow: runs.recovered(uow, number))
        # The daemon may have been told to stop meanwhile.
        if self._rounds.running:
            self._rounds.stop()
        words, what = redone_words(done), waits_words(waits)
        took = f"{seconds:.1f}"
        _log.info("redone in {seconds} s: {redone}", seconds=took, redone=words, **done.fields())
        _log.info("waits: {waits}", waits=what, **waits.fields())
        self._shown |= {"redone": f"in {took} s: {words}", "waits": what}

    def _fields(self) -> dict[str, Any]:
        assert self._found is not None and self._past is not None, "after a look, and a run"
        return {**self._found.fields(), "last_alive": self._past.alive_at.isoformat(timespec="seconds")}

    def _every(self, what: Callable[[], Any]) -> LoopingCall:
        """A call that a fault of the machine does not end: whoever works tells of it."""

        async def guarded() -> None:
            try:
                await what()
            except (EnvironmentFault, OSError) as fault:
                _log.debug("the recovery cannot be watched: {fault}", fault=fault)

        calls = LoopingCall(lambda: Deferred.fromCoroutine(guarded()))
        calls.clock = self._reactor
        return calls


def _stopped(failure: Failure) -> None:
    _log.failure("the watch over the recovery has stopped", failure)


def _look(connection: Connection) -> tuple[runs.PastRun | None, Marks, left_over.LeftOver]:
    return runs.last(connection), left_over.marks(connection), left_over.left_over(connection)


def _claimed(trees: Sequence[SpoolTree]) -> _Names:
    """What is in `work/`. Blocks on the disk."""
    return {tree: frozenset(tree.claimed()) for tree in trees}


def _still_claimed(names: _Names) -> _Names:
    """Of `names` those that are still in `work/`. Blocks on the disk."""
    return {tree: left & frozenset(tree.claimed()) if left else left for tree, left in names.items()}

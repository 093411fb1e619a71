"""Feedback: what the ledger has for the issuing systems is written into their `out/`, each whole, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from twisted.internet.interfaces import IReactorTime

from gateway.errors import EnvironmentFault
from gateway.exchange.arrears import MANY, Arrears
from gateway.exchange.pump import Pump
from gateway.exchange.scribe import Answers, Published
from gateway.exchange.spool import SpoolTree
from gateway.exchange.threads import InThread
from gateway.exchange.workers import Poisoned, Workers
from gateway.ledger import feedback
from gateway.ledger.store import Ledger

BATCH = 128
#: A batch that takes so long is told: a disk that hangs says nothing by itself.
SLOW_SECONDS = 30.0


class FeedbackWriter:
    """Follows the ledger: an answer is a row first, a file after the commit, then marked as written.

    A crash between the last two writes the same file again, and the scribe sees that it is there.
    Each tree has a pump of its own: one that cannot be written to holds up no other.
    """

    def __init__(
        self,
        *,
        trees: Sequence[SpoolTree],
        ledger: Ledger,
        reactor: IReactorTime,
        scribes: Workers,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
        caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        """`scribes` have benches of `Scribe`. `caught_up` is called when there are no `arrears` any more."""
        self.arrears = Arrears(clock=reactor, alarm=alarm, over=caught_up)
        self._ledger = ledger
        self._reactor = reactor
        self._scribes = scribes
        self._in_thread = in_thread
        self._alarm = alarm
        self._untidy: set[str] = set()
        self._unknown = {tree.name for tree in trees}
        self._pumps = [
            Pump(f"feedback to {tree.name}", partial(self._step, tree), reactor, alarm=alarm)
            for tree in trees
        ]

    def start(self) -> None:
        """Begin, with what the last run left."""
        for pump in self._pumps:
            pump.start()

    def wake(self) -> None:
        """There may be answers to write."""
        for pump in self._pumps:
            pump.wake()

    async def stop(self) -> None:
        """Finish what is being written."""
        for pump in self._pumps:
            await pump.stop()

    async def _step(self, tree: SpoolTree) -> bool:
        if tree.name in self._untidy and await self._in_thread(tree.tidy):
            self._untidy.discard(tree.name)
        rows = await self._ledger.read(lambda connection: feedback.unwritten(connection, BATCH, tree.name))
        is_whole = len(rows) == BATCH
        self.arrears.waits(tree.name, await self._waiting(tree) if is_whole else len(rows))
        if rows or tree.name in self._unknown:
            # Once without answers too: so the scribe is there before any waits, or is told to be missing.
            await self._write(tree, rows)
            self._unknown.discard(tree.name)
        return is_whole

    async def _write(self, tree: SpoolTree, rows: Sequence[feedback.Feedback]) -> None:
        try:
            outcome = await self._published(tree, rows)
        except (OSError, EnvironmentFault):
            self._cannot_be_written_to(tree)
            raise
        written = [rows[place].id for place in outcome.places]
        if written:
            await self._ledger.submit(lambda uow: feedback.mark_written(uow, written))
        for failure in outcome.failures:
            # The pump tells of it, and tries what is left again by and by.
            self._cannot_be_written_to(tree)
            raise failure

    async def _published(self, tree: SpoolTree, rows: Sequence[feedback.Feedback]) -> Published:
        answers = Answers(tree.out, [(row.name, row.content) for row in rows])
        with self._told_when_slow(tree):
            [outcome] = await self._scribes.run("answers", [answers])
        if isinstance(outcome, Poisoned):
            raise EnvironmentFault(f"writing a batch of answers went wrong: {outcome.reason}")
        assert isinstance(outcome, Published), outcome
        return outcome

    @contextmanager
    def _told_when_slow(self, tree: SpoolTree) -> Iterator[None]:
        name = f"disk of {tree.name}"
        slow = self._reactor.callLater(SLOW_SECONDS, self._alarm, name, _SLOW)
        try:
            yield
        finally:
            if slow.active():
                slow.cancel()
            else:
                self._alarm(name, None)

    def _cannot_be_written_to(self, tree: SpoolTree) -> None:
        # What could not be named could perhaps not be removed either, nor by a scribe that ended.
        self._untidy.add(tree.name)
        self.arrears.waits(tree.name, 0)

    async def _waiting(self, tree: SpoolTree) -> int:
        return await self._ledger.read(lambda connection: feedback.waiting(connection, tree.name, MANY))


_SLOW = (
    f"answers are being written for {SLOW_SECONDS:.0f} s: does the disk, or the network to it, hang?"
    " Nothing is lost; it goes on by itself"
)

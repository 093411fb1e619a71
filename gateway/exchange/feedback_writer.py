"""Feedback: what the ledger has for the issuing systems is written into their `out/`, each whole, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


class FeedbackWriter:
    """Follows the ledger: an answer is a row first, a file after the commit, then marked as written.

    A crash between the last two writes the same file again, and the scribe sees that it is there.
    Each tree has a pump of its own: one that cannot be written to holds up no other.
    """

    def __init__(
        self,
        *,
        trees: Iterable[SpoolTree],
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
        self._scribes = scribes
        self._in_thread = in_thread
        self._untidy: set[str] = set()
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
        if rows:
            try:
                await self._write(tree, rows)
            except (OSError, EnvironmentFault):
                # What could not be named could perhaps not be removed either, nor by a scribe that ended.
                self._untidy.add(tree.name)
                self.arrears.waits(tree.name, 0)
                raise
        return is_whole

    async def _write(self, tree: SpoolTree, rows: Sequence[feedback.Feedback]) -> None:
        outcome = await self._published(Answers(tree.out, [(row.name, row.content) for row in rows]))
        written = [rows[place].id for place in outcome.places]
        await self._ledger.submit(lambda uow: feedback.mark_written(uow, written))
        for failure in outcome.failures:
            # The pump tells of it, and tries what is left again by and by.
            raise failure

    async def _published(self, answers: Answers) -> Published:
        [outcome] = await self._scribes.run("answers", [answers])
        if isinstance(outcome, Poisoned):
            raise EnvironmentFault(f"answers lose the process that writes them: {outcome.reason}")
        assert isinstance(outcome, Published), outcome
        return outcome

    async def _waiting(self, tree: SpoolTree) -> int:
        return await self._ledger.read(lambda connection: feedback.waiting(connection, tree.name, MANY))

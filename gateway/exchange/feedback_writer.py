"""Feedback: what the ledger has for the issuing systems is written into their `out/`, each whole, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from twisted.internet.interfaces import IReactorTime

from gateway.exchange.pump import Pump
from gateway.exchange.spool import SpoolTree
from gateway.exchange.threads import InThread
from gateway.ledger import feedback
from gateway.ledger.store import Ledger

BATCH = 128


class FeedbackWriter:
    """Follows the ledger: an answer is a row first, a file after the commit, then marked as written.

    A crash between the last two writes the same file again, and `SpoolTree.publish` sees that it is there.
    Each tree has a pump of its own: one that cannot be written to holds up no other.
    """

    def __init__(
        self,
        *,
        trees: Iterable[SpoolTree],
        ledger: Ledger,
        reactor: IReactorTime,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        self._ledger = ledger
        self._in_thread = in_thread
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
        rows = await self._ledger.read(lambda connection: feedback.unwritten(connection, BATCH, tree.name))
        if not rows:
            return False
        await self._in_thread(tree.publish, [(row.name, row.content) for row in rows])
        await self._ledger.submit(lambda uow: feedback.mark_written(uow, [row.id for row in rows]))
        return len(rows) == BATCH

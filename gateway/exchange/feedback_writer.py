"""Feedback: what the ledger has for the issuing systems is written into their `out/`, each whole, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

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
    """

    def __init__(
        self,
        *,
        trees: Mapping[str, SpoolTree],
        ledger: Ledger,
        reactor: IReactorTime,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        self._trees = trees
        self._ledger = ledger
        self._in_thread = in_thread
        self.pump = Pump("feedback", self._step, reactor, alarm=alarm)

    async def _step(self) -> bool:
        rows = await self._ledger.read(lambda connection: feedback.unwritten(connection, BATCH))
        if not rows:
            return False
        await self._in_thread(self._write, rows)
        await self._ledger.submit(lambda uow: feedback.mark_written(uow, [row.id for row in rows]))
        return len(rows) == BATCH

    def _write(self, rows: Sequence[feedback.Feedback]) -> None:
        by_tree: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for row in rows:
            by_tree[row.tree].append((row.name, row.content))
        for tree, answers in by_tree.items():
            self._trees[tree].publish(answers)

"""The intake's agenda: which files are next, which are in hand, and which are left alone.

Only so many names are kept; the rest of a backlog stays in the folder until these are done, so that memory
is bounded by a constant. What is kept is a copy of what the folders say: losing it costs a look at them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime

from gateway.exchange.names import is_urgent, printable
from gateway.exchange.spool import SpoolTree, Waiting
from gateway.exchange.threads import InThread

#: How many names are kept at once: a look at a large folder is worth many batches.
MAX_ACTIVE_NAMES = 32_768
#: While there is something to do, or if it found nothing, a look that took long is followed by the next one
#: after this many times as long.
REST = 40
#: A look that takes this long is a long one.
LONG_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Tree:
    """A spool tree and the issuers that may use it (None: any that is trusted)."""

    spool: SpoolTree
    issuers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A file to take in: where it was dropped, and whether it is in `work/` already.

    One that was `tried` before may be there, or not.
    """

    tree: Tree
    name: str
    claimed: bool = False
    tried: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.tree.spool.name, self.name

    @property
    def may_be_settled(self) -> bool:
        """Whether a transaction may have settled it already, and it only was not put away."""
        return self.claimed or self.tried

    def __str__(self) -> str:
        return f"file {printable(self.name)} in {self.tree.spool.name}"


class Agenda:
    """Hands out names, urgent first, then oldest first; never one name to two lanes at once."""

    def __init__(
        self,
        trees: Sequence[Tree],
        *,
        batch_files: int,
        scan_seconds: float,
        clock: IReactorTime,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None],
    ) -> None:
        self._trees = tuple(trees)
        self._batch_files = batch_files
        self._scan_seconds = scan_seconds
        self._clock = clock
        self._in_thread = in_thread
        self._alarm = alarm
        self._ready: deque[Name] = deque()
        self._in_hand: set[tuple[str, str]] = set()
        self._left_alone: set[tuple[str, str]] = set()
        self._tried: set[tuple[str, str]] = set()
        self._troubled: dict[tuple[str, str], Name] = {}
        self._one_at_a_time = DeferredLock()
        self._urgent: deque[Name] = deque(maxlen=batch_files)
        self._found_nothing = False
        self._looked_seconds = 0.0
        self._look_took_seconds = 0.0

    def __len__(self) -> int:
        """How many names are kept."""
        return len(self._ready)

    def resume(self) -> None:
        """Begin with what the last run left in `work/`. Blocks on the disk."""
        for tree in self._trees:
            self._ready.extend(Name(tree, name, claimed=True) for name in tree.spool.claimed())

    def urgent_came(self, spool_name: str, file_name: str) -> None:
        """This goes first. What there are too many of at once is found by the next look."""
        for tree in self._trees:
            if tree.spool.name == spool_name:
                self._urgent.append(Name(tree, file_name))

    async def take(self, *, only_urgent: bool = False) -> list[Name]:
        """Up to a batch of names, in hand from now on until `give_back`."""
        if self._urgent:
            # They wait for no look at a large folder. A look finds them too: who comes second is gone then.
            return self._next(only_urgent=only_urgent)
        await self._one_at_a_time.acquire()
        try:
            await self._look()
            return self._next(only_urgent=only_urgent)
        finally:
            self._one_at_a_time.release()

    async def take_claimed(self) -> list[Name]:
        """As `take`, but nothing that is still in `in/`, and without a look at what came."""
        await self._one_at_a_time.acquire()
        try:
            return self._next(new=False)
        finally:
            self._one_at_a_time.release()

    def give_back(self, names: Iterable[Name]) -> None:
        """The lane is done with these, whatever became of them."""
        self._in_hand.difference_update(name.key for name in names)

    def put_first(self, names: Sequence[Name]) -> None:
        """These come next: a batch had no room for them."""
        self._ready.extendleft(reversed(names))

    def put_last(self, names: Sequence[Name]) -> None:
        """These are to be tried again. Where they stand is asked of the disk then: it may not answer now."""
        self._tried.update(name.key for name in names)
        self._ready.extend(names)

    def leave_alone(self, name: Name, trouble: str) -> None:
        """It is settled and cannot be moved: nobody takes it before `is_gone`, or the next start."""
        self._left_alone.add(name.key)
        self._alarm(str(name), trouble)

    def is_gone(self, name: Name) -> None:
        """What was left alone is moved after all; another file of its name is welcome."""
        self._left_alone.discard(name.key)
        self._alarm(str(name), None)

    def cannot_be_had(self, name: Name, trouble: str) -> None:
        """It cannot be claimed or read: told until it is gone, and tried again with every look."""
        self._troubled[name.key] = name
        self._alarm(str(name), trouble)

    def _next(self, *, new: bool = True, only_urgent: bool = False) -> list[Name]:
        names: list[Name] = []
        passed_over: list[Name] = []
        self.put_first(self._urgent)
        self._urgent.clear()
        while self._ready and len(names) < self._batch_files:
            name = self._ready.popleft()
            if only_urgent and not (name.claimed or is_urgent(name.name)):
                # What is urgent comes before it, unless it was tried already.
                passed_over.append(name)
                break
            if names and is_urgent(names[0].name) != is_urgent(name.name):
                # What is urgent is not settled together with others: it would wait for them.
                passed_over.append(name)
                break
            if not (new or name.claimed or name.key in self._tried):
                passed_over.append(name)
            elif name.key not in self._in_hand and name.key not in self._left_alone:
                self._in_hand.add(name.key)
                # A name may be here twice, once from a look that was before the try.
                names.append(replace(name, tried=name.key in self._tried))
                self._tried.discard(name.key)
        self.put_first(passed_over)
        return names

    async def _look(self) -> None:
        """See what waits; while a backlog is known already, only for what is urgent, and now and then."""
        now_seconds = self._clock.seconds()
        is_time = now_seconds >= self._looked_seconds + self._pause_seconds()
        if not self._ready and (is_time or not self._found_nothing):
            self._ready.extend(await self._waiting(MAX_ACTIVE_NAMES, SpoolTree.waiting))
            self._found_nothing = not self._ready
            await self._see_to_troubled()
        elif self._ready and now_seconds >= self._looked_seconds + self._scan_seconds and is_time:
            self.put_first(await self._waiting(self._batch_files, SpoolTree.urgent))

    def _pause_seconds(self) -> float:
        return self._look_took_seconds * REST if self._look_took_seconds >= LONG_SECONDS else 0.0

    async def _waiting(self, limit: int, look: Callable[[SpoolTree, int], list[Waiting]]) -> list[Name]:
        began_seconds = self._clock.seconds()
        found = await self._in_thread(_waiting, self._trees, limit, look)
        self._looked_seconds = self._clock.seconds()
        self._look_took_seconds = self._looked_seconds - began_seconds
        return found

    async def _see_to_troubled(self) -> None:
        """What is in `work/` is in no look at `in/`: it is tried again from here."""
        gone, claimed = await self._in_thread(_as_they_stand, list(self._troubled.values()))
        for name in gone:
            del self._troubled[name.key]
            self._alarm(str(name), None)
        self._ready.extend(claimed)


def _waiting(
    trees: Sequence[Tree], limit: int, look: Callable[[SpoolTree, int], list[Waiting]]
) -> list[Name]:
    """What waits in all trees, urgent and old first. Blocks on the disk."""
    found = [(waiting, tree) for tree in trees for waiting in look(tree.spool, limit)]
    found.sort(key=itemgetter(0))
    return [Name(tree, waiting.name) for waiting, tree in found[:limit]]


def _as_they_stand(names: Sequence[Name]) -> tuple[list[Name], list[Name]]:
    """Those that are no longer there, and those that are in `work/`. Blocks on the disk."""
    gone = [name for name in names if not name.tree.spool.has(name.name)]
    claimed = [replace(name, claimed=True) for name in names if name.tree.spool.has_claimed(name.name)]
    return gone, claimed

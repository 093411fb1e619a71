"""Intake: files dropped in `in/` become licences in the ledger, or answers that say why not.

    in/ --claim--> work/ --examine (worker)--> accept or refuse (one transaction) --> gone from work/

A file leaves `work/` only when its transaction is durable. What a crash leaves there is examined again at
the next start, with the same result: an accepted message is known by its identity, and an answer that was
already given for the same drop is not given twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import EnvironmentFault
from gateway.exchange.acceptance import Drop, Settled, clear, settle, still_growing
from gateway.exchange.examination import Document
from gateway.exchange.names import is_urgent, printable
from gateway.exchange.pump import Pump
from gateway.exchange.spool import Contents, NotReadable, SpoolTree, Waiting
from gateway.exchange.threads import InThread
from gateway.exchange.workers import Poisoned, Workers
from gateway.ledger.store import Ledger
from gateway.licences.policy import Policy

_log = Logger()

#: How many names are kept at once; the rest of a backlog stays in the folder until these are done.
MAX_ACTIVE_NAMES = 8_192
#: How many names that cannot be had are told of one batch.
MAX_TROUBLES = 64
#: A batch is closed at this many bytes, however few files that is.
MAX_BATCH_BYTES = 8 * 1024 * 1024
#: A file that makes no sense and is this young may still be being written: it is looked at again.
SETTLE_SECONDS = 2.0
_OUR_FAULT = "this program has a fault that shows with this file; its log has the details"


@dataclass(frozen=True, slots=True)
class Tree:
    """A spool tree and the issuers that may use it (None: any that is trusted)."""

    spool: SpoolTree
    issuers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds of the intake: files a batch, bytes a file, batches in hand at once, and how often
    `in/` is looked at where nothing tells of new files."""

    batch_files: int = 64
    max_file_bytes: int = 16 * 1024 * 1024
    lanes: int = 3
    scan_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class _Name:
    tree: Tree
    name: str
    claimed: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.tree.spool.name, self.name


@dataclass(frozen=True, slots=True)
class _Read:
    name: _Name
    contents: Contents | NotReadable


class Intake:
    """Takes files in, a batch a lane at a time."""

    def __init__(
        self,
        *,
        trees: Sequence[Tree],
        workers: Workers,
        ledger: Ledger,
        policy: Policy,
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        accepted: Callable[[], None],
        answered: Callable[[], None],
        limits: IntakeLimits | None = None,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        """`accepted` and `answered` are called after a commit that made work for the next in line."""
        self._trees = tuple(trees)
        self._workers = workers
        self._ledger = ledger
        self._policy = policy
        self._clock = clock
        self._reactor = reactor
        self._in_thread = in_thread
        self._accepted = accepted
        self._answered = answered
        self._limits = limits or IntakeLimits()
        self._ready: deque[_Name] = deque()
        self._in_hand: set[tuple[str, str]] = set()
        # Settled, but not to be moved: left alone until the next start.
        self._stuck: set[tuple[str, str]] = set()
        self._troubles: deque[tuple[_Name, str]] = deque(maxlen=MAX_TROUBLES)
        self._troubled: dict[tuple[str, str], _Name] = {}
        self._scan = DeferredLock()
        self._look_for_urgent = False
        self._looked_seconds = 0.0
        self._alarm = alarm
        self._pumps = [
            Pump(
                f"intake {lane + 1}", self._step, reactor, idle_seconds=self._limits.scan_seconds, alarm=alarm
            )
            for lane in range(self._limits.lanes)
        ]

    def start(self) -> int:
        """Begin, first with what the last run left in `work/`; returns how many files that is."""
        for tree in self._trees:
            self._ready.extend(_Name(tree, name, claimed=True) for name in tree.spool.claimed())
        left = len(self._ready)
        for pump in self._pumps:
            pump.start()
        return left

    async def stop(self) -> None:
        """Finish the batches in hand; take no more."""
        for pump in self._pumps:
            pump.end()
        for pump in self._pumps:
            await pump.stop()

    def noticed(self, _spool_name: str, file_name: str) -> None:
        """A file came in: what that means is asked of the folder. An urgent one goes before all that wait."""
        self._look_for_urgent |= is_urgent(file_name)
        for pump in self._pumps:
            pump.wake()

    async def _step(self) -> bool:
        names = await self._next_names()
        if not names:
            return False
        try:
            batch, left = await self._in_thread(self._claim_and_read, names)
            self._tell_troubles()
            self._ready.extendleft(reversed(left))
            await self._take(batch)
        except Exception:
            # What was claimed stays in work/ and is tried again after the pump's pause.
            self._ready.extend(await self._in_thread(_as_they_stand, names))
            raise
        finally:
            self._in_hand.difference_update(name.key for name in names)
        return bool(batch or self._ready)

    def _tell_troubles(self) -> None:
        while self._troubles:
            name, trouble = self._troubles.popleft()
            self._troubled[name.key] = name
            self._alarm(_about(name), trouble)

    async def _next_names(self) -> list[_Name]:
        """Up to a batch of names that no other lane has in hand."""
        await self._scan.acquire()
        try:
            await self._look()
            names: list[_Name] = []
            while self._ready and len(names) < self._limits.batch_files:
                name = self._ready.popleft()
                if name.key not in self._in_hand and name.key not in self._stuck:
                    self._in_hand.add(name.key)
                    names.append(name)
            return names
        finally:
            self._scan.release()

    async def _look(self) -> None:
        """See what waits; while a backlog is known already, only for what is urgent, and now and then."""
        now_seconds = self._reactor.seconds()
        if not self._ready:
            found = await self._in_thread(_waiting, self._trees, MAX_ACTIVE_NAMES, SpoolTree.waiting)
            self._ready.extend(found)
            for name in await self._in_thread(_gone, list(self._troubled.values())):
                del self._troubled[name.key]
                self._alarm(_about(name), None)
        elif self._look_for_urgent or now_seconds >= self._looked_seconds + self._limits.scan_seconds:
            found = await self._in_thread(_waiting, self._trees, self._limits.batch_files, SpoolTree.urgent)
            self._ready.extendleft(reversed(found))
        else:
            return
        self._look_for_urgent = False
        self._looked_seconds = now_seconds

    def _claim_and_read(self, names: Sequence[_Name]) -> tuple[list[_Read], Sequence[_Name]]:
        """What was read, and the names for which the batch had no room. Runs in a thread."""
        batch: list[_Read] = []
        size = 0
        for index, name in enumerate(names):
            if size >= MAX_BATCH_BYTES:
                return batch, names[index:]
            contents = self._claim_and_read_one(name)
            if contents is not None:
                batch.append(_Read(name, contents))
                size += len(contents.data) if isinstance(contents, Contents) else 0
        return batch, ()

    def _claim_and_read_one(self, name: _Name) -> Contents | NotReadable | None:
        """None if there is nothing to do with it now. One name that cannot be had takes no other with it."""
        spool = name.tree.spool
        try:
            if not (name.claimed or spool.claim(name.name)):
                return None
            return spool.read(name.name, self._limits.max_file_bytes)
        except FileNotFoundError:
            return None
        except NotReadable as error:
            return error
        except OSError as error:
            self._troubles.append((name, str(error)))
            return None

    async def _take(self, batch: Sequence[_Read]) -> None:
        drops = await self._examine(batch)
        growing = await self._in_thread(still_growing, drops, self._clock().timestamp(), SETTLE_SECONDS)
        for drop in growing:
            self._reactor.callLater(SETTLE_SECONDS, self._look_again, drop)
        settled_drops = [drop for drop in drops if drop not in growing]
        if not settled_drops:
            return
        settled = await self._settle(settled_drops)
        self._answered()
        if any(one.accepted for one in settled):
            self._accepted()
        for one in settled:
            one.log(_log)
        await self._clear(settled)

    async def _clear(self, settled: Sequence[Settled]) -> None:
        """Take settled files out of `work/`; what cannot be moved is left alone until the next start."""
        for one, trouble in await self._in_thread(clear, settled):
            self._alarm(f"file {one.drop.source} in {one.drop.spool.name}", f"cannot be put away: {trouble}")
            self._stuck.add((one.drop.spool.name, one.drop.name))

    async def _settle(self, drops: Sequence[Drop]) -> list[Settled]:
        """One transaction for all; if a fault of this program is in the way, one for each."""
        try:
            return await self._ledger.submit(lambda uow: settle(uow, drops, self._policy))
        except EnvironmentFault:
            raise
        except Exception:
            _log.failure("{count} files could not be settled together", count=len(drops))
            if len(drops) == 1:
                poisoned = [replace(drops[0], result=Poisoned(_OUR_FAULT))]
                return await self._ledger.submit(lambda uow: settle(uow, poisoned, self._policy))
        return [one for drop in drops for one in await self._settle([drop])]

    async def _examine(self, batch: Sequence[_Read]) -> list[Drop]:
        received = self._clock()
        jobs = [
            Document(read.contents.data, received, read.name.tree.issuers)
            for read in batch
            if isinstance(read.contents, Contents)
        ]
        results = iter(await self._workers.run("messages", jobs))
        return [
            Drop(
                read.name.tree.spool,
                read.name.name,
                read.contents,
                next(results) if isinstance(read.contents, Contents) else None,
            )
            for read in batch
        ]

    def _look_again(self, drop: Drop) -> None:
        tree = next(tree for tree in self._trees if tree.spool is drop.spool)
        self._ready.append(_Name(tree, drop.name, claimed=True))
        self._pumps[0].wake()


def _waiting(
    trees: Sequence[Tree], limit: int, look: Callable[[SpoolTree, int], list[Waiting]]
) -> list[_Name]:
    """What waits in all trees, urgent and old first. Blocks on the disk."""
    found = [(waiting, tree) for tree in trees for waiting in look(tree.spool, limit)]
    return [_Name(tree, waiting.name) for waiting, tree in sorted(found, key=itemgetter(0))]


def _about(name: _Name) -> str:
    return f"file {printable(name.name)} in {name.tree.spool.name}"


def _gone(names: Sequence[_Name]) -> list[_Name]:
    """Those that are no longer there. Blocks on the disk."""
    return [name for name in names if not name.tree.spool.has(name.name)]


def _as_they_stand(names: Sequence[_Name]) -> list[_Name]:
    """The same names, each known to be in `work/` or not. Blocks on the disk."""
    return [replace(name, claimed=name.tree.spool.has_claimed(name.name)) for name in names]

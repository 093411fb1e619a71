"""Intake: files dropped in `in/` become licences in the ledger, or answers that say why not.

    in/ --claim--> work/ --examine (worker)--> accept or refuse (one transaction) --> gone from work/

A file leaves `work/` only when its transaction is durable. What a crash leaves there is examined again at
the next start, with the same result: an accepted message is known by its identity, and an answer that was
already given for the same drop is not given twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import EnvironmentFault
from gateway.exchange.acceptance import Drop, Settled, settle, still_growing
from gateway.exchange.agenda import Agenda, Name, Tree
from gateway.exchange.examination import Document
from gateway.exchange.names import is_handed_over, is_urgent
from gateway.exchange.pump import Pump
from gateway.exchange.putting_away import PuttingAway
from gateway.exchange.spool import Contents, NotReadable
from gateway.exchange.threads import InThread
from gateway.exchange.workers import OUR_FAULT, Poisoned, Workers
from gateway.ledger.store import Ledger
from gateway.licences.policy import Policy

_log = Logger()

#: A batch is closed at this many bytes, however few files that is.
MAX_BATCH_BYTES = 8 * 1024 * 1024
#: A file that makes no sense and is this young may still be being written: it is looked at again.
SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds of the intake: files a batch, bytes a file, batches in hand at once.

    `in/` is looked at every `scan_seconds` where nothing tells of new files.
    """

    batch_files: int = 64
    max_file_bytes: int = 4 * 1024 * 1024
    lanes: int = 3
    scan_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class _Read:
    """A claimed file: what it held, what it is instead of a file, or why it could not be had."""

    name: Name
    contents: Contents | NotReadable | OSError


class Intake:
    """Takes files in, a batch a lane at a time."""

    def __init__(
        self,
        *,
        trees: Sequence[Tree],
        workers: Workers,
        ledger: Ledger,
        policy: Callable[[], Policy],
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        accepted: Callable[[], None],
        answered: Callable[[], None],
        limits: IntakeLimits | None = None,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
        has_room: Callable[[], bool] = lambda: True,
        is_held_back: Callable[[], bool] = lambda: False,
    ) -> None:
        """`accepted` and `answered` are called after a commit that made work for the next in line.

        While there is no room (`has_room`) nothing is claimed; what is claimed already is finished. While
        `is_held_back` only what is urgent is claimed.

        `policy` is asked for the law that holds now, with each transaction.
        """
        self._workers = workers
        self._ledger = ledger
        self._policy = policy
        self._clock = clock
        self._reactor = reactor
        self._in_thread = in_thread
        self._accepted = accepted
        self._answered = answered
        self._has_room = has_room
        self._is_held_back = is_held_back
        self._limits = limits = limits or IntakeLimits()
        self.agenda = Agenda(
            trees,
            batch_files=limits.batch_files,
            scan_seconds=limits.scan_seconds,
            clock=reactor,
            in_thread=in_thread,
            alarm=alarm,
        )
        self._putting_away = PuttingAway(self.agenda, in_thread=in_thread, clock=reactor)
        self._pumps = [
            Pump("intake", self._step, reactor, idle_seconds=limits.scan_seconds, alarm=alarm)
            for _ in range(limits.lanes)
        ]

    def start(self) -> None:
        """Begin, first with what the last run left in `work/`."""
        self.agenda.resume()
        for pump in self._pumps:
            pump.start()

    async def stop(self) -> None:
        """Finish the batches in hand; take no more."""
        for pump in self._pumps:
            pump.end()
        for pump in self._pumps:
            await pump.stop()

    def noticed(self, spool_name: str, file_name: str) -> None:
        """A file came in: what that means is asked of the folder. An urgent one goes before all that wait."""
        if is_urgent(file_name) and is_handed_over(file_name):
            self.agenda.urgent_came(spool_name, file_name)
        self.wake()

    def wake(self) -> None:
        """There may be something to take in."""
        for pump in self._pumps:
            pump.wake()

    async def _step(self) -> bool:
        await self._putting_away.again()
        may_claim, is_held_back = self._has_room(), self._is_held_back()
        if may_claim:
            names = await self.agenda.take(only_urgent=is_held_back)
        else:
            names = await self.agenda.take_claimed()
        try:
            batch = await self._claim_and_read(names, may_claim=may_claim)
            await self._take(batch)
        except Exception:
            # What was claimed stays in work/ and is tried again after the pump's pause.
            self.agenda.put_last(names)
            raise
        finally:
            self.agenda.give_back(names)
        return bool(batch or (may_claim and not is_held_back and len(self.agenda)))

    async def _claim_and_read(self, names: Sequence[Name], *, may_claim: bool) -> list[_Read]:
        """What could be had of `names`; for the rest the batch had no room, or it is told why."""
        claim = _claim_and_read if may_claim else _read_claimed
        found, left = await self._in_thread(claim, names, self._limits.max_file_bytes)
        self.agenda.put_first(left)
        for one in found:
            if isinstance(one.contents, OSError):
                self.agenda.cannot_be_had(one.name, str(one.contents))
        return [one for one in found if not isinstance(one.contents, OSError)]

    async def _take(self, batch: Sequence[_Read]) -> None:
        drops = await self._examine(batch)
        growing = await self._in_thread(still_growing, drops, self._clock().timestamp(), SETTLE_SECONDS)
        for name in [one.name for one, drop in zip(batch, drops, strict=True) if drop in growing]:
            self._reactor.callLater(SETTLE_SECONDS, self._look_again, replace(name, claimed=True))
        finished = [drop for drop in drops if drop not in growing]
        if not finished:
            return
        settled = await self._settle(finished)
        self._answered()
        if any(one.accepted for one in settled):
            self._accepted()
        for one in settled:
            one.log(_log)
        await self._putting_away.put_away(settled)

    async def _settle(self, drops: Sequence[Drop]) -> list[Settled]:
        """One transaction for all; if a fault of this program is in the way, one for each."""
        try:
            return await self._ledger.submit(
                lambda uow: settle(uow, drops, self._policy()),
                messages=len(drops),
                # Not because they are few: one may be about the licence of another that was taken before it.
                first=all(is_urgent(drop.name.name) for drop in drops),
            )
        except EnvironmentFault:
            raise
        except Exception:
            _log.failure("{count} files could not be settled together", count=len(drops))
            if len(drops) == 1:
                poisoned = [replace(drops[0], result=Poisoned(OUR_FAULT))]
                return await self._ledger.submit(lambda uow: settle(uow, poisoned, self._policy()))
        return [one for drop in drops for one in await self._settle([drop])]

    async def _examine(self, batch: Sequence[_Read]) -> list[Drop]:
        received = self._clock()
        readable = [one for one in batch if isinstance(one.contents, Contents)]
        jobs = [
            Document(one.contents.data, received, one.name.tree.issuers)
            for one in readable
            if isinstance(one.contents, Contents)
        ]
        results = dict(zip(map(id, readable), await self._workers.run("messages", jobs), strict=True))
        return [
            Drop(one.name, one.contents, results.get(id(one)))
            for one in batch
            if not isinstance(one.contents, OSError)
        ]

    def _look_again(self, name: Name) -> None:
        self.agenda.put_first([name])
        self._pumps[0].wake()


def _read_claimed(names: Sequence[Name], max_file_bytes: int) -> tuple[list[_Read], Sequence[Name]]:
    """As `_claim_and_read`, of what is in `work/` alone."""
    return _claim_and_read(names, max_file_bytes, may_claim=False)


def _claim_and_read(
    names: Sequence[Name], max_file_bytes: int, *, may_claim: bool = True
) -> tuple[list[_Read], Sequence[Name]]:
    """What was found, and the names for which the batch had no room. Blocks on the disk."""
    batch: list[_Read] = []
    size_bytes = 0
    for index, name in enumerate(names):
        if size_bytes >= MAX_BATCH_BYTES:
            return batch, names[index:]
        contents = _claim_and_read_one(name, max_file_bytes, may_claim=may_claim)
        if contents is not None:
            batch.append(_Read(name, contents))
            size_bytes += len(contents.data) if isinstance(contents, Contents) else 0
    return batch, ()


def _claim_and_read_one(
    name: Name, max_file_bytes: int, *, may_claim: bool
) -> Contents | NotReadable | OSError | None:
    """None if it is gone, may not be claimed now, or its name is still being worked on."""
    spool = name.tree.spool
    try:
        known = name.claimed or (name.tried and spool.has_claimed(name.name))
        if not (known or (may_claim and spool.claim(name.name))):
            return None
        return spool.read(name.name, max_file_bytes)
    except FileNotFoundError:
        return None
    except (NotReadable, OSError) as error:
        return error

"""The post office: what is due to a partner is handed to the line, and what the line brings is taken in.

Delivery is self-clocked: an idle line asks and gets at once what is due, however little; while it is busy
more gathers, and the next interchange carries as many as waited, up to its bounds: those configured, and what
the line carries in a fraction of a second (`gateway.exchange.pace`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.errors import EnvironmentFault
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.file_services import AgreedServices
from gateway.exchange.incoming import IncomingFiles
from gateway.exchange.outgoing import OutgoingFiles
from gateway.exchange.receipts import Receipts
from gateway.exchange.terms import Address, PostOfficeLimits
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.store import Ledger
from gateway.line.office import (
    Incoming,
    IncomingReceipt,
    OfferedFile,
    OutgoingFile,
    OutgoingReceipt,
    Phase,
    RefusedOffer,
)
from oftp2.identity import FileIdentity

T = TypeVar("T")

_log = Logger()

#: How often an idle line asks what is due now.
LOOK_AGAIN_SECONDS = 5.0
#: So many partners are asked one by one what they can take; of more, those who have nothing due are not.
_FEW = 4


class LedgerPostOffice:
    """The post office over the ledger (`gateway.line.office.PostOffice`).

    What it keeps in memory is only who has what in hand; all else is asked of the ledger.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        us: Correspondent,
        addresses: Mapping[str, Address],
        folder: Path,
        clock: Clock,
        reactor: IReactorTime,
        in_thread: InThread,
        arrived: Callable[[], None],
        limits: PostOfficeLimits | None = None,
        services: AgreedServices | None = None,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
        gone_on: Callable[[post.InboundFile], None] = lambda _file: None,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`folder` takes incoming files, if it `has_room`.

        `arrived` is called when one is stored, `gone_on` as one begins.
        """
        limits, services = limits or PostOfficeLimits(), services or AgreedServices()
        self._ledger = ledger
        self._reactor = reactor
        self._arrived = arrived
        self._outgoing = OutgoingFiles(
            ledger=ledger,
            us=us,
            addresses=addresses,
            clock=clock,
            limits=limits,
            services=services,
            in_thread=in_thread,
            alarm=alarm,
            seconds=reactor.seconds,
        )
        self._receipts = Receipts(
            ledger=ledger, services=services, clock=clock, in_thread=in_thread, alarm=alarm
        )
        self._incoming = IncomingFiles(
            ledger=ledger,
            addresses=addresses,
            folder=folder,
            in_thread=in_thread,
            arrived=self._stored,
            max_bytes=limits.max_inbound_bytes,
            services=services,
            gone_on=gone_on,
            has_room=has_room,
        )
        self._in_hand: dict[str, dict[FileIdentity, object]] = defaultdict(dict)
        self._watchers: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._look: IDelayedCall | None = None
        self._is_asking = self._is_asked = False
        self._counters: dict[str, DeferredLock] = defaultdict(DeferredLock)

    def _stored(self, partner: str) -> None:
        """The receipt goes at once: how long the file takes to be worked off is nothing to its sender."""
        self.wake(partner)
        self._arrived()

    def wake(self, partner: str | None = None) -> None:
        """Something may be due to `partner`, or to all."""
        if partner is not None:
            self._wake(partner)
        elif len(self._watchers) <= _FEW:
            for name in list(self._watchers):
                self._wake(name)
        else:
            self._ask_whom_it_concerns()

    def _ask_whom_it_concerns(self) -> None:
        self._is_asked = True
        if not self._is_asking:
            self._is_asking = True
            Deferred.fromCoroutine(self._wake_whom_it_concerns())

    async def _wake_whom_it_concerns(self) -> None:
        """One question to the ledger in place of several from each of many partners."""
        try:
            while self._is_asked:
                self._is_asked = False
                for name in await self._ledger.read(post.partners_due):
                    self._wake(name)
        except EnvironmentFault as fault:
            # The next look, in a few seconds, asks again.
            _log.warn("who has something due cannot be asked: {fault}", fault=fault)
        finally:
            self._is_asking = False

    def _wake(self, partner: str) -> None:
        for watcher in list(self._watchers.get(partner, ())):
            watcher()

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        """See `PostOffice.watch`."""
        self._watchers[partner].append(wake)
        return lambda: self._watchers[partner].remove(wake)

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        """See `PostOffice.next_to_send`."""
        await self._counters[partner].acquire()
        try:
            in_hand = self._in_hand[partner]
            item = await self._receipts.next(partner, in_hand) or await self._outgoing.next(partner, in_hand)
            if item is None:
                self._look_again_later()
            else:
                in_hand[item.identity] = session
            return item
        finally:
            self._counters[partner].release()

    async def between_receipts(
        self, partner: str, identity: FileIdentity, work: Callable[[bool], Awaitable[T]]
    ) -> T:
        """Do `work` while nothing is handed out to `partner`.

        It is told whether the response for `identity` is on its way at this moment.
        """
        await self._counters[partner].acquire()
        try:
            return await work(identity in self._in_hand[partner])
        finally:
            self._counters[partner].release()

    def _look_again_later(self) -> None:
        """What waits for its time is asked for again: a timer for each would not survive a restart."""
        if self._look is None or not self._look.active():
            self._look = self._reactor.callLater(LOOK_AGAIN_SECONDS, self._look_again)

    def _look_again(self) -> None:
        """Only those are woken to whom something is due: a caller that rests is not called to its feet."""
        if any(self._watchers.values()):
            self._look_again_later()
            self._ask_whom_it_concerns()

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.file_sent`."""
        await self._outgoing.sent(partner, identity)
        self._in_hand[partner].pop(identity, None)

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.file_already_there`."""
        await self._outgoing.already_there(partner, identity)
        self._in_hand[partner].pop(identity, None)

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        """See `PostOffice.file_refused`."""
        await self._outgoing.refused(partner, identity, phase, reason, text, retry=retry)
        self._in_hand[partner].pop(identity, None)

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.receipt_sent`."""
        await self._receipts.sent(partner, identity)
        self._in_hand[partner].pop(identity, None)

    async def receipt_received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        """See `PostOffice.receipt_received`."""
        return await self._receipts.received(partner, receipt)

    async def transmitted(self, interchange_id: int) -> bytes:
        """The file that interchange was, or will be, as it is transmitted; KeyError if there is none."""
        return await self._outgoing.transmitted(interchange_id)

    async def offer(self, partner: str, offered: OfferedFile) -> Incoming | RefusedOffer:
        """See `PostOffice.offer`."""
        return await self._incoming.offer(partner, offered)

    def session_lost(self, partner: str, session: object) -> None:
        """See `PostOffice.session_lost`."""
        in_hand = self._in_hand[partner]
        given_back = [identity for identity, holder in in_hand.items() if holder is session]
        for identity in given_back:
            del in_hand[identity]
        if given_back:
            # Not otherwise: a caller that rests would call at the end of each session, for nothing.
            self.wake(partner)

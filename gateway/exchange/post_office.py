"""The post office: what is due to a partner is handed to the line, and what the line brings is taken in.

Delivery is self-clocked: an idle line asks and gets at once what is due, however little; while it is busy
more gathers, and the next interchange carries as many as waited, up to its bounds. The identity of a virtual
file is recorded before its first byte goes out, and the same identity is used until the partner has it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from twisted.internet.defer import DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from gateway.clock import BUSINESS_ZONE, Clock
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.inbound import StoredFile, size_on_disk, whole_blocks
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.kinds import InboundStatus, InterchangeStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import Incoming, OutgoingFile, OutgoingReceipt, Phase, RefusedOffer
from licencexml import writing
from licencexml.messages import InterchangeFrame
from oftp2.identity import FileIdentity

_log = Logger()

#: RFC 5024 section 5.3.5, SFNA reasons.
INVALID_DESTINATION = 2
INVALID_ORIGIN = 3
FILE_SIZE_IS_TOO_BIG = 6
DUPLICATE_FILE = 13
UNSPECIFIED = 99
#: A file that the partner refused for now is offered again after this, doubled a try, up to the limit.
RETRY_SECONDS = 5.0
RETRY_LIMIT_SECONDS = 900.0
#: How often an idle line asks what is due now.
LOOK_AGAIN_SECONDS = 5.0
#: In place of a pause: the partner speaks of a file that it has receipted, or that is not ours.
NOT_UNDER_WAY = -1.0
_RECEIPTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class PostOfficeLimits:
    """Bounds: messages and bytes an interchange of ours, bytes a file of the partner's."""

    max_messages: int = 500
    max_interchange_bytes: int = 4 * 1024 * 1024
    max_inbound_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """A partner as correspondent, and the identification codes of both ends on the line."""

    partner: Correspondent
    our_code: str
    their_code: str


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
    ) -> None:
        """`folder` takes incoming files; `arrived` is called when one is stored."""
        self._ledger = ledger
        self._us = us
        self._addresses = addresses
        self._folder = folder
        self._clock = clock
        self._reactor = reactor
        self._in_thread = in_thread
        self._arrived = arrived
        self._limits = limits or PostOfficeLimits()
        self._in_hand: dict[str, dict[FileIdentity, object]] = defaultdict(dict)
        self._receiving: set[tuple[str, FileIdentity]] = set()
        self._watchers: dict[str, list[Callable[[], None]]] = defaultdict(list)
        self._timers: dict[str, IDelayedCall] = {}
        self._counters: dict[str, DeferredLock] = defaultdict(DeferredLock)

    # ---- outgoing ----

    def wake(self, partner: str | None = None) -> None:
        """Something may be due to `partner`, or to all."""
        for name in [partner] if partner else list(self._watchers):
            for watcher in list(self._watchers[name]):
                watcher()

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        """See `PostOffice.watch`."""
        self._watchers[partner].append(wake)
        return lambda: self._watchers[partner].remove(wake)

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        """See `PostOffice.next_to_send`."""
        await self._counters[partner].acquire()
        try:
            item = await self._next_receipt(partner) or await self._next_file(partner)
            if item is None:
                self._look_again_later(partner)
            else:
                self._in_hand[partner][item.identity] = session
            return item
        finally:
            self._counters[partner].release()

    def _look_again_later(self, partner: str) -> None:
        """What waits for its time is asked for again: a timer for each would not survive a restart."""
        timer = self._timers.get(partner)
        if timer is None or not timer.active():
            self._timers[partner] = self._reactor.callLater(LOOK_AGAIN_SECONDS, self.wake, partner)

    async def _next_receipt(self, partner: str) -> OutgoingReceipt | None:
        in_hand = self._in_hand[partner]
        limit = len(in_hand) + 1
        due = await self._ledger.read(lambda connection: post.receipts_due(connection, partner, limit))
        return next((OutgoingReceipt(file.identity) for file in due if file.identity not in in_hand), None)

    async def _next_file(self, partner: str) -> OutgoingFile | None:
        now = self._clock()
        ready = await self._ledger.read(lambda connection: post.unfinished(connection, partner, now))
        free = (one for one in ready if one.identity not in self._in_hand[partner])
        interchange = next(free, None) or await self._gather(partner)
        return None if interchange is None else await self._outgoing(interchange)

    async def _gather(self, partner: str) -> post.Interchange | None:
        limits = self._limits

        def gather(uow: UnitOfWork) -> post.Interchange | None:
            def identity(number: int) -> FileIdentity:
                return self._identity(partner, number, uow.now)

            return post.gather(uow, partner, limits.max_messages, limits.max_interchange_bytes, identity)

        return await self._ledger.submit(gather)

    def _identity(self, partner: str, number: int, now: datetime) -> FileIdentity:
        local = now.astimezone(BUSINESS_ZONE)
        address = self._addresses[partner]
        return FileIdentity(
            dataset_name=f"LX{number:010d}",
            date=f"{local:%Y%m%d}",
            time=f"{local:%H%M%S}{number % 10_000:04d}",
            originator=address.our_code,
            destination=address.their_code,
        )

    async def _outgoing(self, interchange: post.Interchange) -> OutgoingFile:
        """The file, made again from its members: the same bytes at every attempt."""
        data = await self._ledger.read(lambda connection: self._bytes(connection, interchange))

        async def opened() -> bytes:
            return data

        return OutgoingFile(interchange.identity, len(data), opened)

    def _bytes(self, connection: Connection, interchange: post.Interchange) -> bytes:
        frame = InterchangeFrame(
            control_reference=interchange.control_reference,
            sender=self._us.participant,
            receiver=self._addresses[interchange.partner].partner.participant,
            created=interchange.created,
            message_count=interchange.member_count,
        )
        return writing.interchange(frame, post.members(connection, interchange.id))

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.file_sent`."""
        await self._mark(partner, identity, post.mark_sent)
        self._in_hand[partner].pop(identity, None)

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.file_already_there`."""
        await self._mark(partner, identity, post.mark_delivered)
        self._in_hand[partner].pop(identity, None)

    async def receipt_received(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.receipt_received`; one for a file that is not ours changes nothing, and is told."""
        if not await self._mark(partner, identity, post.mark_delivered):
            _log.warn("{partner} receipted {identity}, which is not ours", partner=partner, identity=identity)

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        """See `PostOffice.file_refused`: tried again later, or its members held for the operators."""
        why = f"{phase} {reason:02d} {text}".rstrip()

        def refuse(uow: UnitOfWork) -> float | None:
            interchange = _ours(uow.connection, partner, identity)
            if interchange is None or interchange.status is InterchangeStatus.DELIVERED:
                return NOT_UNDER_WAY
            pause_seconds = min(RETRY_SECONDS * 2.0**interchange.attempts, RETRY_LIMIT_SECONDS)
            not_before = uow.now + timedelta(seconds=pause_seconds) if retry else None
            post.mark_refused(uow, interchange.id, why, not_before)
            return pause_seconds if retry else None

        pause_seconds = await self._ledger.submit(refuse)
        self._in_hand[partner].pop(identity, None)
        if pause_seconds == NOT_UNDER_WAY:
            _log.warn(
                "{partner} refused {identity} ({why}), which is not under way: nothing changes",
                partner=partner,
                identity=identity,
                why=why,
            )
        elif pause_seconds is None:
            _log.error(
                "{partner} refused {identity} for good ({why}); its messages are held",
                partner=partner,
                identity=identity,
                why=why,
            )
        else:
            _log.warn(
                "{partner} refused {identity} ({why}); again in {pause} s",
                partner=partner,
                identity=identity,
                why=why,
                pause=pause_seconds,
            )

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        """See `PostOffice.receipt_sent`."""

        def mark(uow: UnitOfWork) -> None:
            file = post.inbound_find(uow.connection, partner, identity)
            assert file is not None, "a receipt speaks of a file that came"
            post.receipt_sent(uow, file.id)

        await self._ledger.submit(mark)
        self._in_hand[partner].pop(identity, None)

    def session_lost(self, partner: str, session: object) -> None:
        """See `PostOffice.session_lost`."""
        in_hand = self._in_hand[partner]
        for identity in [identity for identity, holder in in_hand.items() if holder is session]:
            del in_hand[identity]
        self.wake(partner)

    async def _mark(
        self, partner: str, identity: FileIdentity, mark: Callable[[UnitOfWork, int], None]
    ) -> bool:
        def work(uow: UnitOfWork) -> bool:
            interchange = _ours(uow.connection, partner, identity)
            if interchange is None or interchange.status is InterchangeStatus.REFUSED:
                return False
            mark(uow, interchange.id)
            return True

        return await self._ledger.submit(work)

    # ---- incoming ----

    async def offer(
        self,
        partner: str,
        identity: FileIdentity,
        size_bytes: int,
        user_data: str,
        restart_position_bytes: int,
    ) -> Incoming | RefusedOffer:
        """See `PostOffice.offer`."""
        address = self._addresses[partner]
        if identity.destination != address.our_code:
            return RefusedOffer(INVALID_DESTINATION, f"not for {identity.destination} here", retry=False)
        if identity.originator != address.their_code:
            return RefusedOffer(INVALID_ORIGIN, f"{identity.originator} is not who sends here", retry=False)
        if size_bytes > self._limits.max_inbound_bytes:
            return RefusedOffer(FILE_SIZE_IS_TOO_BIG, f"more than {self._limits.max_inbound_bytes} bytes")
        if (partner, identity) in self._receiving:
            return RefusedOffer(UNSPECIFIED, "this file is coming in over another session", retry=True)
        self._receiving.add((partner, identity))
        try:
            path = str(self._folder / _file_name(partner, identity))
            file = await self._ledger.submit(
                lambda uow: _go_on_from(
                    uow,
                    post.inbound_offer(uow, partner, identity, size_bytes, path),
                    restart_position_bytes,
                )
            )
            if file.status is InboundStatus.RECEIVING:
                return StoredFile(
                    file,
                    ledger=self._ledger,
                    in_thread=self._in_thread,
                    max_bytes=self._limits.max_inbound_bytes,
                    stored=self._arrived,
                    over=lambda: self._receiving.discard((partner, identity)),
                )
        except BaseException:
            self._receiving.discard((partner, identity))
            raise
        self._receiving.discard((partner, identity))
        return RefusedOffer(DUPLICATE_FILE, "this file is here already", retry=False)


def _ours(connection: Connection, partner: str, identity: FileIdentity) -> post.Interchange | None:
    """The interchange that we sent to `partner` under this identity: no other partner may speak of it."""
    found = post.find_interchange(connection, identity)
    return found if found is not None and found.partner == partner else None


def _go_on_from(uow: UnitOfWork, file: post.InboundFile, restart_bytes: int) -> post.InboundFile:
    """Where the file goes on. What lies beyond that on the disk is given up before it is overwritten."""
    if file.status is not InboundStatus.RECEIVING:
        return file
    position_bytes = whole_blocks(min(file.position_bytes, restart_bytes, size_on_disk(Path(file.path))))
    if position_bytes != file.position_bytes:
        post.inbound_progress(uow, file.id, position_bytes)
    return replace(file, position_bytes=position_bytes)


def _file_name(partner: str, identity: FileIdentity) -> str:
    """A name below `inbound/` that no other file has, and that is safe whatever the partner chose.

    The digest tells apart what the readable part does not.
    """
    digest = hashlib.sha256(f"{partner}\n{identity!r}".encode()).hexdigest()[:16]
    text = f"{partner}_{identity.dataset_name}_{identity.date}_{identity.time}"
    safe = "".join(character if character.isalnum() or character in "-_" else "+" for character in text)
    return f"{safe}_{digest}"

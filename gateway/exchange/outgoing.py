"""Files to a partner: gathered from what is due, sent under one identity until the partner has them.

The identity of a virtual file is recorded before its first byte goes out, and the same identity is used
until the partner has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from twisted.logger import Logger

from gateway.clock import BUSINESS_ZONE, Clock
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.file_services import AgreedServices, PartnerServices
from gateway.exchange.pace import Pace
from gateway.exchange.terms import Address, PostOfficeLimits
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.kinds import InterchangeStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import OutgoingFile, Phase
from gateway.trust.cms_file import CannotEnvelope
from licencexml import writing
from licencexml.messages import InterchangeFrame
from oftp2.attributes import PLAIN
from oftp2.identity import FileIdentity

_log = Logger()

#: A file that the partner refused for now is offered again after this, doubled a try, up to the limit.
RETRY_SECONDS = 5.0
RETRY_LIMIT_SECONDS = 120.0
#: In place of a pause: the partner speaks of a file that it has receipted, or that is not ours.
NOT_UNDER_WAY = -1.0


#: A file that is to go out: what it holds, the form that was kept of it, and its bytes if none was.
_Found = tuple[post.Interchange, post.OutgoingForm | None, bytes]


@dataclass(frozen=True, slots=True)
class _Timed:
    """A file that was handed out: with so many messages, asked for at `began` (seconds)."""

    identity: FileIdentity
    messages: int
    began: float


class OutgoingFiles:
    """Makes files of what waits, and records what became of them."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        us: Correspondent,
        addresses: Mapping[str, Address],
        clock: Clock,
        limits: PostOfficeLimits,
        services: AgreedServices,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None],
        seconds: Callable[[], float],
    ) -> None:
        """`seconds` runs on and on: it tells how long a file takes."""
        self._ledger = ledger
        self._us = us
        self._addresses = addresses
        self._clock = clock
        self._services = services
        self._in_thread = in_thread
        self._alarm = alarm
        self._seconds = seconds
        self._max_bytes = limits.max_interchange_bytes
        self._paces: defaultdict[str, Pace] = defaultdict(lambda: Pace(limits.max_messages))
        self._timed: dict[str, _Timed] = {}

    async def next(self, partner: str, in_hand: Collection[FileIdentity]) -> OutgoingFile | None:
        """The oldest that is still to be sent and not in hand, else a new one of all that is due."""
        now, began, held = self._clock(), self._seconds(), frozenset(in_hand)

        def waiting(connection: Connection) -> tuple[_Found | None, bool]:
            free = (one for one in post.unfinished(connection, partner, now) if one.identity not in held)
            interchange = next(free, None)
            if interchange is None:
                return None, post.is_due(connection, partner, now)
            return self._look(connection, interchange), False

        found, is_due = await self._ledger.read(waiting)
        if is_due:
            found = await self._gather(partner)
        if found is None:
            return None
        self._time(found[0], began, is_new=is_due)
        return await self._outgoing(found)

    def _time(self, file: post.Interchange, began: float, *, is_new: bool) -> None:
        """Look how long a new file takes; one that is offered once more tells nothing of the line."""
        if is_new:
            self._timed[file.partner] = _Timed(file.identity, file.member_count, began)
        elif self._is_timed(file.partner, file.identity):
            del self._timed[file.partner]

    def _is_timed(self, partner: str, identity: FileIdentity) -> bool:
        return partner in self._timed and self._timed[partner].identity == identity

    async def _gather(self, partner: str) -> _Found | None:
        count = self._paces[partner].messages

        def gather(uow: UnitOfWork) -> _Found | None:
            def identity(number: int) -> FileIdentity:
                return self._identity(partner, number, uow.now)

            made = post.gather(uow, partner, count, self._max_bytes, identity)
            return None if made is None else self._look(uow.connection, made)

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

    async def _outgoing(self, found: _Found) -> OutgoingFile | None:
        """The same bytes at every attempt: made again from its members, or kept where that would give others.

        None, and an alarm, when it cannot be signed or encrypted as was agreed: it waits.
        """
        interchange, form, plain = found
        services = self._services.of(interchange.partner)
        if form is None and services.wraps:
            form = await self._wrap(interchange, services, plain)
            if form is None:
                return None
        data = plain if form is None or form.content is None else form.content

        async def opened() -> bytes:
            return data

        attributes = PLAIN if form is None else form.attributes
        return OutgoingFile(interchange.identity, len(data), opened, attributes=attributes)

    async def transmitted(self, interchange_id: int) -> bytes:
        """See `LedgerPostOffice.transmitted`."""

        def look(connection: Connection) -> bytes:
            interchange = post.interchange(connection, interchange_id)
            if interchange is None:
                raise KeyError(interchange_id)
            _, form, plain = self._look(connection, interchange)
            return plain if form is None or form.content is None else form.content

        return await self._ledger.read(look)

    async def _wrap(
        self, interchange: post.Interchange, services: PartnerServices, plain: bytes
    ) -> post.OutgoingForm | None:
        """Have services done to a file, and keep the result before anything of it goes out."""
        name = f"files to {interchange.partner}"
        try:
            wrapped = await self._in_thread(services.wrap, plain, self._clock())
        except CannotEnvelope as error:
            self._alarm(name, str(error))
            return None
        self._alarm(name, None)
        content = wrapped.content if wrapped.attributes.enveloped else None
        form = post.OutgoingForm(wrapped.attributes, content, wrapped.hash)
        return await self._ledger.submit(lambda uow: post.keep_form(uow, interchange.id, form))

    def _look(self, connection: Connection, interchange: post.Interchange) -> _Found:
        form = post.form_of(connection, interchange.id)
        kept = form is not None and form.content is not None
        return interchange, form, b"" if kept else self._bytes(connection, interchange)

    def _bytes(self, connection: Connection, interchange: post.Interchange) -> bytes:
        frame = InterchangeFrame(
            control_reference=interchange.control_reference,
            sender=self._us.participant,
            receiver=self._addresses[interchange.partner].partner.participant,
            created=interchange.created,
            message_count=interchange.member_count,
        )
        return writing.interchange(frame, post.members(connection, interchange.id))

    async def sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has the file (EFPA)."""
        await self._mark(partner, identity, post.mark_sent)
        if self._is_timed(partner, identity):
            timed = self._timed.pop(partner)
            self._paces[partner].took(timed.messages, self._seconds() - timed.began)

    async def already_there(self, partner: str, identity: FileIdentity) -> None:
        """The partner had the file before (SFNA 13): delivered, unless only a signed receipt proves it."""

        def mark(uow: UnitOfWork, interchange_id: int) -> None:
            form = post.form_of(uow.connection, interchange_id)
            asked = form is not None and form.attributes.signed_receipt
            (post.mark_sent if asked else post.mark_delivered)(uow, interchange_id)

        await self._mark(partner, identity, mark)

    async def refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        """The partner refused it: tried again later, or its members held for the operators."""
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

    async def _mark(
        self, partner: str, identity: FileIdentity, mark: Callable[[UnitOfWork, int], None]
    ) -> None:
        def work(uow: UnitOfWork) -> None:
            interchange = _ours(uow.connection, partner, identity)
            if interchange is not None and interchange.status is not InterchangeStatus.REFUSED:
                mark(uow, interchange.id)

        await self._ledger.submit(work)


def _ours(connection: Connection, partner: str, identity: FileIdentity) -> post.Interchange | None:
    """The interchange that we sent to `partner` under this identity: no other partner may speak of it."""
    found = post.find_interchange(connection, identity)
    return found if found is not None and found.partner == partner else None

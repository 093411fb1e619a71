"""The speaker's half of a session: files and receipts out, one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from gateway.line.file_rules import FileRules
from gateway.line.office import OutgoingFile, OutgoingReceipt, Phase
from gateway.line.party import Party
from oftp2 import events as e
from oftp2.commands import NERP, SFID
from oftp2.levels import SECURE_LEVEL
from oftp2.offers import offer_fault, response_fault
from oftp2.reasons import EFNA_REASONS, Course, Refusal, explain
from oftp2.session import Session
from oftp2.subrecords import Encoder, is_worth_compressing
from oftp2.virtual_file import VirtualFile

_NOTHING = VirtualFile(b"")


class Outlet(Protocol):
    """Where octets go out."""

    @property
    def can_write(self) -> bool:
        """Whether the partner reads as fast as we write."""

    def flush(self) -> None:
        """Write what the session has to send."""


class Sending:
    """Sends what it is given, and tells the office what became of it."""

    def __init__(self, session: Session, outlet: Outlet, party: Party, rules: FileRules) -> None:
        self._session = session
        self._outlet = outlet
        self._party = party
        self._office = party.office
        self._partner = party.name
        self._traffic = party.traffic
        self._journal = party.journal
        self._item: OutgoingFile | OutgoingReceipt | None = None
        self._rules = rules
        self._file = _NOTHING
        self._encoder: Encoder | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way that the partner has not answered."""
        return self._item is not None

    async def start(self, item: OutgoingFile | OutgoingReceipt) -> None:
        """Begin to send `item`, unless the session ended while it was being fetched."""
        if isinstance(item, OutgoingReceipt):
            await self._start_receipt(item)
            return
        data, attributes = self._rules.sent_as(await item.open(), item.attributes)
        if not self._session.is_idle_speaker:
            return
        assert self._session.parameters is not None, "only a session that stands has a turn"
        # Whoever holds a part of the file answers with where it ends; all others answer 0.
        file = VirtualFile.of(data, attributes)
        restart = file.end if self._session.parameters.restart else 0
        offer = SFID.of(
            item.identity, file.size_bytes, restart=restart, user_data=item.user_data, attributes=attributes
        )
        fault = offer_fault(offer, self._session.level)
        if fault is not None:
            await self._cannot_be_offered(item, *fault)
            return
        self._session.start_file(offer)
        self._item, self._file = item, file

    async def _cannot_be_offered(self, item: OutgoingFile, reason: Refusal, text: str) -> None:
        """Refused by ourselves: the partner's level has no room for such a file."""
        text = f"it cannot be offered at level {self._session.level}: {text}"
        self._party.refused(item.identity, Phase.START, reason, text, retry=False, by_us=True)
        await self._office.file_refused(self._partner, item.identity, Phase.START, reason, text, retry=False)

    async def _start_receipt(self, item: OutgoingReceipt) -> None:
        level = self._session.level
        if level < SECURE_LEVEL:
            # What asked for a signature came at another level; that the file arrived is true without one.
            item = replace(item, hash=b"", signature=b"")
        said = item.command()
        fault = response_fault(said, level)
        if fault is not None:
            # Another response would not be true, and waiting for another level holds up all that is due.
            reason = said.reason if isinstance(said, NERP) else None
            self._journal.receipt_untold(item.identity, reason, level, fault)
            await self._office.receipt_sent(self._partner, item.identity)
            return
        self._item = item
        if isinstance(said, NERP):
            self._session.send_negative_receipt(said)
        else:
            self._session.send_receipt(item.identity, hash=said.hash, signature=said.signature)

    def pump(self) -> None:
        """Send data as long as there is credit and the partner reads."""
        while self._encoder is not None and self._session.can_send_data and self._outlet.can_write:
            if self._encoder.exhausted:
                self._encoder = None
                file = self._file
                self._session.close_file(unit_count=file.size_bytes, record_count=file.record_count)
            else:
                self._session.send_data(self._encoder.next_payload())
                self._session.events()
            self._outlet.flush()

    def file_confirmed(self, event: e.StartFileConfirmation) -> None:
        """SFPA: make ready to send from where the partner wants it."""
        parameters = self._session.parameters
        assert parameters is not None, "only a session that stands has files"
        rest = self._file.content[self._file.octets_before(event.restart) :]
        self._traffic.bytes_sent += len(rest)
        self._encoder = Encoder(
            self._file.records_from(event.restart),
            payload_bytes=parameters.buffer_bytes - 1,
            compress=parameters.compression and is_worth_compressing(rest),
        )

    async def file_not_started(self, event: e.StartFileRefusal) -> None:
        """SFNA."""
        await self._refused(Phase.START, event.reason, event.text, retry=event.retry)

    async def file_closed(self) -> None:
        """EFPA."""
        item = self._take_file()
        self._party.sent(item)
        await self._office.file_sent(self._partner, item.identity)

    async def file_not_closed(self, event: e.CloseFileRefusal) -> None:
        """EFNA."""
        retry = explain(EFNA_REASONS, event.reason).course is Course.RETRY
        await self._refused(Phase.END, event.reason, event.text, retry=retry)

    async def receipt_taken(self) -> None:
        """RTR."""
        item, self._item = self._item, None
        assert isinstance(item, OutgoingReceipt), "only receipts are answered with RTR"
        if item.refusal is None:
            self._journal.receipt(item.identity, "sent", signed=bool(item.signature))
        else:
            self._journal.negative_receipt(item.identity, item.refusal.reason)
        await self._office.receipt_sent(self._partner, item.identity)

    async def _refused(self, phase: Phase, reason: int, text: str, *, retry: bool) -> None:
        item = self._take_file()
        if reason == Refusal.DUPLICATE_FILE:
            self._journal.file_sent(
                item.identity, item.size_bytes, services=item.attributes, already_there=True
            )
            await self._office.file_already_there(self._partner, item.identity)
            return
        self._party.refused(item.identity, phase, reason, text, retry=retry, by_us=False)
        await self._office.file_refused(self._partner, item.identity, phase, reason, text, retry=retry)

    def _take_file(self) -> OutgoingFile:
        item, self._item, self._file, self._encoder = self._item, None, _NOTHING, None
        assert isinstance(item, OutgoingFile), "only files are answered so"
        return item

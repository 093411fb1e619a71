"""The listener's half of a session: files and receipts in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gateway.line.file_rules import FileRules
from gateway.line.inflow import patience_seconds
from gateway.line.office import (
    Incoming,
    IncomingReceipt,
    NotProcessed,
    OfferedFile,
    Phase,
    RefusedFile,
    RefusedOffer,
)
from gateway.line.party import Party
from oftp2 import events as e
from oftp2.attributes import PLAIN
from oftp2.commands import BLOCK_BYTES, EERP, NERP
from oftp2.identity import FileIdentity
from oftp2.reasons import EFNA_REASONS, NERP_REASONS, SFNA_REASONS, Refusal, explain
from oftp2.receipt_words import receipt_words
from oftp2.session import Session
from oftp2.tables import State


class Receiving:
    """Takes in one file at a time, and answers when the office has it durable."""

    def __init__(
        self, session: Session, party: Party, rules: FileRules, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        """`pause` waits for so many seconds."""
        self._session = session
        self._pause = pause
        self._rules = rules
        self._party = party
        self._office = party.office
        self._partner = party.name
        self._traffic = party.traffic
        self._journal = party.journal
        self._incoming: Incoming | None = None
        self._services = PLAIN
        self._identity: FileIdentity | None = None
        self._skip_bytes = 0
        self._room_bytes = 0
        self._position_bytes = 0
        self._refusal: RefusedFile | None = None
        # In a row, but for those of files that are here already.
        self._refusals = 0

    @property
    def identity(self) -> FileIdentity | None:
        """The file that is being received."""
        return self._identity

    async def file_offered(self, event: e.StartFileIndication) -> None:
        """SFID: ask the office, answer SFPA or SFNA."""
        if self._session.state is not State.OPIP:
            return
        refusal = self._rules.refusal_of(event.sfid, event.size_bytes)
        if refusal is not None:
            await self._refuse_offer(event.identity, refusal)
            return
        self._identity = event.identity
        attributes = event.sfid.attributes
        offered = OfferedFile(
            event.identity,
            event.size_bytes,
            event.restart_bytes,
            event.sfid.user_data,
            attributes,
            restart_records=event.sfid.restart if event.is_structured else 0,
        )
        answer = await self._office.offer(self._partner, offered)
        if isinstance(answer, RefusedOffer):
            self._identity = None
            if self._session.state is State.OPIP:
                await self._refuse_offer(event.identity, answer)
            return
        self._incoming, self._services = answer, attributes
        if self._session.state is not State.OPIP:
            await self.abandon()
            return
        self._position_bytes = position = answer.position_bytes
        self._skip_bytes = 0 if event.is_structured else position % BLOCK_BYTES
        restart = answer.position_records if event.is_structured else position // BLOCK_BYTES
        assert 0 <= restart <= event.sfid.restart, "an office is durable at most where the partner offers"
        # The announced size may have been rounded down to whole blocks.
        self._room_bytes = event.size_bytes + BLOCK_BYTES - (position - self._skip_bytes)
        self._refusal = None
        self._refusals = 0
        self._session.accept_file(restart, units_before=position)

    async def data_arrived(self, event: e.DataIndication) -> None:
        """DATA: append, dropping what is held already and whatever exceeds the announced size."""
        data = event.data
        self._traffic.bytes_received += len(data)
        self._room_bytes -= len(data)
        if self._incoming is None or self._refusal is not None:
            return
        if self._room_bytes < 0:
            self._refusal = RefusedFile(Refusal.INVALID_BYTE_COUNT, "more came than SFIDFSIZ announced")
            return
        skipped = min(self._skip_bytes, len(data))
        self._skip_bytes -= skipped
        try:
            # What is sent again is never of a file of records, which is restarted at one.
            self._incoming.write(data[skipped:], () if skipped else event.record_ends)
        except OSError as error:
            self._refusal = RefusedFile(Refusal.ACCESS_METHOD_FAILURE, f"cannot be written: {error.strerror}")

    async def file_ended(self, event: e.CloseFileIndication) -> bool:
        """EFID: let the office close the file. True when EFPA is due, which the caller sends."""
        refusal = await self._close(event)
        identity, self._identity = self._identity, None
        assert identity is not None, "a file was begun"
        if self._session.state is not State.CLIP:
            return False
        if refusal is None:
            self._party.received(identity, event.unit_count, self._position_bytes, self._services)
            return True
        retry = explain(EFNA_REASONS, refusal.reason).retryable
        self._party.refused(identity, Phase.END, refusal.reason, refusal.text, retry=retry, by_us=True)
        self._session.refuse_end(refusal.reason, refusal.text)
        return False

    async def receipt_arrived(self, event: e.EndResponseIndication) -> None:
        """EERP: durable before RTR."""
        if await self._responded(event.eerp, event.identity):
            self._journal.receipt(event.identity, "received", signed=bool(event.eerp.signature))
        self._ready()

    async def negative_receipt_arrived(self, event: e.NegativeEndResponseIndication) -> None:
        """NERP: told as a refusal afterwards, durable before RTR."""
        reason, text = event.nerp.reason, event.nerp.text or explain(NERP_REASONS, event.nerp.reason).meaning
        self._party.refused(event.identity, Phase.AFTERWARDS, reason, text, retry=False, by_us=False)
        await self._responded(event.nerp, event.identity, NotProcessed(reason, text), event.nerp.creator)
        self._ready()

    async def _responded(
        self,
        said: EERP | NERP,
        identity: FileIdentity,
        refusal: NotProcessed | None = None,
        creator: str = "",
    ) -> bool:
        receipt = IncomingReceipt(identity, refusal, creator, said.hash, said.signature, receipt_words(said))
        fault = await self._office.receipt_received(self._partner, receipt)
        if fault is not None:
            self._party.receipt_not_taken(identity, fault)
        return fault is None

    async def abandon(self) -> None:
        """The session is over: what came of a file stays for a restart."""
        incoming, self._incoming, self._identity = self._incoming, None, None
        if incoming is not None:
            await incoming.abandon()

    async def _close(self, event: e.CloseFileIndication) -> RefusedFile | None:
        incoming, self._incoming = self._incoming, None
        assert incoming is not None, "a file was begun"
        refusal = _fault_of_records(event) or self._refusal
        if refusal is not None and refusal.reason == Refusal.ACCESS_METHOD_FAILURE:
            await incoming.abandon()
            return refusal
        if refusal is not None:
            # Of what exceeds the announced size nothing was kept: the rest may well be as long as EFID says.
            await incoming.discard()
            return refusal
        try:
            await incoming.close(event.unit_count)
        except RefusedFile as refused:
            return refused
        assert event.fault is None, "an office refuses a file whose size is not as announced"
        return None

    def _ready(self) -> None:
        if self._session.state is State.RTRP:
            self._session.ready()

    async def _refuse_offer(self, identity: FileIdentity, answer: RefusedOffer) -> None:
        retry = explain(SFNA_REASONS, answer.reason).retryable if answer.retry is None else answer.retry
        if answer.reason == Refusal.DUPLICATE_FILE:
            # That is how a partner learns that we have its file: nothing that anybody should look at.
            self._journal.file_refused(identity, Phase.START, answer.reason, answer.text, retry=retry)
        else:
            self._refusals += 1
            self._party.refused(identity, Phase.START, answer.reason, answer.text, retry=retry, by_us=True)
            await self._pause(patience_seconds(self._refusals))
        if self._session.state is State.OPIP:
            self._session.refuse_file(answer.reason, answer.text, retry=retry)


def _fault_of_records(event: e.CloseFileIndication) -> RefusedFile | None:
    if event.fault is Refusal.INVALID_RECORD_COUNT:
        return RefusedFile(event.fault, f"{event.received_records} records came")
    if event.fault is Refusal.RECORD_LENGTH_NOT_SUPPORTED:
        return RefusedFile(event.fault, "a record has another length than SFIDLRECL announced")
    return None

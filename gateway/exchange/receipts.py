"""End-to-end responses: those that we owe for files received, and the partner's for ours."""

from __future__ import annotations

from collections.abc import Collection

from twisted.logger import Logger

from gateway.ledger import post
from gateway.ledger.kinds import EndResponseKind
from gateway.ledger.post import Consequence
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import IncomingReceipt, NotProcessed, OutgoingReceipt
from oftp2.identity import FileIdentity

_log = Logger()


class Receipts:
    """The end-to-end responses, both ways."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    async def next(self, partner: str, in_hand: Collection[FileIdentity]) -> OutgoingReceipt | None:
        """The oldest that we owe to `partner` and that is not in hand."""
        limit = len(in_hand) + 1
        due = await self._ledger.read(lambda connection: post.receipts_due(connection, partner, limit))
        file = next((file for file in due if file.identity not in in_hand), None)
        return None if file is None else OutgoingReceipt(file.identity, _refusal(file))

    async def sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has taken ours (RTR)."""

        def mark(uow: UnitOfWork) -> None:
            file = post.inbound_find(uow.connection, partner, identity)
            assert file is not None, "a receipt speaks of a file that came"
            post.receipt_sent(uow, file.id)

        await self._ledger.submit(mark)

    async def received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        """See `PostOffice.receipt_received`: a delivery, or messages held for the operators."""
        said = _said(receipt)
        identity = receipt.identity
        consequence = await self._ledger.submit(lambda uow: post.take_response(uow, partner, identity, said))
        if consequence is Consequence.HELD:
            _log.error(
                "{partner} will not process {dataset} ({reason:02d} {text}): its messages are held",
                partner=partner,
                dataset=identity.dataset_name,
                reason=said.reason,
                text=said.text,
            )
        if consequence is Consequence.NOT_PROVED:
            return said.fault
        is_taken = consequence not in {Consequence.CONTRADICTED, Consequence.UNKNOWN}
        return None if is_taken else f"{said.kind} changes {consequence.value}"


def _refusal(file: post.InboundFile) -> NotProcessed | None:
    if file.refusal_reason is None:
        return None
    return NotProcessed(file.refusal_reason, file.refusal_text or "")


def _said(receipt: IncomingReceipt) -> post.EndResponse:
    refusal = receipt.refusal
    return post.EndResponse(
        kind=EndResponseKind.EERP if refusal is None else EndResponseKind.NERP,
        reason=None if refusal is None else refusal.reason,
        text=None if refusal is None else refusal.text,
        creator=receipt.creator or None,
        hash=receipt.hash,
        signature=receipt.signature,
    )

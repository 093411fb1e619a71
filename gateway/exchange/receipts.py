"""End-to-end responses: those that we owe for files received, and the partner's for ours."""

from __future__ import annotations

from collections.abc import Collection

from twisted.logger import Logger

from gateway.exchange.outgoing import mark_ours
from gateway.ledger import post
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import OutgoingReceipt
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
        return next((OutgoingReceipt(file.identity) for file in due if file.identity not in in_hand), None)

    async def sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has taken ours (RTR)."""

        def mark(uow: UnitOfWork) -> None:
            file = post.inbound_find(uow.connection, partner, identity)
            assert file is not None, "a receipt speaks of a file that came"
            post.receipt_sent(uow, file.id)

        await self._ledger.submit(mark)

    async def received(self, partner: str, identity: FileIdentity) -> None:
        """The partner's EERP; one for a file that is not ours changes nothing, and is told."""
        if not await mark_ours(self._ledger, partner, identity, post.mark_delivered):
            _log.warn("{partner} receipted {identity}, which is not ours", partner=partner, identity=identity)

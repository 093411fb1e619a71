"""End-to-end responses, signed if asked for: those that we owe for files, and the partner's for ours."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from sqlalchemy import Connection
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.exchange.file_services import AgreedServices
from gateway.exchange.threads import InThread
from gateway.ledger import post
from gateway.ledger.kinds import EndResponseKind
from gateway.ledger.post import Consequence
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.line.office import IncomingReceipt, NotProcessed, OutgoingReceipt
from gateway.trust.signed_receipts import ReceiptFault, check_receipt, sign_receipt
from oftp2.identity import FileIdentity
from oftp2.receipt_words import receipt_words

_log = Logger()


class Receipts:
    """The end-to-end responses, both ways."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        services: AgreedServices,
        clock: Clock,
        in_thread: InThread,
        alarm: Callable[[str, str | None], None],
    ) -> None:
        self._ledger = ledger
        self._services = services
        self._clock = clock
        self._in_thread = in_thread
        self._alarm = alarm

    async def next(self, partner: str, in_hand: Collection[FileIdentity]) -> OutgoingReceipt | None:
        """The oldest that we owe to `partner` and that is not in hand."""
        limit = len(in_hand) + 1
        due = await self._ledger.read(lambda connection: post.receipts_due(connection, partner, limit))
        file = next((file for file in due if file.identity not in in_hand), None)
        if file is None:
            return None
        receipt = OutgoingReceipt(file.identity, _refusal(file))
        return await self._signed(receipt, file) if file.attributes.signed_receipt else receipt

    async def _signed(self, receipt: OutgoingReceipt, file: post.InboundFile) -> OutgoingReceipt:
        """Signed as the offer of the file asked; as it is if that cannot be done (RFC 5024 section 3.3.5)."""
        agreed = self._services.of(file.partner)
        suite = agreed.agreed_suite(file.attributes.cipher_suite)
        if suite is None or agreed.keys is None or file.hash is None:
            _log.warn(
                "receipt for {dataset} goes to {partner} unsigned: cipher suite {suite:02d} is not agreed",
                dataset=file.identity.dataset_name,
                partner=file.partner,
                suite=file.attributes.cipher_suite,
            )
            return receipt
        hashed = replace(receipt, hash=file.hash)
        words = receipt_words(hashed.command())
        return replace(hashed, signature=await self._in_thread(sign_receipt, words, suite, agreed.keys))

    async def sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has taken ours (RTR)."""

        def mark(uow: UnitOfWork) -> None:
            file = post.inbound_find(uow.connection, partner, identity)
            assert file is not None, "a receipt speaks of a file that came"
            post.receipt_sent(uow, file.id)

        await self._ledger.submit(mark)

    async def received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        """See `PostOffice.receipt_received`: a delivery, or messages held for the operators."""
        identity = receipt.identity

        def take(uow: UnitOfWork) -> tuple[Consequence, post.EndResponse]:
            said = self._judged(uow.connection, partner, receipt)
            return post.take_response(uow, partner, identity, said), said

        consequence, said = await self._ledger.submit(take)
        self._tell_of_proof(partner, identity, said)
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

    def _tell_of_proof(self, partner: str, identity: FileIdentity, said: post.EndResponse) -> None:
        """A partner whose responses prove nothing is an alert, until one of them does."""
        if said.fault is not None:
            self._alarm(f"receipts from {partner}", f"{said.kind} for {identity.dataset_name}: {said.fault}")
        elif said.signer is not None:
            self._alarm(f"receipts from {partner}", None)

    def _judged(self, connection: Connection, partner: str, receipt: IncomingReceipt) -> post.EndResponse:
        """What is said, with whose signature it bears, or with what keeps it from proving what it should."""
        said = _said(receipt)
        form = _form(connection, partner, receipt.identity)
        if form is None or not form.attributes.signed_receipt:
            return said
        agreed = self._services.of(partner)
        suite = agreed.agreed_suite(form.attributes.cipher_suite)
        if suite is None or agreed.keys is None:
            return replace(said, fault="its cipher suite is no longer agreed: it cannot be checked")
        try:
            signer = check_receipt(
                receipt.to_sign,
                receipt.signature,
                told_hash=receipt.hash,
                sent_hash=form.hash or b"",
                suite=suite,
                keys=agreed.keys,
                now=self._clock(),
            )
        except ReceiptFault as fault:
            return replace(said, fault=str(fault))
        who = f"{signer.subject}, serial {signer.serial}, SHA-256 {signer.fingerprint_sha256}"
        return replace(said, signer=who, certificate=signer.der)


def _form(connection: Connection, partner: str, identity: FileIdentity) -> post.OutgoingForm | None:
    found = post.find_interchange(connection, identity)
    return None if found is None or found.partner != partner else post.form_of(connection, found.id)


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

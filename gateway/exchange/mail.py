"""Answers to a partner, put into the outbox in the transaction that they speak of."""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Self

from gateway.exchange.correspondence import Secretary
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.notices import Notice
from gateway.ledger import book, post
from gateway.ledger.kinds import Priority
from gateway.ledger.store import UnitOfWork
from licencexml.messages import AckStatus, AckSubject, TechnicalAck, TechnicalStatus, kind_of
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: Answers are never answered, or two gateways would thank each other for ever.
_NOT_ANSWERED = frozenset({"ApplicationAck", "TechnicalAck"})


class Mail:
    """One unit of work's messages to one partner; leaving the context puts them into the outbox, in order.

    Answers go before licences that are not urgent.
    """

    def __init__(self, uow: UnitOfWork, secretary: Secretary) -> None:
        self.uow = uow
        self.secretary = secretary
        self._letters: list[post.Letter] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.hand_in()

    def hand_in(self) -> None:
        """Put what is written so far into the outbox."""
        letters, self._letters = self._letters, []
        post.enqueue_all(self.uow, self.secretary.partner.name, letters)

    def acknowledge(
        self,
        answers: AckSubject,
        status: AckStatus,
        licence: LicenceKey | None,
        rejections: tuple[Rejection, ...] = (),
    ) -> None:
        """Answer one message."""
        ack, xml = self.secretary.application_ack(
            answers, status, at=self.uow.now, licence=licence, rejections=rejections
        )
        self._enqueue(ack.header.message_id, kind_of(ack), xml, licence)

    def refuse(self, refused: Refused, source: str) -> Notice:
        """Record and answer a message whose form or signature is not in order; its identity stays unused."""
        book.refuse(
            self.uow,
            kind=refused.kind,
            message_id=refused.message_id,
            licence=refused.licence,
            source=source,
            rejections=refused.rejections,
            digest=hashlib.sha256(refused.xml).digest(),
        )
        if refused.message_id is not None and refused.kind not in _NOT_ANSWERED:
            subject = AckSubject(refused.message_id, refused.kind or "Message")
            self.acknowledge(subject, AckStatus.REFUSED, refused.licence, refused.rejections)
        return Notice.of(
            "{kind} {message_id} refused: {codes}",
            refused=True,
            kind=refused.kind,
            message_id=refused.message_id,
            licence=None if refused.licence is None else str(refused.licence),
            codes=", ".join(rejection.code for rejection in refused.rejections),
        )

    def acknowledge_receipt(self, interchange: ExaminedInterchange) -> None:
        """Say that an interchange could be read, unless all it held was the same about ours, good or bad."""
        only_receipts = all(_is_receipt(one) for one in interchange.messages)
        if not only_receipts:
            self._technical_ack(
                interchange.control_reference, TechnicalStatus.ACCEPTED, len(interchange.messages)
            )

    def refuse_interchange(self, control_reference: str, refused: Refused) -> Notice:
        """Say that a file was no interchange, and why."""
        book.refuse(
            self.uow,
            kind=refused.kind,
            message_id=None,
            licence=None,
            source=control_reference,
            rejections=refused.rejections,
            digest=hashlib.sha256(refused.xml).digest(),
        )
        self._technical_ack(control_reference, TechnicalStatus.REFUSED, 0, refused.rejections)
        return Notice.of(
            "the file {control_reference} is no interchange: {codes}",
            refused=True,
            control_reference=control_reference,
            codes=", ".join(rejection.code for rejection in refused.rejections),
        )

    def send(self, message_id: str, kind: str, xml: bytes, licence: LicenceKey | None) -> None:
        """Put a signed message that answers none into the outbox."""
        self._enqueue(message_id, kind, xml, licence, Priority.NORMAL)

    def _technical_ack(
        self,
        control_reference: str,
        status: TechnicalStatus,
        message_count: int,
        rejections: tuple[Rejection, ...] = (),
    ) -> None:
        ack, xml = self.secretary.technical_ack(
            control_reference, status, at=self.uow.now, message_count=message_count, rejections=rejections
        )
        self._enqueue(ack.header.message_id, kind_of(ack), xml, None)

    def _enqueue(
        self,
        message_id: str,
        kind: str,
        xml: bytes,
        licence: LicenceKey | None,
        priority: Priority = Priority.URGENT,
    ) -> None:
        self._letters.append(post.Letter(message_id, kind, priority, xml, licence))


def _is_receipt(one: Examined | Refused) -> bool:
    kind = kind_of(one.message) if isinstance(one, Examined) else one.kind
    return kind == TechnicalAck.__name__

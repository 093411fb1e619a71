"""What customs says of the messages that our reports of days went in, and refusals about either side's."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.exchange.examination import Examined
from gateway.exchange.notices import Notice
from gateway.ledger import book, daily
from gateway.ledger.correspondence import Received, known_messages, rejection_data
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.licences.identity import ANSWERED_MESSAGE_UNKNOWN
from licencexml.messages import AckStatus, ApplicationAck, Reconciliation, kind_of

KIND = Reconciliation.__name__


def take_receipts(uow: UnitOfWork, received: Sequence[Examined], reference: str) -> list[Notice]:
    """What customs says of the messages that our reports went in: a refusal is kept with the report."""
    acks = [(one, one.message) for one in received if is_receipt(one)]
    return [
        notice
        for one, ack in acks
        if isinstance(ack, ApplicationAck)
        for notice in _receipt(uow, one, ack, reference)
    ]


def is_receipt(one: Examined) -> bool:
    """Whether a message acknowledges a message of kind Reconciliation."""
    return isinstance(one.message, ApplicationAck) and one.message.answers.kind == KIND


def enter_refusal(uow: UnitOfWork, one: Examined, outcome: Outcome, reference: str) -> None:
    """A message about a report is refused; its identity stays unused."""
    book.refuse(
        uow,
        kind=kind_of(one.message),
        message_id=outcome.message_id,
        licence=None,
        source=reference,
        rejections=outcome.rejections,
        digest=one.digest,
    )


def _receipt(uow: UnitOfWork, one: Examined, ack: ApplicationAck, reference: str) -> list[Notice]:
    message_id = ack.header.message_id
    if message_id in known_messages(uow.connection, [message_id]):
        return []
    report = daily.report_by_message(uow.connection, ack.answers.message_id, first=False)
    if report is None:
        fault = ANSWERED_MESSAGE_UNKNOWN.reject(message_id=ack.answers.message_id)
        outcome = Outcome(OutcomeStatus.REFUSED, message_id, None, (fault,))
        enter_refusal(uow, one, outcome, reference)
        return []
    received = Received(ack.header, kind_of(ack), one.digest, one.xml, reference)
    daily.take_message(uow, received, Outcome(OutcomeStatus.ACCEPTED, message_id, None))
    if ack.status is not AckStatus.REFUSED:
        return []
    daily.report_refused(uow, report, rejection_data(ack.rejections))
    return [
        Notice.of(
            "{partner} refuses the report of {day}: {codes}",
            refused=True,
            partner=report.partner,
            day=report.day.isoformat(),
            message_id=ack.answers.message_id,
            codes=", ".join(rejection.code for rejection in ack.rejections),
        )
    ]

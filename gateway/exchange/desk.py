"""The gateway's desk: what customs sends is decided by the law, answered, and told to the issuing system.

All of an interchange is one transaction: the decisions, the balances, the acknowledgements in the outbox
and the answers for `out/` become true together, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.exchange import day
from gateway.exchange.correspondence import Secretary
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.mail import Mail
from gateway.exchange.news import tell_of_answers, tell_of_changes, tell_of_clearances
from gateway.exchange.notices import Notice
from gateway.ledger import book, post
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.licences.facts import Clearance
from gateway.licences.policy import Policy
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    TechnicalAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
    kind_of,
)

_ACK_STATUS = {
    OutcomeStatus.ACCEPTED: AckStatus.ACCEPTED,
    OutcomeStatus.PARKED: AckStatus.ACCEPTED,
    OutcomeStatus.REPEATED: AckStatus.REPEATED,
    OutcomeStatus.CONFLICT: AckStatus.REFUSED,
    OutcomeStatus.REFUSED: AckStatus.REFUSED,
}


class GatewayDesk:
    """Settles what customs sends (`gateway.exchange.reception.Desk`)."""

    def __init__(self, *, secretary: Secretary, policy: Policy, settled: Callable[[], None]) -> None:
        """`settled` is called after each commit: answers and feedback may wait."""
        self._secretary = secretary
        self._policy = policy
        self._settled = settled

    def settle(self, uow: UnitOfWork, interchange: ExaminedInterchange) -> list[Notice]:
        """See `Desk.settle`."""
        reference = interchange.control_reference
        good = [message for message in interchange.messages if isinstance(message, Examined)]
        with Mail(uow, self._secretary) as mail:
            notices: list[Notice] = []
            for part in day.up_to_each_report(good):
                notices += self._clearances(mail, part, reference)
                notices += self._customs_answers(uow, part, reference)
                notices += day.take_receipts(uow, part, reference)
                notices += day.take_answers(mail, part, reference)
            for one in good:
                if isinstance(one.message, TechnicalAck):
                    post.technical_answer(uow, one.message, one.digest, one.xml, reference)
            refused = [one for one in interchange.messages if isinstance(one, Refused)]
            notices += [mail.refuse(one, reference) for one in refused]
            mail.acknowledge_receipt(interchange)
        return notices

    def refuse(self, uow: UnitOfWork, control_reference: str, refused: Refused) -> list[Notice]:
        """See `Desk.refuse`."""
        with Mail(uow, self._secretary) as mail:
            return [mail.refuse_interchange(control_reference, refused)]

    def settled(self) -> None:
        """See `Desk.settled`."""
        self._settled()

    def _clearances(self, mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
        candidates = [
            book.ClearanceReceived(one.message, one.digest, one.xml, reference)
            for one in received
            if isinstance(one.message, WriteOff | WriteOffAmendment | WriteOffReversal)
        ]
        if not candidates:
            return []
        cleared = book.record_clearances(mail.uow, candidates, self._policy)
        for candidate, outcome in zip(candidates, cleared.outcomes, strict=True):
            subject = AckSubject(outcome.message_id, kind_of(candidate.message))
            mail.acknowledge(subject, _ACK_STATUS[outcome.status], outcome.licence, outcome.rejections)
        tell_of_clearances(mail.uow, list(zip(candidates, cleared.outcomes, strict=True)))
        notices = [
            _cleared(candidate.message, outcome)
            for candidate, outcome in zip(candidates, cleared.outcomes, strict=True)
        ]
        return notices + tell_changes(mail, cleared.changes)

    def _customs_answers(self, uow: UnitOfWork, received: Sequence[Examined], reference: str) -> list[Notice]:
        candidates = [
            book.AnswerReceived(one.message, one.digest, one.xml, reference)
            for one in received
            if isinstance(one.message, ApplicationAck) and not day.is_receipt(one)
        ]
        outcomes = book.record_customs_answers(uow, candidates)
        news = [
            candidate.ack
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if outcome.status is OutcomeStatus.ACCEPTED and candidate.ack.licence is not None
        ]
        tell_of_answers(uow, news)
        return [_answered(ack) for ack in news]


def tell_changes(mail: Mail, changes: Sequence[book.Change]) -> list[Notice]:
    """Verdicts that have changed: customs gets another answer, the issuing system news, operators a line."""
    for change in changes:
        outcome = change.outcome
        subject = AckSubject(outcome.message_id, change.kind)
        mail.acknowledge(subject, _ACK_STATUS[outcome.status], outcome.licence, outcome.rejections)
    tell_of_changes(mail.uow, changes)
    return [_changed(change) for change in changes]


def _cleared(message: Clearance, outcome: Outcome) -> Notice:
    codes = _codes(outcome)
    return Notice.of(
        "{kind} against {licence} not applied: {codes}" if codes else "{kind} against {licence}: {outcome}",
        refused=bool(codes),
        kind=kind_of(message),
        licence=str(outcome.licence),
        message_id=outcome.message_id,
        outcome=str(outcome.status),
        codes=codes,
    )


def _changed(change: book.Change) -> Notice:
    codes = _codes(change.outcome)
    return Notice.of(
        "{kind} against {licence} does not hold any more: {codes}"
        if codes
        else "{kind} against {licence} fits now: {outcome}",
        refused=bool(codes),
        kind=change.kind,
        licence=str(change.outcome.licence),
        message_id=change.outcome.message_id,
        outcome=str(change.outcome.status),
        codes=codes,
    )


def _codes(outcome: Outcome) -> str:
    return ", ".join(rejection.code for rejection in outcome.rejections)


def _answered(ack: ApplicationAck) -> Notice:
    return Notice.of(
        "customs answered for {licence}: {outcome}",
        refused=ack.status is AckStatus.REFUSED,
        licence=str(ack.licence),
        message_id=ack.answers.message_id,
        outcome=str(ack.status),
    )

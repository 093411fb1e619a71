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
from gateway.exchange.news import tell_of_answers, tell_of_releases
from gateway.exchange.notices import Notice
from gateway.ledger import book, post
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.licences.policy import Policy
from licencexml.messages import AckStatus, AckSubject, ApplicationAck, TechnicalAck, WriteOff

_ACK_STATUS = {
    OutcomeStatus.ACCEPTED: AckStatus.ACCEPTED,
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
                notices += self._write_offs(mail, part, reference)
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

    def _write_offs(self, mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
        candidates = [
            book.WriteOffReceived(one.message, one.digest, one.xml, reference)
            for one in received
            if isinstance(one.message, WriteOff)
        ]
        outcomes = book.apply_write_offs(mail.uow, candidates, self._policy)
        for outcome in outcomes:
            mail.acknowledge(
                AckSubject(outcome.message_id, "WriteOff"),
                _ACK_STATUS[outcome.status],
                outcome.licence,
                outcome.rejections,
            )
        tell_of_releases(mail.uow, list(zip(candidates, outcomes, strict=True)))
        return [_written_off(outcome) for outcome in outcomes]

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


def _written_off(outcome: Outcome) -> Notice:
    codes = ", ".join(rejection.code for rejection in outcome.rejections)
    return Notice.of(
        "write-off against {licence} not applied: {codes}"
        if codes
        else "write-off against {licence}: {outcome}",
        refused=bool(codes),
        licence=str(outcome.licence),
        message_id=outcome.message_id,
        outcome=str(outcome.status),
        codes=codes,
    )


def _answered(ack: ApplicationAck) -> Notice:
    return Notice.of(
        "customs answered for {licence}: {outcome}",
        refused=ack.status is AckStatus.REFUSED,
        licence=str(ack.licence),
        message_id=ack.answers.message_id,
        outcome=str(ack.status),
    )

"""The gateway's desk: what customs sends is decided by the law, answered, and told to the issuing system.

All of an interchange is one transaction: the decisions, the balances, the acknowledgements in the outbox
and the answers for `out/` become true together, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.exchange.answers import CUSTOMS_ACCEPTED, CUSTOMS_REJECTED, answer
from gateway.exchange.correspondence import Secretary
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.mail import Mail
from gateway.exchange.names import answer_name
from gateway.exchange.notices import Notice
from gateway.ledger import book, feedback, post
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
        mail = Mail(uow, self._secretary)
        reference = interchange.control_reference
        good = [message for message in interchange.messages if isinstance(message, Examined)]
        notices = self._write_offs(
            mail, [one for one in good if isinstance(one.message, WriteOff)], reference
        )
        acks = [one for one in good if isinstance(one.message, ApplicationAck)]
        notices += self._customs_answers(mail, acks, reference)
        for one in good:
            if isinstance(one.message, TechnicalAck):
                post.technical_answer(uow, one.message, one.digest, one.xml, reference)
        notices += [mail.refuse(one, reference) for one in interchange.messages if isinstance(one, Refused)]
        mail.acknowledge_receipt(interchange)
        return notices

    def refuse(self, uow: UnitOfWork, control_reference: str, refused: Refused) -> list[Notice]:
        """See `Desk.refuse`."""
        return [Mail(uow, self._secretary).refuse_interchange(control_reference, refused)]

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
        self._tell_issuers(mail, list(zip(candidates, outcomes, strict=True)))
        return [_written_off(outcome) for outcome in outcomes]

    def _tell_issuers(self, mail: Mail, settled: Sequence[tuple[book.WriteOffReceived, Outcome]]) -> None:
        """The issuing system learns of each release against its licence, applied or not; once."""
        news = [(one, outcome) for one, outcome in settled if outcome.status is not OutcomeStatus.REPEATED]
        keys = [one.write_off.licence for one, _ in news]
        origins = book.origins(mail.uow.connection, keys)
        for one, outcome in news:
            origin = origins.get(one.write_off.licence)
            if origin is None:
                continue
            declaration = one.write_off.declaration
            word = "written-off" if outcome.status is OutcomeStatus.ACCEPTED else "discrepancy"
            feedback.add(
                mail.uow,
                tree=origin.tree,
                origin=outcome.message_id,
                name=answer_name(origin.source, f"{word}-{declaration.entry_id}.json"),
                content=answer(
                    "WRITTEN_OFF" if outcome.status is OutcomeStatus.ACCEPTED else "DISCREPANCY",
                    at=mail.uow.now,
                    file=origin.source,
                    message_id=outcome.message_id,
                    licence=one.write_off.licence,
                    rejections=outcome.rejections,
                    entry_id=declaration.entry_id,
                    release_time=declaration.release_time.isoformat(),
                    lines=[
                        {
                            "line": line.line_number,
                            "sequence": line.sequence,
                            "goods_code": line.goods_code,
                            "quantity": f"{line.quantity.amount:f}",
                            "unit": line.quantity.unit,
                        }
                        for line in declaration.lines
                    ],
                ),
            )

    def _customs_answers(self, mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
        candidates = [
            book.AnswerReceived(one.message, one.digest, one.xml, reference)
            for one in received
            if isinstance(one.message, ApplicationAck)
        ]
        outcomes = book.record_customs_answers(mail.uow, candidates)
        news = [
            candidate.ack
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if outcome.status is OutcomeStatus.ACCEPTED and candidate.ack.licence is not None
        ]
        origins = book.origins(mail.uow.connection, [ack.licence for ack in news if ack.licence is not None])
        for ack in news:
            origin = origins.get(ack.licence) if ack.licence is not None else None
            if origin is None:
                continue
            accepted = ack.status is not AckStatus.REFUSED
            feedback.add(
                mail.uow,
                tree=origin.tree,
                origin=ack.header.message_id,
                name=answer_name(origin.source, CUSTOMS_ACCEPTED if accepted else CUSTOMS_REJECTED),
                content=answer(
                    "CUSTOMS_ACCEPTED" if accepted else "CUSTOMS_REJECTED",
                    at=mail.uow.now,
                    file=origin.source,
                    message_id=ack.answers.message_id,
                    licence=ack.licence,
                    rejections=ack.rejections,
                ),
            )
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

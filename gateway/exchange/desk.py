"""The gateway's desk: what customs sends is decided by the law, answered, and told to the issuing system.

All of an interchange is one transaction: the decisions, the balances, the acknowledgements in the outbox
and the answers for `out/` become true together, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from gateway.exchange import day
from gateway.exchange.clearance import clear, clear_again
from gateway.exchange.correspondence import Secretary
from gateway.exchange.crossing import without_answers_of_others
from gateway.exchange.day_receipts import is_receipt, take_receipts
from gateway.exchange.enquiry import answer_queries, take_replies
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.expiry import unused_after_all, used_and_expired
from gateway.exchange.follow_up import follow_up
from gateway.exchange.mail import Mail
from gateway.exchange.news import tell_of_answers
from gateway.exchange.notices import Notice
from gateway.exchange.offices import Offices
from gateway.ledger import book, post
from gateway.ledger.kinds import SEALED_LICENCE, OutcomeStatus
from gateway.ledger.store import UnitOfWork
from gateway.licences.policy import Policy
from licencexml.messages import (
    ApplicationAck,
    TechnicalAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
)
from licencexml.values import LicenceKey


class GatewayDesk:
    """Settles what customs sends (`gateway.exchange.reception.Desk`)."""

    def __init__(
        self,
        *,
        secretary: Secretary,
        offices: Offices,
        policy: Callable[[], Policy],
        settled: Callable[[], None],
    ) -> None:
        """`policy` is asked for the law that holds now; `settled` is called after each commit."""
        self._secretary = secretary
        self._offices = offices
        self._policy = policy
        self._settled = settled

    def settle(self, uow: UnitOfWork, partner: str, interchange: ExaminedInterchange) -> list[Notice]:
        """See `Desk.settle`."""
        reference = interchange.control_reference
        interchange = without_answers_of_others(uow.connection, self._offices, partner, interchange)
        good = [message for message in interchange.messages if isinstance(message, Examined)]
        with self._mail(uow, partner) as mail:
            notices: list[Notice] = []
            for part in day.up_to_each_report(good):
                causes = _releases(part)
                used = used_and_expired(uow.connection, causes)
                notices += clear(mail, part, reference, self._policy())
                unused_after_all(mail, {key: causes[key] for key in used})
                notices += self._customs_answers(mail, part, reference)
                notices += take_replies(mail, part, reference)
                notices += answer_queries(mail, part, reference)
                notices += take_receipts(uow, part, reference)
                notices += day.take_answers(mail, part, reference)
            for one in good:
                if isinstance(one.message, TechnicalAck):
                    post.technical_answer(uow, one.message, one.digest, one.xml, reference)
            refused = [one for one in interchange.messages if isinstance(one, Refused)]
            notices += [mail.refuse(one, reference) for one in refused]
            mail.acknowledge_receipt(interchange)
        return notices

    def refuse(self, uow: UnitOfWork, partner: str, control_reference: str, refused: Refused) -> list[Notice]:
        """See `Desk.refuse`."""
        with self._mail(uow, partner) as mail:
            return [mail.refuse_interchange(control_reference, refused)]

    def may_pass(self, connection: Connection, interchange: ExaminedInterchange) -> bool:
        """See `Desk.may_pass`: customs' word on licences, each of which was sent once, and not on acts.

        It comes before all else that customs says of a licence, so what it passes was about others.
        """
        answered = {
            one.message.answers.message_id
            for one in interchange.messages
            if isinstance(one, Examined)
            and isinstance(one.message, ApplicationAck)
            and one.message.answers.kind == SEALED_LICENCE
        }
        if len(answered) < len(interchange.messages):
            return False
        return post.sent_once(connection, answered) and not book.sealed_acts(connection, sorted(answered))

    def settled(self) -> None:
        """See `Desk.settled`."""
        self._settled()

    def _mail(self, uow: UnitOfWork, partner: str) -> Mail:
        """Mail that answers `partner`."""
        secretary = self._secretary.writing_to(self._offices.named(partner))
        return Mail(uow, secretary, self._offices)

    def _customs_answers(self, mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
        candidates = [
            book.AnswerReceived(one.message, one.digest, one.xml, reference)
            for one in received
            if isinstance(one.message, ApplicationAck) and not is_receipt(one)
        ]
        outcomes = book.record_customs_answers(mail.uow, candidates)
        # Customs need not name the licence: the message that it answers does.
        news = [
            replace(candidate.ack, licence=outcome.licence)
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if outcome.status is OutcomeStatus.ACCEPTED
        ]
        tell_of_answers(mail.uow, news)
        notices = follow_up(mail, news)
        # Whether customs has a licence decides whether it can be used.
        causes = {ack.licence: ack.header.message_id for ack in news if ack.licence is not None}
        return notices + clear_again(mail, causes, self._policy())


def _releases(received: Sequence[Examined]) -> dict[LicenceKey, str]:
    """The licences that these messages say something of releases about, each with the last that does."""
    return {
        one.message.licence: one.message.header.message_id
        for one in received
        if isinstance(one.message, WriteOff | WriteOffAmendment | WriteOffReversal)
    }

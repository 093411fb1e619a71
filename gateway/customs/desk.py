"""The simulated customs' desk: it takes what is sealed, releases goods, and answers questions.

Taking a licence, its acknowledgement and what is told of the declarations that are released against it are
one transaction; the outbox keeps their order. Queries and the gateway's report of a day are answered from
the register, in the order in which they come between the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.customs import answers, inquiries, releases, reports, standing, taking
from gateway.customs.misstatement import Misstatement, is_one_in
from gateway.customs.planning import PlannedRelease, plan
from gateway.customs.scenario import Mischief, Scenario
from gateway.exchange.correspondence import Secretary
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger import post
from gateway.ledger.store import UnitOfWork
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    Licence,
    LicenceIssue,
    LicenceQuery,
    LicenceQueryReply,
    Reconciliation,
    SealedLicence,
    TechnicalAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
    is_of_urgent_licence,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How this customs releases goods: by which scenario, from which seed, and with which habits.

    Every `repeat_every`-th write-off is sent twice, one sealed message in `refuse_every` is refused, always
    the same ones (0: none); with `reorder` what is told of a licence goes out last first. `misstatement` is
    what it gets wrong in its reports.
    """

    scenario: Scenario
    seed: int
    repeat_every: int = 0
    refuse_every: int = 0
    reorder: bool = False
    misstatement: Misstatement = field(default_factory=Misstatement)


class CustomsDesk:
    """Settles what the gateway sends (`gateway.exchange.reception.Desk`)."""

    def __init__(self, *, secretary: Secretary, behaviour: Behaviour, settled: Callable[[], None]) -> None:
        """`settled` is called after each commit: the outbox has something."""
        self._secretary = secretary
        self._behaviour = behaviour
        self._settled = settled

    def settle(self, uow: UnitOfWork, partner: str, interchange: ExaminedInterchange) -> list[Notice]:
        """See `Desk.settle`."""
        reference = interchange.control_reference
        with Mail(uow, self._secretary) as mail:
            notices = [
                notice
                for one in interchange.messages
                if (notice := self._settle_one(mail, one, reference)) is not None
            ]
            mail.acknowledge_receipt(interchange)
        return notices

    def _settle_one(self, mail: Mail, one: Examined | Refused, reference: str) -> Notice | None:
        if isinstance(one, Refused):
            return mail.refuse(one, reference)
        misstatement = self._behaviour.misstatement
        notice: Notice | None = None
        match one.message:
            case SealedLicence() as sealed:
                notice = self._take(mail, one, sealed)
            case LicenceQuery() as query:
                notice = inquiries.answer(mail, one, query, misstatement)
            case Reconciliation() as part:
                notice = reports.take(mail, one, part, misstatement)
            case LicenceQueryReply() as reply:
                notice = _replied(reply)
            case ApplicationAck() as ack:
                answers.record(mail.uow, ack)
                notice = _answered(ack)
            case TechnicalAck() as ack:
                post.technical_answer(mail.uow, ack, one.digest, one.xml, reference)
        return notice

    def refuse(self, uow: UnitOfWork, partner: str, control_reference: str, refused: Refused) -> list[Notice]:
        """See `Desk.refuse`."""
        with Mail(uow, self._secretary) as mail:
            return [mail.refuse_interchange(control_reference, refused)]

    def may_pass(self, connection: Connection, interchange: ExaminedInterchange) -> bool:
        """See `Desk.may_pass`: new licences, of which nothing can have come before.

        No act may: the licence that it is about may be in a file that it would pass.
        """
        return all(
            isinstance(one, Examined)
            and isinstance(one.message, SealedLicence)
            and isinstance(one.message.content, LicenceIssue)
            for one in interchange.messages
        )

    def settled(self) -> None:
        """See `Desk.settled`."""
        self._settled()

    def _take(self, mail: Mail, one: Examined, sealed: SealedLicence) -> Notice:
        behaviour, licence = self._behaviour, taking.licence_of(sealed.content)
        on_purpose = is_one_in(behaviour.refuse_every, one.digest)
        status, rejections = taking.take(mail.uow, one, sealed, on_purpose=on_purpose)
        subject = AckSubject(sealed.header.message_id, kind_of(sealed))
        urgent = is_of_urgent_licence(sealed.content)
        mail.acknowledge(subject, status, licence, rejections, urgent=urgent)
        brought = taking.brought_by(sealed.content)
        if status is AckStatus.ACCEPTED and brought is not None:
            self._release(mail, brought)
        return Notice.of(
            "{kind} of licence {licence}: {outcome} {codes}",
            refused=status is AckStatus.REFUSED,
            kind=kind_of(sealed.content),
            licence=str(licence),
            message_id=sealed.header.message_id,
            outcome=str(status),
            codes=", ".join(rejection.code for rejection in rejections),
        )

    def _release(self, mail: Mail, licence: Licence) -> None:
        """Release goods as planned, unless the licence is suspended or has ended."""
        uow, behaviour = mail.uow, self._behaviour
        found = standing.find(uow.connection, licence.key, uow.now)
        if found is None or not found.may_be_used:
            return
        plans = plan(licence, behaviour.scenario, behaviour.seed, uow.now)
        previous: str | None = None
        for number, planned in enumerate(reversed(plans) if behaviour.reorder else plans):
            # Of two messages about one declaration the one created first holds: none are created together.
            created = uow.now + timedelta(microseconds=number)
            if isinstance(planned, PlannedRelease):
                previous = self._tell_release(mail, planned, created, previous)
            else:
                correction = planned.message(self._secretary.header(created))
                releases.record_correction(uow, correction, planned.mischief)
                self._send(mail, correction, self._secretary.sign(correction))

    def _tell_release(
        self, mail: Mail, planned: PlannedRelease, created: datetime, previous: str | None
    ) -> str:
        """Tell of a release; returns its MessageID. A repeat is the previous message, to the letter."""
        if planned.mischief is Mischief.REPEAT and previous is not None:
            _repeat(mail, previous)
            return previous
        write_off = planned.message(self._secretary.header(created))
        xml = self._secretary.sign(write_off)
        if planned.mischief is Mischief.WRONG_SIGNATURE:
            xml = _tampered(xml, planned)
        number = releases.record_release(mail.uow, write_off, planned.mischief)
        self._send(mail, write_off, xml)
        every = self._behaviour.repeat_every
        if every and number % every == 0:
            _repeat(mail, write_off.header.message_id)
        return write_off.header.message_id

    def _send(self, mail: Mail, message: WriteOff | WriteOffAmendment | WriteOffReversal, xml: bytes) -> None:
        mail.send(message.header.message_id, kind_of(message), xml, message.licence)


def _repeat(mail: Mail, message_id: str) -> None:
    """Send it once more, beside the sending that is under way."""
    mail.hand_in()
    post.repeat(mail.uow, message_id)


def _replied(reply: LicenceQueryReply) -> Notice:
    return Notice.of(
        "the gateway says of licence {licence}: {status}",
        licence=str(reply.licence),
        message_id=reply.header.message_id,
        status=str(reply.status),
    )


def _answered(ack: ApplicationAck) -> Notice:
    return Notice.of(
        "the gateway answered {message_id}: {outcome} {codes}",
        refused=ack.status is AckStatus.REFUSED,
        message_id=ack.answers.message_id,
        licence=None if ack.licence is None else str(ack.licence),
        outcome=str(ack.status),
        codes=", ".join(rejection.code for rejection in ack.rejections),
    )


def _tampered(xml: bytes, planned: PlannedRelease) -> bytes:
    """The signed bytes with one digit of the declaration's number changed."""
    honest = planned.declaration.entry_id
    forged = honest[:-1] + str((int(honest[-1]) + 1) % 10)
    return xml.replace(honest.encode(), forged.encode(), 1)

"""The simulated customs' desk: it takes sealed licences, acknowledges them, and releases goods against them.

Taking a licence, its acknowledgement and the write-offs of the declarations that are released against it are
one transaction; the outbox keeps their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.customs import register
from gateway.customs.scenario import Mischief, PlannedRelease, Scenario, plan
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
    SealedLicence,
    TechnicalAck,
    WriteOff,
    kind_of,
)
from licencexml.rejection import Rejection


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How this customs releases goods: by which scenario, from which seed, and with which habits.

    Every `repeat_every`-th write-off is sent twice, one licence in `refuse_every` is refused, always the same
    ones (0: none); with `reorder` write-offs go out last first.
    """

    scenario: Scenario
    seed: int
    repeat_every: int = 0
    refuse_every: int = 0
    reorder: bool = False


class CustomsDesk:
    """Settles what the gateway sends (`gateway.exchange.reception.Desk`)."""

    def __init__(self, *, secretary: Secretary, behaviour: Behaviour, settled: Callable[[], None]) -> None:
        """`settled` is called after each commit: the outbox has something."""
        self._secretary = secretary
        self._behaviour = behaviour
        self._settled = settled

    def settle(self, uow: UnitOfWork, interchange: ExaminedInterchange) -> list[Notice]:
        """See `Desk.settle`."""
        reference = interchange.control_reference
        notices: list[Notice] = []
        with Mail(uow, self._secretary) as mail:
            for one in interchange.messages:
                if isinstance(one, Refused):
                    notices.append(mail.refuse(one, reference))
                elif isinstance(one.message, SealedLicence):
                    notices.append(self._take(mail, one, one.message))
                elif isinstance(one.message, ApplicationAck):
                    register.record_answer(uow, one.message)
                    notices.append(_answered(one.message))
                elif isinstance(one.message, TechnicalAck):
                    post.technical_answer(uow, one.message, one.digest, one.xml, reference)
            mail.acknowledge_receipt(interchange)
        return notices

    def refuse(self, uow: UnitOfWork, control_reference: str, refused: Refused) -> list[Notice]:
        """See `Desk.refuse`."""
        with Mail(uow, self._secretary) as mail:
            return [mail.refuse_interchange(control_reference, refused)]

    def settled(self) -> None:
        """See `Desk.settled`."""
        self._settled()

    def _take(self, mail: Mail, one: Examined, sealed: SealedLicence) -> Notice:
        licence = sealed.issue.licence
        status, rejections = self._decide(mail.uow, one, sealed)
        mail.acknowledge(
            AckSubject(sealed.header.message_id, "SealedLicence"), status, licence.key, rejections
        )
        if status is AckStatus.ACCEPTED:
            self._release(mail, licence)
        return Notice.of(
            "licence {licence}: {outcome}",
            refused=status is AckStatus.REFUSED,
            licence=str(licence.key),
            message_id=sealed.header.message_id,
            outcome=str(status),
        )

    def _decide(
        self, uow: UnitOfWork, one: Examined, sealed: SealedLicence
    ) -> tuple[AckStatus, tuple[Rejection, ...]]:
        every = self._behaviour.refuse_every
        if every and int.from_bytes(one.digest[:4], "big") % every == 0:
            rejection = register.REFUSED_ON_PURPOSE.reject(licence=sealed.issue.licence.key)
            return AckStatus.REFUSED, (rejection,)
        return register.take(uow, sealed, one.digest, one.xml)

    def _release(self, mail: Mail, licence: Licence) -> None:
        behaviour = self._behaviour
        plans = plan(licence, behaviour.scenario, behaviour.seed, mail.uow.now)
        previous: WriteOff | None = None
        for planned in reversed(plans) if behaviour.reorder else plans:
            previous = self._tell(mail, planned, previous)

    def _tell(self, mail: Mail, planned: PlannedRelease, previous: WriteOff | None) -> WriteOff:
        """Tell the gateway of a release; a repeat is the previous message, to the letter."""
        if planned.mischief is Mischief.REPEAT and previous is not None:
            _repeat(mail, previous)
            return previous
        write_off = WriteOff(self._secretary.header(mail.uow.now), planned.licence, planned.declaration)
        xml = self._secretary.sign(write_off)
        if planned.mischief is Mischief.WRONG_SIGNATURE:
            xml = _tampered(xml, planned)
        number = register.record_release(mail.uow, write_off, planned.mischief)
        mail.send(write_off.header.message_id, kind_of(write_off), xml, planned.licence)
        every = self._behaviour.repeat_every
        if every and number % every == 0:
            _repeat(mail, write_off)
        return write_off


def _repeat(mail: Mail, write_off: WriteOff) -> None:
    """Send it once more, beside the sending that is under way."""
    mail.hand_in()
    post.repeat(mail.uow, write_off.header.message_id)


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

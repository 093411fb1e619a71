"""Messages to partners, put into the outbox in the transaction that they speak of."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from gateway.exchange.correspondence import Correspondent, Secretary
from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.notices import Notice
from gateway.exchange.offices import Offices
from gateway.ledger import book, post
from gateway.ledger.answered import answered, last_answered
from gateway.ledger.kinds import Priority
from gateway.ledger.store import UnitOfWork
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    TechnicalAck,
    TechnicalStatus,
    kind_of,
)
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: Answers are never answered, or two gateways would thank each other for ever.
_NOT_ANSWERED = frozenset({"ApplicationAck", "TechnicalAck"})
#: What sets the times of answers apart that one transaction makes.
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer still to be written; `answers` is the message answered, None for an interchange's."""

    answers: str | None
    licence: LicenceKey | None
    priority: Priority
    write: Callable[[datetime], tuple[ApplicationAck | TechnicalAck, bytes]]


@dataclass(frozen=True, slots=True)
class _Addressed:
    """What is to go to a partner."""

    partner: str
    letter: post.Letter | _Answer


class Mail:
    """One unit of work's messages; leaving the context puts them into the outbox, in order.

    `secretary` writes to the partner whose messages are settled, or else to the centre; `offices` has all
    others to whom something may be due by it (none: there are no others).

    Answers go before licences that are not urgent, and answers to urgent ones before all. No two answers of
    one unit have the same `Created`, and of the answers to one message the later has the later one, even if
    the clock was set back between them: the partner lets the latest hold.
    """

    def __init__(self, uow: UnitOfWork, secretary: Secretary, offices: Offices | None = None) -> None:
        self.uow = uow
        self.secretary = secretary
        self.offices = offices or Offices.only(secretary.partner)
        self._letters: list[_Addressed] = []

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
        answers = [one.letter for one in letters if isinstance(one.letter, _Answer)]
        written = iter(self._write(answers))
        by_partner: defaultdict[str, list[post.Letter]] = defaultdict(list)
        for one in letters:
            letter = next(written) if isinstance(one.letter, _Answer) else one.letter
            by_partner[one.partner].append(letter)
        for partner, ready in by_partner.items():
            post.enqueue_all(self.uow, partner, ready)

    def to(self, partner: Correspondent) -> Secretary:
        """Who writes to `partner`."""
        return self.secretary if partner == self.secretary.partner else self.secretary.writing_to(partner)

    def acknowledge(
        self,
        answers: AckSubject,
        status: AckStatus,
        licence: LicenceKey | None,
        rejections: tuple[Rejection, ...] = (),
        *,
        to: Correspondent | None = None,
        urgent: bool = False,
    ) -> None:
        """Answer one message; `to` says who sent it, if that is not the one whose messages are settled.

        The answer is `urgent` if the message is.
        """
        secretary = self.secretary if to is None else self.to(to)

        def write(at: datetime) -> tuple[ApplicationAck, bytes]:
            return secretary.application_ack(answers, status, at=at, licence=licence, rejections=rejections)

        priority = Priority.URGENT if urgent else Priority.ANSWER
        self._add(_Answer(answers.message_id, licence, priority, write), secretary)

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

    def send(
        self,
        message_id: str,
        kind: str,
        xml: bytes,
        licence: LicenceKey | None,
        not_before: datetime | None = None,
        *,
        by: Secretary | None = None,
    ) -> None:
        """Put a signed message into the outbox; it waits until `not_before`, if given.

        `by` is who wrote it, if that was not the secretary of the one whose messages are settled.
        """
        letter = post.Letter(message_id, kind, Priority.NORMAL, xml, licence, not_before)
        self._add(letter, by or self.secretary)

    def _technical_ack(
        self,
        control_reference: str,
        status: TechnicalStatus,
        message_count: int,
        rejections: tuple[Rejection, ...] = (),
    ) -> None:
        def write(at: datetime) -> tuple[TechnicalAck, bytes]:
            return self.secretary.technical_ack(
                control_reference, status, at=at, message_count=message_count, rejections=rejections
            )

        self._add(_Answer(None, None, Priority.ANSWER, write), self.secretary)

    def _add(self, letter: post.Letter | _Answer, secretary: Secretary) -> None:
        self._letters.append(_Addressed(secretary.partner.name, letter))

    def _write(self, answers: list[_Answer]) -> list[post.Letter]:
        """The answers in their order, each with a time of its own."""
        if not answers:
            return []
        before = last_answered(self.uow.connection, [one.answers for one in answers if one.answers])
        last = dict(before)
        letters = []
        for number, one in enumerate(answers):
            at = self.uow.now + number * _TICK
            if one.answers is not None:
                if one.answers in last:
                    at = max(at, last[one.answers] + _TICK)
                last[one.answers] = at
            ack, xml = one.write(at)
            letters.append(post.Letter(ack.header.message_id, kind_of(ack), one.priority, xml, one.licence))
        answered(self.uow, last, before)
        return letters


def _is_receipt(one: Examined | Refused) -> bool:
    kind = kind_of(one.message) if isinstance(one, Examined) else one.kind
    return kind == TechnicalAck.__name__

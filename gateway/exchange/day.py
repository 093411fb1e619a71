"""The end of a business day, and what is said about it with customs (对账).

外经贸配管发〔2000〕539号 art. 4: what was sent is reported every day, what customs confirms is compared with
it, and a difference is told at once.

    close (one transaction): licences expire --> the day is closed --> our report is in the outbox
    answer, part by part; with the last one (one transaction): both sides compared --> differences, report

What customs sent before its report has come before it. So the two sides are compared as the ledger stands
when the answer is whole, about all that either report speaks of. Of a licence of which customs has told more
since it made its report, figures that are not equal say nothing: the report of the day on which it told more
has the licence again.

With several customs offices each gets a report of its own licences, and answers it by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import cast

from gateway.exchange import day_faults
from gateway.exchange.correspondence import Secretary
from gateway.exchange.day_offices import by_office, issued_for
from gateway.exchange.day_receipts import KIND, enter_refusal
from gateway.exchange.day_report import Times, content, difference_row
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.exchange.offices import Offices
from gateway.ledger import daily, daily_sides
from gateway.ledger.correspondence import Received, answer_again, known_messages
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.store import UnitOfWork
from gateway.licences.reconcile import Side, classify, differences
from licencexml import parsing, reading
from licencexml.messages import AckStatus, AckSubject, Reconciliation
from licencexml.reconciling import Collected, join, split
from licencexml.rejection import Rejection

#: Has licences expire whose validity ended before the given day; how many did.
Expire = Callable[[UnitOfWork, date], int]

_ACK_STATUS = {
    OutcomeStatus.ACCEPTED: AckStatus.ACCEPTED,
    OutcomeStatus.REPEATED: AckStatus.REPEATED,
    OutcomeStatus.CONFLICT: AckStatus.REFUSED,
    OutcomeStatus.REFUSED: AckStatus.REFUSED,
}
#: What is in the ledger was examined once; the bound on what is taken in may have been lowered since.
_MAX_BYTES = 64 * 1024 * 1024


class Daybook:
    """Closes days, and reports them to every partner."""

    def __init__(self, secretary: Secretary, offices: Offices, expire: Expire) -> None:
        self._secretary = secretary
        self._expire = expire
        self.offices = offices

    def close(self, uow: UnitOfWork, day: date) -> Notice | None:
        """Close `day`, which is over, and report it; None if that was done before.

        If it was done no earlier than now, the clock was ahead then, and what came since belongs to the day.
        """
        closed_at = daily.closed_at(uow.connection, day)
        if closed_at is not None and closed_at < uow.now:
            return None
        if closed_at is not None:
            daily.reopen(uow, [day])
        expired = self._expire(uow, day + timedelta(days=1))
        daily.close_day(uow, day, expired)
        reported = [notice.facts for notice in self.report(uow, day)]
        return Notice.of(
            "{day} is closed{again}: {expired} licences expired;"
            " {transfers} messages, {licences} licences reported",
            refused=closed_at is not None,
            again="" if closed_at is None else " again (the clock was ahead before)",
            day=day.isoformat(),
            expired=expired,
            transfers=sum(one["transfers"] for one in reported),
            licences=sum(one["licences"] for one in reported),
        )

    def report(self, uow: UnitOfWork, day: date, partner: str | None = None) -> list[Notice]:
        """Send each partner (or this one alone) our report about `day`, as the ledger stands now."""
        sides = by_office(uow.connection, self.offices, daily_sides.side_of(uow.connection, day))
        names = sorted(self.offices.correspondents) if partner is None else [partner]
        return [self._report(uow, day, name, sides.get(name, Side((), ()))) for name in names]

    def _report(self, uow: UnitOfWork, day: date, partner: str, side: Side) -> Notice:
        secretary = self._secretary.writing_to(self.offices.named(partner))
        parts = split(lambda _number: secretary.header(uow.now), day, uow.now, side.transfers, side.licences)
        with Mail(uow, secretary) as mail:
            for part in parts:
                mail.send(part.header.message_id, KIND, secretary.sign(part), None)
        daily.record_report(
            uow,
            day,
            partner,
            [daily.ReportPart(part.part_number, part.header.message_id) for part in parts],
            transfers=len(side.transfers),
            licences=len(side.licences),
        )
        return Notice.of(
            "{day} is reported to {partner}: {transfers} messages and {licences} licences, in {parts} parts",
            day=day.isoformat(),
            partner=partner,
            transfers=len(side.transfers),
            licences=len(side.licences),
            parts=len(parts),
        )


def up_to_each_report(received: Sequence[Examined]) -> Iterator[Sequence[Examined]]:
    """`received` cut after each part of a report: what stands before it was sent before it, and only that."""
    begin = 0
    for number, one in enumerate(received, start=1):
        if isinstance(one.message, Reconciliation):
            yield received[begin:number]
            begin = number
    yield received[begin:]


def take_answers(mail: Mail, received: Sequence[Examined], reference: str) -> list[Notice]:
    """Take the parts of customs' reports among `received`, in order, and answer each.

    With the last part of an answer the day is compared.
    """
    parts = [(one, one.message) for one in received if isinstance(one.message, Reconciliation)]
    return [notice for one, part in parts for notice in _take(mail, one, part, reference)]


def _take(mail: Mail, one: Examined, part: Reconciliation, reference: str) -> list[Notice]:
    outcome, collected, report = _judge(mail.uow, one, part)
    subject = AckSubject(outcome.message_id, KIND)
    mail.acknowledge(subject, _ACK_STATUS[outcome.status], None, outcome.rejections)
    if outcome.status is not OutcomeStatus.ACCEPTED:
        if outcome.status is not OutcomeStatus.REPEATED:
            enter_refusal(mail.uow, one, outcome, reference)
        return [_told(part, outcome)]
    assert report is not None, "what is accepted answers a report"
    received = Received(part.header, KIND, one.digest, one.xml, reference)
    daily.take_message(mail.uow, received, outcome)
    daily.take_part(mail.uow, report, part.as_of, daily.ReportPart(part.part_number, outcome.message_id))
    if collected is None or _is_superseded(report, collected):
        return [_told(part, outcome)]
    return [_told(part, outcome), _compare(mail, report, collected)]


def _is_superseded(report: daily.DayReport, answer: Collected) -> bool:
    """Whether customs made another answer to the same report later, and that one is here: then it holds."""
    return report.answer_as_of is not None and answer.as_of < report.answer_as_of


def _judge(
    uow: UnitOfWork, one: Examined, part: Reconciliation
) -> tuple[Outcome, Collected | None, daily.DayReport | None]:
    """What becomes of a part; the answer that is whole with it, and the report that it answers."""
    message_id = part.header.message_id
    known = known_messages(uow.connection, [message_id]).get(message_id)
    if known is not None:
        return answer_again(message_id, one.digest, known), None, None
    report = daily.report_by_message(uow.connection, part.header.in_reply_to or "", first=True)
    fault = _fault(uow, part, report)
    whole = None if report is None or fault is not None else _whole(uow, part, report)
    if whole is not None and not whole.is_sound:
        wrong = ", ".join(whole.contradictions) or "MISSING"
        fault = day_faults.REPORT_PARTS_DISAGREE.reject(contradictions=wrong)
    if fault is not None:
        return Outcome(OutcomeStatus.REFUSED, message_id, None, (fault,)), None, report
    return Outcome(OutcomeStatus.ACCEPTED, message_id, None), whole, report


def _fault(uow: UnitOfWork, part: Reconciliation, report: daily.DayReport | None) -> Rejection | None:
    """Why a part is not taken, whatever the other parts say."""
    if report is None:
        return day_faults.REPORT_NOT_ASKED_FOR.reject(message_id=part.header.in_reply_to or "–")
    if part.business_date != report.day:
        return day_faults.REPORT_OF_OTHER_DAY.reject(stated=part.business_date, expected=report.day)
    known_as = daily.came_as(uow.connection, report, part.as_of).get(part.part_number)
    if known_as is not None:
        return day_faults.REPORT_PART_KNOWN.reject(number=part.part_number, message_id=known_as)
    return None


def _whole(uow: UnitOfWork, part: Reconciliation, report: daily.DayReport) -> Collected | None:
    """The answer with `part` as its last; None while others are still to come."""
    if len(daily.came_as(uow.connection, report, part.as_of)) + 1 < part.part_count:
        return None
    return join([*_read(daily.answer_parts(uow.connection, report, part.as_of)), part])


def _read(parts: Iterable[bytes]) -> list[Reconciliation]:
    """Parts of a report from our own register: they were verified, or written by us, when they got there."""
    return [
        cast("Reconciliation", reading.read_message(parsing.parse(xml, max_bytes=_MAX_BYTES)))
        for xml in parts
    ]


def _compare(mail: Mail, report: daily.DayReport, answer: Collected) -> Notice:
    """Hold what either side's report speaks of against each other: ours as the ledger stands now."""
    uow = mail.uow
    reported = join(_read(daily.report_parts(uow.connection, report)))
    theirs = Side(answer.transfers, answer.licences)
    ours = daily_sides.side_about(
        uow.connection,
        [one.message_id for one in (*reported.transfers, *theirs.transfers)],
        [one.licence for one in (*reported.licences, *theirs.licences)],
    )
    keys = [one.licence for one in ours.licences]
    moved = daily_sides.moved_since(uow.connection, keys, report.as_of, answer.as_of)
    items = classify(ours, theirs, moved)
    found = differences(items)
    issued = issued_for(uow.connection, mail.offices, report.day, report.partner)
    times = Times(report.as_of, answer.as_of, uow.now)
    told = content(report.day, times, items, found, issued, partner=report.partner)
    daily.reconcile(
        uow,
        report,
        [daily.Found(one.item.identity, one.kind, difference_row(one)) for one in found],
        undecided={one.identity for one in items if one.has_moved},
        answer_as_of=answer.as_of,
        content=json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(),
    )
    return Notice.of(
        "reconciliation of {day} with {partner}: {compared} items compared, {count} differences",
        refused=bool(found),
        day=report.day.isoformat(),
        partner=report.partner,
        compared=len(items),
        count=len(found),
    )


def _told(part: Reconciliation, outcome: Outcome) -> Notice:
    codes = ", ".join(rejection.code for rejection in outcome.rejections)
    return Notice.of(
        "customs' report of {day}, part {number} of {count}: {outcome} {codes}",
        refused=bool(codes),
        message_id=outcome.message_id,
        day=part.business_date.isoformat(),
        number=part.part_number,
        count=part.part_count,
        outcome=str(outcome.status),
        codes=codes,
    )

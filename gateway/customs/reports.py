"""对账 at customs: the gateway's report of a day is collected, and answered with a report of customs' own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, insert, select, update

from gateway.clock import BUSINESS_ZONE
from gateway.customs import refusals, releases
from gateway.customs.counting import count, figures
from gateway.customs.misstatement import Misstatement
from gateway.customs.tables import (
    customs_correction,
    customs_licence,
    customs_received,
    customs_release,
    customs_report_answer,
    customs_report_part,
)
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger import post
from gateway.ledger.projection import key_of
from licencexml import parsing, reading
from licencexml.messages import (
    AckStatus,
    AckSubject,
    LicenceFigures,
    Reconciliation,
    Transfer,
    TransferStatus,
    kind_of,
)
from licencexml.reconciling import Collected, join, split
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: What is in the register was examined once.
_MAX_BYTES = 64 * 1024 * 1024
#: Messages that one statement asks for.
_CHUNK = 500

_PART = customs_report_part.c


def take(mail: Mail, one: Examined, part: Reconciliation, misstatement: Misstatement) -> Notice:
    """Take in and acknowledge a part of the gateway's report; once all are there the report is answered."""
    message_id = part.header.message_id
    known = select(_PART.digest).where(_PART.message_id == message_id)
    before = mail.uow.connection.execute(known).scalar_one_or_none()
    if before is None:
        _keep(mail, one, part)
        return _take_new(mail, part, misstatement)
    if before != one.digest:
        return _refuse(mail, part, refusals.IDENTITY_CONFLICT.reject(message_id=message_id))
    _acknowledge(mail, part, AckStatus.REPEATED)
    _answer_again(mail, message_id)
    return _told(part, AckStatus.REPEATED)


def _take_new(mail: Mail, part: Reconciliation, misstatement: Misstatement) -> Notice:
    connection, of_report = mail.uow.connection, _of_report(part)
    came = connection.execute(select(_PART.part_number, _PART.xml == b"").where(of_report)).all()
    is_answered = any(answered for _, answered in came)
    if is_answered or len({number for number, _ in came}) < part.part_count:
        _acknowledge(mail, part, AckStatus.ACCEPTED)
        return _told(part, "answered before" if is_answered else "more is to come")
    collected = join(map(_read, connection.execute(select(_PART.xml).where(of_report)).scalars()))
    if collected.contradictions:
        day, what = part.business_date, ", ".join(collected.contradictions)
        return _refuse(mail, part, refusals.REPORT_CONTRADICTORY.reject(business_date=day, what=what))
    assert collected.is_whole, "what does not contradict itself is as many parts as it says"
    _acknowledge(mail, part, AckStatus.ACCEPTED)
    _answer(mail, collected, misstatement)
    connection.execute(update(customs_report_part).where(of_report).values(xml=b""))
    return _told(part, "answered")


def transfers(
    connection: Connection, day: date, named: Iterable[str], misstatement: Misstatement
) -> list[Transfer]:
    """The sealed messages received on `day`, and of those `named` what customs has, oldest first."""
    received = customs_received.c
    conditions = [_on(received.received_at, day)]
    wanted = sorted(set(named))
    for start in range(0, len(wanted), _CHUNK):
        conditions.append(received.message_id.in_(wanted[start : start + _CHUNK]))
    rows = {
        row.message_id: row
        for condition in conditions
        for row in connection.execute(select(customs_received).where(condition))
    }
    ordered = sorted(rows.values(), key=lambda row: (row.received_at, row.message_id))
    return [_transfer(row) for row in ordered if not misstatement.loses(row.digest)]


def licences(
    connection: Connection, day: date, named: Iterable[LicenceKey], misstatement: Misstatement
) -> list[LicenceFigures]:
    """The figures of the licences received or used on `day`, and of those `named`, as customs has them now.

    What the gateway has not answered yet counts: customs has released it.
    """
    keys = set(named)
    for table, instant in (
        (customs_licence, customs_licence.c.received_at),
        (customs_release, customs_release.c.sent_at),
        (customs_correction, customs_correction.c.sent_at),
    ):
        keys |= _keys_on(connection, table, _on(instant, day))
    wanted = sorted(keys)
    told = releases.load_told(connection, releases.not_refused, wanted)
    issued = releases.load_issued(connection, wanted)
    return [
        misstatement.figures(figures(key, issued[key], count(told[key]))) for key in wanted if key in issued
    ]


def _answer(mail: Mail, collected: Collected, misstatement: Misstatement) -> None:
    uow, day = mail.uow, collected.business_date
    assert collected.first is not None, "a whole report has a first part"
    asked = collected.first.message_id
    parts = split(
        lambda _number: mail.secretary.header(uow.now, asked),
        day,
        uow.now,
        transfers(uow.connection, day, (one.message_id for one in collected.transfers), misstatement),
        licences(uow.connection, day, (one.licence for one in collected.licences), misstatement),
    )
    for part in parts:
        mail.send(part.header.message_id, kind_of(part), mail.secretary.sign(part), None)
    message_ids = [part.header.message_id for part in parts]
    row = {"first_message_id": asked, "message_ids": message_ids, "answered_at": uow.now}
    uow.connection.execute(insert(customs_report_answer).values(**row))


def _answer_again(mail: Mail, message_id: str) -> None:
    """The repeat of a report's first part gets the same answer again; that of another part needs none."""
    answered = select(customs_report_answer.c.message_ids).where(
        customs_report_answer.c.first_message_id == message_id
    )
    mail.hand_in()
    for sent in mail.uow.connection.execute(answered).scalar_one_or_none() or ():
        post.repeat(mail.uow, sent)


def _keep(mail: Mail, one: Examined, part: Reconciliation) -> None:
    mail.uow.connection.execute(
        insert(customs_report_part).values(
            message_id=part.header.message_id,
            digest=one.digest,
            sender=part.header.sender,
            business_date=part.business_date.isoformat(),
            as_of=part.as_of,
            part_number=part.part_number,
            xml=one.xml,
            received_at=mail.uow.now,
        )
    )


def _of_report(part: Reconciliation) -> ColumnElement[bool]:
    return and_(
        _PART.sender == part.header.sender,
        _PART.business_date == part.business_date.isoformat(),
        _PART.as_of == part.as_of,
    )


def _read(xml: bytes) -> Reconciliation:
    part = reading.read_message(parsing.parse(xml, max_bytes=_MAX_BYTES))
    assert isinstance(part, Reconciliation), "only parts of reports are kept here"
    return part


def _on(instant: ColumnElement[datetime], day: date) -> ColumnElement[bool]:
    """Whether an instant is on that business date."""
    start = datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
    return and_(instant >= start, instant < start + timedelta(days=1))


def _keys_on(connection: Connection, table: Table, condition: ColumnElement[bool]) -> set[LicenceKey]:
    query = select(table.c.licence_type, table.c.licence_no).where(condition).distinct()
    return {key_of(row) for row in connection.execute(query)}


def _transfer(row: Row[*tuple[Any, ...]]) -> Transfer:
    refused = row.status == AckStatus.REFUSED.value
    status = TransferStatus.REFUSED if refused else TransferStatus.ACCEPTED
    return Transfer(row.message_id, row.kind, key_of(row), row.digest, status)


def _acknowledge(
    mail: Mail, part: Reconciliation, status: AckStatus, rejections: tuple[Rejection, ...] = ()
) -> None:
    mail.acknowledge(AckSubject(part.header.message_id, kind_of(part)), status, None, rejections)


def _refuse(mail: Mail, part: Reconciliation, rejection: Rejection) -> Notice:
    _acknowledge(mail, part, AckStatus.REFUSED, (rejection,))
    return _told(part, AckStatus.REFUSED)


def _told(part: Reconciliation, outcome: str) -> Notice:
    return Notice.of(
        "report of {business_date}, part {part} of {parts}: {outcome}",
        refused=outcome == AckStatus.REFUSED,
        business_date=part.business_date.isoformat(),
        part=part.part_number,
        parts=part.part_count,
        message_id=part.header.message_id,
        outcome=str(outcome),
    )

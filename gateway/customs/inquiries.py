"""Answers to the gateway's queries: how a licence stands, by the register."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from gateway.clock import business_date
from gateway.customs import refusals, releases, standing
from gateway.customs.counting import count, figures, live_declarations
from gateway.customs.misstatement import Misstatement
from gateway.customs.tables import customs_licence, customs_query
from gateway.customs.taking import brought_by
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger import post
from gateway.ledger.projection import about
from licencexml import parsing, reading
from licencexml.messages import (
    AckStatus,
    AckSubject,
    Header,
    Licence,
    LicenceFigures,
    LicenceQuery,
    LicenceQueryReply,
    LicenceStanding,
    SealedLicence,
    StandingStatus,
    kind_of,
)
from licencexml.values import LicenceKey, LicenceType, UsageMode

#: 外经贸配管发〔2000〕539号 art. 8(5); for automatic licences, which it does not know, what is usual.
_CAPS = {LicenceType.IMPORT: 12, LicenceType.EXPORT: 12, LicenceType.AUTOMATIC_IMPORT: 6}
#: How many declarations a reply can name (the schema's own bound).
_MAX_DECLARATIONS = 200
#: What is in the register was examined once.
_MAX_BYTES = 64 * 1024 * 1024


def answer(mail: Mail, one: Examined, query: LicenceQuery, misstatement: Misstatement) -> Notice:
    """Answer a query; its repeat gets the same answer again, to the letter."""
    uow, asked = mail.uow, query.header.message_id
    known = uow.connection.execute(
        select(customs_query).where(customs_query.c.message_id == asked)
    ).one_or_none()
    if known is not None:
        return _answer_again(mail, query, known.reply_message_id, same=known.digest == one.digest)
    header = mail.secretary.header(uow.now, asked)
    reply = reply_to(uow.connection, query, header, misstatement)
    mail.send(header.message_id, kind_of(reply), mail.secretary.sign(reply), query.licence)
    row = {"message_id": asked, "digest": one.digest, "reply_message_id": header.message_id}
    uow.connection.execute(insert(customs_query).values(**row, received_at=uow.now))
    return _told(query, reply.status)


def reply_to(
    connection: Connection, query: LicenceQuery, header: Header, misstatement: Misstatement
) -> LicenceQueryReply:
    """What customs knows of the licence as of `header.created`.

    What the gateway has not answered yet counts: customs has released it.
    """
    key, now = query.licence, header.created
    found = standing.find(connection, key, now)
    if found is None:
        return LicenceQueryReply(header, key, now, StandingStatus.UNKNOWN)
    lines = count(releases.load_told(connection, releases.not_refused, [key])[key])
    issued = releases.load_issued(connection, [key])[key]
    stated = figures(key, issued, lines)
    licence = _licence(connection, key)
    stands = LicenceStanding(
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        uses=stated.uses,
        cap=1 if licence.usage_mode is UsageMode.SINGLE else _CAPS[key.type],
        lines=misstatement.figures(stated).lines,
        live_declarations=live_declarations(lines)[:_MAX_DECLARATIONS],
    )
    status = _status(found, licence, stated, now)
    return LicenceQueryReply(header, key, now, status, bool(found.suspended), stands)


def _status(found: standing.Taken, licence: Licence, stated: LicenceFigures, now: datetime) -> StandingStatus:
    if found.ended is not None:
        return StandingStatus(found.ended.ending)
    if business_date(now) > licence.valid_to:
        return StandingStatus.EXPIRED
    if not stated.uses:
        return StandingStatus.UNUSED
    is_exhausted = all(not line.balance.amount for line in stated.lines)
    return StandingStatus.EXHAUSTED if is_exhausted else StandingStatus.PART_USED


def _licence(connection: Connection, key: LicenceKey) -> Licence:
    """The licence itself, read from the bytes that were taken."""
    query = select(customs_licence.c.xml).where(about(customs_licence, [key]))
    xml = connection.execute(query).scalar_one()
    sealed = reading.read_message(parsing.parse(xml, max_bytes=_MAX_BYTES))
    assert isinstance(sealed, SealedLicence), "a licence is taken under seal"
    licence = brought_by(sealed.content)
    assert licence is not None, "what is in the register was brought by a message"
    return licence


def _answer_again(mail: Mail, query: LicenceQuery, reply_message_id: str, *, same: bool) -> Notice:
    if same:
        mail.hand_in()
        post.repeat(mail.uow, reply_message_id)
        return _told(query, AckStatus.REPEATED)
    message_id = query.header.message_id
    conflict = refusals.IDENTITY_CONFLICT.reject(message_id=message_id)
    subject = AckSubject(message_id, kind_of(query))
    mail.acknowledge(subject, AckStatus.REFUSED, query.licence, (conflict,))
    return _told(query, AckStatus.REFUSED)


def _told(query: LicenceQuery, outcome: str) -> Notice:
    return Notice.of(
        "query about licence {licence}: {outcome}",
        refused=outcome == AckStatus.REFUSED,
        licence=str(query.licence),
        message_id=query.header.message_id,
        outcome=str(outcome),
    )

"""Taking what the gateway sends under seal: licences, their replacement, revocation and suspension.

Customs refuses what it cannot carry out, with its own reasons; whether an act is lawful is the gateway's to
know. A refused message does not use its identity up: sent again, it is decided anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, literal, select

from gateway.customs import refusals, releases, standing
from gateway.customs.counting import count, live_declarations
from gateway.customs.standing import Ending, Taken
from gateway.customs.tables import customs_licence, customs_line, customs_received
from gateway.exchange.examination import Examined
from gateway.ledger.statements import insert_rows
from gateway.ledger.store import UnitOfWork
from licencexml.messages import (
    AckStatus,
    IssuerMessage,
    Licence,
    LicenceIssue,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementMode,
    SealedLicence,
    kind_of,
)
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: What became of a sealed message, with the reasons if it was refused.
Decision = tuple[AckStatus, tuple[Rejection, ...]]

_RECEIVED = select(customs_received.c.digest, customs_received.c.status).where(
    customs_received.c.message_id == bindparam("message_id")
)


def licence_of(content: IssuerMessage) -> LicenceKey:
    """The licence that a message is about: of a replacement the new one."""
    if isinstance(content, LicenceIssue | LicenceReplacement):
        return content.licence.key
    return content.licence


def brought_by(content: IssuerMessage) -> Licence | None:
    """The licence that a message brings, if it brings one."""
    return content.licence if isinstance(content, LicenceIssue | LicenceReplacement) else None


def take(uow: UnitOfWork, one: Examined, sealed: SealedLicence, *, on_purpose: bool = False) -> Decision:
    """Take a sealed message into the register: ACCEPTED, REPEATED, or REFUSED with the reasons.

    With `on_purpose` it is refused whatever it says.
    """
    message_id = sealed.header.message_id
    before = _received(uow.connection, message_id)
    if before is not None and before.status != AckStatus.REFUSED:
        if before.digest != one.digest:
            return AckStatus.REFUSED, (refusals.IDENTITY_CONFLICT.reject(message_id=message_id),)
        return AckStatus.REPEATED, ()
    if on_purpose:
        licence = licence_of(sealed.content)
        rejections: tuple[Rejection, ...] = (refusals.REFUSED_ON_PURPOSE.reject(licence=licence),)
    else:
        rejections = tuple(_against(uow, sealed.content))
    status = AckStatus.REFUSED if rejections else AckStatus.ACCEPTED
    if before is not None:
        uow.connection.execute(delete(customs_received).where(customs_received.c.message_id == message_id))
    _register(uow, one, sealed, status)
    if status is AckStatus.ACCEPTED:
        _carry_out(uow, one, sealed)
    return status, rejections


def list_earlier_licences(uow: UnitOfWork) -> None:
    """List the licences that were taken before there was a list of all sealed messages."""
    listed = select(customs_received.c.message_id)
    uow.connection.execute(
        insert(customs_received).from_select(
            ["message_id", "kind", "licence_type", "licence_no", "digest", "status", "received_at"],
            select(
                customs_licence.c.message_id,
                literal(LicenceIssue.__name__),
                customs_licence.c.licence_type,
                customs_licence.c.licence_no,
                customs_licence.c.digest,
                literal(AckStatus.ACCEPTED.value),
                customs_licence.c.received_at,
            ).where(customs_licence.c.message_id.not_in(listed)),
        )
    )


def _against(uow: UnitOfWork, content: IssuerMessage) -> Iterator[Rejection]:
    """What speaks against carrying it out."""
    match content:
        case LicenceIssue():
            yield from _against_new(uow, content.licence.key)
        case LicenceReplacement():
            yield from _against_new(uow, content.licence.key)
            unused_only = content.mode is ReplacementMode.REVOKE
            # Of an unused licence that customs refused there is nothing to end.
            if not unused_only or _find(uow, content.replaced) is not None:
                yield from _against_ending(uow, content.replaced, unused_only=unused_only)
        case LicenceRevocation():
            yield from _against_ending(uow, content.licence, unused_only=True)
        case LicenceSuspension():
            yield from _against_change(_find(uow, content.licence), content.licence)


def _against_new(uow: UnitOfWork, key: LicenceKey) -> Iterator[Rejection]:
    known = _find(uow, key)
    if known is not None:
        yield refusals.LICENCE_KNOWN.reject(licence=key, message_id=known.message_id)


def _against_ending(uow: UnitOfWork, key: LicenceKey, *, unused_only: bool) -> Iterator[Rejection]:
    known = _find(uow, key)
    yield from _against_change(known, key)
    if known is not None and unused_only:
        told = releases.load_told(uow.connection, releases.not_refused, [key])[key]
        for entry_id in live_declarations(count(told))[:1]:
            yield refusals.LICENCE_USED.reject(licence=key, entry_id=entry_id)


def _against_change(known: Taken | None, key: LicenceKey) -> Iterator[Rejection]:
    if known is None:
        yield refusals.LICENCE_LACKING.reject(licence=key)
    elif known.ended is not None:
        yield refusals.LICENCE_ENDED.reject(
            licence=key, ending=known.ended.ending, message_id=known.ended.message_id
        )


def _find(uow: UnitOfWork, key: LicenceKey) -> Taken | None:
    return standing.find(uow.connection, key, uow.now)


def _carry_out(uow: UnitOfWork, one: Examined, sealed: SealedLicence) -> None:
    content, message_id = sealed.content, sealed.header.message_id
    brought = brought_by(content)
    if brought is not None:
        _insert(uow, message_id, brought, one)
    match content:
        case LicenceReplacement():
            standing.end(uow, content.replaced, Ending.REPLACED, message_id, content.licence.key)
        case LicenceRevocation():
            standing.end(uow, content.licence, Ending.REVOKED, message_id)
        case LicenceSuspension():
            standing.suspend(uow, message_id, content)


def _received(connection: Connection, message_id: str) -> Row[*tuple[Any, ...]] | None:
    return connection.execute(_RECEIVED, {"message_id": message_id}).one_or_none()


def _register(uow: UnitOfWork, one: Examined, sealed: SealedLicence, status: AckStatus) -> None:
    """Enter the message with what was decided."""
    message_id, licence = sealed.header.message_id, licence_of(sealed.content)
    row = {
        "message_id": message_id,
        "kind": kind_of(sealed.content),
        "licence_type": str(licence.type),
        "licence_no": licence.number,
        "digest": one.digest,
        "status": status.value,
        "received_at": uow.now,
    }
    insert_rows(uow.connection, customs_received, [row])


def _insert(uow: UnitOfWork, message_id: str, licence: Licence, one: Examined) -> None:
    key = {"licence_type": str(licence.key.type), "licence_no": licence.key.number}
    row = {
        **key,
        "message_id": message_id,
        "digest": one.digest,
        "usage_mode": licence.usage_mode,
        "received_at": uow.now,
        "xml": one.xml,
    }
    lines = [
        {
            **key,
            "line_number": line.line_number,
            "goods_code": line.goods_code,
            "unit": line.quantity.unit,
            "issued": line.quantity.amount,
        }
        for line in licence.lines
    ]
    insert_rows(uow.connection, customs_licence, [row])
    insert_rows(uow.connection, customs_line, lines)

"""The outbox: messages of ours that are to reach a partner. Exported by `gateway.ledger.post`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select, update

from gateway.ledger.correspondence import licence_key, own_message
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.journal import Row as NewRow
from gateway.ledger.kinds import SEALED_LICENCE, EntryKind, InterchangeStatus, OutboxStatus, Priority
from gateway.ledger.projection import key_of
from gateway.ledger.statements import insert_rows, one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import act, interchange, licence, message, outbox
from gateway.licences.life import ENDED
from licencexml.values import LicenceKey

_BOX = outbox.c
_SENDINGS_OF = select(_BOX.message_id).where(one_of(_BOX.message_id, "message_ids"))


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of our own that is to be sent: its bytes, signed, and the licence that it is about.

    It waits until `not_before` (aware), if that is given.
    """

    message_id: str
    kind: str
    priority: Priority
    xml: bytes
    licence: LicenceKey | None = None
    not_before: datetime | None = None


def enqueue(
    uow: UnitOfWork,
    partner: str,
    message_id: str,
    *,
    kind: str,
    priority: Priority,
    xml: bytes,
    licence: LicenceKey | None = None,
) -> None:
    """Register a message of our own (`xml`: its bytes, signed) and have it sent to `partner`."""
    enqueue_all(uow, partner, [Letter(message_id, kind, priority, xml, licence)])


def enqueue_all(uow: UnitOfWork, partner: str, letters: Sequence[Letter]) -> None:
    """`enqueue` for many, in their order, by one statement a table."""
    if not letters:
        return
    messages = [
        own_message(
            uow,
            message_id=letter.message_id,
            partner=partner,
            kind=letter.kind,
            digest=hashlib.sha256(letter.xml).digest(),
            xml=letter.xml,
            licence=letter.licence,
        )
        for letter in letters
    ]
    sendings = [
        sending(
            uow,
            partner,
            letter.message_id,
            kind=letter.kind,
            priority=letter.priority,
            size_bytes=len(letter.xml),
            licence=letter.licence,
            not_before=letter.not_before,
        )
        for letter in letters
    ]
    insert_rows(uow.connection, message, messages)
    insert_rows(uow.connection, outbox, sendings)


def sending(
    uow: UnitOfWork,
    partner: str,
    message_id: str,
    *,
    kind: str,
    priority: Priority,
    size_bytes: int,
    licence: LicenceKey | None,
    not_before: datetime | None = None,
) -> NewRow:
    """The outbox row of one sending."""
    return {
        "partner": partner,
        "message_id": message_id,
        "kind": kind,
        "priority": int(priority),
        "size_bytes": size_bytes,
        "status": OutboxStatus.DUE,
        "interchange_id": None,
        "created_at": uow.now,
        "not_before": not_before,
    } | licence_columns(licence)


def hold(uow: UnitOfWork, message_ids: Sequence[str], reason: str = "") -> list[str]:
    """Keep what is due from being sent; returns the messages that are held now."""
    rows = _sendings(uow, message_ids, _BOX.status == OutboxStatus.DUE)
    _set_status(uow, rows, OutboxStatus.HELD)
    return _told(uow, rows, EntryKind.HELD, reason)


def release(uow: UnitOfWork, message_ids: Sequence[str], reason: str = "") -> list[str]:
    """Have what is held sent; returns the messages that are due now."""
    rows = _sendings(uow, message_ids, _BOX.status == OutboxStatus.HELD)
    fresh = [row for row in rows if row.interchange_id is None]
    _set_status(uow, fresh, OutboxStatus.DUE)
    _send_again(uow, [row for row in rows if row.interchange_id is not None])
    return _told(uow, rows, EntryKind.RELEASED, reason)


def repeat(uow: UnitOfWork, message_id: str) -> None:
    """Send a message once more beside the sending that is under way: what a partner must bear."""
    rows = _sendings(uow, [message_id], _BOX.status != OutboxStatus.REQUEUED)
    assert rows, "only what was enqueued can be sent again"
    insert_rows(uow.connection, outbox, [_again(uow, rows[-1])])


def requeue(uow: UnitOfWork, message_ids: Sequence[str], reason: str = "") -> list[str]:
    """Send again, under the same MessageID, what is no longer on its way; returns those messages.

    What is due already, or in an interchange that still has to be sent, is left alone; so is a licence that
    has ended (`never_again`).
    """
    barred = never_again(uow.connection, message_ids)
    ended = interchange.c.status != InterchangeStatus.READY
    movable = or_(
        _BOX.status.in_([OutboxStatus.DELIVERED, OutboxStatus.HELD]),
        (_BOX.status == OutboxStatus.ASSIGNED) & ended,
    )
    allowed = [message_id for message_id in message_ids if message_id not in barred]
    latest = {row.message_id: row for row in _sendings(uow, allowed, movable)}
    rows = list(latest.values())
    _send_again(uow, rows)
    return _told(uow, rows, EntryKind.REQUEUED, reason)


def sent_once(connection: Connection, message_ids: Collection[str]) -> bool:
    """Whether each of these messages is ours and has one sending: then its answers have no order to keep."""
    sendings = connection.execute(_SENDINGS_OF, {"message_ids": sorted(message_ids)}).scalars().all()
    return sorted(sendings) == sorted(message_ids)


def never_again(connection: Connection, message_ids: Sequence[str]) -> dict[str, LicenceKey]:
    """Those of these messages that bring a licence which has ended: customs would have it in force."""
    query = (
        select(_BOX.message_id, _BOX.licence_type, _BOX.licence_no)
        .join(
            licence,
            (licence.c.licence_type == _BOX.licence_type) & (licence.c.licence_no == _BOX.licence_no),
        )
        .outerjoin(act, act.c.sealed_message_id == _BOX.message_id)
        .where(
            _BOX.message_id.in_(message_ids),
            _BOX.kind == SEALED_LICENCE,
            act.c.message_id.is_(None),
            licence.c.standing.in_(ENDED),
        )
    )
    return {row.message_id: key_of(row) for row in connection.execute(query)}


def _sendings(uow: UnitOfWork, message_ids: Sequence[str], condition: Any) -> list[Row[Any]]:
    query: Select[Any] = (
        select(outbox)
        .outerjoin(interchange, interchange.c.id == _BOX.interchange_id)
        .where(_BOX.message_id.in_(message_ids), condition)
        .order_by(_BOX.id)
    )
    return list(uow.connection.execute(query))


def _set_status(uow: UnitOfWork, rows: Sequence[Row[Any]], status: OutboxStatus) -> None:
    if rows:
        ids = [row.id for row in rows]
        uow.connection.execute(update(outbox).where(_BOX.id.in_(ids)).values(status=status))


def _send_again(uow: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    _set_status(uow, rows, OutboxStatus.REQUEUED)
    insert_rows(uow.connection, outbox, [_again(uow, row) for row in rows])


def _again(uow: UnitOfWork, row: Row[Any]) -> NewRow:
    """Another sending of the message that `row` sends."""
    return sending(
        uow,
        row.partner,
        row.message_id,
        kind=row.kind,
        priority=Priority(row.priority),
        size_bytes=row.size_bytes,
        licence=licence_key(row.licence_type, row.licence_no),
    )


def _told(uow: UnitOfWork, rows: Sequence[Row[Any]], kind: EntryKind, reason: str) -> list[str]:
    journal = Journal(uow)
    for row in rows:
        key = licence_key(row.licence_type, row.licence_no)
        journal.enter(kind, {"reason": reason}, licence=key, message_id=row.message_id)
    journal.flush()
    return [row.message_id for row in rows]

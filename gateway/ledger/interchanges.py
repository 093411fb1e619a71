"""Interchanges of ours: sent, delivered or refused. How they are made is in `gathering`.

Exported by `gateway.ledger.post`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select, update

from gateway.ledger import acts_sent
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import SEALED_LICENCE, EntryKind, InterchangeStatus, OutboxStatus
from gateway.ledger.outgoing_files import forget_content
from gateway.ledger.parcels import (
    Interchange,
    has_identity,
    identity_columns,
    interchange_of,
    second_columns,
    stands_for,
)
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import key_of, load_lives, save_lives
from gateway.ledger.statements import one_of, update_row
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import interchange, message, outbox
from gateway.licences.life import LicenceEvent
from oftp2.identity import FileIdentity

_BOX = outbox.c
_INTERCHANGES = interchange.c

_BY_ID = select(interchange).where(_INTERCHANGES.id == bindparam("id"))
_BY_IDENTITY = select(interchange).where(*has_identity(interchange))
_BY_SECOND = select(interchange).where(*stands_for(interchange))
_MEMBERS = (
    select(message.c.xml)
    .join(outbox, _BOX.message_id == message.c.message_id)
    .where(_BOX.interchange_id == bindparam("number"))
    .order_by(_BOX.priority, _BOX.id)
)
_UNFINISHED = (
    select(interchange)
    .where(
        _INTERCHANGES.partner == bindparam("partner"),
        is_literally(_INTERCHANGES.status, InterchangeStatus.READY),
    )
    .order_by(_INTERCHANGES.id)
)
_UNFINISHED_NOW = _UNFINISHED.where(
    or_(_INTERCHANGES.not_before.is_(None), _INTERCHANGES.not_before <= bindparam("now"))
)
_CARRIED = (
    select(_BOX.licence_type, _BOX.licence_no, _BOX.message_id)
    .where(_BOX.interchange_id == bindparam("number"), _BOX.kind == SEALED_LICENCE)
    .order_by(_BOX.priority, _BOX.id)
)
_MEMBERS_BECOME = (
    update(outbox)
    .where(_BOX.interchange_id == bindparam("number"), one_of(_BOX.status, "were"))
    .values(status=bindparam("new_status"))
)


def get(connection: Connection, interchange_id: int) -> Interchange | None:
    """The interchange of this number."""
    return _one(connection, _BY_ID, {"id": interchange_id})


def find_interchange(connection: Connection, identity: FileIdentity) -> Interchange | None:
    """The interchange that is the virtual file of this identity.

    An identity without a counter comes from a session of level 1 or 2: it is that of our one file with all
    else the same. Two there never are, for the data set name counts our files.
    """
    found = _one(connection, _BY_IDENTITY, identity_columns(identity))
    if found is not None or identity.has_counter:
        return found
    return _one(connection, _BY_SECOND, second_columns(identity))


def members(connection: Connection, interchange_id: int) -> list[bytes]:
    """The bytes of the interchange's messages, in their order in it; the same at every call."""
    return list(connection.execute(_MEMBERS, {"number": interchange_id}).scalars())


def unfinished(connection: Connection, partner: str, now: datetime | None = None) -> list[Interchange]:
    """Interchanges that are still to be sent to `partner`, oldest first; with `now`, those due by then."""
    query = _UNFINISHED if now is None else _UNFINISHED_NOW
    rows = connection.execute(query, {"partner": partner} | ({} if now is None else {"now": now})).mappings()
    return [interchange_of(row) for row in rows]


def mark_sent(uow: UnitOfWork, interchange_id: int) -> None:
    """The partner's line has the whole file (EFPA). Idempotent; changes nothing that is further already."""
    known = get(uow.connection, interchange_id)
    if known is None or known.status is not InterchangeStatus.READY:
        return
    _set(uow, interchange_id, status=InterchangeStatus.SENT, not_before=None)
    _sealed_sent(uow, known)


def mark_delivered(uow: UnitOfWork, interchange_id: int) -> None:
    """The file is where it should be (EERP, or "already have it"). Idempotent; a refusal stands."""
    mark_sent(uow, interchange_id)
    known = get(uow.connection, interchange_id)
    if known is None or known.status is not InterchangeStatus.SENT:
        return
    _set(uow, interchange_id, status=InterchangeStatus.DELIVERED)
    forget_content(uow, interchange_id)
    _members_become(uow, interchange_id, OutboxStatus.DELIVERED, {OutboxStatus.ASSIGNED})


def mark_read(uow: UnitOfWork, interchange_id: int) -> None:
    """The partner could read it (TechnicalAck)."""
    _set(uow, interchange_id, read_at=uow.now)


def mark_refused(
    uow: UnitOfWork, interchange_id: int, reason: str, not_before: datetime | None = None
) -> None:
    """The partner did not take the file, for `reason`.

    With `not_before` it is tried again from then on; without, it is given up, and its members are held for
    the operators to release. A word that comes too late (tried again after it was sent) changes nothing.
    """
    known = get(uow.connection, interchange_id)
    if known is None or known.status is InterchangeStatus.REFUSED:
        return
    attempts = {"attempts": known.attempts + 1, "last_reason": reason}
    if not_before is not None:
        if known.status is InterchangeStatus.READY:
            _set(uow, interchange_id, **attempts, not_before=not_before)
        return
    _set(uow, interchange_id, **attempts, status=InterchangeStatus.REFUSED, not_before=None)
    forget_content(uow, interchange_id)
    _members_become(uow, interchange_id, OutboxStatus.HELD, {OutboxStatus.ASSIGNED, OutboxStatus.DELIVERED})
    journal = Journal(uow)
    journal.enter(EntryKind.INTERCHANGE_REFUSED, {"interchange": interchange_id, "reason": reason})
    journal.flush()


def flush(uow: UnitOfWork, partner: str | None) -> int:
    """Have interchanges that wait for their next attempt tried at once; returns how many those are."""
    waiting = [
        is_literally(_INTERCHANGES.status, InterchangeStatus.READY),
        _INTERCHANGES.not_before.is_not(None),
        *([] if partner is None else [_INTERCHANGES.partner == partner]),
    ]
    return uow.connection.execute(update(interchange).where(*waiting).values(not_before=None)).rowcount


def _sealed_sent(uow: UnitOfWork, sent: Interchange) -> None:
    rows = uow.connection.execute(_CARRIED, {"number": sent.id}).all()
    acts = acts_sent.by_seal(uow.connection, [row.message_id for row in rows])
    journal = Journal(uow)
    data = {"interchange": sent.id, "control_reference": sent.control_reference}
    keys = []
    for row in rows:
        if row.message_id not in acts:
            keys.append(key_of(row))
            journal.enter(EntryKind.SENT, data, licence=keys[-1], message_id=row.message_id)
    acts_sent.record_sent(uow, journal, acts.values(), data)
    journal.flush()
    before = load_lives(uow.connection, keys)
    after = {key: life.after(LicenceEvent.SEND) for key, life in before.items()}
    save_lives(uow, {key: life for key, life in after.items() if life != before[key]})


def _members_become(
    uow: UnitOfWork, interchange_id: int, status: OutboxStatus, were: Collection[OutboxStatus]
) -> None:
    asked = {"number": interchange_id, "were": sorted(were), "new_status": status}
    uow.connection.execute(_MEMBERS_BECOME, asked)


def _set(uow: UnitOfWork, interchange_id: int, **values: object) -> None:
    update_row(uow.connection, interchange, interchange_id, **values)


def _one(connection: Connection, query: Select[Any], parameters: dict[str, Any]) -> Interchange | None:
    row = connection.execute(query, parameters).mappings().one_or_none()
    return None if row is None else interchange_of(row)

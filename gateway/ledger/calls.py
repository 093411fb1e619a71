"""Telephone calls that someone has to make: recorded with what they are about, open until they are made.

外经贸配管发〔2000〕539号 art. 4: an urgent licence (急证) is reported at any time, and told by telephone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from gateway.ledger.columns import instant_text
from gateway.ledger.correspondence import licence_key
from gateway.ledger.daily_tables import phone_call
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import EntryKind
from gateway.ledger.store import UnitOfWork
from gateway.licences.differences import ContactRole
from licencexml.values import LicenceKey

Answer = dict[str, Any]

_HOW_MANY_OPEN = select(func.count()).where(phone_call.c.made_at.is_(None))


class CallSubject(StrEnum):
    """What a call is for."""

    URGENT_LICENCE = "URGENT_LICENCE"


def urgent_licence(journal: Journal, uow: UnitOfWork, licence: LicenceKey, message_id: str) -> None:
    """Have the call recorded that an urgent licence needs: the exchange hub is told to forward it at once."""
    row = {
        "message_id": message_id,
        "role": ContactRole.EXCHANGE_HUB_DUTY,
        "subject": CallSubject.URGENT_LICENCE,
        "due_at": uow.now,
        "made_at": None,
        "made_by": None,
        "note": None,
    }
    journal.add(phone_call, row | licence_columns(licence))


def open_calls(connection: Connection, limit: int = 100) -> list[Answer]:
    """The calls that are still to be made, oldest first."""
    query = select(phone_call).where(phone_call.c.made_at.is_(None)).order_by(phone_call.c.id).limit(limit)
    return [_call(row) for row in connection.execute(query)]


def count_open(connection: Connection) -> int:
    """How many calls are still to be made."""
    return connection.execute(_HOW_MANY_OPEN).scalar_one()


def call(connection: Connection, number: int) -> Answer | None:
    """One call, made or not."""
    row = connection.execute(select(phone_call).where(phone_call.c.id == number)).one_or_none()
    return None if row is None else _call(row)


def call_made(uow: UnitOfWork, number: int, by: str, note: str | None) -> bool:
    """Record that `by` has made a call; False if there is none of this number that is open."""
    done = (
        update(phone_call)
        .where(phone_call.c.id == number, phone_call.c.made_at.is_(None))
        .values(made_at=uow.now, made_by=by, note=note)
    )
    if not uow.connection.execute(done).rowcount:
        return False
    row = uow.connection.execute(select(phone_call).where(phone_call.c.id == number)).one()
    journal = Journal(uow)
    data = {"call": number, "subject": row.subject, "role": row.role, "by": by, "note": note}
    key = licence_key(row.licence_type, row.licence_no)
    journal.enter(EntryKind.CALL_MADE, data, licence=key, message_id=row.message_id)
    journal.flush()
    return True


def _call(row: Row[Any]) -> Answer:
    return {
        "id": row.id,
        "licence": str(licence_key(row.licence_type, row.licence_no)),
        "message_id": row.message_id,
        "subject": row.subject,
        "role": row.role,
        "due_at": instant_text(row.due_at),
        "made_at": None if row.made_at is None else instant_text(row.made_at),
        "made_by": row.made_by,
        "note": row.note,
    }

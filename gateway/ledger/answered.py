"""When each message was last answered: of several answers to one message the partner lets the latest hold.

The time is the answer's own `Created`, which the ledger keeps, because a clock can be set back and one
transaction, with one time, may answer a message twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from gateway.ledger.correspondence import MAX_IDS_A_STATEMENT
from gateway.ledger.portable import insert_if_absent
from gateway.ledger.statements import one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import last_answer

_LAST = select(last_answer).where(one_of(last_answer.c.message_id, "message_ids"))
_ANSWERED_AGAIN = (
    update(last_answer).where(last_answer.c.message_id == bindparam("which")).values(created=bindparam("at"))
)


def last_answered(connection: Connection, message_ids: Iterable[str]) -> dict[str, datetime]:
    """The `Created` of the last answer to each of these messages that was answered before."""
    wanted = sorted(set(message_ids))
    found: dict[str, datetime] = {}
    for begin in range(0, len(wanted), MAX_IDS_A_STATEMENT):
        chunk = wanted[begin : begin + MAX_IDS_A_STATEMENT]
        rows = connection.execute(_LAST, {"message_ids": chunk})
        found |= {row.message_id: row.created for row in rows}
    return found


def answered(uow: UnitOfWork, created: Mapping[str, datetime], before: Iterable[str]) -> None:
    """Each of these messages is answered with an answer `created` then; those `before` had been already."""
    known = set(before)
    again = [{"which": name, "at": at} for name, at in created.items() if name in known]
    new = [{"message_id": name, "created": at} for name, at in created.items() if name not in known]
    insert_if_absent(uow.connection, last_answer, new)
    if again:
        uow.connection.execute(_ANSWERED_AGAIN, again)

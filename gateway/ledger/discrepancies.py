"""Discrepancies: what customs said that does not fit. The goods are released: the operators' first queue.

One is opened when a message is found against the law, settled when what comes later makes it fit, and
resolved when an operator says how it was cleared up. What is found anew, or for other reasons, is open again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.projection import key_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import discrepancy
from gateway.licences.settlement import Verdict
from licencexml.values import LicenceKey

Data = dict[str, Any]


def new_discrepancy(
    key: LicenceKey,
    *,
    message_id: str,
    digest: bytes,
    kind: str,
    entry_id: str,
    rejections: list[Any],
    at: datetime,
) -> Data:
    """The row of a discrepancy that is found now."""
    return (
        licence_columns(key)
        | {"message_id": message_id, "digest": digest, "kind": kind, "entry_id": entry_id, "at": at}
        | opened(rejections)
    )


def opened(rejections: list[Any]) -> Data:
    """What a row says of a discrepancy that is open, for these reasons."""
    ended = {"ended_at": None, "ended_by": None, "note": None}
    return {"status": DiscrepancyStatus.OPEN, "rejections": rejections} | ended


def settled(at: datetime, cause: str) -> Data:
    """What a row says when the message `cause` made it fit."""
    return {"status": DiscrepancyStatus.SETTLED, "ended_at": at, "ended_by": cause, "note": None}


def resolved(at: datetime, by: str, note: str) -> Data:
    """What a row says when the operator `by` has cleared it up as `note` tells."""
    return {"status": DiscrepancyStatus.RESOLVED, "ended_at": at, "ended_by": by, "note": note}


def found_anew(before: list[Any], now: list[Any], at: datetime, cause: str) -> Data:
    """What a row says when the message `cause` changed the reasons from `before` to `now`."""
    if not now:
        return settled(at, cause)
    return {"rejections": now} if codes(before) == codes(now) else opened(now)


def against(verdict: str, rejections: Any) -> Any:
    """What makes a discrepancy of a message: the reasons against it; a repeat makes none of its own."""
    return () if verdict == Verdict.REPEATED else rejections


def codes(rejections: Iterable[Data]) -> list[str]:
    """The codes of rejections as plain JSON, in order."""
    return sorted(one["code"] for one in rejections)


def save_discrepancies(uow: UnitOfWork, changes: Iterable[tuple[str, bytes, Data]]) -> None:
    """Have the discrepancy of each (message, digest) say what its change says."""
    for message_id, digest, values in changes:
        which = (discrepancy.c.message_id == bindparam("which_message")) & (
            discrepancy.c.digest == bindparam("which_digest")
        )
        statement = update(discrepancy).where(which).values(values)
        uow.connection.execute(statement, {"which_message": message_id, "which_digest": digest})


def resolve(uow: UnitOfWork, number: int, by: str, note: str) -> str | None:
    """Resolve the discrepancy `number`; why not, if it is not open. Raises KeyError if there is none."""
    row: Row[Any] | None = uow.connection.execute(
        select(discrepancy).where(discrepancy.c.id == number)
    ).one_or_none()
    if row is None:
        raise KeyError(number)
    if row.status != DiscrepancyStatus.OPEN:
        return f"{row.status} by {row.ended_by}"
    journal = Journal(uow)
    data = {"digest": row.digest.hex(), "by": by, "note": note}
    journal.enter(EntryKind.DISCREPANCY_RESOLVED, data, licence=key_of(row), message_id=row.message_id)
    journal.flush()
    save_discrepancies(uow, [(row.message_id, row.digest, resolved(uow.now, by, note))])
    return None

"""The operators' questions about discrepancies and parked messages. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from gateway.ledger.kinds import DiscrepancyStatus
from gateway.ledger.looking import discrepancy_shown, key_text, parked_shown
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import about
from gateway.ledger.tables import clearance, discrepancy
from gateway.licences.settlement import Verdict
from licencexml.values import LicenceKey

Answer = dict[str, Any]


def discrepancies(
    connection: Connection,
    *,
    key: LicenceKey | None = None,
    every: bool = False,
    after: int = 0,
    limit: int = 100,
) -> list[Answer]:
    """Those that are open, or with `every` the settled and resolved ones too, oldest first.

    `key`: of one licence only; `after`: only those with a higher number.
    """
    query = select(discrepancy).where(discrepancy.c.id > after).order_by(discrepancy.c.id).limit(limit)
    if not every:
        query = query.where(is_literally(discrepancy.c.status, DiscrepancyStatus.OPEN))
    if key is not None:
        query = query.where(about(discrepancy, [key]))
    return [
        {"id": row.id, "licence": key_text(row), **discrepancy_shown(dict(row._mapping))}
        for row in connection.execute(query)
    ]


def parked(connection: Connection, *, key: LicenceKey | None = None, limit: int = 100) -> list[Answer]:
    """The messages that wait for the write-off which they correct, those first that wait longest."""
    query = (
        select(clearance)
        .where(is_literally(clearance.c.verdict, Verdict.PARKED))
        .order_by(clearance.c.received_at, clearance.c.message_id)
        .limit(limit)
    )
    if key is not None:
        query = query.where(about(clearance, [key]))
    return [
        {"licence": key_text(row), **parked_shown(dict(row._mapping))} for row in connection.execute(query)
    ]

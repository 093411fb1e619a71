"""How much waits, for those who ask every few seconds: nothing is read but indexes of what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, literal_column, select

from gateway.ledger.kinds import (
    DiscrepancyStatus,
    InboundStatus,
    InterchangeStatus,
    OutboxStatus,
    Priority,
    ReceiptStatus,
)
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import discrepancy, feedback, inbound_file, interchange, outbox


@dataclass(frozen=True, slots=True)
class Depths:
    """Numbers of rows. `outbox` is by status, `due_since` by partner: when the oldest due was made."""

    outbox: Mapping[str, int]
    due_since: Mapping[str, datetime]
    interchanges_ready: int
    interchanges_without_receipt: int
    inbound_to_settle: int
    receipts_due: int
    discrepancies_open: int
    feedback_unwritten: int


def depths(connection: Connection) -> Depths:
    """What waits now."""
    waiting = (OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED)
    unwritten = select(func.count(literal_column("1"))).where(~feedback.c.written)
    return Depths(
        outbox={status.value: _count(connection, outbox.c.status, status) for status in waiting},
        due_since=_due_since(connection),
        interchanges_ready=_count(connection, interchange.c.status, InterchangeStatus.READY),
        interchanges_without_receipt=_count(connection, interchange.c.status, InterchangeStatus.SENT),
        inbound_to_settle=_count(connection, inbound_file.c.status, InboundStatus.STORED),
        receipts_due=_count(connection, inbound_file.c.receipt_status, ReceiptStatus.DUE),
        discrepancies_open=_count(connection, discrepancy.c.status, DiscrepancyStatus.OPEN),
        feedback_unwritten=connection.execute(unwritten).scalar_one(),
    )


def due_since(connection: Connection, partner: str) -> datetime | None:
    """When the oldest that is due to one partner was made, found by the index."""
    found = [
        connection.execute(
            select(outbox.c.created_at)
            .where(is_literally(outbox.c.status, OutboxStatus.DUE))
            .where(outbox.c.partner == partner, outbox.c.priority == priority)
            .order_by(outbox.c.id)
            .limit(1)
        ).scalar_one_or_none()
        for priority in Priority
    ]
    return min((since for since in found if since is not None), default=None)


def _due_since(connection: Connection) -> dict[str, datetime]:
    """Numbers rise with time: the index has the first of each partner and priority, without the rows."""
    first = (
        select(func.min(outbox.c.id))
        .where(is_literally(outbox.c.status, OutboxStatus.DUE))
        .group_by(outbox.c.partner, outbox.c.priority)
    )
    since: dict[str, datetime] = {}
    query = select(outbox.c.partner, outbox.c.created_at).where(outbox.c.id.in_(first))
    for partner, created_at in connection.execute(query):
        since[partner] = min(created_at, since.get(partner, created_at))
    return since


def _count(connection: Connection, column: Column[Any], status: Any) -> int:
    query = select(func.count(literal_column("1"))).where(is_literally(column, status))
    return connection.execute(query).scalar_one()

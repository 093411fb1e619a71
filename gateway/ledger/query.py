"""How much there is, and what waits: the operators' questions about all licences and queues, as plain JSON.

About one licence or message see `looking`, about discrepancies `discrepancy_query`, about days `daily_query`.
Nothing in them changes anything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal_column, select

from gateway.ledger import daily_query
from gateway.ledger.columns import instant_text, quantity_text
from gateway.ledger.correspondence import licence_key
from gateway.ledger.kinds import (
    DiscrepancyStatus,
    InboundStatus,
    InterchangeStatus,
    OutboxStatus,
    Priority,
    ReceiptStatus,
)
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import (
    discrepancy,
    end_response,
    inbound_file,
    interchange,
    licence,
    licence_line,
    outbox,
)

Answer = dict[str, Any]

_GIVEN_UP = (
    select(outbox.c.partner, func.count(literal_column("1")).label("number"))
    .join(interchange, interchange.c.id == outbox.c.interchange_id)
    .where(
        is_literally(outbox.c.status, OutboxStatus.HELD),
        interchange.c.status == InterchangeStatus.REFUSED,
    )
    .group_by(outbox.c.partner)
)
_NOT_PROVED = (
    select(interchange.c.partner, func.count(interchange.c.id.distinct()).label("number"))
    .join(end_response, end_response.c.interchange_id == interchange.c.id)
    .where(is_literally(interchange.c.status, InterchangeStatus.SENT), end_response.c.fault.is_not(None))
    .group_by(interchange.c.partner)
)


def counts(connection: Connection) -> Answer:
    """How many licences stand in each status, and how much waits in each queue; cheap at any size."""
    by_status = select(licence.c.status, func.count().label("number")).group_by(licence.c.status)
    outgoing = (OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED)
    underway = (InterchangeStatus.READY, InterchangeStatus.SENT)
    arriving = (InboundStatus.RECEIVING, InboundStatus.STORED)
    return {
        "licences": {row.status: row.number for row in connection.execute(by_status)},
        "outbox": {each.value: _count(connection, outbox.c.status, each) for each in outgoing},
        "interchanges": {each.value: _count(connection, interchange.c.status, each) for each in underway},
        "inbound": {each.value: _count(connection, inbound_file.c.status, each) for each in arriving},
        "receipts_due": _count(connection, inbound_file.c.receipt_status, ReceiptStatus.DUE),
        "discrepancies": _count(connection, discrepancy.c.status, DiscrepancyStatus.OPEN),
        "daily": daily_query.counts(connection),
    }


def waiting(connection: Connection) -> dict[str, dict[str, int]]:
    """By partner, how many sendings wait in each status; of a partner for whom nothing waits, nothing."""
    found: dict[str, dict[str, int]] = {}
    for status in (OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED):
        counted = (
            select(outbox.c.partner, func.count().label("number"))
            .where(is_literally(outbox.c.status, status))
            .group_by(outbox.c.partner)
        )
        for row in connection.execute(counted):
            found.setdefault(row.partner, {})[status.value] = row.number
    return found


def queue(
    connection: Connection, status: OutboxStatus, *, partner: str | None = None, limit: int = 100
) -> list[Answer]:
    """The sendings of this status, in the order in which they go."""
    query = (
        _sendings()
        .where(is_literally(outbox.c.status, status))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
    )
    if partner is not None:
        query = query.where(outbox.c.partner == partner)
    return [_sending(row) for row in connection.execute(query)]


def sending(connection: Connection, row_id: int) -> Answer | None:
    """One sending, by its number."""
    row = connection.execute(_sendings().where(outbox.c.id == row_id)).one_or_none()
    return None if row is None else _sending(row)


def sendings_of(connection: Connection, message_id: str) -> list[Answer]:
    """Every sending of one message, in order."""
    query = _sendings().where(outbox.c.message_id == message_id).order_by(outbox.c.id)
    return [_sending(row) for row in connection.execute(query)]


def given_up(connection: Connection) -> dict[str, int]:
    """By partner: how many messages are held because it did not take, or not process, their file."""
    return {row.partner: row.number for row in connection.execute(_GIVEN_UP)}


def not_proved(connection: Connection) -> dict[str, int]:
    """By partner: how many files it has, and has receipted otherwise than was asked."""
    return {row.partner: row.number for row in connection.execute(_NOT_PROVED)}


def totals(connection: Connection) -> list[Answer]:
    """Of each goods line: how much was issued, is written off, and is left."""
    lines = licence_line.c
    query = select(licence_line).order_by(lines.licence_type, lines.licence_no, lines.line_number)
    return [
        {
            "licence": _key_text(row),
            "line": row.line_number,
            "unit": row.unit,
            "issued": quantity_text(row.issued),
            "written_off": quantity_text(row.issued - row.balance),
            "balance": quantity_text(row.balance),
        }
        for row in connection.execute(query)
    ]


def _count(connection: Connection, column: Any, status: Any) -> int:
    query = select(func.count(literal_column("1"))).where(is_literally(column, status))
    return connection.execute(query).scalar_one()


def _sendings() -> Select[Any]:
    """Each sending, with what the partner last had against the interchange that it is in."""
    return select(outbox, interchange.c.last_reason).outerjoin(
        interchange, interchange.c.id == outbox.c.interchange_id
    )


def _sending(row: Row[Any]) -> Answer:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "partner": row.partner,
        "kind": row.kind,
        "urgent": row.priority == Priority.URGENT,
        "status": row.status,
        "interchange": row.interchange_id,
        "reason": row.last_reason,
        "size_bytes": row.size_bytes,
        "created_at": instant_text(row.created_at),
        "not_before": None if row.not_before is None else instant_text(row.not_before),
        "licence": _key_text(row),
    }


def _key_text(row: Row[Any]) -> str | None:
    key = licence_key(row.licence_type, row.licence_no)
    return None if key is None else str(key)

"""The operators' questions, answered as plain JSON values. Nothing here changes anything."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal_column, select

from gateway.ledger import daily_query
from gateway.ledger.columns import instant_text, quantity_text
from gateway.ledger.correspondence import licence_key
from gateway.ledger.kinds import (
    SEALED_LICENCE,
    Direction,
    DiscrepancyStatus,
    InboundStatus,
    InterchangeStatus,
    OutboxStatus,
    Priority,
    ReceiptStatus,
)
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import about, load_states
from gateway.ledger.tables import (
    discrepancy,
    entry,
    inbound_file,
    interchange,
    licence,
    licence_line,
    message,
    outbox,
    write_off_line,
)
from licencexml.values import LicenceKey

Answer = dict[str, Any]


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


def queue(
    connection: Connection, status: OutboxStatus, *, partner: str | None = None, limit: int = 100
) -> list[Answer]:
    """The sendings of this status, in the order in which they go."""
    query = (
        select(outbox)
        .where(is_literally(outbox.c.status, status))
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
    )
    if partner is not None:
        query = query.where(outbox.c.partner == partner)
    return [_sending(row) for row in connection.execute(query)]


def sending(connection: Connection, row_id: int) -> Answer | None:
    """One sending, by its number."""
    row = connection.execute(select(outbox).where(outbox.c.id == row_id)).one_or_none()
    return None if row is None else _sending(row)


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


def show_licence(connection: Connection, key: LicenceKey) -> Answer | None:
    """The licence as it stands: its goods lines with their balances, and the declarations that used it."""
    state = load_states(connection, [key]).get(key)
    if state is None:
        return None
    row = connection.execute(select(licence).where(about(licence, [key]))).one()
    uses = connection.execute(
        select(write_off_line)
        .where(about(write_off_line, [key]))
        .order_by(write_off_line.c.release_time, write_off_line.c.entry_id, write_off_line.c.line_number)
    )
    return {
        "licence": str(key),
        "status": state.status.value,
        "medium": state.medium.value,
        "usage_mode": state.usage_mode.value,
        "cap": state.cap,
        "declarations": sorted(state.declarations),
        "licence_date": state.licence_date.isoformat(),
        "valid_from": state.valid_from.isoformat(),
        "valid_to": state.valid_to.isoformat(),
        "operator": {"name": state.operator.name, "code": state.operator.code},
        "counterpart": {"name": state.counterpart.name, "code": state.counterpart.code},
        "clearance_port": state.clearance_port,
        "country": state.country,
        "permitted": [
            {"name": one.party.name, "code": one.party.code, "ground": one.ground.value}
            for one in state.permitted
        ],
        "issuer": row.issuer,
        "issue_message_id": row.issue_message_id,
        "accepted_at": instant_text(row.accepted_at),
        "lines": [
            {
                "line_number": line.line_number,
                "goods_code": line.goods_code,
                "unit": line.unit,
                "issued": quantity_text(line.issued),
                "balance": quantity_text(line.balance),
                "tolerance_percent": line.tolerance_percent,
            }
            for line in state.lines
        ],
        "uses": [_use(use) for use in uses],
        "discrepancies": discrepancies(connection, key=key),
    }


def licence_history(connection: Connection, key: LicenceKey) -> list[Answer]:
    """All that the ledger knows to have happened to a licence, in order."""
    return _entries(connection, select(entry).where(about(entry, [key])))


def show_message(connection: Connection, message_id: str) -> Answer | None:
    """A message with its answer, where it is on its way if it is ours, and every entry that it made.

    None if nothing is known under the id. A message that was refused without its identity being used up has
    entries only.
    """
    row = connection.execute(select(message).where(message.c.message_id == message_id)).one_or_none()
    entries = _entries(connection, select(entry).where(entry.c.message_id == message_id))
    if row is None:
        return {"message_id": message_id, "entries": entries} if entries else None
    sendings = select(outbox).where(outbox.c.message_id == message_id).order_by(outbox.c.id)
    return {
        "message_id": message_id,
        "direction": row.direction,
        "kind": row.kind,
        "sender": row.sender,
        "receiver": row.receiver,
        "digest": row.digest.hex(),
        "source": row.source,
        "at": instant_text(row.received_at),
        "status": row.status,
        "licence": _key_text(row),
        "rejections": (row.answer or {}).get("rejections", []),
        "size_bytes": len(row.xml),
        "sendings": [_sending(sending) for sending in connection.execute(sendings)],
        "entries": entries,
    }


def message_xml(connection: Connection, message_id: str) -> bytes | None:
    """The message's own bytes."""
    return connection.execute(select(message.c.xml).where(message.c.message_id == message_id)).scalar()


def sealed_message_id(connection: Connection, key: LicenceKey) -> str | None:
    """The MessageID of the sealed licence of ours, if it is sealed."""
    query = select(message.c.message_id).where(
        about(message, [key]), message.c.direction == Direction.OUT, message.c.kind == SEALED_LICENCE
    )
    return connection.execute(query).scalar()


def discrepancies(connection: Connection, *, key: LicenceKey | None = None, limit: int = 100) -> list[Answer]:
    """Write-offs that the law does not allow: those of one licence, or the open ones of all, oldest first."""
    query = select(discrepancy).order_by(discrepancy.c.id).limit(limit)
    if key is None:
        query = query.where(is_literally(discrepancy.c.status, DiscrepancyStatus.OPEN))
    else:
        query = query.where(about(discrepancy, [key]))
    return [
        {
            "id": row.id,
            "message_id": row.message_id,
            "licence": _key_text(row),
            "entry_id": row.entry_id,
            "status": row.status,
            "at": instant_text(row.at),
            "rejections": row.rejections,
        }
        for row in connection.execute(query)
    ]


def _count(connection: Connection, column: Any, status: Any) -> int:
    query = select(func.count(literal_column("1"))).where(is_literally(column, status))
    return connection.execute(query).scalar_one()


def _entries(connection: Connection, query: Select[Any]) -> list[Answer]:
    return [
        {
            "seq": row.seq,
            "at": instant_text(row.at),
            "kind": row.kind,
            "licence": _key_text(row),
            "message_id": row.message_id,
            "data": row.data,
        }
        for row in connection.execute(query.order_by(entry.c.seq))
    ]


def _sending(row: Row[Any]) -> Answer:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "partner": row.partner,
        "kind": row.kind,
        "urgent": row.priority == Priority.URGENT,
        "status": row.status,
        "interchange": row.interchange_id,
        "size_bytes": row.size_bytes,
        "created_at": instant_text(row.created_at),
        "licence": _key_text(row),
    }


def _use(row: Row[Any]) -> Answer:
    return {
        "entry_id": row.entry_id,
        "line_number": row.line_number,
        "sequence": row.sequence,
        "licence_line": row.licence_line,
        "quantity": quantity_text(row.quantity),
        "unit": row.unit,
        "release_time": instant_text(row.release_time),
        "message_id": row.message_id,
    }


def _key_text(row: Row[Any]) -> str | None:
    key = licence_key(row.licence_type, row.licence_no)
    return None if key is None else str(key)

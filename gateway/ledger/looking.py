"""The operators' questions about licences and messages, answered as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gateway.ledger.columns import instant_text, quantity_text
from gateway.ledger.correspondence import licence_key
from gateway.ledger.dossier import Dossier, dossier_now
from gateway.ledger.projection import about
from gateway.ledger.query import sendings_of
from gateway.ledger.rebuilt import Record
from gateway.ledger.receipts_shown import receipts_of
from gateway.ledger.state_data import suspension_data
from gateway.ledger.tables import entry, licence, message
from gateway.licences.reconcile import balance_of
from gateway.licences.settlement import Verdict
from gateway.licences.state import LineState
from gateway.licences.uses import Correction, LineUse
from licencexml.values import LicenceKey

Answer = dict[str, Any]


def show_licence(connection: Connection, key: LicenceKey) -> Answer | None:
    """The licence as it stands; None if there is none."""
    dossier = dossier_now(connection, key)
    return None if dossier is None else licence_shown(dossier)


def licence_shown(dossier: Dossier) -> Answer:
    """A licence: how it stands, its goods lines, its uses, what waits and what does not fit."""
    state, provenance = dossier.state, dossier.provenance
    return {
        "licence": str(state.key),
        "status": state.status.value,
        "transmission": state.life.transmission.value,
        "usage": state.life.usage.value,
        "standing": state.life.standing.value,
        "suspended": state.is_suspended,
        "medium": state.medium.value,
        "usage_mode": state.usage_mode.value,
        "cap": state.cap,
        "counted": len(state.declarations),
        "declarations": sorted(state.declarations),
        "licence_date": state.licence_date.isoformat(),
        "valid_from": state.valid_from.isoformat(),
        "valid_to": state.valid_to.isoformat(),
        "replaces": None if state.replaces is None else str(state.replaces),
        "replaced_by": None if state.replaced_by is None else str(state.replaced_by),
        "confirmed_at": None if state.confirmed_at is None else instant_text(state.confirmed_at),
        "operator": {"name": state.operator.name, "code": state.operator.code},
        "counterpart": {"name": state.counterpart.name, "code": state.counterpart.code},
        "clearance_port": state.clearance_port,
        "country": state.country,
        "permitted": [
            {"name": one.party.name, "code": one.party.code, "ground": one.ground.value}
            for one in state.permitted
        ],
        "partner": provenance["partner"],
        "issuer": provenance["issuer"],
        "issue_message_id": provenance["issue_message_id"],
        "accepted_at": instant_text(provenance["accepted_at"]),
        "suspensions": suspension_data(state.suspensions),
        "lines": [line_shown(line) for line in state.lines],
        "uses": _uses(dossier),
        "parked": [parked_shown(one) for one in dossier.clearances if one["verdict"] == Verdict.PARKED],
        "discrepancies": [discrepancy_shown(one) for one in dossier.discrepancies],
        "acts": [_act(one) for one in dossier.acts],
    }


def line_shown(line: LineState) -> Answer:
    """A goods line with its figures; no figure is negative."""
    figures = balance_of(line)
    over = figures.over_shipment
    return {
        "line_number": line.line_number,
        "goods_code": line.goods_code,
        "goods_name": line.goods_name,
        "unit": line.unit,
        "issued": quantity_text(figures.issued.amount),
        "written_off": quantity_text(figures.written_off.amount),
        "balance": quantity_text(figures.balance.amount),
        "over_shipment": None if over is None else quantity_text(over.amount),
        "tolerance_percent": line.tolerance_percent,
    }


def parked_shown(row: Record) -> Answer:
    """A message that waits for the write-off which it corrects."""
    return {
        "message_id": row["message_id"],
        "kind": row["kind"],
        "entry_id": row["entry_id"],
        "number": row["facts"]["number"],
        "received_at": instant_text(row["received_at"]),
    }


def discrepancy_shown(row: Record) -> Answer:
    """A discrepancy, without the licence that it is about."""
    return {
        "id": row["id"],
        "message_id": row["message_id"],
        "kind": row["kind"],
        "entry_id": row["entry_id"] or None,
        "status": str(row["status"]),
        "at": instant_text(row["at"]),
        "ended_at": None if row["ended_at"] is None else instant_text(row["ended_at"]),
        "ended_by": row["ended_by"],
        "note": row["note"],
        "rejections": row["rejections"],
    }


def licence_began(connection: Connection, key: LicenceKey) -> datetime | None:
    """When the licence was accepted; None if there is none."""
    return connection.execute(select(licence.c.accepted_at).where(about(licence, [key]))).scalar()


def licence_history(connection: Connection, key: LicenceKey) -> list[Answer]:
    """All that the ledger knows to have happened to a licence, in order."""
    return entries(connection, select(entry).where(about(entry, [key])))


def show_message(connection: Connection, message_id: str) -> Answer | None:
    """A message with its answer, where it is on its way if it is ours, and every entry that it made.

    None if nothing is known under the id. A message that was refused without its identity being used up has
    entries only.
    """
    row = connection.execute(select(message).where(message.c.message_id == message_id)).one_or_none()
    made = entries(connection, select(entry).where(entry.c.message_id == message_id))
    if row is None:
        return {"message_id": message_id, "entries": made} if made else None
    sendings = sendings_of(connection, message_id)
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
        "licence": key_text(row),
        "rejections": (row.answer or {}).get("rejections", []),
        "size_bytes": len(row.xml),
        "sendings": sendings,
        "receipts": receipts_of(
            connection, {one["interchange"] for one in sendings if one["interchange"] is not None}
        ),
        "entries": made,
    }


def message_xml(connection: Connection, message_id: str) -> bytes | None:
    """The message's own bytes."""
    return connection.execute(select(message.c.xml).where(message.c.message_id == message_id)).scalar()


def entries(connection: Connection, query: Select[Any]) -> list[Answer]:
    """The entries of `query`, in order."""
    return [
        {
            "seq": row.seq,
            "at": instant_text(row.at),
            "kind": row.kind,
            "licence": key_text(row),
            "message_id": row.message_id,
            "data": row.data,
        }
        for row in connection.execute(query.order_by(entry.c.seq))
    ]


def key_text(row: Row[Any]) -> str | None:
    """The licence that a row names, as it is written."""
    key = licence_key(row.licence_type, row.licence_no)
    return None if key is None else str(key)


def _uses(dossier: Dossier) -> list[Answer]:
    """Each applied line; `quantity` is what counts of it now."""
    drawn_on = {
        (one["entry_id"], one["line_number"], one["sequence"]): one["licence_line"] for one in dossier.lines
    }
    return [_use(use, drawn_on) for use in dossier.uses]


def _use(use: LineUse, drawn_on: dict[tuple[str, int, int], int]) -> Answer:
    key = use.key
    amended = use.amendments[-1].quantity.amount if use.amendments else None
    return {
        "entry_id": key.entry_id,
        "line_number": key.line_number,
        "sequence": key.sequence,
        "licence_line": drawn_on.get((key.entry_id, key.line_number, key.sequence)),
        "released": quantity_text(use.released.quantity.amount),
        "amended": None if amended is None else quantity_text(amended),
        "withdrawn": quantity_text(use.withdrawn.amount) if use.withdrawals else None,
        "quantity": quantity_text(use.counts.amount),
        "unit": use.counts.unit,
        "release_time": instant_text(use.declaration.release_time),
        "message_id": use.message_id,
        "amendments": _corrections(use.amendments),
        "withdrawals": _corrections(use.withdrawals),
    }


def _corrections(steps: Iterable[Correction]) -> list[Answer]:
    return [
        {
            "number": step.number,
            "quantity": quantity_text(step.quantity.amount),
            "unit": step.quantity.unit,
            "time": instant_text(step.time),
            "message_id": step.message_id,
        }
        for step in steps
    ]


def _act(row: Record) -> Answer:
    return {
        "message_id": row["message_id"],
        "kind": row["kind"],
        "transmission": str(row["transmission"]),
        "accepted_at": instant_text(row["accepted_at"]),
        "sealed_message_id": row["sealed_message_id"],
    }

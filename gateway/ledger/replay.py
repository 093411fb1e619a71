"""The projection of one licence, made from its entries alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Table

from gateway.ledger.issuing import licence_row, line_rows
from gateway.ledger.journal import licence_columns
from gateway.ledger.kinds import EntryKind
from gateway.ledger.projection import key_of
from gateway.ledger.state_data import state_from
from gateway.ledger.tables import declaration_use, licence, licence_line, write_off_line
from gateway.licences.life import LicenceEvent
from gateway.licences.state import Draw, LicenceState

#: A row of a table, by its columns.
Record = dict[str, Any]


@dataclass(slots=True)
class Rebuilt:
    """The rows of one licence, as its entries make them one after another."""

    state: LicenceState | None = None
    provenance: Record = field(default_factory=dict)
    uses: dict[str, Record] = field(default_factory=dict)
    lines: list[Record] = field(default_factory=list)
    discrepancies: list[Record] = field(default_factory=list)

    def replay(self, row: Row[Any]) -> None:
        """Take in the next entry; kinds that do not change the projection do nothing."""
        change = _REPLAY.get(EntryKind(row.kind))
        if change is not None:
            change(self, row)

    def rows(self, table: Table) -> list[Record]:
        """The rows that `table` should have."""
        if table is licence:
            return [licence_row(self.state) | self.provenance] if self.state else []
        if table is licence_line:
            return line_rows(self.state) if self.state else []
        if table is declaration_use:
            return list(self.uses.values())
        return self.lines if table is write_off_line else self.discrepancies


def _issued(rebuilt: Rebuilt, row: Row[Any]) -> None:
    data = row.data
    rebuilt.state = state_from(key_of(row), data["licence"])
    rebuilt.provenance = {
        "priority": data["priority"],
        "issuer": data["issuer"],
        "tree": data["tree"],
        "source": data["source"],
        "issue_message_id": row.message_id,
        "accepted_at": row.at,
    }


def _happened(event: LicenceEvent) -> Callable[[Rebuilt, Row[Any]], None]:
    def replay(rebuilt: Rebuilt, _row: Row[Any]) -> None:
        if rebuilt.state is not None:
            rebuilt.state = rebuilt.state.after(event)

    return replay


def _applied(rebuilt: Rebuilt, row: Row[Any]) -> None:
    data, key = row.data, key_of(row)
    release_time = datetime.fromisoformat(data["release_time"])
    use = {"entry_id": data["entry_id"], "release_time": release_time, "live": True}
    rebuilt.uses.setdefault(data["entry_id"], licence_columns(key) | use)
    for line in data["lines"]:
        rebuilt.lines.append(
            licence_columns(key)
            | line
            | {
                "entry_id": data["entry_id"],
                "quantity": Decimal(line["quantity"]),
                "release_time": release_time,
                "operating_unit_code": data["operating_unit"]["code"],
                "port": data["port"],
                "country": data["country"],
                "message_id": row.message_id,
            }
        )
    if rebuilt.state is not None:
        draws = [Draw(line["licence_line"], Decimal(line["quantity"])) for line in data["lines"]]
        rebuilt.state = rebuilt.state.used(data["entry_id"], draws)


def _refused(rebuilt: Rebuilt, row: Row[Any]) -> None:
    rebuilt.discrepancies.append(
        licence_columns(key_of(row))
        | {
            "message_id": row.message_id,
            "digest": bytes.fromhex(row.data["digest"]),
            "kind": "WriteOff",
            "ended_at": None,
            "ended_by": None,
            "note": None,
            "entry_id": row.data["entry_id"],
            "rejections": row.data["rejections"],
            "at": row.at,
        }
    )


#: How each kind of entry changes the projection; other kinds do not.
_REPLAY: MappingProxyType[EntryKind, Callable[[Rebuilt, Row[Any]], None]] = MappingProxyType(
    {
        EntryKind.ISSUE_ACCEPTED: _issued,
        EntryKind.SEALED: _happened(LicenceEvent.SEAL),
        EntryKind.SENT: _happened(LicenceEvent.SEND),
        EntryKind.CUSTOMS_ACCEPTED: _happened(LicenceEvent.CUSTOMS_ACCEPT),
        EntryKind.CUSTOMS_REFUSED: _happened(LicenceEvent.CUSTOMS_REFUSE),
        EntryKind.WRITE_OFF_APPLIED: _applied,
        EntryKind.WRITE_OFF_REFUSED: _refused,
    }
)

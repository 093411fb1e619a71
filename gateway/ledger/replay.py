"""The projection of one licence, made from its entries alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Table

from gateway.ledger.acts import act_row
from gateway.ledger.acts_sent import moved
from gateway.ledger.issuing import licence_row, line_rows
from gateway.ledger.journal import licence_columns
from gateway.ledger.kinds import EntryKind
from gateway.ledger.projection import key_of
from gateway.ledger.state_data import state_from
from gateway.ledger.tables import act, declaration_use, licence, licence_line, write_off_line
from gateway.licences.confirm import confirmed
from gateway.licences.life import LicenceEvent
from gateway.licences.replace import replaced
from gateway.licences.state import Draw, LicenceState
from gateway.licences.suspend import resumed, suspended
from licencexml.messages import SuspensionGround
from licencexml.values import LicenceKey

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
    acts: dict[str, Record] = field(default_factory=dict)

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
        if table is act:
            return list(self.acts.values())
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


def _ended(rebuilt: Rebuilt, row: Row[Any]) -> None:
    if rebuilt.state is not None:
        rebuilt.state = replaced(rebuilt.state, LicenceKey.parse(row.data["replaced_by"]))


def _revoked(rebuilt: Rebuilt, row: Row[Any]) -> None:
    _happened(LicenceEvent.REVOKE)(rebuilt, row)
    _acted(rebuilt, row)


def _suspended(rebuilt: Rebuilt, row: Row[Any]) -> None:
    ground, since = SuspensionGround(row.data["ground"]), datetime.fromisoformat(row.data["since"])
    if rebuilt.state is not None:
        rebuilt.state = suspended(rebuilt.state, ground, since)
    _acted(rebuilt, row)


def _resumed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    ground, until = SuspensionGround(row.data["ground"]), datetime.fromisoformat(row.data["until"])
    if rebuilt.state is not None:
        rebuilt.state = resumed(rebuilt.state, ground, until)
    _acted(rebuilt, row)


def _confirmed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    if rebuilt.state is not None:
        rebuilt.state = confirmed(rebuilt.state, datetime.fromisoformat(row.data["as_of"]))


def _acted(rebuilt: Rebuilt, row: Row[Any]) -> None:
    """An act begins its way to customs, if customs has the licence."""
    if row.data["act"] is not None:
        rebuilt.acts[row.message_id] = act_row(key_of(row), row.message_id, row.at, row.data["act"])


def _act_sealed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    one = rebuilt.acts.get(row.data["issue_message_id"])
    if one is not None:
        sealed = moved(one["transmission"], LicenceEvent.SEAL)
        one |= {"transmission": sealed, "sealed_message_id": row.message_id}


def _act_moved(
    event: LicenceEvent, sealed_id: Callable[[Row[Any]], str]
) -> Callable[[Rebuilt, Row[Any]], None]:
    def replay(rebuilt: Rebuilt, row: Row[Any]) -> None:
        for one in rebuilt.acts.values():
            if one["sealed_message_id"] == sealed_id(row):
                one["transmission"] = moved(one["transmission"], event)

    return replay


def _own(row: Row[Any]) -> str:
    return str(row.message_id)


def _answered(row: Row[Any]) -> str:
    return str(row.data["answers"])


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
        EntryKind.REPLACED: _ended,
        EntryKind.REVOKED: _revoked,
        EntryKind.SUSPENDED: _suspended,
        EntryKind.RESUMED: _resumed,
        EntryKind.EXPIRED: _happened(LicenceEvent.EXPIRE),
        EntryKind.CONFIRMED: _confirmed,
        EntryKind.ACT_SEALED: _act_sealed,
        EntryKind.ACT_SENT: _act_moved(LicenceEvent.SEND, _own),
        EntryKind.ACT_CUSTOMS_ACCEPTED: _act_moved(LicenceEvent.CUSTOMS_ACCEPT, _answered),
        EntryKind.ACT_CUSTOMS_REFUSED: _act_moved(LicenceEvent.CUSTOMS_REFUSE, _answered),
    }
)

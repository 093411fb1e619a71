"""Replay of what customs says of releases, and of what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from gateway.ledger.discrepancies import against, found_anew, new_discrepancy, resolved
from gateway.ledger.journal import licence_columns
from gateway.ledger.kinds import EntryKind
from gateway.ledger.rebuilt import Rebuilt
from gateway.licences.settlement import Verdict


def _said(rebuilt: Rebuilt, row: Row[Any]) -> None:
    """Customs said something about a release: a fact, unless its MessageID was another's."""
    data = row.data
    rejections = data["rejections"] if "position" not in data else _against(data["position"])
    if "position" in data:
        if rebuilt.issued is not None and unsays_figures(data):
            rebuilt.issued = replace(rebuilt.issued, confirmed_at=None)
        rebuilt.clearances[row.message_id] = licence_columns(rebuilt.key) | {
            "message_id": row.message_id,
            "kind": data["kind"],
            "entry_id": data["entry_id"],
            "created": datetime.fromisoformat(data["created"]),
            "received_at": row.at,
            "late": data["late"],
            "facts": data["facts"],
        }
        _stands(rebuilt, row)
    if rejections:
        _open(rebuilt, row, bytes.fromhex(data["digest"]), rejections)


def _changed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    """What was said before came to something else."""
    before = _against(rebuilt.clearances[row.message_id])
    now = _against(row.data["position"])
    _stands(rebuilt, row)
    if not before and not now:
        return
    digest = bytes.fromhex(row.data["digest"])
    found = rebuilt.discrepancies.get((row.message_id, digest))
    if found is None:
        _open(rebuilt, row, digest, now)
    else:
        found.update(found_anew(before, now, row.at, row.data["cause"]))


def _against(position: dict[str, Any]) -> list[Any]:
    return list(against(position["verdict"], position["rejections"]))


def unsays_figures(data: dict[str, Any]) -> bool:
    """Whether customs' figures of before this message, a fact, are not its figures any more."""
    return not data["late"] and Verdict(data["position"]["verdict"]) is not Verdict.REPEATED


def _stands(rebuilt: Rebuilt, row: Row[Any]) -> None:
    position = row.data["position"]
    rebuilt.positions[row.message_id] = position | {"entry_id": row.data["entry_id"]}
    rebuilt.clearances[row.message_id] |= {
        "verdict": position["verdict"],
        "rejections": position["rejections"],
    }


def _open(rebuilt: Rebuilt, row: Row[Any], digest: bytes, rejections: list[Any]) -> None:
    rebuilt.discrepancies[row.message_id, digest] = new_discrepancy(
        rebuilt.key,
        message_id=row.message_id,
        digest=digest,
        kind=row.data["kind"],
        entry_id=row.data["entry_id"],
        rejections=rejections,
        at=row.at,
    )


def _resolved(rebuilt: Rebuilt, row: Row[Any]) -> None:
    data = row.data
    found = rebuilt.discrepancies[row.message_id, bytes.fromhex(data["digest"])]
    found.update(resolved(row.at, data["by"], data["note"]))


_SAID = [kind for kind in EntryKind if kind.startswith(("WRITE_OFF_", "AMENDMENT_", "REVERSAL_"))]

REPLAY_CLEARANCES: Mapping[EntryKind, Callable[[Rebuilt, Row[Any]], None]] = MappingProxyType(
    {
        **dict.fromkeys(_SAID, _said),
        EntryKind.CLEARANCE_CHANGED: _changed,
        EntryKind.DISCREPANCY_RESOLVED: _resolved,
    }
)

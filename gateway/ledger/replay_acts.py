"""Replay of what issuers do to a licence that exists, and of the way of their acts to customs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from gateway.ledger.acts import act_row
from gateway.ledger.acts_sent import moved
from gateway.ledger.discrepancies import new_discrepancy, settled
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.projection import key_of
from gateway.ledger.rebuilt import Rebuilt
from gateway.ledger.refused_acts import REPLACEMENT
from gateway.ledger.replies import REPLY
from gateway.licences.confirm import confirmed
from gateway.licences.life import LicenceEvent, Transmission
from gateway.licences.replace import replaced
from gateway.licences.suspend import resumed, suspended
from licencexml.messages import SuspensionGround
from licencexml.values import LicenceKey


def happened(event: LicenceEvent) -> Callable[[Rebuilt, Row[Any]], None]:
    """What an event does to the licence's life."""

    def replay(rebuilt: Rebuilt, _row: Row[Any]) -> None:
        if rebuilt.issued is not None:
            rebuilt.issued = rebuilt.issued.after(event)

    return replay


def _ended(rebuilt: Rebuilt, row: Row[Any]) -> None:
    if rebuilt.issued is not None:
        rebuilt.issued = replaced(rebuilt.issued, LicenceKey.parse(row.data["replaced_by"]))


def _revoked(rebuilt: Rebuilt, row: Row[Any]) -> None:
    happened(LicenceEvent.REVOKE)(rebuilt, row)
    _acted(rebuilt, row)


def _suspended(rebuilt: Rebuilt, row: Row[Any]) -> None:
    ground, since = SuspensionGround(row.data["ground"]), datetime.fromisoformat(row.data["since"])
    if rebuilt.issued is not None:
        rebuilt.issued = suspended(rebuilt.issued, ground, since)
    _acted(rebuilt, row)


def _resumed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    ground, until = SuspensionGround(row.data["ground"]), datetime.fromisoformat(row.data["until"])
    if rebuilt.issued is not None:
        rebuilt.issued = resumed(rebuilt.issued, ground, until)
    _acted(rebuilt, row)


def _confirmed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    if rebuilt.issued is not None:
        rebuilt.issued = confirmed(rebuilt.issued, datetime.fromisoformat(row.data["as_of"]))
    for found in rebuilt.discrepancies.values():
        if found["kind"] == REPLY and found["status"] == DiscrepancyStatus.OPEN:
            found.update(settled(row.at, row.message_id))


def _figures_differ(rebuilt: Rebuilt, row: Row[Any]) -> None:
    _open(rebuilt, row, REPLY)


def _acted(rebuilt: Rebuilt, row: Row[Any]) -> None:
    """An act begins its way to customs, if customs has the licence."""
    if row.data["act"] is not None:
        rebuilt.acts[row.message_id] = act_row(key_of(row), row.message_id, row.at, row.data["act"])


def _act_sealed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    one = rebuilt.acts.get(row.data["issue_message_id"])
    if one is not None:
        sealed = moved(one["transmission"], LicenceEvent.SEAL)
        one |= {"transmission": sealed, "sealed_message_id": row.message_id}


def _act_sent(rebuilt: Rebuilt, row: Row[Any]) -> None:
    for one in rebuilt.acts.values():
        if one["sealed_message_id"] == row.message_id:
            one["transmission"] = moved(one["transmission"], LicenceEvent.SEND)


def _act_answered(event: LicenceEvent) -> Callable[[Rebuilt, Row[Any]], None]:
    def replay(rebuilt: Rebuilt, row: Row[Any]) -> None:
        for one in rebuilt.acts.values():
            if one["sealed_message_id"] == row.data["answers"]:
                was = one["transmission"]
                one["transmission"] = moved(was, event)
                _turned(rebuilt, row, one["kind"], was, one["transmission"])

    return replay


def _licence_answered(event: LicenceEvent) -> Callable[[Rebuilt, Row[Any]], None]:
    """What customs' answer to the message that issued the licence does, by replacement or by itself."""

    def replay(rebuilt: Rebuilt, row: Row[Any]) -> None:
        if rebuilt.issued is None:
            return
        was = rebuilt.issued.life.transmission
        rebuilt.issued = rebuilt.issued.after(event)
        if rebuilt.issued.replaces is not None:
            _turned(rebuilt, row, REPLACEMENT, was, rebuilt.issued.life.transmission)

    return replay


def _turned(rebuilt: Rebuilt, row: Row[Any], kind: str, was: str, now: str) -> None:
    """An act that customs refuses is a discrepancy, until it takes it."""
    sealed_id = row.data["answers"]
    if was == now:
        return
    if now == Transmission.CUSTOMS_REFUSED:
        _open(rebuilt, row, kind)
        rebuilt.refused[sealed_id] = (row.message_id, bytes.fromhex(row.data["digest"]))
    elif was == Transmission.CUSTOMS_REFUSED:
        found = rebuilt.discrepancies[rebuilt.refused[sealed_id]]
        if found["status"] == DiscrepancyStatus.OPEN:
            found.update(settled(row.at, row.message_id))


def _open(rebuilt: Rebuilt, row: Row[Any], kind: str) -> None:
    digest = bytes.fromhex(row.data["digest"])
    rebuilt.discrepancies[row.message_id, digest] = new_discrepancy(
        rebuilt.key,
        message_id=row.message_id,
        digest=digest,
        kind=kind,
        entry_id="",
        rejections=row.data["rejections"],
        at=row.at,
    )


REPLAY_ACTS: Mapping[EntryKind, Callable[[Rebuilt, Row[Any]], None]] = MappingProxyType(
    {
        EntryKind.REPLACED: _ended,
        EntryKind.REVOKED: _revoked,
        EntryKind.SUSPENDED: _suspended,
        EntryKind.RESUMED: _resumed,
        EntryKind.EXPIRED: happened(LicenceEvent.EXPIRE),
        EntryKind.CONFIRMED: _confirmed,
        EntryKind.FIGURES_DIFFER: _figures_differ,
        EntryKind.ACT_SEALED: _act_sealed,
        EntryKind.ACT_SENT: _act_sent,
        EntryKind.ACT_CUSTOMS_ACCEPTED: _act_answered(LicenceEvent.CUSTOMS_ACCEPT),
        EntryKind.ACT_CUSTOMS_REFUSED: _act_answered(LicenceEvent.CUSTOMS_REFUSE),
        EntryKind.CUSTOMS_ACCEPTED: _licence_answered(LicenceEvent.CUSTOMS_ACCEPT),
        EntryKind.CUSTOMS_REFUSED: _licence_answered(LicenceEvent.CUSTOMS_REFUSE),
    }
)

"""The projection of one licence, made from its entries alone."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row

from gateway.ledger.kinds import EntryKind
from gateway.ledger.projection import key_of
from gateway.ledger.rebuilt import Rebuilt
from gateway.ledger.replay_acts import REPLAY_ACTS, happened
from gateway.ledger.replay_clearances import REPLAY_CLEARANCES
from gateway.ledger.state_data import state_from
from gateway.licences.life import LicenceEvent


def replay(rebuilt: Rebuilt, row: Row[Any]) -> None:
    """Take in the next entry; kinds that do not change the projection do nothing."""
    change = _REPLAY.get(EntryKind(row.kind))
    if change is not None:
        change(rebuilt, row)


def _issued(rebuilt: Rebuilt, row: Row[Any]) -> None:
    data = row.data
    rebuilt.issued = state_from(key_of(row), data["licence"])
    rebuilt.provenance = {
        "priority": data["priority"],
        "issuer": data["issuer"],
        "tree": data["tree"],
        "source": data["source"],
        "issue_message_id": row.message_id,
        "accepted_at": row.at,
        "partner": None,
    }


def _sealed(rebuilt: Rebuilt, row: Row[Any]) -> None:
    happened(LicenceEvent.SEAL)(rebuilt, row)
    if rebuilt.issued is not None:
        rebuilt.provenance["partner"] = row.data["partner"]


#: How each kind of entry changes the projection; other kinds do not.
_REPLAY: MappingProxyType[EntryKind, Callable[[Rebuilt, Row[Any]], None]] = MappingProxyType(
    {
        EntryKind.ISSUE_ACCEPTED: _issued,
        EntryKind.SEALED: _sealed,
        EntryKind.SENT: happened(LicenceEvent.SEND),
        **REPLAY_ACTS,
        **REPLAY_CLEARANCES,
    }
)

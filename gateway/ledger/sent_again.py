"""Licences that customs refused and that have been sent again: it may have them any time now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from gateway.ledger.kinds import EntryKind
from gateway.ledger.projection import about, key_of
from gateway.ledger.tables import entry
from licencexml.values import LicenceKey

_ANSWERS = (EntryKind.CUSTOMS_ACCEPTED, EntryKind.CUSTOMS_REFUSED)
_KINDS = (EntryKind.SEALED, EntryKind.REQUEUED, *_ANSWERS)


def sent_again(connection: Connection, keys: Collection[LicenceKey]) -> set[LicenceKey]:
    """Of these licences, those whose sealed message was sent again after customs' last answer to it."""
    if not keys:
        return set()
    query = (
        select(entry.c.kind, entry.c.message_id, entry.c.licence_type, entry.c.licence_no)
        .where(about(entry, keys), entry.c.kind.in_(_KINDS))
        .order_by(entry.c.seq)
    )
    seals: dict[LicenceKey, str] = {}
    found: set[LicenceKey] = set()
    for row in connection.execute(query):
        key = key_of(row)
        if row.kind == EntryKind.SEALED:
            seals[key] = row.message_id
        elif row.kind in _ANSWERS:
            found.discard(key)
        elif row.message_id == seals.get(key):
            found.add(key)
    return found

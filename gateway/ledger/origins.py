"""Where a licence came from: what is needed to tell its issuing system something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.ledger.kinds import Priority
from gateway.ledger.projection import key_of
from gateway.ledger.statements import is_about, rows_about
from gateway.ledger.tables import licence
from licencexml.values import LicenceKey

_ORIGINS = select(
    licence.c.licence_type,
    licence.c.licence_no,
    licence.c.issue_message_id,
    licence.c.issuer,
    licence.c.tree,
    licence.c.source,
    licence.c.priority,
).where(is_about(licence))

_REPLACED = select(licence.c.licence_type, licence.c.licence_no, licence.c.replaces).where(
    is_about(licence), licence.c.replaces.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that issued a licence, its sender, and the spool tree and file that it came in.

    `urgent`: the licence is (急证), and so is what is told of it.
    """

    message_id: str
    issuer: str
    tree: str
    source: str
    urgent: bool = False


def origins(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, Origin]:
    """The origins of those of `keys` that there are."""
    return {
        key_of(row): Origin(
            row.issue_message_id, row.issuer, row.tree, row.source, row.priority == Priority.URGENT
        )
        for row in rows_about(connection, _ORIGINS, keys)
    }


def replaced(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, LicenceKey]:
    """Those of `keys` that were issued in the place of another licence, and which that is."""
    return {key_of(row): LicenceKey.parse(row.replaces) for row in rows_about(connection, _REPLACED, keys)}

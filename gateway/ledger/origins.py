"""Where a licence came from: what is needed to tell its issuing system something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.ledger.projection import about, key_of
from gateway.ledger.tables import licence
from licencexml.values import LicenceKey


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that issued a licence, its sender, and the spool tree and file that it came in."""

    message_id: str
    issuer: str
    tree: str
    source: str


def origins(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, Origin]:
    """The origins of those of `keys` that there are, in one statement."""
    columns = licence.c
    query = select(
        columns.licence_type,
        columns.licence_no,
        columns.issue_message_id,
        columns.issuer,
        columns.tree,
        columns.source,
    ).where(about(licence, keys))
    return {
        key_of(row): Origin(row.issue_message_id, row.issuer, row.tree, row.source)
        for row in connection.execute(query)
    }

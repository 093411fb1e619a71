"""At which partner licences are, to whom our messages went, and who sent those that came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, select

from gateway.ledger.kinds import Direction
from gateway.ledger.projection import about, key_of
from gateway.ledger.tables import interchange, licence, message
from licencexml.values import LicenceKey

#: How many licences or messages one statement asks for.
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """The partner that a licence was sealed for (None: it has no seal yet), and its place of clearance."""

    partner: str | None
    port: str


def places(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, Place]:
    """Where those of `keys` that there are belong."""
    found: dict[LicenceKey, Place] = {}
    columns = (licence.c.licence_type, licence.c.licence_no, licence.c.partner, licence.c.clearance_port)
    for chunk in _chunks(sorted(set(keys))):
        rows = connection.execute(select(*columns).where(about(licence, chunk)))
        found |= {key_of(row): Place(row.partner, row.clearance_port) for row in rows}
    return found


def receivers(connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    """To which partners those of these messages went that are our own."""
    return _of_messages(connection, message_ids, message.c.receiver, Direction.OUT)


def senders(connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    """Which participants sent those of these messages that came to us."""
    return _of_messages(connection, message_ids, message.c.sender, Direction.IN)


def interchange_receivers(connection: Connection, control_references: Iterable[str]) -> dict[str, str]:
    """To which partners these interchanges of ours went."""
    found: dict[str, str] = {}
    columns = (interchange.c.control_reference, interchange.c.partner)
    for chunk in _chunks(sorted(set(control_references))):
        query = select(*columns).where(interchange.c.control_reference.in_(chunk))
        found |= {row.control_reference: row.partner for row in connection.execute(query)}
    return found


def _of_messages(
    connection: Connection, message_ids: Iterable[str], column: Column[Any], direction: Direction
) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in _chunks(sorted(set(message_ids))):
        query = select(message.c.message_id, column.label("who")).where(
            message.c.message_id.in_(chunk), message.c.direction == direction, column.is_not(None)
        )
        found |= {row.message_id: row.who for row in connection.execute(query)}
    return found


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(items), _CHUNK):
        yield items[begin : begin + _CHUNK]

"""At which partner licences are, to whom our messages went, and who sent those that came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Select, select

from gateway.ledger.kinds import Direction
from gateway.ledger.projection import key_of
from gateway.ledger.statements import is_about, one_of, rows_about
from gateway.ledger.tables import interchange, licence, message
from licencexml.values import LicenceKey

#: How many licences or messages one statement asks for.
_CHUNK = 1_000

_PLACES = select(
    licence.c.licence_type, licence.c.licence_no, licence.c.partner, licence.c.clearance_port
).where(is_about(licence))
_RECEIVERS = select(interchange.c.control_reference, interchange.c.partner).where(
    one_of(interchange.c.control_reference, "control_references")
)


def _party(column: Column[Any], direction: Direction) -> Select[str, str]:
    return select(message.c.message_id, column.label("who")).where(
        one_of(message.c.message_id, "message_ids"),
        message.c.direction == direction,
        column.is_not(None),
    )


_MESSAGES_TO = _party(message.c.receiver, Direction.OUT)
_MESSAGES_FROM = _party(message.c.sender, Direction.IN)


@dataclass(frozen=True, slots=True)
class Place:
    """The partner that a licence was sealed for (None: it has no seal yet), and its place of clearance."""

    partner: str | None
    port: str


def places(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, Place]:
    """Where those of `keys` that there are belong."""
    found: dict[LicenceKey, Place] = {}
    for chunk in _chunks(sorted(set(keys))):
        rows = rows_about(connection, _PLACES, chunk)
        found |= {key_of(row): Place(row.partner, row.clearance_port) for row in rows}
    return found


def receivers(connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    """To which partners those of these messages went that are our own."""
    return _of_messages(connection, _MESSAGES_TO, message_ids)


def senders(connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    """Which participants sent those of these messages that came to us."""
    return _of_messages(connection, _MESSAGES_FROM, message_ids)


def interchange_receivers(connection: Connection, control_references: Iterable[str]) -> dict[str, str]:
    """To which partners these interchanges of ours went."""
    found: dict[str, str] = {}
    for chunk in _chunks(sorted(set(control_references))):
        rows = connection.execute(_RECEIVERS, {"control_references": chunk})
        found |= {row.control_reference: row.partner for row in rows}
    return found


def _of_messages(
    connection: Connection, query: Select[str, str], message_ids: Iterable[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in _chunks(sorted(set(message_ids))):
        rows = connection.execute(query, {"message_ids": chunk})
        found |= {row.message_id: row.who for row in rows}
    return found


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(items), _CHUNK):
        yield items[begin : begin + _CHUNK]

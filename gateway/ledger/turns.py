"""Whose file is worked off next: partners take turns, so that one with many waits for itself alone.

Exported by `gateway.ledger.post` as `inbound_to_process`.
"""

from __future__ import annotations

from itertools import chain, zip_longest

from sqlalchemy import Connection, func, select

from gateway.ledger.kinds import InboundStatus
from gateway.ledger.parcels import InboundFile, inbound_file_of
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import inbound_file

_FILES = inbound_file.c
_STORED = is_literally(_FILES.status, InboundStatus.STORED)


def to_process(connection: Connection, limit: int, after: str = "") -> list[InboundFile]:
    """At most `limit` stored files that were not worked off: one of each partner, then a second of each.

    The partner that comes after `after` by name begins; of one partner the oldest comes first.
    """
    waiting = _partners(connection)
    turns = [name for name in waiting if name > after] + [name for name in waiting if name <= after]
    rounds = zip_longest(*(_oldest(connection, name, limit) for name in turns[:limit]))
    return [file for file in chain.from_iterable(rounds) if file is not None][:limit]


def _partners(connection: Connection) -> list[str]:
    """Those who have files waiting, each found by one look into the index, however many files there are."""
    first = select(func.min(_FILES.partner).label("partner")).where(_STORED).cte("waiting", recursive=True)
    following = select(func.min(_FILES.partner)).where(_STORED, _FILES.partner > first.c.partner)
    waiting = first.union_all(select(following.scalar_subquery()).where(first.c.partner.is_not(None)))
    return list(connection.execute(select(waiting.c.partner).where(waiting.c.partner.is_not(None))).scalars())


def _oldest(connection: Connection, partner: str, limit: int) -> list[InboundFile]:
    query = select(inbound_file).where(_STORED, _FILES.partner == partner).order_by(_FILES.id).limit(limit)
    return [inbound_file_of(row) for row in connection.execute(query).mappings()]

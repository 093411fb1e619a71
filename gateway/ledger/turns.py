"""Who has something waiting, and whose file is worked off next: partners take turns.

Exported by `gateway.ledger.post`, `to_process` as `inbound_to_process`, `small` as `inbound_small`.
"""

from __future__ import annotations

from itertools import chain, zip_longest

from sqlalchemy import Column, ColumnElement, Connection, Select, bindparam, func, select

from gateway.ledger.kinds import InboundStatus, InterchangeStatus, OutboxStatus, ReceiptStatus
from gateway.ledger.parcels import InboundFile, inbound_file_of
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import inbound_file, interchange, outbox

_FILES = inbound_file.c
_STORED = is_literally(_FILES.status, InboundStatus.STORED)


def _each_partner(column: Column[str], condition: ColumnElement[bool]) -> Select[str]:
    """Each partner of whom `condition` holds, by one look into an index that begins with the partner."""
    first = select(func.min(column).label("partner")).where(condition).cte("waiting", recursive=True)
    following = select(func.min(column)).where(condition, column > first.c.partner)
    waiting = first.union_all(select(following.scalar_subquery()).where(first.c.partner.is_not(None)))
    return select(waiting.c.partner).where(waiting.c.partner.is_not(None))


_WITH_FILES = _each_partner(_FILES.partner, _STORED)
_OLDEST = (
    select(inbound_file)
    .where(_STORED, _FILES.partner == bindparam("partner"))
    .order_by(_FILES.id)
    .limit(bindparam("limit"))
)
_SMALL = (
    select(inbound_file)
    .where(_STORED, _FILES.id > bindparam("after"), _FILES.size_bytes <= bindparam("most_bytes"))
    .order_by(_FILES.id)
    .limit(bindparam("limit"))
)
_WITH_ANYTHING_DUE = (
    _each_partner(outbox.c.partner, is_literally(outbox.c.status, OutboxStatus.DUE)),
    _each_partner(interchange.c.partner, is_literally(interchange.c.status, InterchangeStatus.READY)),
    _each_partner(_FILES.partner, is_literally(_FILES.receipt_status, ReceiptStatus.DUE)),
)


def to_process(connection: Connection, limit: int, after: str = "") -> list[InboundFile]:
    """At most `limit` stored files that were not worked off: one of each partner, then a second of each.

    The partner that comes after `after` by name begins; of one partner the oldest comes first.
    """
    waiting = list(connection.execute(_WITH_FILES).scalars())
    turns = [name for name in waiting if name > after] + [name for name in waiting if name <= after]
    rounds = zip_longest(*(_oldest(connection, name, limit) for name in turns[:limit]))
    return [file for file in chain.from_iterable(rounds) if file is not None][:limit]


def small(connection: Connection, most_bytes: int, after: int, limit: int) -> list[InboundFile]:
    """Stored files of at most `most_bytes`, of higher numbers than `after`: the first `limit` of them."""
    asked = {"most_bytes": most_bytes, "after": after, "limit": limit}
    return [inbound_file_of(row) for row in connection.execute(_SMALL, asked).mappings()]


def partners_due(connection: Connection) -> set[str]:
    """Those to whom anything may be due now, or as soon as its time has come: messages, files, receipts."""
    return {name for query in _WITH_ANYTHING_DUE for name in connection.execute(query).scalars()}


def _oldest(connection: Connection, partner: str, limit: int) -> list[InboundFile]:
    rows = connection.execute(_OLDEST, {"partner": partner, "limit": limit}).mappings()
    return [inbound_file_of(row) for row in rows]

"""What a run has left in the ledger: counted when the next one starts, and again while it is worked off.

Only indexes of what waits are read, so a backlog of any size is counted in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, func, literal_column, select

from gateway.ledger import acts_sent
from gateway.ledger.kinds import InboundStatus, InterchangeStatus, OutboxStatus, ReceiptStatus
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import act, feedback, inbound_file, interchange, licence, outbox
from gateway.licences.life import ENDED, Transmission

#: So many numbers one statement asks for.
_CHUNK = 500
#: So many half-received files are told one by one.
MAX_TOLD = 20


@dataclass(frozen=True, slots=True)
class HalfReceived:
    """A file that a partner had begun to send; `position_bytes` of it are durable."""

    id: int
    partner: str
    dataset_name: str
    position_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What waits, by what it waits for.

    `under_way` are the messages in the `interchanges` that are still to be sent; `without_receipt` those in
    interchanges that were sent. Of the `half_received` the first are told one by one.
    """

    half_received: int
    first_half_received: tuple[HalfReceived, ...]
    to_settle: int
    to_seal: int
    due: int
    held: int
    interchanges: tuple[int, ...]
    under_way: int
    without_receipt: int
    receipts_due: int
    answers: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The highest numbers there were at a moment: what has a higher one came later."""

    licence: int
    act: int
    interchange: int
    inbound_file: int
    feedback: int

    def of(self, table: Table) -> int:
        """The mark of `table`."""
        return int(getattr(self, table.name))


def marks(connection: Connection) -> Marks:
    """Those of now."""
    tables = (licence, act, interchange, inbound_file, feedback)
    return Marks(*(connection.execute(select(func.max(one.c.id))).scalar_one() or 0 for one in tables))


def left_over(connection: Connection, until: Marks | None = None) -> LeftOver:
    """What waits now; with `until`, without what came after these marks. Messages are always counted all."""

    def count(column: Column[Any], *conditions: ColumnElement[bool]) -> int:
        table = column.table
        assert isinstance(table, Table), "a column of a table"
        known = [] if until is None else [table.c.id <= until.of(table)]
        query = select(func.count(literal_column("1"))).select_from(table).where(*conditions, *known)
        return connection.execute(query).scalar_one()

    unsealed = is_literally(licence.c.transmission, Transmission.ACCEPTED)
    ready = is_literally(interchange.c.status, InterchangeStatus.READY)
    known = [] if until is None else [interchange.c.id <= until.interchange]
    rows = connection.execute(select(interchange.c.id, interchange.c.member_count).where(ready, *known)).all()
    all_ready = connection.execute(select(func.sum(interchange.c.member_count)).where(ready)).scalar_one()
    return LeftOver(
        half_received=count(inbound_file.c.id, is_literally(inbound_file.c.status, InboundStatus.RECEIVING)),
        first_half_received=_half_received(connection, until),
        to_settle=count(inbound_file.c.id, is_literally(inbound_file.c.status, InboundStatus.STORED)),
        to_seal=count(licence.c.id, unsealed, licence.c.standing.not_in(ENDED))
        + acts_sent.count_unsealed(connection, None if until is None else until.act),
        due=_messages(connection, OutboxStatus.DUE),
        held=_messages(connection, OutboxStatus.HELD),
        interchanges=tuple(sorted(row.id for row in rows)),
        under_way=sum(row.member_count for row in rows),
        # Members of what is to be sent are all assigned; all others that are have been sent.
        without_receipt=_messages(connection, OutboxStatus.ASSIGNED) - (all_ready or 0),
        receipts_due=count(inbound_file.c.id, is_literally(inbound_file.c.receipt_status, ReceiptStatus.DUE)),
        answers=count(feedback.c.id, ~feedback.c.written),
    )


def refused(connection: Connection, interchanges: Sequence[int]) -> int:
    """How many of these the partner has refused for good."""
    number = 0
    for begin in range(0, len(interchanges), _CHUNK):
        chunk = interchanges[begin : begin + _CHUNK]
        query = select(func.count(literal_column("1"))).where(
            interchange.c.id.in_(chunk), interchange.c.status == InterchangeStatus.REFUSED
        )
        number += connection.execute(query).scalar_one()
    return number


def _half_received(connection: Connection, until: Marks | None) -> tuple[HalfReceived, ...]:
    files = inbound_file.c
    query = select(files.id, files.partner, files.dataset_name, files.position_bytes, files.size_bytes)
    query = query.where(is_literally(files.status, InboundStatus.RECEIVING)).order_by(files.id)
    if until is not None:
        query = query.where(files.id <= until.inbound_file)
    return tuple(HalfReceived(*row) for row in connection.execute(query.limit(MAX_TOLD)))


def _messages(connection: Connection, status: OutboxStatus) -> int:
    query = select(func.count(literal_column("1"))).where(is_literally(outbox.c.status, status))
    return connection.execute(query).scalar_one()

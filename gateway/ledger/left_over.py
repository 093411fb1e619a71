"""What a run has left in the ledger: counted when the next one starts, and again while it is worked off.

Only indexes of what waits are read, so a backlog of any size is counted in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, literal_column, select

from gateway.ledger import acts_sent
from gateway.ledger.kinds import InboundStatus, InterchangeStatus, OutboxStatus, ReceiptStatus
from gateway.ledger.portable import is_literally
from gateway.ledger.statements import one_of
from gateway.ledger.tables import act, feedback, inbound_file, interchange, licence, outbox
from gateway.licences.life import ENDED, Transmission

#: So many numbers one statement asks for.
_CHUNK = 500
#: So many half-received files are told one by one.
MAX_TOLD = 20
#: In place of a mark where there is none: no number is higher.
_ALL = 2**63 - 1

_HOW_MANY = func.count(literal_column("1"))


def _number(table: Table) -> ColumnElement[int]:
    """The row's number; as a sum, or SQLite searches all rows by it, and not the index of those that wait."""
    return table.c.id + literal_column("0")


def _until(table: Table) -> ColumnElement[bool]:
    return _number(table) <= bindparam("until")


def _counting(table: Table, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(_HOW_MANY).select_from(table).where(*conditions, _until(table))


_READY = is_literally(interchange.c.status, InterchangeStatus.READY)
_HALF = is_literally(inbound_file.c.status, InboundStatus.RECEIVING)

_HALF_RECEIVED = _counting(inbound_file, _HALF)
_FIRST_HALF_RECEIVED = (
    select(
        inbound_file.c.id,
        inbound_file.c.partner,
        inbound_file.c.dataset_name,
        inbound_file.c.position_bytes,
        inbound_file.c.size_bytes,
    )
    .where(_HALF, _until(inbound_file))
    .order_by(_number(inbound_file))
    .limit(MAX_TOLD)
)
_TO_SETTLE = _counting(inbound_file, is_literally(inbound_file.c.status, InboundStatus.STORED))
_TO_SEAL = _counting(
    licence,
    is_literally(licence.c.transmission, Transmission.ACCEPTED),
    licence.c.standing.not_in(ENDED),
)
_ACTS_TO_SEAL = acts_sent.COUNT_UNSEALED.where(_until(act))
_TO_BE_SENT = select(interchange.c.id, interchange.c.member_count).where(_READY, _until(interchange))
_ASSIGNED_TO_BE_SENT = select(func.coalesce(func.sum(interchange.c.member_count), 0)).where(_READY)
_RECEIPTS_DUE = _counting(inbound_file, is_literally(inbound_file.c.receipt_status, ReceiptStatus.DUE))
_ANSWERS = _counting(feedback, ~feedback.c.written)
_MESSAGES = {
    status: select(_HOW_MANY).where(is_literally(outbox.c.status, status))
    for status in (OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED)
}
_REFUSED = select(_HOW_MANY).where(
    one_of(interchange.c.id, "numbers"), interchange.c.status == InterchangeStatus.REFUSED
)
_MARKS = tuple(
    select(func.coalesce(func.max(table.c.id), 0))
    for table in (licence, act, interchange, inbound_file, feedback)
)


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


_NO_MARKS = Marks(_ALL, _ALL, _ALL, _ALL, _ALL)


def marks(connection: Connection) -> Marks:
    """Those of now."""
    return Marks(*(connection.execute(query).scalar_one() for query in _MARKS))


def left_over(connection: Connection, until: Marks | None = None) -> LeftOver:
    """What waits now; with `until`, without what came after these marks. Messages are always counted all."""

    marks_of = until or _NO_MARKS

    def count(query: Select[int], mark: int) -> int:
        return connection.execute(query, {"until": mark}).scalar_one()

    rows = connection.execute(_TO_BE_SENT, {"until": marks_of.interchange}).all()
    first = connection.execute(_FIRST_HALF_RECEIVED, {"until": marks_of.inbound_file})
    return LeftOver(
        half_received=count(_HALF_RECEIVED, marks_of.inbound_file),
        first_half_received=tuple(HalfReceived(*row) for row in first),
        to_settle=count(_TO_SETTLE, marks_of.inbound_file),
        to_seal=count(_TO_SEAL, marks_of.licence) + count(_ACTS_TO_SEAL, marks_of.act),
        due=_messages(connection, OutboxStatus.DUE),
        held=_messages(connection, OutboxStatus.HELD),
        interchanges=tuple(sorted(row.id for row in rows)),
        under_way=sum(row.member_count for row in rows),
        # Members of what is to be sent are all assigned; all others that are have been sent.
        without_receipt=_messages(connection, OutboxStatus.ASSIGNED)
        - connection.execute(_ASSIGNED_TO_BE_SENT).scalar_one(),
        receipts_due=count(_RECEIPTS_DUE, marks_of.inbound_file),
        answers=count(_ANSWERS, marks_of.feedback),
    )


def refused(connection: Connection, interchanges: Sequence[int]) -> int:
    """How many of these the partner has refused for good."""
    number = 0
    for begin in range(0, len(interchanges), _CHUNK):
        chunk = interchanges[begin : begin + _CHUNK]
        number += connection.execute(_REFUSED, {"numbers": chunk}).scalar_one()
    return number


def _messages(connection: Connection, status: OutboxStatus) -> int:
    return connection.execute(_MESSAGES[status]).scalar_one()

"""What customs released, amended and withdrew: recorded as it is told, and loaded to be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select

from gateway.customs import answers
from gateway.customs.counting import Amended, IssuedLine, Released, Told, Withdrawn
from gateway.customs.scenario import Mischief
from gateway.customs.tables import (
    customs_correction,
    customs_correction_line,
    customs_line,
    customs_release,
    customs_release_line,
)
from gateway.ledger.projection import about, key_of
from gateway.ledger.statements import insert_rows
from gateway.ledger.store import UnitOfWork
from licencexml.messages import WriteOff, WriteOffAmendment, WriteOffLineKey, WriteOffReversal, kind_of
from licencexml.values import LicenceKey

#: Licences that one statement asks for.
CHUNK = 500

_AMENDMENT = "WriteOffAmendment"
_NEW_RELEASE = insert(customs_release).returning(customs_release.c.id)
_NEW_CORRECTION = insert(customs_correction).returning(customs_correction.c.id)


def record_release(uow: UnitOfWork, write_off: WriteOff, mischief: Mischief) -> int:
    """A declaration was released, and the gateway is being told by `write_off`; returns its number."""
    row = {
        "message_id": write_off.header.message_id,
        "licence_type": str(write_off.licence.type),
        "licence_no": write_off.licence.number,
        "entry_id": write_off.declaration.entry_id,
        "mischief": mischief,
        "sent_at": uow.now,
        "answer": None,
        "codes": [],
    }
    release_id: int = uow.connection.execute(_NEW_RELEASE, row).scalar_one()
    lines = [
        {
            "release_id": release_id,
            "line_number": line.line_number,
            "sequence": line.sequence,
            "licence_line": line.licence_line_number or 0,
            "quantity": line.quantity.amount,
            "unit": line.quantity.unit,
        }
        for line in write_off.declaration.lines
    ]
    insert_rows(uow.connection, customs_release_line, lines)
    return release_id


def record_correction(
    uow: UnitOfWork, message: WriteOffAmendment | WriteOffReversal, mischief: Mischief
) -> None:
    """A release was amended or withdrawn, and the gateway is being told by `message`."""
    if isinstance(message, WriteOffAmendment):
        entry_id, number = message.amends.entry_id, message.amendment_number
    else:
        entry_id, number = message.entry_id, message.reversal_number
    row = {
        "message_id": message.header.message_id,
        "kind": kind_of(message),
        "licence_type": str(message.licence.type),
        "licence_no": message.licence.number,
        "entry_id": entry_id,
        "number": number,
        "mischief": mischief,
        "sent_at": uow.now,
        "answer": None,
        "codes": [],
    }
    correction_id: int = uow.connection.execute(_NEW_CORRECTION, row).scalar_one()
    lines = [{"correction_id": correction_id} | line for line in _corrected(message)]
    insert_rows(uow.connection, customs_correction_line, lines)


def _corrected(message: WriteOffAmendment | WriteOffReversal) -> Iterator[dict[str, Any]]:
    if isinstance(message, WriteOffAmendment):
        yield {
            "line_number": message.amends.line_number,
            "sequence": message.amends.sequence,
            "licence_line": message.content.licence_line_number,
            "quantity": message.content.quantity.amount,
            "unit": message.content.quantity.unit,
        }
        return
    for line in message.lines:
        yield {
            "line_number": line.line_number,
            "sequence": line.sequence,
            "licence_line": None,
            "quantity": line.quantity.amount,
            "unit": line.quantity.unit,
        }


#: Whether a message counts, by its answer and the codes in it.
Counts = Callable[[str | None, list[str]], bool]


def agreed(answer: str | None, codes: list[str]) -> bool:
    """What the gateway applied."""
    return answers.is_agreed(answer, codes)


def not_refused(answer: str | None, codes: list[str]) -> bool:
    """What the gateway applied, or has not answered yet: customs released it, so it tells of it."""
    return answer is None or answers.is_agreed(answer, codes)


def load_issued(
    connection: Connection, keys: Sequence[LicenceKey] | None = None
) -> dict[LicenceKey, list[IssuedLine]]:
    """The goods lines of those of `keys` that customs has (None: of all), in order."""
    found: dict[LicenceKey, list[IssuedLine]] = {}
    query = select(customs_line).order_by(
        customs_line.c.licence_type, customs_line.c.licence_no, customs_line.c.line_number
    )
    for row in _rows(connection, query, customs_line, keys):
        line = IssuedLine(row.line_number, row.goods_code, row.unit, row.issued)
        found.setdefault(key_of(row), []).append(line)
    return found


def load_told(
    connection: Connection, counts: Counts, keys: Sequence[LicenceKey] | None = None
) -> defaultdict[LicenceKey, Told]:
    """What was told of those licences (None: of all), as far as it counts, in the order of its telling."""
    released: defaultdict[LicenceKey, list[Released]] = defaultdict(list)
    amended: defaultdict[LicenceKey, list[Amended]] = defaultdict(list)
    withdrawn: defaultdict[LicenceKey, list[Withdrawn]] = defaultdict(list)
    for row in _told(connection, customs_release, customs_release_line, counts, keys):
        line = Released(_line_key(row), row.licence_line, row.quantity, row.unit)
        released[key_of(row)].append(line)
    for row in _told(connection, customs_correction, customs_correction_line, counts, keys):
        if row.kind == _AMENDMENT:
            now = Amended(_line_key(row), row.number, row.licence_line or 0, row.quantity, row.unit)
            amended[key_of(row)].append(now)
        else:
            withdrawn[key_of(row)].append(Withdrawn(_line_key(row), row.quantity))
    found: defaultdict[LicenceKey, Told] = defaultdict(Told)
    for key in {*released, *amended, *withdrawn}:
        found[key] = Told(tuple(released[key]), tuple(amended[key]), tuple(withdrawn[key]))
    return found


def _told(
    connection: Connection, table: Table, lines: Table, counts: Counts, keys: Sequence[LicenceKey] | None
) -> Iterator[Row[*tuple[Any, ...]]]:
    query = (
        select(table, lines)
        .join_from(table, lines)
        .order_by(table.c.id, lines.c.line_number, lines.c.sequence)
    )
    return (row for row in _rows(connection, query, table, keys) if counts(row.answer, row.codes))


def _line_key(row: Row[*tuple[Any, ...]]) -> WriteOffLineKey:
    return WriteOffLineKey(row.entry_id, row.line_number, row.sequence)


def _rows(
    connection: Connection, query: Any, table: Table, keys: Sequence[LicenceKey] | None
) -> Iterator[Row[*tuple[Any, ...]]]:
    if keys is None:
        yield from connection.execute(query)
        return
    for chunk in chunks(keys):
        yield from connection.execute(query.where(about(table, chunk)))


def chunks(keys: Sequence[LicenceKey]) -> Iterable[Sequence[LicenceKey]]:
    """`keys` by so many as one statement takes."""
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))

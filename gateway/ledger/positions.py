"""The position of a licence: what each of customs' messages came to, and the lines that count.

Plain JSON values serve entries and comparisons; the projection's rows are made from them, live and in replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.sql.elements import ColumnElement

from gateway.ledger.columns import instant_text
from gateway.ledger.correspondence import rejection_data
from gateway.ledger.facts_data import quantity_data
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.projection import about, key_of
from gateway.ledger.statements import is_about, rows_about
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import clearance, declaration_use, write_off_line
from gateway.licences.settlement import AppliedLine, Finding
from licencexml.values import LicenceKey

Data = dict[str, Any]

_CLEARANCES = select(clearance).where(is_about(clearance))
_CLEARED = select(clearance.c.licence_type, clearance.c.licence_no).where(is_about(clearance))
_LINES = select(write_off_line).where(is_about(write_off_line))


def position_data(finding: Finding) -> Data:
    """What became of one message, as an entry says it."""
    return {
        "verdict": finding.verdict.value,
        "rejections": rejection_data(finding.rejections),
        "lines": [_line_data(one) for one in finding.lines],
        "counted": finding.counted,
    }


def line_rows(key: LicenceKey, message_id: str, lines: Iterable[Data]) -> list[Data]:
    """The rows of `write_off_line` for the lines of one position."""
    return [
        licence_columns(key)
        | line
        | {
            "quantity": Decimal(line["quantity"]),
            "release_time": datetime.fromisoformat(line["release_time"]),
            "message_id": message_id,
        }
        for line in lines
    ]


def load_clearances(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, list[Row[Any]]]:
    """All that customs said of these licences."""
    found: defaultdict[LicenceKey, list[Row[Any]]] = defaultdict(list)
    for row in rows_about(connection, _CLEARANCES, keys):
        found[key_of(row)].append(row)
    return found


def clearances_of(connection: Connection, keys: Iterable[LicenceKey]) -> list[LicenceKey]:
    """Those of `keys` of which customs has said anything."""
    return sorted({key_of(row) for row in rows_about(connection, _CLEARED, keys)})


def load_lines(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, dict[str, list[Data]]]:
    """The lines that count now: by licence, then by the message that they came with."""
    found: defaultdict[LicenceKey, defaultdict[str, list[Data]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_about(connection, _LINES, keys):
        found[key_of(row)][row.message_id].append(_line_of(row))
    return {key: dict(lines) for key, lines in found.items()}


def save_lines(
    uow: UnitOfWork,
    journal: Journal,
    key: LicenceKey,
    before: Mapping[str, list[Data]],
    after: Mapping[str, list[Data]],
) -> None:
    """Have the lines that count be those of `after`; each maps a message to its lines."""
    gone = [
        message_id for message_id in before if not same_lines(before[message_id], after.get(message_id, []))
    ]
    if gone:
        which = about(write_off_line, [key]) & write_off_line.c.message_id.in_(gone)
        uow.connection.execute(delete(write_off_line).where(which))
    for message_id, lines in after.items():
        if message_id in gone or message_id not in before:
            for row in line_rows(key, message_id, lines):
                journal.add(write_off_line, row)


def save_uses(
    uow: UnitOfWork, journal: Journal, key: LicenceKey, before: frozenset[str], after: frozenset[str]
) -> None:
    """Have the declarations that count be those of `after`."""
    if gone := before - after:
        which: ColumnElement[bool] = about(declaration_use, [key]) & declaration_use.c.entry_id.in_(
            sorted(gone)
        )
        uow.connection.execute(delete(declaration_use).where(which))
    for entry_id in sorted(after - before):
        journal.add(declaration_use, licence_columns(key) | {"entry_id": entry_id})


def same_lines(some: Iterable[Data], others: Iterable[Data]) -> bool:
    """Whether two lists hold the same lines."""
    return sorted(some, key=_which) == sorted(others, key=_which)


def _which(line: Data) -> tuple[Any, ...]:
    return line["entry_id"], line["line_number"], line["sequence"]


def _line_data(one: AppliedLine) -> Data:
    declaration, line = one.declaration, one.line
    return {
        "entry_id": declaration.entry_id,
        "line_number": line.line_number,
        "sequence": line.sequence,
        "goods_code": line.goods_code,
        "stated_line": line.licence_line_number,
        "licence_line": one.licence_line,
        "release_time": instant_text(declaration.release_time),
        "operating_unit_code": declaration.operating_unit.code,
        "port": declaration.port,
        "country": declaration.country,
    } | quantity_data(line.quantity)


def _line_of(row: Row[Any]) -> Data:
    """The inverse of `line_rows`, for one row."""
    return {
        "entry_id": row.entry_id,
        "line_number": row.line_number,
        "sequence": row.sequence,
        "goods_code": row.goods_code,
        "stated_line": row.stated_line,
        "licence_line": row.licence_line,
        "release_time": instant_text(row.release_time),
        "operating_unit_code": row.operating_unit_code,
        "port": row.port,
        "country": row.country,
        "quantity": f"{row.quantity:f}",
        "unit": row.unit,
    }

"""`ledger check`: make the projection again from the entries alone, and compare it with what is kept.

Page after page in the order of the licences' keys, so that memory does not grow with the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, select, tuple_

from gateway.ledger.projection import key_of
from gateway.ledger.rebuilt import Rebuilt, Record
from gateway.ledger.replay import replay
from gateway.ledger.tables import (
    act,
    clearance,
    declaration_use,
    discrepancy,
    entry,
    licence,
    licence_line,
    write_off_line,
)
from licencexml.values import LicenceKey

#: How many licences are compared at once.
PAGE = 500

#: The projection's tables, and what identifies a row of each within its licence.
PROJECTION = (
    (licence, ()),
    (licence_line, ("line_number",)),
    (declaration_use, ("entry_id",)),
    (write_off_line, ("entry_id", "line_number", "sequence")),
    (clearance, ("message_id",)),
    (discrepancy, ("message_id", "digest")),
    (act, ("message_id",)),
)

#: Columns that no entry tells: numbers of rows.
_NOT_COMPARED = MappingProxyType({"licence": {"id"}, "discrepancy": {"id"}, "act": {"id"}})


@dataclass(frozen=True, slots=True)
class Difference:
    """A row as the entries make it (`expected`) and as it is (`found`); None where there is none."""

    licence: LicenceKey
    table: str
    expected: Record | None
    found: Record | None

    def __str__(self) -> str:
        return f"{self.licence}: {self.table}: by the entries {self.expected}, in the table {self.found}"


@dataclass(frozen=True, slots=True)
class _Range:
    """Licences after one key and up to another; None is no bound."""

    after: LicenceKey | None
    until: LicenceKey | None

    def of(self, table: Table) -> ColumnElement[bool]:
        pair = tuple_(table.c.licence_type, table.c.licence_no)
        bounds: list[ColumnElement[bool]] = [table.c.licence_type.is_not(None)]
        if self.after is not None:
            bounds.append(pair > tuple_(self.after.type.value, self.after.number))
        if self.until is not None:
            bounds.append(pair <= tuple_(self.until.type.value, self.until.number))
        return and_(*bounds)


def differences(connection: Connection) -> Iterator[Difference]:
    """Every difference between the projection and the entries; none in a sound ledger."""
    for page in _pages(connection):
        rebuilt = _rebuild(connection, page)
        for table, identity in PROJECTION:
            found = _found(connection, table, page)
            for key in sorted(rebuilt.keys() | found.keys()):
                expected = rebuilt[key].rows(table) if key in rebuilt else []
                yield from _compare(key, table, identity, expected, found[key])


def _pages(connection: Connection) -> Iterator[_Range]:
    """Ranges that hold every licence there can be, each with the entries of `PAGE` licences at most."""
    after: LicenceKey | None = None
    while True:
        query = (
            select(entry.c.licence_type, entry.c.licence_no)
            .where(_Range(after, None).of(entry))
            .distinct()
            .order_by(entry.c.licence_type, entry.c.licence_no)
            .limit(PAGE)
        )
        keys = [key_of(row) for row in connection.execute(query)]
        if len(keys) < PAGE:
            yield _Range(after, None)
            return
        yield _Range(after, keys[-1])
        after = keys[-1]


def _rebuild(connection: Connection, page: _Range) -> dict[LicenceKey, Rebuilt]:
    query = (
        select(entry).where(page.of(entry)).order_by(entry.c.licence_type, entry.c.licence_no, entry.c.seq)
    )
    rebuilt: dict[LicenceKey, Rebuilt] = {}
    for row in connection.execute(query):
        key = key_of(row)
        replay(rebuilt.setdefault(key, Rebuilt(key)), row)
    return rebuilt


def _found(connection: Connection, table: Table, page: _Range) -> defaultdict[LicenceKey, list[Record]]:
    found: defaultdict[LicenceKey, list[Record]] = defaultdict(list)
    for row in connection.execute(select(table).where(page.of(table))):
        found[key_of(row)].append(dict(row._mapping))
    return found


def _compare(
    key: LicenceKey,
    table: Table,
    identity: Sequence[str],
    expected: Sequence[Record],
    found: Sequence[Record],
) -> Iterator[Difference]:
    ignored = _NOT_COMPARED.get(table.name, set())
    wanted = {_identify(row, identity): row for row in expected}
    actual = {
        _identify(row, identity): {name: value for name, value in row.items() if name not in ignored}
        for row in found
    }
    for which in sorted(wanted.keys() | actual.keys()):
        if wanted.get(which) != actual.get(which):
            yield Difference(key, table.name, wanted.get(which), actual.get(which))


def _identify(row: Record, identity: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in identity)

"""The one idiom of statements: each is built once, as a module is loaded, and executed with its parameters.

To build a statement anew costs several times what the database needs to run it. What all modules need of it
is here: insertion of rows, a change of one row, and the rows about so many licences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Insert,
    Row,
    Table,
    Update,
    bindparam,
    insert,
    update,
)

from licencexml.values import LicenceKey, LicenceType


def one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The condition that `column` has one of the values that are given as the parameter `name`."""
    return column.in_(bindparam(name, expanding=True))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, all with the same columns, in one statement."""
    if rows:
        connection.execute(_insertion(table), rows)


def update_row(connection: Connection, table: Table, row_id: int, **values: object) -> None:
    """Write `values` into the columns of these names of the row whose `id` is `row_id`."""
    parameters = {f"new_{name}": value for name, value in values.items()}
    connection.execute(_change(table, *values), parameters | {"which_id": row_id})


def is_about(table: Table) -> ColumnElement[bool]:
    """That a row of `table` is about a licence asked for: for `rows_about` and `update_about`."""
    return (table.c.licence_type == bindparam("of_type")) & one_of(table.c.licence_no, "of_numbers")


@lru_cache(maxsize=8_192)
def key_named(licence_type: str, licence_no: str) -> LicenceKey:
    """The licence that two columns name: on its way it is read at each step, and need be checked but once."""
    return LicenceKey(LicenceType(licence_type), licence_no)


def rows_about(
    connection: Connection, query: Executable, keys: Iterable[LicenceKey], **parameters: object
) -> Iterator[Row[Any]]:
    """The rows of `query`, which has the condition `is_about`, for these licences; by their types."""
    for asked in _by_type(keys):
        yield from connection.execute(query, asked | parameters)


def update_about(
    connection: Connection, change: Update, keys: Iterable[LicenceKey], **parameters: object
) -> None:
    """Execute `change`, which has the condition `is_about`, for these licences."""
    for asked in _by_type(keys):
        connection.execute(change, asked | parameters)


def _by_type(keys: Iterable[LicenceKey]) -> Iterator[dict[str, Any]]:
    """The parameters of `is_about`: type by type, because SQLite searches no index for a list of pairs."""
    numbers: defaultdict[LicenceType, set[str]] = defaultdict(set)
    for key in keys:
        numbers[key.type].add(key.number)
    for licence_type in sorted(numbers):
        yield {"of_type": licence_type.value, "of_numbers": sorted(numbers[licence_type])}


@cache
def _insertion(table: Table) -> Insert:
    return insert(table)


@cache
def _change(table: Table, *names: str) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(table).where(table.c.id == bindparam("which_id")).values(values)

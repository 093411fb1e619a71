"""What portable SQL has no word for, said for each database in one place."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Insert, Table, literal_column
from sqlalchemy.dialects import postgresql, sqlite


def is_literally(column: Column[str], status: StrEnum) -> ColumnElement[bool]:
    """`column = 'STATUS'` with the constant written out: a planner cannot match a parameter to an index."""
    assert status.isidentifier(), "our own words need no escape"
    return column == literal_column(f"'{status}'")


def insert_if_absent(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert those of `rows` that no unique key of `table` knows already."""
    if rows:
        connection.execute(_insertion(connection.dialect.name, table), rows)


@cache
def _insertion(database: str, table: Table) -> Insert:
    if database == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()

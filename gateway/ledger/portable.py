"""What portable SQL has no word for, said for each database in one place."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite


def is_literally(column: Column[str], status: StrEnum) -> ColumnElement[bool]:
    """`column = 'STATUS'` with the constant written out: a planner cannot match a parameter to an index."""
    return column == bindparam(None, status.value, literal_execute=True)


def insert_if_absent(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert those of `rows` that no unique key of `table` knows already."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)
    else:
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)

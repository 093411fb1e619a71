"""Constants that must stand in the SQL itself, so that a partial index is used."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Column, ColumnElement, bindparam


def is_literally(column: Column[str], status: StrEnum) -> ColumnElement[bool]:
    """`column = 'STATUS'` with the constant written out: a planner cannot match a parameter to an index."""
    return column == bindparam(None, status.value, literal_execute=True)

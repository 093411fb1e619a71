"""Rows collected while a batch is decided, then written by one statement a table."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Table

from gateway.ledger.kinds import EntryKind
from gateway.ledger.statements import insert_rows
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import entry, metadata
from licencexml.values import LicenceKey

Row = dict[str, Any]


def licence_columns(key: LicenceKey | None) -> Row:
    """The two columns by which every table knows a licence."""
    return {
        "licence_type": None if key is None else key.type.value,
        "licence_no": None if key is None else key.number,
    }


class Journal:
    """What one batch will write. Rows of one table must all have the same columns."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)

    def add(self, table: Table, row: Row) -> None:
        """Have `row` inserted into `table`."""
        self._rows[table.name].append(row)

    def enter(
        self, kind: EntryKind, data: Row, *, licence: LicenceKey | None = None, message_id: str | None = None
    ) -> None:
        """Have an entry made: `kind` happened now, with `data` enough to make the projection again."""
        row = {"at": self._uow.now, "kind": kind, "message_id": message_id, "data": data}
        self.add(entry, row | licence_columns(licence))

    def flush(self) -> None:
        """Write all, referred tables before those that refer to them."""
        for table in metadata.sorted_tables:
            insert_rows(self._uow.connection, table, self._rows.pop(table.name, ()))
        assert not self._rows, f"no table for the rows of {sorted(self._rows)}"

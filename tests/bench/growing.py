"""A ledger that has been in use for long: one licence that went all the way, copied row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

CHUNK = 50_000
#: Tables of which a licence has rows, and the columns that differ from copy to copy.
_COPIED = {
    "message": ("message_id", "licence_no", "xml"),
    "entry": ("message_id", "licence_no"),
    "licence": ("issue_message_id", "licence_no"),
    "licence_line": ("licence_no",),
    "clearance": ("message_id", "licence_no"),
    "declaration_use": ("licence_no",),
    "write_off_line": ("message_id", "licence_no"),
    "outbox": ("message_id", "licence_no"),
    "feedback": ("origin", "name", "content"),
}
#: The bytes of messages and answers are left out: nothing looks them up, and they would fill the disk.
_LEFT_OUT = {"xml", "content"}
_OF_THE_LICENCE = "licence_type = :kind AND licence_no = :number"


def fill(path: Path, first: int, last: int, told: Callable[[int], None]) -> None:
    """Copies `first` to `last` - 1 of the first licence in the ledger at `path`, which nobody has open.

    That licence has ended its way: nothing of it, and so of no copy, waits. `told` is called with the number
    of the copy that is made next.
    """
    with closing(sqlite3.connect(path)) as ledger:
        ledger.executescript("PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-400000")
        _set_apart(ledger)
        for start in range(first, last, CHUNK):
            told(start)
            with ledger:
                for table in _COPIED:
                    ledger.execute(
                        _statement(ledger, table), {"first": start, "end": min(start + CHUNK, last)}
                    )
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _set_apart(ledger: sqlite3.Connection) -> None:
    """The rows of the first licence, in tables of their own: nothing is searched again for each copy."""
    query = "SELECT licence_type, licence_no FROM licence ORDER BY id LIMIT 1"
    kind, number = ledger.execute(query).fetchone()
    for table in _COPIED:
        which = _OF_THE_LICENCE
        if table == "feedback":
            which = f"origin IN (SELECT message_id FROM message WHERE {_OF_THE_LICENCE})"
        ledger.execute(
            f"CREATE TEMP TABLE its_{table} AS SELECT * FROM {table} WHERE {which}",
            {"kind": kind, "number": number},
        )


def _statement(ledger: sqlite3.Connection, table: str) -> str:
    columns = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")]
    wanted = [column for column in columns if column not in {"id", "seq"}]
    said = ", ".join(_value(column) if column in _COPIED[table] else column for column in wanted)
    return (
        "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end) "
        f"INSERT INTO {table} ({', '.join(wanted)}) SELECT {said} FROM n CROSS JOIN its_{table}"
    )


def _value(column: str) -> str:
    if column in _LEFT_OUT:
        return "x'20'"
    if column == "licence_no":
        return "'26-ZZ-' || printf('%06X', i)"
    return f"{column} || '-' || i"

"""SQLite as the embedded default: how its engines are opened, and what its errors mean.

All that is peculiar to SQLite at run time is here; the queries of the other modules are portable SQL.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from gateway.errors import EnvironmentFault, is_of_machine, told
from gateway.ledger.columns import encode_json

BUSY_TIMEOUT_MILLISECONDS = 5_000
PAGE_CACHE_KIBIBYTES = 32_768
JOURNAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024
#: Pages (of 4 KiB) in the WAL before they are copied to where they belong: most have changed again by then.
CHECKPOINT_PAGES = 8_000


def writer_engine(path: Path) -> Engine:
    """The engine of the one writer: a transaction takes the write lock when it begins, not half way."""
    # Made by us first, so that the database, and the WAL that inherits its mode, are the owner's only.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return _engine(path, begin="BEGIN IMMEDIATE", query_only=False)


def reader_engine(path: Path) -> Engine:
    """The engine of the readers: a transaction is a snapshot, and can write nothing."""
    return _engine(path, begin="BEGIN", query_only=True)


def _engine(path: Path, *, begin: str, query_only: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        json_serializer=encode_json,
        # One thread works at a time, but the one that opens the ledger is not the one that then works.
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver's own BEGIN is deferred and comes too late: it is switched off, ours is emitted below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _pragmas(query_only):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def emit_begin(connection: Connection) -> None:
        # By the driver itself: each read is a transaction, and SQLAlchemy's way costs more than the read.
        driver: Any = connection.connection.dbapi_connection
        driver.execute(begin)

    return engine


def _pragmas(query_only: bool) -> list[str]:
    return [
        f"busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        "foreign_keys = ON",
        f"cache_size = -{PAGE_CACHE_KIBIBYTES}",
        f"journal_size_limit = {JOURNAL_SIZE_LIMIT_BYTES}",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        f"query_only = {'ON' if query_only else 'OFF'}",
    ]


def transaction_is_open(connection: Connection) -> bool:
    """Whether the database still holds the transaction: a full disk can end it behind SQLAlchemy's back."""
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.in_transaction)


@contextmanager
def environment_faults() -> Iterator[None]:
    """Raises the faults of this machine as `EnvironmentFault`, and everything else as it is."""
    try:
        yield
    except Exception as error:
        fault = as_environment_fault(error)
        if fault is None or fault is error:
            raise
        raise fault from error


def as_environment_fault(error: Exception) -> EnvironmentFault | None:
    """`error` as a fault of this machine (disk, lock, damaged file), or None if it is none."""
    if isinstance(error, EnvironmentFault):
        return error
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        return EnvironmentFault(f"the ledger's database failed: {error.orig}")
    if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
        return EnvironmentFault(f"the ledger's database failed: {error}")
    if isinstance(error, OSError):
        return EnvironmentFault(f"the ledger's disk failed: {error}")
    if is_of_machine(error):
        return EnvironmentFault(told(error))
    return None

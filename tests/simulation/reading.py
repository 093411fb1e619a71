"""Reading the ledgers of an instance from outside, while they are at work or after."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def ledger_of(instance: Path, folder: str) -> sqlite3.Connection:
    """The ledger in the state folder of this name, for reading only; whoever asks closes it."""
    return sqlite3.connect(f"file:{instance / folder / 'ledger.sqlite3'}?mode=ro", uri=True)

"""Files for a spool's `out/`: recorded in the transaction that they tell of, written after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import feedback


@dataclass(frozen=True, slots=True)
class FeedbackFile:
    """A file to write: `name` in the `out/` of the spool tree `tree`."""

    id: int
    tree: str
    name: str
    content: bytes


def add(uow: UnitOfWork, tree: str, name: str, content: bytes) -> None:
    """Have `name` written with `content` once this transaction is durable."""
    add_all(uow, [(tree, name, content)])


def add_all(uow: UnitOfWork, files: Sequence[tuple[str, str, bytes]]) -> None:
    """`add` for many (tree, name, content) in one statement."""
    rows = [
        {"tree": tree, "name": name, "content": content, "written": False} for tree, name, content in files
    ]
    if rows:
        uow.connection.execute(insert(feedback), rows)


def unwritten(connection: Connection, limit: int) -> list[FeedbackFile]:
    """Files still to be written, in the order in which they were added."""
    columns = (feedback.c.id, feedback.c.tree, feedback.c.name, feedback.c.content)
    query = select(*columns).where(~feedback.c.written).order_by(feedback.c.id).limit(limit)
    return [FeedbackFile(*row) for row in connection.execute(query)]


def mark_written(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """These files are on disk."""
    if ids:
        uow.connection.execute(update(feedback).where(feedback.c.id.in_(ids)).values(written=True))

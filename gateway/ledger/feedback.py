"""Files for a spool's `out/`: recorded in the transaction that they tell of, written after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, update

from gateway.ledger.kinds import Priority
from gateway.ledger.portable import insert_if_absent
from gateway.ledger.statements import one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import feedback, message

_UNWRITTEN = (
    select(feedback.c.id, feedback.c.tree, feedback.c.name, func.coalesce(feedback.c.content, message.c.xml))
    .outerjoin(message, feedback.c.content.is_(None) & (message.c.message_id == feedback.c.origin))
    .where(~feedback.c.written, feedback.c.tree == bindparam("tree"))
    .order_by(feedback.c.priority, feedback.c.id)
    .limit(bindparam("limit"))
)
_WAITING = (
    select(feedback.c.id)
    .where(~feedback.c.written, feedback.c.tree == bindparam("tree"))
    .limit(bindparam("limit"))
    .subquery()
)
_GIVEN = select(feedback.c.origin, feedback.c.name).where(
    feedback.c.tree == bindparam("tree"), one_of(feedback.c.origin, "origins")
)
_COUNT_WAITING = select(func.count()).select_from(_WAITING)
_WRITTEN = update(feedback).where(one_of(feedback.c.id, "ids")).values(written=True, content=b"")


@dataclass(frozen=True, slots=True)
class Feedback:
    """A file to write: `name` in the `out/` of the spool tree `tree`."""

    id: int
    tree: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewFeedback:
    """A file to be written. `origin` names what it answers: for one origin, a name is written once.

    Without `content` it is the message of the register that has the MessageID `origin`, which need not be
    kept twice. What is `urgent` goes before all that wait.
    """

    tree: str
    origin: str
    name: str
    content: bytes | None
    urgent: bool = False


def add(uow: UnitOfWork, tree: str, name: str, content: bytes, *, origin: str) -> None:
    """Have `name` written with `content` once this transaction is durable (see `NewFeedback`)."""
    add_all(uow, [NewFeedback(tree, origin, name, content)])


def add_all(uow: UnitOfWork, files: Sequence[NewFeedback]) -> None:
    """`add` for many, in one statement."""
    rows = [
        {
            "tree": file.tree,
            "origin": file.origin,
            "name": file.name,
            "priority": int(Priority.URGENT if file.urgent else Priority.NORMAL),
            "content": file.content,
            "written": False,
        }
        for file in files
    ]
    insert_if_absent(uow.connection, feedback, rows)


def given(connection: Connection, tree: str, origins: Collection[str]) -> set[tuple[str, str]]:
    """The answers (origin, name) that were given to these origins in `tree`, written already or not."""
    rows = connection.execute(_GIVEN, {"tree": tree, "origins": sorted(origins)})
    return {(row.origin, row.name) for row in rows}


def unwritten(connection: Connection, limit: int, tree: str) -> list[Feedback]:
    """Files still to be written into `tree`, urgent ones first, then as they were added."""
    return [Feedback(*row) for row in connection.execute(_UNWRITTEN, {"tree": tree, "limit": limit})]


def waiting(connection: Connection, tree: str, most: int) -> int:
    """How many files are still to be written into `tree`; `most` if there are more."""
    return connection.execute(_COUNT_WAITING, {"tree": tree, "limit": most}).scalar_one()


def count_unwritten(connection: Connection) -> int:
    """How many files are still to be written."""
    return connection.execute(select(func.count()).where(~feedback.c.written)).scalar_one()


def waiting_trees(connection: Connection) -> set[str]:
    """The trees that have files still to be written."""
    return set(connection.execute(select(feedback.c.tree).distinct().where(~feedback.c.written)).scalars())


def mark_written(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """These files are on disk; what they say need not be kept twice, that they were given must be."""
    if ids:
        uow.connection.execute(_WRITTEN, {"ids": ids})

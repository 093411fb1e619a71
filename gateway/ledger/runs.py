"""The daemon's runs upon this ledger: when each began, was last known alive, and whether it ended in order.

The fact is a row of the ledger and as durable as all else in it: written before a run does anything, and
closed by an orderly stop alone. After SIGKILL or a power cut it is still open, and the next start knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import entry, message, run

_RUNS = run.c


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that is over. `alive_at` is the last time at which it is known to have worked."""

    started_at: datetime
    alive_at: datetime
    ended_at: datetime | None
    has_recovered: bool

    @property
    def was_in_order(self) -> bool:
        """Whether it ended as a stop ends it, and owed nothing to a crash before it."""
        return self.ended_at is not None and self.has_recovered


def begin(uow: UnitOfWork) -> int:
    """A run begins now; its number. If the one before it ended in order, it has nothing to recover from."""
    past = last(uow.connection)
    is_sound = past is None or past.was_in_order
    row = {"started_at": uow.now, "alive_at": uow.now, "recovered_at": uow.now if is_sound else None}
    made = uow.connection.execute(insert(run).values(row | {"ended_at": None}))
    assert made.inserted_primary_key is not None, "the row was written"
    return int(made.inserted_primary_key[0])


def alive(uow: UnitOfWork, number: int) -> None:
    """The run works still."""
    _set(uow, number, alive_at=uow.now)


def recovered(uow: UnitOfWork, number: int) -> None:
    """What the run before it had left is worked off, or waits for others."""
    _set(uow, number, recovered_at=uow.now)


def ended(uow: UnitOfWork, number: int) -> None:
    """The run ends in order: this is its last transaction."""
    _set(uow, number, alive_at=uow.now, ended_at=uow.now)


def last(connection: Connection) -> PastRun | None:
    """The last run that was begun, if there was one."""
    row = connection.execute(select(run).order_by(_RUNS.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    # What it wrote of its work may be later than its last sign of life.
    written = (
        connection.execute(select(entry.c.at).order_by(entry.c.seq.desc()).limit(1)).scalar_one_or_none(),
        connection.execute(
            select(message.c.received_at).order_by(message.c.id.desc()).limit(1)
        ).scalar_one_or_none(),
    )
    alive_at = max(one for one in (row.alive_at, *written) if one is not None)
    return PastRun(row.started_at, alive_at, row.ended_at, row.recovered_at is not None)


def _set(uow: UnitOfWork, number: int, **values: datetime) -> None:
    uow.connection.execute(update(run).where(_RUNS.id == number).values(**values))

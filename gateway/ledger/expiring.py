"""Expiry, by the batch: licences whose validity is over stand expired. Exported by `gateway.ledger.book`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, select

from gateway.ledger.journal import Journal
from gateway.ledger.kinds import EntryKind
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import key_of, load_states
from gateway.ledger.standing import save_standings
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import licence
from gateway.licences.life import LicenceEvent, Standing
from gateway.licences.state import LicenceState
from licencexml.values import LicenceKey

#: How many licences are read and written at once.
BATCH = 500


def expire(uow: UnitOfWork, today: date) -> Iterator[list[LicenceState]]:
    """Have all licences expire that were valid until before `today`; yields those, in batches.

    It can be called again for the same day, and for a day that is over: nothing expires twice.
    """
    while due := _due(uow.connection, today):
        yield _expire(uow, due)


def _due(connection: Connection, today: date) -> Sequence[LicenceKey]:
    query = (
        select(licence.c.licence_type, licence.c.licence_no)
        .where(is_literally(licence.c.standing, Standing.IN_FORCE), licence.c.valid_to < today)
        .order_by(licence.c.valid_to)
        .limit(BATCH)
    )
    return [key_of(row) for row in connection.execute(query)]


def _expire(uow: UnitOfWork, keys: Sequence[LicenceKey]) -> list[LicenceState]:
    states = load_states(uow.connection, keys)
    after = {key: states[key].after(LicenceEvent.EXPIRE) for key in keys}
    journal = Journal(uow)
    for key, state in after.items():
        data = {"valid_to": state.valid_to.isoformat(), "used": state.life.usage.value}
        journal.enter(EntryKind.EXPIRED, data, licence=key)
    journal.flush()
    save_standings(uow, after)
    return list(after.values())

"""Where licences stand by issuers' acts, by expiry and by customs' word, written by the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, update

from gateway.ledger.journal import licence_columns
from gateway.ledger.projection import life_columns
from gateway.ledger.state_data import suspension_data
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import licence
from gateway.licences.state import LicenceState
from licencexml.values import LicenceKey


def save_standings(uow: UnitOfWork, states: Mapping[LicenceKey, LicenceState]) -> None:
    """Write these licences' lives, suspensions, successors and confirmations, in one statement."""
    if not states:
        return
    rows = [(key, standing_columns(state)) for key, state in states.items()]
    names = rows[0][1]
    statement = (
        update(licence)
        .where(
            licence.c.licence_type == bindparam("which_licence_type"),
            licence.c.licence_no == bindparam("which_licence_no"),
        )
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    uow.connection.execute(
        statement,
        [
            {f"which_{name}": value for name, value in licence_columns(key).items()}
            | {f"new_{name}": value for name, value in columns.items()}
            for key, columns in rows
        ],
    )


def standing_columns(state: LicenceState) -> dict[str, Any]:
    """What the row of `licence` says of what can change after its issue."""
    return life_columns(state.life) | {
        "suspensions": suspension_data(state.suspensions),
        "replaced_by": None if state.replaced_by is None else str(state.replaced_by),
        "confirmed_at": state.confirmed_at,
    }

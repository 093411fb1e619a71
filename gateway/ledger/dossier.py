"""All that is told of one licence, in one shape: from the tables as it stands, or from entries replayed.

What is shown and explained is made of a dossier (`looking`, `explaining`), whichever it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Table, select

from gateway.ledger.facts_data import fact_from
from gateway.ledger.projection import about, load_states
from gateway.ledger.rebuilt import Rebuilt, Record
from gateway.ledger.tables import act, clearance, discrepancy, licence, write_off_line
from gateway.licences.facts import Fact
from gateway.licences.settlement import Verdict
from gateway.licences.state import LicenceState
from gateway.licences.uses import LineUse, line_uses
from licencexml.values import LicenceKey


@dataclass(frozen=True, slots=True)
class Dossier:
    """A licence, where it came from, and the rows of `clearance`, `write_off_line`, `discrepancy`, `act`.

    Rows are by their columns. Clearances are in the order in which they came, acts and discrepancies too.
    """

    state: LicenceState
    provenance: Record
    clearances: tuple[Record, ...]
    lines: tuple[Record, ...]
    discrepancies: tuple[Record, ...]
    acts: tuple[Record, ...]

    @property
    def facts(self) -> list[Fact]:
        """What customs said, as facts."""
        return [fact_from(self.state.key, SimpleNamespace(**one)) for one in self.clearances]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What became of each message of customs, by its id."""
        return {one["message_id"]: Verdict(one["verdict"]) for one in self.clearances}

    @property
    def uses(self) -> tuple[LineUse, ...]:
        """The lines of applied write-offs, in customs' own order."""
        return line_uses(self.facts, self.verdicts)


def dossier_now(connection: Connection, key: LicenceKey) -> Dossier | None:
    """The licence as it stands, by seven indexed statements; None if there is none."""
    state = load_states(connection, [key]).get(key)
    if state is None:
        return None
    row = connection.execute(select(licence).where(about(licence, [key]))).one()
    return Dossier(
        state=state,
        provenance=dict(row._mapping),
        clearances=_in_order(_rows(connection, clearance, key)),
        lines=_rows(connection, write_off_line, key),
        discrepancies=_oldest_first(_rows(connection, discrepancy, key)),
        acts=_oldest_first(_rows(connection, act, key)),
    )


def dossier_of(rebuilt: Rebuilt, numbers: Mapping[tuple[str, bytes], int]) -> Dossier | None:
    """The licence as entries make it; None if they do not issue it.

    `numbers` are those of its discrepancies, by message and digest: no entry tells them. What was never found
    here, but would have been had all been told in time, has none.
    """
    state = rebuilt.state
    if state is None:
        return None
    return Dossier(
        state=state,
        provenance=rebuilt.provenance,
        clearances=_in_order(rebuilt.rows(clearance)),
        lines=tuple(rebuilt.rows(write_off_line)),
        discrepancies=_oldest_first(
            one | {"id": numbers.get((one["message_id"], one["digest"]))} for one in rebuilt.rows(discrepancy)
        ),
        acts=tuple(rebuilt.rows(act)),
    )


def discrepancy_numbers(connection: Connection, key: LicenceKey) -> dict[tuple[str, bytes], int]:
    """The numbers of a licence's discrepancies, by message and digest."""
    return {(one["message_id"], one["digest"]): one["id"] for one in _rows(connection, discrepancy, key)}


def _rows(connection: Connection, table: Table, key: LicenceKey) -> tuple[Record, ...]:
    query = select(table).where(about(table, [key]))
    return tuple(dict(row._mapping) for row in connection.execute(query))


def _in_order(rows: Any) -> tuple[Record, ...]:
    return tuple(sorted(rows, key=lambda one: (one["received_at"], one["created"], one["message_id"])))


def _oldest_first(rows: Any) -> tuple[Record, ...]:
    return tuple(sorted(rows, key=lambda one: (one["id"] is None, one["id"] or 0)))

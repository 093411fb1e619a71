"""One licence as its entries make it: the rows that each table of the projection should have of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table

from gateway.ledger.issuing import licence_row, line_rows
from gateway.ledger.journal import licence_columns
from gateway.ledger.positions import line_rows as position_rows
from gateway.ledger.tables import (
    act,
    clearance,
    declaration_use,
    discrepancy,
    licence,
    licence_line,
    write_off_line,
)
from gateway.licences.state import Draw, LicenceState
from licencexml.values import LicenceKey

#: A row of a table, by its columns.
Record = dict[str, Any]


@dataclass(slots=True)
class Rebuilt:
    """The rows of one licence, as its entries make them one after another.

    `issued` is the licence but for what customs says of its use. By MessageID: `acts`; `clearances`, what
    customs said; `positions`, what each of it came to last. Discrepancies are by message and digest;
    `refused` names those about acts that customs refused, by the MessageID under which they were sealed.
    """

    key: LicenceKey
    issued: LicenceState | None = None
    provenance: Record = field(default_factory=dict)
    clearances: dict[str, Record] = field(default_factory=dict)
    positions: dict[str, Record] = field(default_factory=dict)
    discrepancies: dict[tuple[str, bytes], Record] = field(default_factory=dict)
    acts: dict[str, Record] = field(default_factory=dict)
    refused: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def state(self) -> LicenceState | None:
        """The licence as its entries leave it; None if it was not issued."""
        if self.issued is None:
            return None
        state = self.issued
        for position in self.positions.values():
            for line in position["lines"]:
                draw = Draw(line["licence_line"], Decimal(line["quantity"]))
                state = state.used(line["entry_id"], [draw])
            if position["counted"]:
                state = state.counting(position["entry_id"])
        return state.with_usage()

    def rows(self, table: Table) -> list[Record]:
        """The rows that `table` should have."""
        return _ROWS[table.name](self)

    def _licence(self) -> list[Record]:
        return [licence_row(self.state) | self.provenance] if self.state else []

    def _lines(self) -> list[Record]:
        return line_rows(self.state) if self.state else []

    def _uses(self) -> list[Record]:
        declarations = self.state.declarations if self.state else ()
        return [licence_columns(self.key) | {"entry_id": entry_id} for entry_id in declarations]

    def _write_off_lines(self) -> list[Record]:
        return [
            row
            for message_id, position in self.positions.items()
            for row in position_rows(self.key, message_id, position["lines"])
        ]

    def _clearances(self) -> list[Record]:
        return list(self.clearances.values())

    def _discrepancies(self) -> list[Record]:
        return list(self.discrepancies.values())

    def _acts(self) -> list[Record]:
        return list(self.acts.values())


_ROWS: MappingProxyType[str, Callable[[Rebuilt], list[Record]]] = MappingProxyType(
    {
        licence.name: Rebuilt._licence,
        licence_line.name: Rebuilt._lines,
        declaration_use.name: Rebuilt._uses,
        write_off_line.name: Rebuilt._write_off_lines,
        clearance.name: Rebuilt._clearances,
        discrepancy.name: Rebuilt._discrepancies,
        act.name: Rebuilt._acts,
    }
)

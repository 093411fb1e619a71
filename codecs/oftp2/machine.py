"""How the state tables are read: which transition an event takes in a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from oftp2.additions import after_tables, before_tables
from oftp2.tables import TABLES, State, StateTable, Transition

#: Letters that mark a cell as no transition: impossible, or an error of the user.
_NO_TRANSITION = {"X", "U", "W"}


@dataclass(frozen=True, slots=True)
class Cell:
    """Where in the tables an event led: predicates and actions are numbered by section."""

    section: str
    alternatives: tuple[Transition, ...]


@cache
def find_cell(event: str, state: State) -> Cell | None:
    """The cell for `event` in `state`; None when it may not happen there and nothing is done about it."""
    found = before_tables(event, state) or _in_tables(event, state) or after_tables(event, state)
    if found is None:
        return None
    table, letter = found
    return Cell(table.section, table.transitions[letter])


def choose(cell: Cell, holds: Callable[[str], bool]) -> Transition | None:
    """The first alternative whose predicate holds, or None; `holds` judges a predicate by name (`P1`)."""
    for transition in cell.alternatives:
        if _is_true(transition.predicate, holds):
            return transition
    return None


def _in_tables(event: str, state: State) -> tuple[StateTable, str] | None:
    # A column of the state's own goes before "Other States": other than those of any table.
    # Table 9.8 has one row for ESID where 9.12 has two.
    rows = (event, event.partition(" R=")[0])
    for column in (state, State.OTHER):
        for table in TABLES:
            cells = table.cells.get(rows[0]) or table.cells.get(rows[1], {})
            letter = cells.get(column)
            if letter is not None:
                # 9.11 E: EFID is never sent while waiting for credit (section 9.11.3 note 1).
                forbidden = letter in _NO_TRANSITION or (table.section, letter) == ("9.11", "E")
                return None if forbidden else (table, letter)
    return None


def _is_true(predicate: str, holds: Callable[[str], bool]) -> bool:
    if predicate in {"", "else"}:
        return True
    return all(holds(term.removeprefix("!")) != term.startswith("!") for term in predicate.split(" & "))

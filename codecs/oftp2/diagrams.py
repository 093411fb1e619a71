"""The state tables as Mermaid state diagrams, made from the data of `tables`.

python -m oftp2.diagrams
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from oftp2.tables import TABLES, State, StateTable, Transition

#: The titles of RFC 5024 sections 9.8 to 9.12, in our words.
TITLES = {
    "9.8": "Start of a session",
    "9.9": "Errors and aborts",
    "9.10": "Speaker, files and the turn",
    "9.11": "Speaker, end of a file",
    "9.12": "Listener",
}
_UNDRAWN = {"X", "U", "W"}
_OTHER = "OTHER"


def page() -> str:
    """All five diagrams, each under a heading."""
    return "\n".join(
        f"### {TITLES[table.section]} (section {table.section})\n\n```mermaid\n{diagram(table)}```\n"
        for table in TABLES
    )


def diagram(table: StateTable) -> str:
    """One table: an arrow for each way from one state to another, with all that takes it."""
    lines = ["stateDiagram-v2", "    direction LR"]
    if State.OTHER in table.states:
        lines.append(f'    state "any other state" as {_OTHER}')
    arrows: dict[tuple[str, str], list[str]] = {}
    for start, end, label in _arrows(table):
        labels = arrows.setdefault((start, end), [])
        if label not in labels:
            labels.append(label)
    lines += [f"    {start} --> {end}: {'<br/>'.join(labels)}" for (start, end), labels in arrows.items()]
    return "\n".join(lines) + "\n"


def _arrows(table: StateTable) -> Iterator[tuple[str, str, str]]:
    """Start, end and label of each alternative; errors of the user and what cannot happen are left out."""
    for event, row in table.cells.items():
        for state, letter in row.items():
            for transition in () if letter in _UNDRAWN else _alternatives(table.transitions[letter]):
                if transition.next_state is not State.UE and (transition.next_state or transition.outputs):
                    end = _name(transition.next_state or state)
                    yield _name(state), end, _label(event, transition)


def _alternatives(transitions: tuple[Transition, ...]) -> tuple[Transition, ...]:
    """Without the predicates when only actions depend on them."""
    same = len({(transition.outputs, transition.next_state) for transition in transitions}) == 1
    return (replace(transitions[0], predicate=""),) if same else transitions


def _label(event: str, transition: Transition) -> str:
    if not transition.predicate and "ESID(R=02)" in transition.outputs:
        return "out of turn / ESID(R=02)"
    condition = transition.predicate.replace(" & ", " and ").replace("!", "not ")
    outputs = ", ".join(output for output in transition.outputs if not output.startswith("F_ABORT_IND("))
    return event + (f" [{condition}]" if condition else "") + (f" / {outputs}" if outputs else "")


def _name(state: State) -> str:
    return _OTHER if state is State.OTHER else state.value


if __name__ == "__main__":
    sys.stdout.write(page())

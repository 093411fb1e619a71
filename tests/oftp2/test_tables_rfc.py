"""Each cell and each transition of the state tables, held against the text of RFC 5024 section 9."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oftp2.tables import TABLES, State, StateTable

RFC = Path(__file__).parents[2] / ".." / "shared" / "standards" / "rfc5024.txt"
IDS = [table.section for table in TABLES]
PAGE_BREAK = re.compile(r"^(Friend\s+Informational|RFC 5024 {5,}).*$\n?", re.MULTILINE)


def section(number: str, following: str) -> str:
    """The text of one subsection, without page breaks and blank lines."""
    if not RFC.exists():
        pytest.skip(f"the text of RFC 5024 is not at {RFC}")
    text = PAGE_BREAK.sub("", RFC.read_text("latin-1").replace("\f", ""))
    start = re.search(rf"^{re.escape(number)}\.  ", text, re.MULTILINE)
    end = re.search(rf"^{re.escape(following)}\.  ", text, re.MULTILINE)
    assert start and end
    return "\n".join(line for line in text[start.end() : end.start()].splitlines() if line.strip())


def printed_states(text: str) -> list[str]:
    """The column headings: one a line, the last column first, down to the double rule."""
    head = text[: re.search(r"^ *\|=+", text, re.MULTILINE).start()]
    names = re.findall(r"\| ((?:[A-Z]+_?)+[A-Z]|Other States)(?= )", head)
    return list(reversed(names))


def printed_cells(text: str) -> dict[str, list[str]]:
    """Event to letters, in the order of the columns."""
    body = text[re.search(r"^ *\|=+", text, re.MULTILINE).end() :]
    rows: dict[str, list[str]] = {}
    for line in body.splitlines():
        found = re.match(r"^ *\|(?: ?[A-Z ]? ?\|) +([A-Z][-A-Za-z_=() ]*?) *\| ((?:[A-Z]1? ?\| ?)+)", line)
        if found:
            letters = re.findall(r"[A-Z]1?", found[2])
            rows[found[1]] = letters
        elif "FILE_RQ" in line and "|   |" in line:
            assert rows.pop("F_START_"), "the one event whose name takes two lines"
    return rows


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_every_cell_is_as_printed(table: StateTable) -> None:
    text = section(f"{table.section}.1", f"{table.section}.2")
    text = text.replace("F_START_     |", "F_START_FILE_RQ |")
    text = re.sub(r"^.*\|   FILE_RQ .*$\n?", "", text, flags=re.MULTILINE)
    states = printed_states(text)
    assert states == [str(state) for state in table.states]
    printed = {
        event: dict(zip(states, letters, strict=True)) for event, letters in printed_cells(text).items()
    }
    ours = {event: {str(s): letter for s, letter in row.items()} for event, row in table.cells.items()}
    assert ours == printed


def printed_transitions(text: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Letter to lines of (predicate, actions, outputs, next state), by the columns of the heading."""
    lines = [line for line in text.splitlines() if "Continued" not in line]
    heading = next(line for line in lines if "Predicate" in line)
    outputs_at = heading.index("Events") - (len("Output ") if "Output Events" in heading else 0)
    letters: dict[str, list[list[str]]] = {}
    letter = ""
    for line in lines:
        found = re.match(r"^ {2,5}([A-Z]1?)? *\| ?(.*)$", line)
        if not found or "Predicate  " in line or "===" in line:
            continue
        if found[1]:
            letter = found[1]
            letters[letter] = []
        padded = line.ljust(90)
        bar = line.index("|") + 1
        cut = outputs_at - 1
        before, after = padded[bar:cut], padded[cut:]
        numbers = re.search(r"(?<![\w!])(\d+(?:,\d+)*) *$", before)
        actions = numbers[1] if numbers else ""
        predicate = before[: numbers.start()] if numbers else before
        # Next states are printed a little to either side of their heading.
        split = re.match(r"^(.*?)(?: ([A-Z][A-Z_]+))? *$", after)
        assert split
        outputs, state = split[1], split[2] or ""
        if state and state not in {str(s) for s in State}:
            outputs, state = after, ""
        letters[letter].append([predicate.strip(), actions, outputs.strip(), state])
    return {key: merge(rows) for key, rows in letters.items()}


def merge(rows: list[list[str]]) -> list[tuple[str, str, str, str]]:
    """Join the lines of one alternative: outputs on lines of their own, predicates that go on."""
    merged: list[list[str]] = []
    for predicate, actions, outputs, state in rows:
        starts = not merged or predicate.rstrip(":").startswith(("P", "!P", "else"))
        goes_on = bool(merged) and (predicate.startswith("&") or predicate == "Error" or not predicate)
        if starts and not goes_on:
            merged.append([predicate, actions, outputs, state])
            continue
        last = merged[-1]
        last[0] = f"{last[0]} {predicate}".strip()
        last[1] = last[1] or actions
        last[2] = f"{last[2]} {outputs}".strip()
        last[3] = last[3] or state
    return [(*normal(p), a, " ".join(normal_outputs(o)), s) for p, a, o, s in merged]  # type: ignore[misc]


def normal(predicate: str) -> tuple[str]:
    text = re.sub(r"\s+", " ", predicate.replace(":", "")).strip()
    text = re.sub(r" ?& ?", " & ", text)
    return ("" if text == "Protocol Error" else text,)


def normal_outputs(outputs: str) -> list[str]:
    text = re.sub(r"\(See Note 1\)|See Note 1|User Error - Note 1|User Error|\bError\b", "", outputs)
    text = text.replace("A0=L", "AO=L").replace("no CD", "no_CD")
    text = re.sub(r"Received\s+ESID Reason", "Received_ESID_Reason", text)
    return text.split()


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_every_transition_is_as_printed(table: StateTable) -> None:
    printed = printed_transitions(section(f"{table.section}.2", f"{table.section}.3"))
    ours = {
        letter: [
            (line.predicate, ",".join(map(str, line.actions)), " ".join(line.outputs), line.next_state or "")
            for line in lines
        ]
        for letter, lines in table.transitions.items()
    }
    assert ours == printed


def test_every_letter_leads_somewhere() -> None:
    for table in TABLES:
        for row in table.cells.values():
            for letter in row.values():
                assert letter in table.transitions or letter in {"X", "U"}

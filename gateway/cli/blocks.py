"""From the answer of a command to what is shown: facts, tables and texts, whatever the answer holds.

The shapes of answers belong to those who give them; nothing here knows a field by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.clock import BUSINESS_ZONE
from gateway.operations.terminal import harmless

NOTHING = "–"
#: In a table of more rows than this, a dict inside a row is a cell.
_FEW_ROWS = 3
#: A longer text is a block of its own, and not a cell.
_LONG_CHARACTERS = 300
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one shape; without rows it says so."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of several lines."""

    title: str
    lines: tuple[str, ...]


Block = Facts | Table | Text


def blocks(answer: Mapping[str, Any], title: str = "") -> Iterator[Block]:
    """What to show of `answer`: its plain values first, then each part of its own under its name."""
    plain = {name: value for name, value in answer.items() if not _is_part(value)}
    if plain:
        yield Facts(title, tuple((_words(name), cell(value)) for name, value in plain.items()))
    for name, value in answer.items():
        if _is_part(value):
            yield from _part(value, _under(title, name))


def _part(value: Any, title: str) -> Iterator[Block]:
    if isinstance(value, Mapping):
        yield from blocks(value, title)
    elif isinstance(value, str):
        yield Text(title, tuple(harmless(line) for line in value.splitlines()))
    else:
        yield from _table(value, title)


def _table(rows: Sequence[Mapping[str, Any]], title: str) -> Iterator[Block]:
    """A table; what its rows have inside follows: lists of dicts always, dicts when the rows are few."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    few = len(rows) <= _FEW_ROWS
    inner = [name for name in names if _follows([row.get(name) for row in rows], few=few)]
    shown = [name for name in names if name not in inner]
    cells = tuple(tuple(cell(row.get(name)) for name in shown) for row in rows)
    yield Table(title, tuple(_words(name) for name in shown), cells)
    for row, called in zip(rows, _names(cells), strict=True):
        for name in inner:
            if row.get(name):
                yield from _part(row[name], _under(_under(title, called), name))


def _names(cells: Sequence[tuple[str, ...]]) -> list[str]:
    """What to call each row: its first value, and its second where two rows have the same first."""
    firsts = [values[0] if values else "" for values in cells]
    if len(set(firsts)) == len(firsts):
        return firsts
    return [" · ".join(values[:2]) for values in cells]


def _follows(values: Sequence[object], *, few: bool) -> bool:
    """Whether what a column holds is shown after the table."""
    held = [value for value in values if value]
    return bool(held) and all(_is_part(value) and (few or not isinstance(value, Mapping)) for value in held)


def _is_part(value: object) -> bool:
    """Whether a value is shown as a block of its own."""
    if isinstance(value, Mapping):
        return True
    if isinstance(value, str):
        return "\n" in value.strip() or len(value) > _LONG_CHARACTERS
    return isinstance(value, list | tuple) and (not value or all(isinstance(one, Mapping) for one in value))


def cell(value: object) -> str:
    """A plain value on one line."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{_words(str(name))} {_brief(one)}" for name, one in value.items()) or NOTHING
        case list() | tuple():
            return ", ".join(cell(one) for one in value) or NOTHING
        case str() if _INSTANT.fullmatch(value):
            return _business_time(value)
        case _:
            return harmless(str(value))


def _business_time(instant: str) -> str:
    """An instant as the operators' clock shows it: Asia/Shanghai, by the second."""
    try:
        local = datetime.fromisoformat(instant).astimezone(BUSINESS_ZONE)
    except (ValueError, OverflowError):
        return instant
    return local.isoformat(sep=" ", timespec="seconds")


def _brief(value: object) -> str:
    """A value inside a cell; of a list of dicts only how many."""
    many = isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value)
    return f"({len(value)})" if many and isinstance(value, list | tuple) else cell(value)


def _under(title: str, name: str) -> str:
    """The title of a part; `rows` is the part that a list answer consists of, and needs no name."""
    words = "" if name == "rows" else _words(name)
    return " · ".join(part for part in (title, words) if part)


def _words(name: str) -> str:
    return harmless(name.replace("_", " "))

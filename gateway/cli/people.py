"""What people are not shown of an answer, so that they see the rest.

`--json` has all of it; `queue show`, `licence history` and `line status` have each their part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Answer = Mapping[str, Any]
Row = Mapping[str, Any]

#: By command: columns of a part of its answer that people are not shown.
_LEFT_OUT: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "call list": ("rows", ("message_id", "made_at", "made_by", "note")),
    }
)


def for_people(command: str, answer: Answer) -> Answer:
    """`answer` to control command `command`, without what would be in the way."""
    match command:
        case "status":
            return _each(answer, "lines", _line_in_short)
        case "line status":
            return _each(answer, "rows", _line)
        case "line up" | "line down" | "line drain":
            return _each(answer, "rows", _line_in_short)
        case "queue list":
            unsaid = _unsaid(answer.get("rows"))
            return _each(answer, "rows", lambda row: _without(row, "message_id", "size_bytes", *unsaid))
        case "licence show":
            return _licence(answer)
        case "discrepancy list":
            return _each(answer, "rows", _discrepancy)
        case _:
            part, names = _LEFT_OUT.get(command, ("", ()))
            return _each(answer, part, lambda row: _without(row, *names))


def _licence(answer: Answer) -> Answer:
    """Uses without the messages that they came with; of corrections what they came to; reasons by code."""
    unsaid = _unsaid(answer.get("uses"))
    left_out = ("message_id", "amendments", "withdrawals", *unsaid)
    shown = _each(answer, "uses", lambda row: _without(row, *left_out))
    return _each(shown, "discrepancies", _discrepancy)


def _discrepancy(row: Row) -> Row:
    """Why, in codes; the sentences are for `discrepancy show`."""
    if not isinstance(row.get("rejections"), list):
        return row
    why = ", ".join(dict.fromkeys(str(one.get("code")) for one in row["rejections"]))
    return {**_without(row, "kind", "ended_at", "ended_by", "note", "rejections"), "why": why}


def _unsaid(rows: Any) -> list[str]:
    """The columns in which no row has anything."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return []
    return [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if all(row.get(name) is None for row in rows)
    ]


def _each(answer: Answer, name: str, change: Callable[[Row], Row]) -> Answer:
    rows = answer.get(name)
    if not isinstance(rows, list):
        return answer
    return {**answer, name: [change(row) if isinstance(row, Mapping) else row for row in rows]}


def _line(row: Row) -> Row:
    """A line that is in session has no error: what the last call met is over."""
    return {**row, "last_error": None} if row.get("state") == "in session" else row


def _line_in_short(row: Row) -> Row:
    """What was negotiated is for `line status`."""
    return _without(_line(row), "parameters")


def _without(row: Row, *names: str) -> Row:
    return {key: value for key, value in row.items() if key not in names}

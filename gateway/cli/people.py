"""What people are not shown of an answer, so that they see the rest.

`--json` has all of it; `queue show`, `licence history` and `line status` have each their part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gateway.cli.line_people import line_in_short, line_status

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
    if command in _IN_SHORT:
        return _IN_SHORT[command](answer)
    part, names = _LEFT_OUT.get(command, ("", ()))
    return _each(answer, part, lambda row: _without(row, *names))


def _status(answer: Answer) -> Answer:
    return _each(answer, "lines", line_in_short)


def _reload(answer: Answer) -> Answer:
    """A line a change; and nothing of what there is none of."""
    lines = {name: answer.get(name) or [] for name in ("changed", "needs_restart")}
    shown = {name: "\n".join(map(str, what)) for name, what in lines.items() if what}
    return {**_without(answer, *lines), **shown}


def _queue(answer: Answer) -> Answer:
    unsaid = _unsaid(answer.get("rows"))
    return _each(answer, "rows", lambda row: _without(row, "message_id", "size_bytes", *unsaid))


def _history(answer: Answer) -> Answer:
    """A line an entry: what it says is all in its sentence."""
    return _each(answer, "rows", lambda row: {**_in_a_line(row), "message_id": row.get("message_id")})


def _message(answer: Answer) -> Answer:
    """What happened by its sentences, and nothing of what there is none of."""
    shown = _each(_each(answer, "what_happened", _in_a_line), "changed", _sentence_in_a_line)
    shown = _each(_each(shown, "rejections", _reason), "receipts", _in_a_line)
    unsaid = _unsaid(answer.get("sendings"))
    shown = _each(shown, "sendings", lambda row: _without(row, *unsaid))
    return {name: value for name, value in shown.items() if value != []}


def _one_discrepancy(answer: Answer) -> Answer:
    """Its reasons; what is to be done about them is told as the next steps."""
    return _each(answer, "rejections", lambda row: _without(_reason(row), "remedy"))


def _reason(row: Row) -> Row:
    """A reason in the order in which it is read; its place in the document, where it has one."""
    names = ("code", "line", "xpath", "zh", "en", "article", "remedy")
    return {name: row[name] for name in names if row.get(name)}


def _in_a_line(row: Row) -> Row:
    return {"at": row.get("at"), "kind": row.get("kind"), "what": row.get("en")}


def _sentence_in_a_line(row: Row) -> Row:
    return {"at": row.get("at"), "what": row.get("en")}


def _discrepancies(answer: Answer) -> Answer:
    return _each(answer, "rows", _discrepancy)


def _licence(answer: Answer) -> Answer:
    """Uses without the messages that they came with; of corrections what they came to; reasons by code."""
    unsaid = _unsaid(answer.get("uses"))
    left_out = ("message_id", "amendments", "withdrawals", *unsaid)
    shown = _each(answer, "uses", lambda row: _without(row, *left_out))
    return _each(shown, "discrepancies", _discrepancy)


def _explanation(answer: Answer) -> Answer:
    """The steps as two texts, one a language: each a numbered list."""
    steps = answer.get("steps")
    if not isinstance(steps, list):
        return answer
    return {**_without(answer, "steps"), "中文": _numbered(steps, "zh"), "English": _numbered(steps, "en")}


def _numbered(steps: list[Row], language: str) -> str:
    """A line a step, with the article that it rests on; what is to be done about it follows."""
    lines = []
    for step in steps:
        said, article = step[language], step.get("article")
        lines.append(
            f"{step['no']:>2}. {said}" + (f" [{article}]" if article and article not in said else "")
        )
        lines += [f"    → {_in_language(remedy, language)}" for remedy in step.get("remedies", ())]
    return "\n".join(lines)


def _in_language(remedy: str, language: str) -> str:
    """Remedies say the same in both languages: "中文。 / English."."""
    zh, _, en = remedy.partition(" / ")
    return zh if language == "zh" else en or zh


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


def _without(row: Row, *names: str) -> Row:
    return {key: value for key, value in row.items() if key not in names}


#: By command: how its answer is made shorter, where that is more than leaving out columns.
_IN_SHORT: Mapping[str, Callable[[Answer], Answer]] = MappingProxyType(
    {
        "status": _status,
        "line status": line_status,
        "queue list": _queue,
        "reload": _reload,
        "licence show": _licence,
        "licence explain": _explanation,
        "licence history": _history,
        "message explain": _message,
        "discrepancy list": _discrepancies,
        "discrepancy show": _one_discrepancy,
        "discrepancy resolve": _one_discrepancy,
    }
)

"""How people are shown lines: all of them in a table, and one with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Answer = Mapping[str, Any]
Row = Mapping[str, Any]

#: Of an agreement: what it is called by people, in their order.
_AGREED = (
    ("level", "level"),
    ("mode", "we"),
    ("buffer_bytes", "buffer"),
    ("credit", "credit"),
    ("compression", "compression"),
    ("restart", "restart"),
    ("authentication", "authentication"),
    ("special_logic", "special logic"),
)
#: What a session that an operator has ended leaves behind.
_OUR_OWN_DOING = "closing down"
_MODES = {"S": "send", "R": "receive", "B": "send and receive"}


def line_status(answer: Answer) -> Answer:
    """`line status`: of one partner in detail, else a row a line."""
    if "partner" in answer:
        return _detail(answer)
    if "rows" not in answer:
        return answer
    return {"rows": [_overview(row) for row in answer.get("rows", ())]}


def line_in_short(row: Row) -> Row:
    """A line among other things, as in `status`; a line that is in session has no error."""
    is_well = row.get("state") == "in session"
    names = ("partner", "direction", "state", "since")
    counts = ("files_sent", "files_received")
    return {
        **{name: row.get(name) for name in names},
        **{name: row[name] for name in counts if name in row},
        "last_error": None if is_well else row.get("last_error"),
    }


def _overview(row: Row) -> Row:
    waiting = row.get("waiting") or {}
    return {
        "partner": row.get("partner"),
        "direction": row.get("direction"),
        "state": row.get("state"),
        "since": row.get("since"),
        "address": row.get("address"),
        "next_call": row.get("next_call"),
        "sent": row.get("files_sent"),
        "received": row.get("files_received"),
        "due": waiting.get("due"),
        "oldest_due": waiting.get("oldest_due"),
        "trouble": _trouble(row),
    }


def _detail(answer: Answer) -> Answer:
    shown: dict[str, Any] = {}
    for row in answer.get("rows", ()):
        shown[f"{answer['partner']}, {row.get('direction')}"] = _said(_one(row))
    waiting = answer.get("waiting") or {}
    shown["what waits"] = {
        "due": waiting.get("due"),
        **_said({"oldest due": waiting.get("oldest_due")}),
        "held": waiting.get("held"),
        "under way": waiting.get("under_way"),
        "sent, no receipt yet": waiting.get("without_receipt"),
    }
    shown["connections"] = [_said_or_nothing(one) for one in answer.get("sessions", ())]
    shown["certificates"] = list(answer.get("certificates", ()))
    return shown


def _one(row: Row) -> Row:
    link = row.get("link") or {}
    return {
        "state": row.get("state"),
        "since": row.get("since"),
        "address": row.get("address"),
        "next call": row.get("next_call"),
        "agreed": _agreed(row.get("parameters") or {}),
        "TLS": row.get("tls"),
        "trouble": _trouble(row),
        "trouble at": row.get("last_error_at") if _trouble(row) else None,
        "what to do": row.get("todo") if _trouble(row) else None,
        "put off": row.get("circuit") if row.get("direction") == "answering" else None,
        "sessions so far": row.get("sessions"),
        "files": f"{row.get('files_sent')} sent, {row.get('files_received')} received",
        "bytes": f"{row.get('bytes_sent')} sent, {row.get('bytes_received')} received",
        "last file": row.get("last_file"),
        "refused so far": row.get("refusals"),
        "last refusal": row.get("last_refusal"),
        "serial link": ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in link.items()),
    }


def _trouble(row: Row) -> str | None:
    """What is wrong now: a line that is in session has none, whatever the last call met."""
    error = row.get("last_error")
    return None if row.get("state") == "in session" or error == _OUR_OWN_DOING else error or None


def _agreed(parameters: Mapping[str, Any]) -> str:
    told = []
    for name, word in _AGREED:
        value = parameters.get(name)
        if name == "mode" and value is not None:
            told.append(f"we {_MODES.get(str(value), value)}")
        elif isinstance(value, bool):
            told.append(word if value else f"no {word}")
        elif value is not None:
            told.append(f"{word} {value}")
    return ", ".join(told)


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if value not in (None, "")}


def _said_or_nothing(row: Row) -> Row:
    names = ("session", "direction", "address", "since", "last", "doing", "in_hand")
    return {name: row.get(name) or None for name in names}

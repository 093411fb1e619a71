"""The operators' questions about discrepancies and parked messages. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger.columns import instant_text
from gateway.ledger.discrepancies import against, codes
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.looking import discrepancy_shown, entries, key_text, line_shown, parked_shown
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import about, key_of, load_states
from gateway.ledger.tables import clearance, discrepancy, entry, message
from gateway.licences.settlement import Verdict
from gateway.licences.state import LicenceState
from licencexml.values import LicenceKey

Answer = dict[str, Any]


def discrepancies(
    connection: Connection,
    *,
    key: LicenceKey | None = None,
    every: bool = False,
    after: int = 0,
    limit: int = 100,
) -> list[Answer]:
    """Those that are open, or with `every` the settled and resolved ones too, oldest first.

    `key`: of one licence only; `after`: only those with a higher number.
    """
    query = select(discrepancy).where(discrepancy.c.id > after).order_by(discrepancy.c.id).limit(limit)
    if not every:
        query = query.where(is_literally(discrepancy.c.status, DiscrepancyStatus.OPEN))
    if key is not None:
        query = query.where(about(discrepancy, [key]))
    return [
        {"id": row.id, "licence": key_text(row), **discrepancy_shown(dict(row._mapping))}
        for row in connection.execute(query)
    ]


def parked(connection: Connection, *, key: LicenceKey | None = None, limit: int = 100) -> list[Answer]:
    """The messages that wait for the write-off which they correct, those first that wait longest."""
    query = (
        select(clearance)
        .where(is_literally(clearance.c.verdict, Verdict.PARKED))
        .order_by(clearance.c.received_at, clearance.c.message_id)
        .limit(limit)
    )
    if key is not None:
        query = query.where(about(clearance, [key]))
    return [
        {"licence": key_text(row), **parked_shown(dict(row._mapping))} for row in connection.execute(query)
    ]


def show_discrepancy(connection: Connection, number: int) -> Answer | None:
    """One of them: what was said, how its licence stands now, and what became of it; None if there is none.

    `sender` is the participant who told it. `said` is None for what is kept without being a fact (another
    content under a known MessageID); the message's bytes are in the inbound file that `source` names.
    """
    row = connection.execute(select(discrepancy).where(discrepancy.c.id == number)).one_or_none()
    if row is None:
        return None
    key = key_of(row)
    made = [
        one
        for one in entries(connection, select(entry).where(entry.c.message_id == row.message_id))
        if one["data"].get("digest") == row.digest.hex()
    ]
    state = load_states(connection, [key]).get(key)
    shown = discrepancy_shown(dict(row._mapping))
    rejections = shown.pop("rejections")
    return {
        "id": shown.pop("id"),
        "licence": str(key),
        **shown,
        "sender": _sender(connection, row),
        "source": next((one["data"]["source"] for one in made if "source" in one["data"]), None),
        "rejections": rejections,
        "said": _said(made),
        "position": None if state is None else position_shown(state),
        "history": _history(row, made),
    }


def _sender(connection: Connection, row: Row[Any]) -> str | None:
    """Who told it; None for what is not in the register, as another content under a known MessageID."""
    query = select(message.c.sender).where(
        message.c.message_id == row.message_id, message.c.digest == row.digest
    )
    return connection.execute(query).scalar()


def position_shown(state: LicenceState) -> Answer:
    """How a licence stands, in short."""
    return {
        "status": state.status.value,
        "suspended": state.is_suspended,
        "counted": len(state.declarations),
        "cap": state.cap,
        "valid_to": state.valid_to.isoformat(),
        "lines": [line_shown(line) for line in state.lines],
    }


def _said(made: Iterable[Answer]) -> Answer | None:
    """What the message said: its facts; of an answer what it answers, and as of when."""
    for one in made:
        data = one["data"]
        if "facts" in data:
            facts: Answer = data["facts"]
            return facts
        if "answers" in data:
            return {name: data[name] for name in ("answers", "as_of", "status") if name in data}
    return None


def _history(row: Row[Any], made: Iterable[Answer]) -> list[Answer]:
    """Each change of its status; what a later answer of customs settled has its entry there."""
    found = list(_changes(made))
    if row.status == DiscrepancyStatus.SETTLED and (not found or found[-1]["status"] != row.status):
        found.append(
            {
                "at": instant_text(row.ended_at),
                "status": DiscrepancyStatus.SETTLED.value,
                "by": row.ended_by,
                "codes": [],
                "note": None,
            }
        )
    return found


def _changes(made: Iterable[Answer]) -> Iterator[Answer]:
    """Each change of its status, by the entry that tells it."""
    before: list[str] | None = None
    for one in made:
        data = one["data"]
        if one["kind"] == EntryKind.DISCREPANCY_RESOLVED:
            yield _change(one, DiscrepancyStatus.RESOLVED, data["by"], note=data["note"])
            continue
        position = data.get("position")
        reasons = (
            data["rejections"] if position is None else against(position["verdict"], position["rejections"])
        )
        now = codes(reasons)
        if now != before and (now or before):
            status = DiscrepancyStatus.OPEN if now else DiscrepancyStatus.SETTLED
            yield _change(one, status, data.get("cause", one["message_id"]), now)
        before = now


def _change(
    one: Answer, status: DiscrepancyStatus, by: str, why: Sequence[str] = (), note: str | None = None
) -> Answer:
    return {
        "at": one["at"],
        "status": status.value,
        "by": by,
        "codes": list(dict.fromkeys(why)),
        "note": note,
    }

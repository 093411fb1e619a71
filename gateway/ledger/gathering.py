"""The next interchange for a partner: what of the outbox goes in it. Exported by `gateway.ledger.post`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from gateway.ledger.interchanges import get
from gateway.ledger.kinds import SEALED_LICENCE, InterchangeStatus, OutboxStatus, Priority
from gateway.ledger.origins import replaced
from gateway.ledger.parcels import Interchange, identity_columns
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import key_of
from gateway.ledger.statements import insert_rows, one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import interchange, outbox
from oftp2.identity import FileIdentity

_DueColumns = tuple[int, int, str, int, str, str | None, str | None]

_BOX = outbox.c
_INTERCHANGES = interchange.c
_UNSAFE = re.compile(r"[^A-Z0-9]")

_LAST_NUMBER = select(func.coalesce(func.max(_INTERCHANGES.id), 0))
_DUE = (
    select(
        _BOX.id,
        _BOX.size_bytes,
        _BOX.message_id,
        _BOX.priority,
        _BOX.kind,
        _BOX.licence_type,
        _BOX.licence_no,
    )
    .where(
        _BOX.partner == bindparam("partner"),
        is_literally(_BOX.status, OutboxStatus.DUE),
        or_(_BOX.not_before.is_(None), _BOX.not_before <= bindparam("now")),
    )
    .order_by(_BOX.priority, _BOX.id)
    .limit(bindparam("limit"))
)
_ASSIGN = (
    update(outbox)
    .where(one_of(_BOX.id, "ids"))
    .values(status=OutboxStatus.ASSIGNED, interchange_id=bindparam("number"))
)
_ON_THEIR_WAY = (
    select(_BOX.licence_type, _BOX.licence_no)
    .join(interchange, _BOX.interchange_id == _INTERCHANGES.id)
    .where(
        _INTERCHANGES.partner == bindparam("partner"),
        is_literally(_INTERCHANGES.status, InterchangeStatus.READY),
        _BOX.kind == SEALED_LICENCE,
    )
)


def gather(
    uow: UnitOfWork,
    partner: str,
    max_count: int,
    max_bytes: int,
    identity: Callable[[int], FileIdentity],
) -> Interchange | None:
    """Make the next interchange for `partner` of what is due, or None if nothing is.

    Urgent messages first, then answers, then the rest, of each the oldest; at most `max_count`, and
    `max_bytes` of message bytes (a single message larger than that goes alone). An interchange that begins
    with an urgent message has only such: it is on its way sooner, and is worked off sooner where it arrives.
    `identity` names the file by the interchange's number.
    """
    taken = _due(uow, partner, max_count, max_bytes)
    if not taken:
        return None
    number = uow.connection.execute(_LAST_NUMBER).scalar_one() + 1
    file = identity(number)
    row = identity_columns(file) | {
        "id": number,
        "partner": partner,
        "control_reference": control_reference(file),
        "created": uow.now,
        "member_count": len(taken),
        "size_bytes": sum(row.size_bytes for row in taken),
        "status": InterchangeStatus.READY,
        "attempts": 0,
        "not_before": None,
        "last_reason": None,
        "read_at": None,
    }
    insert_rows(uow.connection, interchange, [row])
    uow.connection.execute(_ASSIGN, {"ids": [member.id for member in taken], "number": number})
    made = get(uow.connection, number)
    assert made is not None, "the row was written above"
    return made


def is_due(connection: Connection, partner: str, now: datetime) -> bool:
    """Whether `gather` would make an interchange for `partner`."""
    return connection.execute(_DUE, {"partner": partner, "now": now, "limit": 1}).first() is not None


def _due(uow: UnitOfWork, partner: str, max_count: int, max_bytes: int) -> Sequence[Row[*_DueColumns]]:
    asked = {"partner": partner, "now": uow.now, "limit": max_count}
    rows: Sequence[Row[*_DueColumns]] = uow.connection.execute(_DUE, asked).all()
    too_soon = _too_soon(uow.connection, partner, rows)
    taken: list[Row[*_DueColumns]] = []
    size_bytes = 0
    aboard: set[str] = set()
    for row in rows:
        if taken and row.priority > taken[0].priority == Priority.URGENT:
            break
        # A message that is to be sent once more goes in another file: within one, IDs are unique.
        if row.message_id in aboard or row.id in too_soon:
            continue
        aboard.add(row.message_id)
        size_bytes += row.size_bytes
        if taken and size_bytes > max_bytes:
            break
        taken.append(row)
    return taken


def _too_soon(connection: Connection, partner: str, rows: Sequence[Row[*_DueColumns]]) -> set[int]:
    """Those of `rows` that would overtake what an interchange brings which has still to be sent.

    The partner may have refused that for now. What is about a licence waits for what came before about it,
    and a replacement for the licence in whose place it is: customs would know nothing of what they speak of.
    """
    before = {key_of(row) for row in connection.execute(_ON_THEIR_WAY, {"partner": partner})}
    if not before:
        return set()
    about = {row.id: key_of(row) for row in rows if row.kind == SEALED_LICENCE}
    places = replaced(connection, about.values())
    return {row_id for row_id, key in about.items() if key in before or places.get(key) in before}


def control_reference(file: FileIdentity) -> str:
    """The control reference of the interchange that is this file: its name and time, unique as they are."""
    return f"{file.date}{file.time}-{_UNSAFE.sub('.', file.dataset_name)}"

"""What became of the report about a day that a message is part of, ours or customs'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger.columns import instant_text
from gateway.ledger.daily_tables import day_report, day_report_part
from gateway.ledger.kinds import Direction
from gateway.licences.sentences import Sentence

Answer = dict[str, Any]

_PART = day_report_part.c
_REPORT = day_report.c
_WAITS = Sentence(
    "{day} 的对账报告 {partner} 尚未完整答复。",
    "{partner} has not answered the report about {day} in full yet.",
)
_REFUSED = Sentence(
    "{partner} 拒收 {day} 的对账报告：{codes}。", "{partner} refuses the report about {day}: {codes}."
)
_COMPARED = Sentence(
    "{day} 的对账报告已与 {partner} 的答复比较，差异 {count} 项"
    "（ctl reconcile show {day} --partner {partner}）。",
    "The report about {day} was compared with the answer of {partner}; differences: {count}"
    " (`ctl reconcile show {day} --partner {partner}`).",
)


def answers_to(connection: Connection, message_id: str) -> list[Answer]:
    """The parts of customs' answers to the report that a message of ours is part of."""
    ours = select(_PART.report_id).where(_PART.message_id == message_id, _PART.direction == Direction.OUT)
    number = connection.execute(ours).scalar()
    if number is None:
        return []
    theirs = (
        select(_PART.message_id, _PART.as_of)
        .where(_PART.report_id == number, _PART.direction == Direction.IN)
        .order_by(_PART.as_of, _PART.part_number)
    )
    return [
        {"message_id": row.message_id, "at": instant_text(row.as_of), "status": "REPORTED"}
        for row in connection.execute(theirs)
    ]


def outcome_of(connection: Connection, message_id: str) -> Iterator[Answer]:
    """What the comparison came to; nothing for a message that is no part of a report."""
    columns = (_REPORT.day, _REPORT.partner, _REPORT.as_of, _REPORT.answered_at)
    query = (
        select(*columns, _REPORT.differences, _REPORT.refusals)
        .join(day_report_part, _PART.report_id == _REPORT.id)
        .where(_PART.message_id == message_id)
    )
    row = connection.execute(query).one_or_none()
    if row is not None:
        yield _outcome(row)


def _outcome(row: Row[*tuple[Any, ...]]) -> Answer:
    if row.answered_at is not None:
        said = _COMPARED.say(day=row.day, partner=row.partner, count=row.differences)
    elif row.refusals:
        codes = ", ".join(dict.fromkeys(one["code"] for one in row.refusals))
        said = _REFUSED.say(day=row.day, partner=row.partner, codes=codes)
    else:
        said = _WAITS.say(day=row.day, partner=row.partner)
    at = instant_text(row.answered_at or row.as_of)
    return {"at": at, "message_id": None, "zh": said.zh, "en": said.en}

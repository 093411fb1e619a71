"""What a message was, what became of it and when that changed, why, and what it changed itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger import explaining_reports as reports
from gateway.ledger.columns import instant_text
from gateway.ledger.entry_sentences import codes_of, said_of
from gateway.ledger.kinds import Direction, DiscrepancyStatus, EntryKind
from gateway.ledger.looking import show_message
from gateway.ledger.looking_back import entries_of
from gateway.ledger.message_sentences import what_it_says
from gateway.ledger.projection import about
from gateway.ledger.tables import discrepancy, message
from gateway.licences.sentences import Said, Sentence
from gateway.licences.settlement import Verdict
from licencexml.messages import ApplicationAck, Message
from licencexml.parsing import Malformed, parse
from licencexml.reading import read_message
from licencexml.values import LicenceKey

Answer = dict[str, Any]

#: How many of our acknowledgements about one licence are read, the latest first, to find those of a message.
_MAX_ACKS = 500
_SETTLED = Sentence(
    "差异 {number}（报文 {message}）随之消除。", "Discrepancy {number} (message {message}) is settled by it."
)
_UNREADABLE = Said("报文内容未留存；所知如下。", "Its content is not kept; what is known of it follows.")
_ACK = ApplicationAck.__name__


def explain_message(connection: Connection, message_id: str) -> Answer | None:
    """All of it, as plain JSON values; None if nothing is known under the id."""
    shown = show_message(connection, message_id)
    if shown is None:
        return None
    made = shown["entries"]
    content = _content(connection, message_id)
    said = _UNREADABLE if content is None else what_it_says(content)
    licence = shown.get("licence") or next((one["licence"] for one in made if one["licence"]), None)
    key = None if licence is None else LicenceKey.parse(licence)
    rejections = shown.get("rejections") or _refused_for(made)
    return {
        "message_id": message_id,
        "kind": shown.get("kind") or next((one["data"].get("kind") for one in made), None),
        "direction": shown.get("direction", Direction.IN.value),
        "licence": licence,
        "at": shown.get("at") or made[0]["at"],
        "outcome": shown.get("status") or ("REFUSED" if rejections else "OURS"),
        "zh": said.zh,
        "en": said.en,
        "answers": _answers(content, made),
        "answered_by": [
            *_answered_by(connection, message_id, key, shown.get("direction")),
            *reports.answers_to(connection, message_id),
        ],
        "sendings": [
            {name: one[name] for name in ("id", "status", "interchange", "created_at", "reason")}
            for one in shown.get("sendings", [])
        ],
        "receipts": [
            {name: one[name] for name in ("at", "kind", "zh", "en")} for one in shown.get("receipts", [])
        ],
        "verdicts": list(_verdicts(made)),
        "rejections": rejections,
        "what_happened": [_told(one) for one in made],
        "changed": [
            *([] if key is None else _changed(connection, message_id, key)),
            *reports.outcome_of(connection, message_id),
        ],
    }


def with_sentences(rows: Iterable[Answer]) -> list[Answer]:
    """Entries, each with its sentence in both languages."""
    return [{**one, **_sentence(one)} for one in rows]


def _content(connection: Connection, message_id: str) -> Message | None:
    xml = connection.execute(select(message.c.xml).where(message.c.message_id == message_id)).scalar()
    return None if xml is None else _read(xml)


def _read(xml: bytes) -> Message | None:
    try:
        return read_message(parse(xml, max_bytes=len(xml)))
    except Malformed:
        return None


def _refused_for(made: Iterable[Answer]) -> list[Answer]:
    """Why a message was refused that is not in the register."""
    refusals = [one["data"].get("rejections", []) for one in made if one["kind"] == EntryKind.MESSAGE_REFUSED]
    return [one for found in refusals[-1:] for one in found]


def _answers(content: Message | None, made: Iterable[Answer]) -> str | None:
    """The message that it answers."""
    if content is not None and content.header.in_reply_to is not None:
        return content.header.in_reply_to
    return next((one["data"]["answers"] for one in made if "answers" in one["data"]), None)


def _answered_by(
    connection: Connection, message_id: str, key: LicenceKey | None, direction: str | None
) -> list[Answer]:
    """The answers to it: customs' to a message of ours by their entries, ours by our own messages."""
    if key is None:
        return []
    if direction == Direction.OUT:
        return [
            {"message_id": row.message_id, "at": instant_text(row.at), "status": row.kind}
            for row in entries_of(connection, key)
            if row.data.get("answers") == message_id
        ]
    return [
        {"message_id": row.message_id, "at": instant_text(row.received_at), "status": ack.status.value}
        for row, ack in _acks(connection, key)
        if ack.answers.message_id == message_id
    ]


def _acks(connection: Connection, key: LicenceKey) -> Iterator[tuple[Row[Any], ApplicationAck]]:
    """Our acknowledgements about a licence, in their order."""
    query = (
        select(message.c.message_id, message.c.received_at, message.c.xml)
        .where(about(message, [key]), message.c.direction == Direction.OUT, message.c.kind == _ACK)
        .order_by(message.c.id.desc())
        .limit(_MAX_ACKS)
    )
    for row in reversed(connection.execute(query).all()):
        ack = _read(row.xml)
        if isinstance(ack, ApplicationAck):
            yield row, ack


def _verdicts(made: Iterable[Answer]) -> Iterator[Answer]:
    """What customs' message about a release came to, first and each time that it changed."""
    before: tuple[str, str] | None = None
    for one in made:
        data: Mapping[str, Any] = one["data"]
        if "position" not in data:
            continue
        now = (Verdict(data["position"]["verdict"]).value, codes_of(data))
        if now != before:
            yield {
                "at": one["at"],
                "verdict": now[0],
                "codes": now[1],
                "because_of": data.get("cause"),
            }
        before = now


def _changed(connection: Connection, message_id: str, key: LicenceKey) -> Iterator[Answer]:
    """What became of other messages because of this one."""
    for row in entries_of(connection, key):
        if row.data.get("cause") == message_id and row.message_id != message_id:
            said = said_of(EntryKind(row.kind), row.data, row.message_id)
            yield {"at": instant_text(row.at), "message_id": row.message_id, "zh": said.zh, "en": said.en}
    settled = select(discrepancy).where(
        about(discrepancy, [key]),
        discrepancy.c.status == DiscrepancyStatus.SETTLED,
        discrepancy.c.ended_by == message_id,
    )
    for row in connection.execute(settled.order_by(discrepancy.c.id)):
        said = _SETTLED.say(number=row.id, message=row.message_id)
        at = instant_text(row.ended_at)
        yield {"at": at, "message_id": row.message_id, "zh": said.zh, "en": said.en}


def _told(one: Answer) -> Answer:
    return {"at": one["at"], "kind": one["kind"], "licence": one["licence"], **_sentence(one)}


def _sentence(one: Answer) -> Answer:
    said = said_of(EntryKind(one["kind"]), one["data"], one["message_id"])
    return {"zh": said.zh, "en": said.en}

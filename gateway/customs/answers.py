"""The gateway's word on what customs told it: the latest holds, and all of them are kept.

A verdict may change: a release that came late, or a withdrawal, makes another one right or wrong, and the
gateway answers the same message anew. Of two answers the one created later holds, whichever came first.

That a MessageID is known with other content is no word on the message that had it first: what the gateway
said of that one holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from gateway.customs.tables import customs_answer, customs_correction, customs_release
from gateway.ledger.portable import insert_if_absent
from gateway.ledger.projection import about
from gateway.ledger.store import UnitOfWork
from gateway.licences.identity import MESSAGE_ID_CONFLICT
from licencexml.messages import AckStatus, ApplicationAck
from licencexml.values import LicenceKey

#: A message that nobody answered yet.
WAITING = "WAITING"

_KNOWN = select(customs_answer.c.message_id).where(
    customs_answer.c.ack_message_id == bindparam("ack_message_id")
)
_ANSWERS = select(customs_answer).where(customs_answer.c.message_id == bindparam("answered"))
_ANSWERED = tuple(
    update(table)
    .where(table.c.message_id == bindparam("answered"))
    .values(answer=bindparam("new_answer"), codes=bindparam("new_codes"))
    for table in (customs_release, customs_correction)
)


def record(uow: UnitOfWork, ack: ApplicationAck) -> bool:
    """Take in the gateway's answer; returns whether it is the word that holds now.

    An answer that was here before changes nothing, nor does one that weighs less than the word that holds.
    """
    if _is_known(uow.connection, ack.header.message_id):
        return False
    answered = ack.answers.message_id
    codes = [rejection.code for rejection in ack.rejections]
    others = uow.connection.execute(_ANSWERS, {"answered": answered})
    heaviest = max((_weight(row.codes, row.created, row.ack_message_id) for row in others), default=None)
    insert_if_absent(
        uow.connection,
        customs_answer,
        [
            {
                "ack_message_id": ack.header.message_id,
                "message_id": answered,
                "status": ack.status.value,
                "codes": codes,
                "created": ack.header.created,
                "received_at": uow.now,
            }
        ],
    )
    weight = _weight(codes, ack.header.created, ack.header.message_id)
    if heaviest is not None and weight < heaviest:
        return False
    told = {"answered": answered, "new_answer": ack.status.value, "new_codes": codes}
    for change in _ANSWERED:
        uow.connection.execute(change, told)
    return True


def is_agreed(answer: str | None, codes: list[str]) -> bool:
    """Whether the gateway applied the message. The repeat of a refused one is REPEATED, with its codes."""
    return answer is not None and answer != AckStatus.REFUSED and not codes


def history(connection: Connection, key: LicenceKey) -> list[dict[str, Any]]:
    """Every answer about one licence's releases and corrections, in the order of their making."""
    told = select(customs_release.c.message_id).where(about(customs_release, [key]))
    corrected = select(customs_correction.c.message_id).where(about(customs_correction, [key]))
    query = (
        select(customs_answer)
        .where(customs_answer.c.message_id.in_(told.union(corrected)))
        .order_by(customs_answer.c.created, customs_answer.c.received_at, customs_answer.c.ack_message_id)
    )
    return [
        {
            "answers": row.message_id,
            "answer": row.status,
            "codes": row.codes,
            "created": row.created.isoformat(),
            "received_at": row.received_at.isoformat(),
        }
        for row in connection.execute(query)
    ]


def _is_known(connection: Connection, ack_message_id: str) -> bool:
    return connection.execute(_KNOWN, {"ack_message_id": ack_message_id}).first() is not None


def _weight(codes: Sequence[str], created: datetime, ack_message_id: str) -> tuple[bool, datetime, str]:
    """Of several answers to one message the heaviest holds: one about its own content, made last."""
    return MESSAGE_ID_CONFLICT.code not in codes, created, ack_message_id

"""The register of messages: what is known by its MessageID, and how it was answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.journal import Row as NewRow
from gateway.ledger.kinds import Direction, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.statements import key_named, one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import message
from gateway.licences.identity import MESSAGE_ID_CONFLICT
from licencexml.messages import Header
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: SQLite takes 32,766 parameters in a statement; batches are of hundreds.
MAX_IDS_A_STATEMENT = 20_000

_KNOWN = select(
    message.c.message_id,
    message.c.kind,
    message.c.direction,
    message.c.digest,
    message.c.status,
    message.c.licence_type,
    message.c.licence_no,
    message.c.answer,
).where(one_of(message.c.message_id, "message_ids"))


@dataclass(frozen=True, slots=True)
class Known:
    """A message in the register. `status` is None for messages of our own."""

    kind: str
    direction: Direction
    digest: bytes
    status: OutcomeStatus | None
    licence: LicenceKey | None
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """What the register keeps of a message that came in."""

    header: Header
    kind: str
    digest: bytes
    xml: bytes
    source: str


def known_messages(connection: Connection, message_ids: Iterable[str]) -> dict[str, Known]:
    """Those of `message_ids` that are in the register, in one statement."""
    wanted = sorted(set(message_ids))
    assert len(wanted) <= MAX_IDS_A_STATEMENT, "a batch is bounded by those who make it"
    rows = connection.execute(_KNOWN, {"message_ids": wanted})
    return {row.message_id: _known(row) for row in rows}


def licence_key(licence_type: str | None, licence_no: str | None) -> LicenceKey | None:
    """The licence that two columns name."""
    return None if licence_type is None or licence_no is None else key_named(licence_type, licence_no)


def answer_again(message_id: str, digest: bytes, known: Known) -> Outcome:
    """The outcome of a message whose MessageID is known: the earlier answer, or a conflict of content."""
    if digest == known.digest and known.status is not None:
        return Outcome(
            OutcomeStatus.REPEATED, message_id, known.licence, known.rejections, already=known.status
        )
    conflict = MESSAGE_ID_CONFLICT.reject(message_id=message_id)
    return Outcome(OutcomeStatus.CONFLICT, message_id, known.licence, (conflict,))


def register(journal: Journal, uow: UnitOfWork, received: Received, outcome: Outcome) -> Known:
    """Put a received message and its answer into the register: from now on its MessageID is used."""
    header = received.header
    row = {
        "message_id": header.message_id,
        "direction": Direction.IN,
        "kind": received.kind,
        "sender": header.sender,
        "receiver": header.receiver,
        "digest": received.digest,
        "source": received.source,
        "received_at": uow.now,
        "status": outcome.status,
        "answer": {"rejections": rejection_data(outcome.rejections)},
        "xml": received.xml,
    }
    journal.add(message, row | licence_columns(outcome.licence))
    return Known(
        received.kind,
        Direction.IN,
        received.digest,
        outcome.status,
        outcome.licence,
        outcome.rejections,
    )


def own_message(
    uow: UnitOfWork,
    *,
    message_id: str,
    partner: str,
    kind: str,
    digest: bytes,
    xml: bytes,
    licence: LicenceKey | None,
) -> NewRow:
    """The register's row for a message of our own, for `partner`."""
    return {
        "message_id": message_id,
        "direction": Direction.OUT,
        "kind": kind,
        "sender": None,
        "receiver": partner,
        "digest": digest,
        "source": None,
        "received_at": uow.now,
        "status": None,
        "answer": None,
        "xml": xml,
    } | licence_columns(licence)


def rejection_data(rejections: Sequence[Rejection]) -> list[dict[str, object]]:
    """Rejections as plain JSON values."""
    return [rejection.to_dict() for rejection in rejections]


def _known(row: Row[*tuple[Any, ...]]) -> Known:
    rejections = (row.answer or {}).get("rejections", [])
    return Known(
        kind=row.kind,
        direction=Direction(row.direction),
        digest=row.digest,
        status=None if row.status is None else OutcomeStatus(row.status),
        licence=licence_key(row.licence_type, row.licence_no),
        rejections=tuple(Rejection.from_dict(values) for values in rejections),
    )

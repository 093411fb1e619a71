"""The partner's end-to-end responses to files of ours (EERP, NERP): what follows from them, and the evidence.

Exported by `gateway.ledger.post`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, select

from gateway.ledger.interchanges import find_interchange, mark_delivered, mark_refused
from gateway.ledger.kinds import EndResponseKind, InterchangeStatus
from gateway.ledger.parcels import Interchange
from gateway.ledger.statements import insert_rows, one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import end_response
from oftp2.identity import FileIdentity

_RESPONSES = end_response.c
#: So many are kept of one file; a partner that goes on responding is not listened to for ever.
MAX_KEPT = 16

_OF_INTERCHANGES = (
    select(end_response).where(one_of(_RESPONSES.interchange_id, "numbers")).order_by(_RESPONSES.id)
)


@dataclass(frozen=True, slots=True)
class EndResponse:
    """One EERP or NERP, as it came.

    `signer` is whose signature it bears, if that is in order, by the `certificate` (DER). `fault` is why it
    does not prove what it should: a signature that was asked for and is absent or wrong. `reason`, `text`
    and `creator` are those of a NERP.
    """

    kind: EndResponseKind
    reason: int | None = None
    text: str | None = None
    creator: str | None = None
    hash: bytes = b""
    signature: bytes = b""
    signer: str | None = None
    certificate: bytes = b""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response, the interchange that it is about, and when it came."""

    interchange_id: int
    at: datetime
    response: EndResponse


class Consequence(Enum):
    """What follows from a response."""

    DELIVERED = "the file is delivered"
    HELD = "the file is given up, and its messages are held"
    REPEATED = "nothing: it was said before"
    NOT_PROVED = "nothing: it does not prove what it should"
    CONTRADICTED = "nothing: it contradicts what the partner has said of the file before"
    UNKNOWN = "nothing: the file is not ours"


def take_response(uow: UnitOfWork, partner: str, identity: FileIdentity, said: EndResponse) -> Consequence:
    """Take in what `partner` says of the file that we sent under `identity`, and keep it.

    An EERP is a delivery, unless it fails to prove it; a refusal stands. A NERP takes back a delivery, for a
    partner may find out later that it cannot process what arrived; not one that a signature proves, if the
    NERP has none, and not after the partner has said that it could read the file.
    """
    found = find_interchange(uow.connection, identity)
    if found is None or found.partner != partner:
        return Consequence.UNKNOWN
    is_eerp = said.kind is EndResponseKind.EERP
    consequence = _eerp(found, said) if is_eerp else _nerp(uow.connection, found, said)
    if consequence is Consequence.DELIVERED:
        mark_delivered(uow, found.id)
    elif consequence is Consequence.HELD:
        mark_refused(uow, found.id, f"{said.kind} {said.reason:02d} {said.text or ''}".rstrip())
    elif _is_nothing_new(uow.connection, found, said):
        return consequence
    _keep(uow, found.id, said)
    return consequence


def _eerp(found: Interchange, said: EndResponse) -> Consequence:
    if said.fault is not None:
        return Consequence.NOT_PROVED
    if found.status is InterchangeStatus.REFUSED:
        return Consequence.CONTRADICTED
    if found.status is InterchangeStatus.DELIVERED:
        return Consequence.REPEATED
    return Consequence.DELIVERED


def _nerp(connection: Connection, found: Interchange, said: EndResponse) -> Consequence:
    if found.status is InterchangeStatus.REFUSED:
        return Consequence.REPEATED
    if found.read_at is not None or (not said.signer and _is_proved(connection, found.id)):
        return Consequence.CONTRADICTED
    return Consequence.HELD


def _is_proved(connection: Connection, interchange_id: int) -> bool:
    """Whether a signature proves that the file was delivered."""
    kept = responses_of(connection, [interchange_id])
    return any(one.response.kind is EndResponseKind.EERP and one.response.signer for one in kept)


def _is_nothing_new(connection: Connection, found: Interchange, said: EndResponse) -> bool:
    """Whether it was said before with the same signature, or too much was said already."""
    kept = [one.response for one in responses_of(connection, [found.id])]
    return said in kept or len(kept) >= MAX_KEPT


def _keep(uow: UnitOfWork, interchange_id: int, said: EndResponse) -> None:
    row = {
        "interchange_id": interchange_id,
        "kind": said.kind,
        "at": uow.now,
        "reason": said.reason,
        "text": said.text,
        "creator": said.creator,
        "signer": said.signer,
        "fault": said.fault,
        "hash": said.hash or None,
        "signature": said.signature or None,
        "certificate": said.certificate or None,
    }
    insert_rows(uow.connection, end_response, [row])


def responses_of(connection: Connection, interchange_ids: Collection[int]) -> list[KeptResponse]:
    """The responses to these interchanges, in the order in which they came."""
    rows = connection.execute(_OF_INTERCHANGES, {"numbers": list(interchange_ids)})
    return [
        KeptResponse(
            row.interchange_id,
            row.at,
            EndResponse(
                kind=EndResponseKind(row.kind),
                reason=row.reason,
                text=row.text,
                creator=row.creator,
                hash=row.hash or b"",
                signature=row.signature or b"",
                signer=row.signer,
                certificate=row.certificate or b"",
                fault=row.fault,
            ),
        )
        for row in rows
    ]

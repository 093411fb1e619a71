"""The partner's virtual files: offered, received up to a durable position, stored, worked off, receipted.

Exported by `gateway.ledger.post` under `inbound_...` names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from gateway.ledger.gathering import control_reference
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import EntryKind, InboundStatus, ReceiptStatus
from gateway.ledger.parcels import (
    InboundFile,
    attribute_columns,
    has_identity,
    identity_columns,
    inbound_file_of,
)
from gateway.ledger.portable import is_literally
from gateway.ledger.statements import insert_rows, one_of, update_row
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import inbound_file
from oftp2.attributes import PLAIN, FileAttributes
from oftp2.identity import FileIdentity

_FILES = inbound_file.c
#: So many paths one statement asks for.
_CHUNK = 1_000
_BEGUN = {"status": InboundStatus.RECEIVING, "receipt_status": ReceiptStatus.NONE}

_BY_ID = select(inbound_file).where(_FILES.id == bindparam("id"))
_BY_IDENTITY = select(inbound_file).where(_FILES.partner == bindparam("partner"), *has_identity(inbound_file))
_UNFINISHED = tuple(
    select(inbound_file)
    .where(is_literally(_FILES.status, status), _FILES.id > bindparam("after"))
    .order_by(_FILES.id)
    .limit(bindparam("limit"))
    for status in (InboundStatus.RECEIVING, InboundStatus.STORED)
)
_CORRUPT = (
    select(inbound_file)
    .where(is_literally(_FILES.status, InboundStatus.CORRUPT))
    .order_by(_FILES.id.desc())
    .limit(bindparam("limit"))
)
_SETTLED = select(_FILES.path, _FILES.status).where(
    one_of(_FILES.path, "paths"), _FILES.status.in_((InboundStatus.PROCESSED, InboundStatus.CORRUPT))
)
_RECEIPTS_DUE = (
    select(inbound_file)
    .where(_FILES.partner == bindparam("partner"), is_literally(_FILES.receipt_status, ReceiptStatus.DUE))
    .order_by(_FILES.id)
    .limit(bindparam("limit"))
)
_OPENED = (
    update(inbound_file)
    .where(_FILES.id == bindparam("which_id"), _FILES.receipt_status == ReceiptStatus.NONE)
    .values(receipt_status=ReceiptStatus.DUE)
)


def offer(
    uow: UnitOfWork,
    partner: str,
    identity: FileIdentity,
    size_bytes: int,
    path: str,
    *,
    attributes: FileAttributes = PLAIN,
) -> InboundFile:
    """The file of this identity: new at position 0, or as it is known (its status tells what to answer).

    A file that was cut goes on at its durable position, at the path it has; one that comes again with
    another size, or after other services, begins anew; so does one whose sender has our NERP.
    """
    known = find(uow.connection, partner, identity)
    told = attribute_columns(attributes) | {"size_bytes": size_bytes, "position_bytes": 0}
    if known is None:
        row = identity_columns(identity) | told | _BEGUN
        insert_rows(uow.connection, inbound_file, [row | {"partner": partner, "path": path, "at": uow.now}])
    elif known.is_refused and known.receipt_status is ReceiptStatus.SENT:
        _update(
            uow, known.id, **told, **_BEGUN, refusal_reason=None, refusal_text=None, hash=None, at=uow.now
        )
    elif known.status is InboundStatus.RECEIVING and (
        known.size_bytes != size_bytes or attribute_columns(known.attributes) != attribute_columns(attributes)
    ):
        _update(uow, known.id, **told)
    else:
        return known
    offered = find(uow.connection, partner, identity)
    assert offered is not None, "the row was written above"
    return offered


def find(connection: Connection, partner: str, identity: FileIdentity) -> InboundFile | None:
    """The file of this identity, if the partner ever offered it."""
    return _one(connection, _BY_IDENTITY, identity_columns(identity) | {"partner": partner})


def progress(uow: UnitOfWork, file_id: int, position_bytes: int) -> None:
    """`position_bytes` of the file are on disk and synced."""
    _update(uow, file_id, position_bytes=position_bytes)


def stored(
    uow: UnitOfWork,
    file_id: int,
    size_bytes: int,
    *,
    is_enveloped: bool = False,
    hashed: bytes | None = None,
) -> None:
    """The whole file, `size_bytes` of it, is on disk and synced.

    Its receipt is due; that of an enveloped file when it is opened (`opened`). `hashed` is its hash, for a
    signed one.
    """
    _update(
        uow,
        file_id,
        size_bytes=size_bytes,
        position_bytes=size_bytes,
        status=InboundStatus.STORED,
        receipt_status=ReceiptStatus.NONE if is_enveloped else ReceiptStatus.DUE,
        hash=hashed,
    )


def opened(uow: UnitOfWork, file_id: int) -> None:
    """The envelopes round the file came off, and were in order: its receipt is due."""
    uow.connection.execute(_OPENED, {"which_id": file_id})


def not_processed(
    uow: UnitOfWork,
    file_id: int,
    reason: int,
    text: str,
    *,
    by: str | None = None,
    is_receipted: bool = False,
) -> bool | None:
    """A stored file will never be worked off, for `reason` (NERPREAS, RFC 5024 section 5.3.14).

    True: the partner is to be told by a NERP. False: it has our EERP (or, with `is_receipted`, is getting it
    at this moment), which is not taken back by its opposite: it must be told otherwise. None, and nothing
    changes: the file is not, or no longer, stored and waiting. `by` is the operator who says so.
    """
    file = get(uow.connection, file_id)
    if file is None or file.status is not InboundStatus.STORED:
        return None
    by_nerp = not is_receipted and file.receipt_status is not ReceiptStatus.SENT
    owed = {"receipt_status": ReceiptStatus.DUE, "refusal_reason": reason}
    _update(uow, file_id, status=InboundStatus.CORRUPT, refusal_text=text, **(owed if by_nerp else {}))
    journal = Journal(uow)
    told = "NERP" if by_nerp else "TechnicalAck"
    data = {"file": file_id, "partner": file.partner, "reference": control_reference(file.identity)}
    journal.enter(
        EntryKind.FILE_NOT_PROCESSED, {**data, "code": reason, "reason": text, "by": by, "told_by": told}
    )
    journal.flush()
    return by_nerp


def get(connection: Connection, file_id: int) -> InboundFile | None:
    """The file of this number."""
    return _one(connection, _BY_ID, {"id": file_id})


def processed(uow: UnitOfWork, file_id: int, control_reference: str | None) -> None:
    """Every message of the file has had its answer."""
    _update(uow, file_id, status=InboundStatus.PROCESSED, control_reference=control_reference)


def corrupt(uow: UnitOfWork, file_id: int, why: str) -> None:
    """The file could not be read as an interchange."""
    _update(uow, file_id, status=InboundStatus.CORRUPT, refusal_text=why)


def waiting(connection: Connection, after: int, limit: int) -> list[InboundFile]:
    """Files that are coming in, or stored and not worked off, with a higher number than `after`, in order."""
    found = [
        file for query in _UNFINISHED for file in _all(connection, query, {"after": after, "limit": limit})
    ]
    return sorted(found, key=lambda file: file.id)[:limit]


def not_worked_off(connection: Connection, limit: int) -> list[InboundFile]:
    """Files that were given up, or could not be read or opened, the latest first."""
    return _all(connection, _CORRUPT, {"limit": limit})


def settled(connection: Connection, paths: Sequence[str]) -> dict[str, bool]:
    """Those of `paths` whose file is settled, and whether it could not be read as an interchange."""
    found: dict[str, bool] = {}
    for begin in range(0, len(paths), _CHUNK):
        chunk = paths[begin : begin + _CHUNK]
        rows = connection.execute(_SETTLED, {"paths": chunk})
        found |= {row.path: row.status == InboundStatus.CORRUPT for row in rows}
    return found


def receipts_due(connection: Connection, partner: str, limit: int) -> list[InboundFile]:
    """Files whose end-to-end receipt we owe to `partner`, oldest first."""
    return _all(connection, _RECEIPTS_DUE, {"partner": partner, "limit": limit})


def receipt_sent(uow: UnitOfWork, file_id: int) -> None:
    """The partner has taken our end-to-end receipt (RTR)."""
    _update(uow, file_id, receipt_status=ReceiptStatus.SENT)


def _one(connection: Connection, query: Select[Any], parameters: dict[str, Any]) -> InboundFile | None:
    row = connection.execute(query, parameters).mappings().one_or_none()
    return None if row is None else inbound_file_of(row)


def _all(connection: Connection, query: Select[Any], parameters: dict[str, Any]) -> list[InboundFile]:
    return [inbound_file_of(row) for row in connection.execute(query, parameters).mappings()]


def _update(uow: UnitOfWork, file_id: int, **values: object) -> None:
    update_row(uow.connection, inbound_file, file_id, **values)

"""The partner's virtual files: offered, received up to a durable position, stored, worked off, receipted.

Exported by `gateway.ledger.post` under `inbound_...` names.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from gateway.ledger.kinds import InboundStatus, ReceiptStatus
from gateway.ledger.parcels import InboundFile, has_identity, identity_columns, inbound_file_of
from gateway.ledger.portable import is_literally
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import inbound_file
from oftp2.identity import FileIdentity

_FILES = inbound_file.c


def offer(uow: UnitOfWork, partner: str, identity: FileIdentity, size_bytes: int, path: str) -> InboundFile:
    """The file of this identity: new at position 0, or as it is known (its status tells what to answer).

    A file that was cut goes on at its durable position, at the path it has; one that comes again with
    another size begins anew.
    """
    known = find(uow.connection, partner, identity)
    if known is None:
        row = identity_columns(identity) | {
            "partner": partner,
            "size_bytes": size_bytes,
            "path": path,
            "position_bytes": 0,
            "status": InboundStatus.RECEIVING,
            "receipt_status": ReceiptStatus.NONE,
            "at": uow.now,
        }
        uow.connection.execute(insert(inbound_file).values(row))
    elif known.status is InboundStatus.RECEIVING and known.size_bytes != size_bytes:
        _update(uow, known.id, size_bytes=size_bytes, position_bytes=0)
    else:
        return known
    offered = find(uow.connection, partner, identity)
    assert offered is not None, "the row was written above"
    return offered


def find(connection: Connection, partner: str, identity: FileIdentity) -> InboundFile | None:
    """The file of this identity, if the partner ever offered it."""
    query = select(inbound_file).where(_FILES.partner == partner, *has_identity(inbound_file, identity))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else inbound_file_of(row)


def progress(uow: UnitOfWork, file_id: int, position_bytes: int) -> None:
    """`position_bytes` of the file are on disk and synced."""
    _update(uow, file_id, position_bytes=position_bytes)


def stored(uow: UnitOfWork, file_id: int, size_bytes: int) -> None:
    """The whole file, `size_bytes` of it, is on disk and synced; its receipt is due."""
    _update(
        uow,
        file_id,
        size_bytes=size_bytes,
        position_bytes=size_bytes,
        status=InboundStatus.STORED,
        receipt_status=ReceiptStatus.DUE,
    )


def to_process(connection: Connection, limit: int) -> list[InboundFile]:
    """Stored files that were not worked off, oldest first."""
    query = (
        select(inbound_file)
        .where(is_literally(_FILES.status, InboundStatus.STORED))
        .order_by(_FILES.id)
        .limit(limit)
    )
    return [inbound_file_of(row) for row in connection.execute(query).mappings()]


def processed(uow: UnitOfWork, file_id: int, control_reference: str | None) -> None:
    """Every message of the file has had its answer."""
    _update(uow, file_id, status=InboundStatus.PROCESSED, control_reference=control_reference)


def corrupt(uow: UnitOfWork, file_id: int) -> None:
    """The file could not be read as an interchange."""
    _update(uow, file_id, status=InboundStatus.CORRUPT)


def settled(connection: Connection, paths: Sequence[str]) -> dict[str, bool]:
    """Those of `paths` whose file is settled, and whether it could not be read as an interchange."""
    over = (InboundStatus.PROCESSED, InboundStatus.CORRUPT)
    query = select(_FILES.path, _FILES.status).where(_FILES.path.in_(paths), _FILES.status.in_(over))
    return {row.path: row.status == InboundStatus.CORRUPT for row in connection.execute(query)}


def receipts_due(connection: Connection, partner: str, limit: int) -> list[InboundFile]:
    """Files whose end-to-end receipt we owe to `partner`, oldest first."""
    query = (
        select(inbound_file)
        .where(_FILES.partner == partner, is_literally(_FILES.receipt_status, ReceiptStatus.DUE))
        .order_by(_FILES.id)
        .limit(limit)
    )
    return [inbound_file_of(row) for row in connection.execute(query).mappings()]


def receipt_sent(uow: UnitOfWork, file_id: int) -> None:
    """The partner has taken our end-to-end receipt (RTR)."""
    _update(uow, file_id, receipt_status=ReceiptStatus.SENT)


def _update(uow: UnitOfWork, file_id: int, **values: object) -> None:
    uow.connection.execute(update(inbound_file).where(_FILES.id == file_id).values(**values))

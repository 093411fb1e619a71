"""Refusals: entries that say why, and leave the message's identity free.

Exported by `gateway.ledger.book`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from gateway.ledger.correspondence import rejection_data
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import EntryKind
from gateway.ledger.statements import one_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import entry
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

_REFUSED = (
    select(entry.c.message_id, entry.c.data)
    .where(one_of(entry.c.message_id, "message_ids"), entry.c.kind == EntryKind.MESSAGE_REFUSED)
    .order_by(entry.c.seq)
)


def refused(connection: Connection, message_ids: Iterable[str]) -> dict[str, tuple[Rejection, ...]]:
    """Why each of these messages was refused, the last time that it was; nothing of those that never were."""
    rows = connection.execute(_REFUSED, {"message_ids": sorted(set(message_ids))})
    return {
        row.message_id: tuple(Rejection.from_dict(values) for values in row.data["rejections"])
        for row in rows
    }


def refuse(
    uow: UnitOfWork,
    *,
    kind: str | None,
    message_id: str | None,
    licence: LicenceKey | None,
    source: str,
    rejections: Sequence[Rejection],
    digest: bytes,
) -> None:
    """Enter that something was refused before any law was asked: unreadable, unsigned, not for us.

    `kind`, `message_id` and `licence` are what could be read of it, None where nothing could; `digest` is the
    SHA-256 of what came, the evidence.
    """
    journal = Journal(uow)
    enter_refusal(
        journal,
        kind=kind,
        message_id=message_id,
        licence=licence,
        source=source,
        rejections=rejections,
        digest=digest,
    )
    journal.flush()


def enter_refusal(
    journal: Journal,
    *,
    kind: str | None,
    message_id: str | None,
    licence: LicenceKey | None,
    source: str,
    rejections: Sequence[Rejection],
    digest: bytes,
) -> None:
    """The same, as part of a batch."""
    data = {
        "kind": kind,
        "source": source,
        "digest": digest.hex(),
        "rejections": rejection_data(rejections),
    }
    journal.enter(EntryKind.MESSAGE_REFUSED, data, licence=licence, message_id=message_id)

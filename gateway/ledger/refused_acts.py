"""Acts that customs refuses: what was decided about a licence holds here and not there.

Each is a discrepancy, so that operators have it before them until customs takes the act after all, or they
say how it was cleared up. A licence that customs refuses at its issue is none: its issuer is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from gateway.ledger.correspondence import rejection_data
from gateway.ledger.discrepancies import new_discrepancy, settled
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind
from gateway.ledger.projection import about, key_of
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import discrepancy, entry, licence
from licencexml.messages import ApplicationAck, LicenceReplacement, LicenceRevocation, LicenceSuspension
from licencexml.values import LicenceKey

REPLACEMENT = LicenceReplacement.__name__
#: The kinds of discrepancies about acts that customs refused.
ACT_KINDS = frozenset({REPLACEMENT, LicenceRevocation.__name__, LicenceSuspension.__name__})
_REFUSALS = (EntryKind.CUSTOMS_REFUSED, EntryKind.ACT_CUSTOMS_REFUSED)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to a sealed message about `licence`; `kind` is that of the act in it, REPLACEMENT for none.

    `refused`: it was refused now; else it is taken now, and was refused before.
    """

    ack: ApplicationAck
    digest: bytes
    licence: LicenceKey
    kind: str
    refused: bool


def acts_only(connection: Connection, answered: Sequence[Answered]) -> list[Answered]:
    """Those of them that are about acts: a licence that was issued by itself is none."""
    wanted = {one.licence for one in answered if one.kind == REPLACEMENT}
    columns = (licence.c.licence_type, licence.c.licence_no)
    query = select(*columns).where(about(licence, wanted), licence.c.replaces.is_not(None))
    new = {key_of(row) for row in connection.execute(query)} if wanted else set()
    return [one for one in answered if one.kind != REPLACEMENT or one.licence in new]


def open_all(uow: UnitOfWork, journal: Journal, answered: Sequence[Answered]) -> None:
    """Have a discrepancy opened for each act that was refused just now."""
    for one in answered:
        if not one.refused:
            continue
        row = new_discrepancy(
            one.licence,
            message_id=one.ack.header.message_id,
            digest=one.digest,
            kind=one.kind,
            entry_id="",
            rejections=rejection_data(one.ack.rejections),
            at=uow.now,
        )
        journal.add(discrepancy, row)


def settle_all(uow: UnitOfWork, answered: Sequence[Answered]) -> None:
    """Settle the discrepancies about acts that were refused before, and have been taken just now."""
    accepted = [one for one in answered if not one.refused]
    if not accepted:
        return
    by = {one.ack.answers.message_id: one.ack.header.message_id for one in accepted}
    for refusal, cause in _refusals(uow.connection, [one.licence for one in accepted], by).items():
        uow.connection.execute(
            update(discrepancy)
            .where(discrepancy.c.message_id == refusal, discrepancy.c.status == DiscrepancyStatus.OPEN)
            .values(settled(uow.now, cause))
        )


def _refusals(connection: Connection, keys: Iterable[LicenceKey], by: Mapping[str, str]) -> dict[str, str]:
    """The answers that refused these sealed messages, each with the one that took it."""
    query = select(entry.c.message_id, entry.c.data).where(about(entry, keys), entry.c.kind.in_(_REFUSALS))
    found = {row.message_id: row.data["answers"] for row in connection.execute(query)}
    return {refusal: by[answers] for refusal, answers in found.items() if answers in by}

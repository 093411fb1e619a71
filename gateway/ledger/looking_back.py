"""A licence as of an earlier instant, in two senses that differ whenever something is told late.

* `known_then`: what this ledger knew at that instant: its entries until then, replayed.
* `true_then`: what had happened by that instant, as far as is known today: what customs tells counts by its
  own times (release, amendment, withdrawal), the licence's life by its own, however late it was told; settled
  as ever (`gateway.licences.settlement`).

Asked of now, and of any instant after all that has happened, both are the licence as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.ledger.discrepancies import against, codes, new_discrepancy, opened
from gateway.ledger.dossier import Dossier, discrepancy_numbers, dossier_of
from gateway.ledger.facts_data import fact_from
from gateway.ledger.kinds import EntryKind
from gateway.ledger.positions import position_data
from gateway.ledger.projection import about
from gateway.ledger.rebuilt import Rebuilt, Record
from gateway.ledger.replay import replay
from gateway.ledger.replay_clearances import unsays_figures
from gateway.ledger.tables import entry
from gateway.licences.acts import end_of_validity
from gateway.licences.facts import Fact
from gateway.licences.policy import Policy
from gateway.licences.settlement import settle
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff, WriteOffAmendment
from licencexml.values import LicenceKey, LicenceType


def known_then(connection: Connection, key: LicenceKey, as_of: datetime) -> Dossier | None:
    """What was known of the licence at `as_of` (aware); None if it was not issued by then."""
    rebuilt = _replayed(key, (row for row in entries_of(connection, key) if row.at <= as_of))
    return dossier_of(rebuilt, discrepancy_numbers(connection, key))


def true_then(connection: Connection, key: LicenceKey, as_of: datetime, policy: Policy) -> Dossier | None:
    """How the licence stood at `as_of` (aware), by what is known today; None if it was not issued by then."""
    rows = entries_of(connection, key)
    today = _replayed(key, rows)
    if today.issued is None or today.provenance["accepted_at"] > as_of:
        return None
    held = [fact for fact in _facts(today) if business_time(fact) <= as_of]
    then = _life_then(today.issued, rows, {fact.message_id for fact in held}, as_of)
    _settle_then(then, today, held, _digests(rows), policy)
    return dossier_of(then, discrepancy_numbers(connection, key))


def entries_of(connection: Connection, key: LicenceKey) -> Sequence[Row[Any]]:
    """All entries about the licence, in order."""
    return connection.execute(select(entry).where(about(entry, [key])).order_by(entry.c.seq)).all()


def _replayed(key: LicenceKey, rows: Any) -> Rebuilt:
    rebuilt = Rebuilt(key)
    for row in rows:
        replay(rebuilt, row)
    return rebuilt


def _life_then(
    issued: LicenceState, rows: Sequence[Row[Any]], held: Collection[str], as_of: datetime
) -> Rebuilt:
    """What happened to the licence by `as_of`, but for what customs tells of its use.

    `held`: the messages of customs about the time until then.
    """
    then = Rebuilt(issued.key)
    for row in rows:
        kind = EntryKind(row.kind)
        if _is_fact(row):
            if "facts" in row.data and row.message_id in held and unsays_figures(row.data):
                then.issued = None if then.issued is None else replace(then.issued, confirmed_at=None)
            continue
        if _own_time(kind, row, issued) > as_of:
            continue
        if kind is EntryKind.DISCREPANCY_RESOLVED and _which(row) not in then.discrepancies:
            continue
        replay(then, row)
    return then


#: The times of their own that entries tell; all others happened when they were entered.
_TOLD: Mapping[EntryKind, str] = MappingProxyType(
    {
        EntryKind.SUSPENDED: "since",
        EntryKind.RESUMED: "until",
        EntryKind.CONFIRMED: "as_of",
        EntryKind.FIGURES_DIFFER: "as_of",
    }
)


def _own_time(kind: EntryKind, row: Row[Any], issued: LicenceState) -> datetime:
    """When that happened which an entry tells."""
    if kind is EntryKind.EXPIRED:
        return end_of_validity(issued)
    at: datetime = datetime.fromisoformat(row.data[_TOLD[kind]]) if kind in _TOLD else row.at
    return at


def _settle_then(
    then: Rebuilt,
    today: Rebuilt,
    held: Sequence[Fact],
    digests: Mapping[str, bytes],
    policy: Policy,
) -> None:
    """Have `then` hold what these messages of customs come to: all that it has told, or only some of it.

    Some of it is judged by the licence as it is known today: which releases its suspensions and its end
    forbid follows from the releases' own times, and from what came late.
    """
    if len(held) == len(today.clearances):
        positions = today.positions
    else:
        findings = settle(today.issued, held, policy).findings
        positions = {message_id: position_data(finding) for message_id, finding in findings.items()}
    for message_id, position in positions.items():
        row, digest = today.clearances[message_id], digests[message_id]
        then.positions[message_id] = position | {"entry_id": row["entry_id"]}
        then.clearances[message_id] = row | {
            "verdict": position["verdict"],
            "rejections": position["rejections"],
        }
        found = _discrepancy_then(today.discrepancies.get((message_id, digest)), row, digest, position)
        if found is not None:
            then.discrepancies[message_id, digest] = found


def _discrepancy_then(found: Record | None, row: Record, digest: bytes, position: Record) -> Record | None:
    """A message's discrepancy, by the reasons against it then: as it is now, if they are the same now."""
    rejections = list(against(position["verdict"], position["rejections"]))
    if codes(against(row["verdict"], row["rejections"])) == codes(rejections):
        return found
    if not rejections:
        return None
    if found is not None:
        return found | opened(rejections)
    return new_discrepancy(
        LicenceKey(LicenceType(row["licence_type"]), row["licence_no"]),
        message_id=row["message_id"],
        digest=digest,
        kind=row["kind"],
        entry_id=row["entry_id"],
        rejections=rejections,
        at=row["received_at"],
    )


def _facts(today: Rebuilt) -> list[Fact]:
    return [fact_from(today.key, SimpleNamespace(**row)) for row in today.clearances.values()]


def business_time(fact: Fact) -> datetime:
    """When customs did what the message tells."""
    message = fact.message
    if isinstance(message, WriteOff):
        return message.declaration.release_time
    return message.amendment_time if isinstance(message, WriteOffAmendment) else message.withdrawal_time


def _is_fact(row: Row[Any]) -> bool:
    """Whether the entry tells what a message came to that counts as a fact."""
    return "position" in row.data


def _digests(rows: Sequence[Row[Any]]) -> dict[str, bytes]:
    """The digest of each message that is a fact."""
    return {row.message_id: bytes.fromhex(row.data["digest"]) for row in rows if _is_fact(row)}


def _which(row: Row[Any]) -> tuple[str, bytes]:
    return row.message_id, bytes.fromhex(row.data["digest"])

"""Issuers' acts on their way to customs: a row each in `act`, beside the way of the licences themselves.

An act moves through the same states as a licence does, by entries of its own kinds: what customs answers to a
suspension never moves the transmission of the licence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from gateway.ledger.journal import Journal
from gateway.ledger.kinds import EntryKind, Priority
from gateway.ledger.portable import is_literally
from gateway.ledger.projection import key_of
from gateway.ledger.statements import is_about, one_of, rows_about
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import act, licence, message
from gateway.licences.life import LicenceEvent, Life, Transmission
from licencexml.values import LicenceKey

_ACT = act.c
#: An act in these states has not left the house.
_HERE = (Transmission.ACCEPTED, Transmission.SEALED)
_NOT_ANSWERED = (*_HERE, Transmission.SENT)
_OF_LICENCE = (licence.c.licence_type == _ACT.licence_type) & (licence.c.licence_no == _ACT.licence_no)
#: Its licence goes before it, and is not refused there.
_MAY_GO = licence.c.transmission != Transmission.CUSTOMS_REFUSED

_UNSEALED = (
    select(act, message.c.xml, licence.c.partner, licence.c.clearance_port)
    .join(message, message.c.message_id == _ACT.message_id)
    .join(licence, _OF_LICENCE)
    .where(is_literally(_ACT.transmission, Transmission.ACCEPTED), _MAY_GO)
    .order_by(_ACT.priority, _ACT.id)
    .limit(bindparam("limit"))
)
#: How many acts are to be sealed.
COUNT_UNSEALED = (
    select(func.count())
    .select_from(act)
    .join(licence, _OF_LICENCE)
    .where(is_literally(_ACT.transmission, Transmission.ACCEPTED), _MAY_GO)
)
_UNSEALED_IDS = (
    select(_ACT.message_id)
    .join(licence, _OF_LICENCE)
    .where(
        one_of(_ACT.message_id, "message_ids"),
        is_literally(_ACT.transmission, Transmission.ACCEPTED),
        _MAY_GO,
    )
)
_WAITING = (
    select(_ACT.licence_type, _ACT.licence_no, func.max(_ACT.priority).label("priority"))
    .where(is_about(act), _ACT.transmission.in_(_HERE))
    .group_by(_ACT.licence_type, _ACT.licence_no)
)
_UNANSWERED = (
    select(_ACT.licence_type, _ACT.licence_no)
    .where(is_about(act), _ACT.transmission.in_(_NOT_ANSWERED))
    .distinct()
)
_BY_SEAL = select(act).where(one_of(_ACT.sealed_message_id, "seals"))
_RECORD_SEALED = (
    update(act)
    .where(_ACT.message_id == bindparam("which"))
    .values(transmission=bindparam("new_transmission"), sealed_message_id=bindparam("new_seal"))
)
_SAVE = (
    update(act)
    .where(_ACT.message_id == bindparam("which"))
    .values(transmission=bindparam("new_transmission"))
)


@dataclass(frozen=True, slots=True)
class SealedAct:
    """An act that is sealed: its own message, the licence, how far it is, and the drop that it came in.

    `urgent`: it goes before others.
    """

    message_id: str
    sealed_message_id: str
    kind: str
    licence: LicenceKey
    transmission: Transmission
    tree: str
    source: str
    urgent: bool


def unsealed(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The rows of acts that are to be sealed: urgent ones first, then the oldest.

    With them their messages' bytes, and their licences' partners and places of clearance.

    Customs is told nothing about a licence that it does not have: an act waits while customs refuses that.
    """
    return connection.execute(_UNSEALED, {"limit": limit}).all()


def waiting(connection: Connection, keys: Iterable[LicenceKey]) -> dict[LicenceKey, int]:
    """Of these licences, those with acts that have not left the house, and the latest priority among them.

    What follows about the same licence must not overtake them.
    """
    return {key_of(row): row.priority for row in rows_about(connection, _WAITING, keys)}


def unanswered(connection: Connection, keys: Iterable[LicenceKey]) -> set[LicenceKey]:
    """Of these licences, those with acts to which customs has not answered yet."""
    return {key_of(row) for row in rows_about(connection, _UNANSWERED, keys)}


def unsealed_ids(connection: Connection, message_ids: Sequence[str]) -> set[str]:
    """Those of these acts that are to be sealed, as of now."""
    if not message_ids:
        return set()
    return set(connection.execute(_UNSEALED_IDS, {"message_ids": message_ids}).scalars())


def by_seal(connection: Connection, sealed_message_ids: Iterable[str]) -> dict[str, SealedAct]:
    """Those of these sealed messages that are acts, by the MessageID under which they were sealed."""
    wanted = sorted(set(sealed_message_ids))
    if not wanted:
        return {}
    rows = connection.execute(_BY_SEAL, {"seals": wanted})
    return {row.sealed_message_id: _sealed_act(row) for row in rows}


def record_sealed(uow: UnitOfWork, seals: Mapping[str, str]) -> None:
    """These acts (by MessageID) have been sealed under these MessageIDs; in one statement."""
    if seals:
        rows = [
            {"which": message_id, "new_transmission": Transmission.SEALED, "new_seal": sealed}
            for message_id, sealed in seals.items()
        ]
        uow.connection.execute(_RECORD_SEALED, rows)


def record_sent(
    uow: UnitOfWork, journal: Journal, acts: Iterable[SealedAct], interchange: Mapping[str, Any]
) -> None:
    """These acts have been taken by the partner's line; `interchange` is what their entries say of it."""
    sent = list(acts)
    for one in sent:
        data = {"issue_message_id": one.message_id, **interchange}
        journal.enter(EntryKind.ACT_SENT, data, licence=one.licence, message_id=one.sealed_message_id)
    save(uow, [(one, LicenceEvent.SEND) for one in sent])


def save(uow: UnitOfWork, happened: Sequence[tuple[SealedAct, LicenceEvent]]) -> None:
    """Write how far these acts are after what happened to them in this order, in one statement."""
    after: dict[str, Transmission] = {}
    for one, event in happened:
        before = after.get(one.message_id, one.transmission)
        after[one.message_id] = moved(before, event)
    if after:
        rows = [{"which": each, "new_transmission": transmission} for each, transmission in after.items()]
        uow.connection.execute(_SAVE, rows)


def moved(transmission: Transmission, event: LicenceEvent) -> Transmission:
    """How far an act is after `event`: by the table of licences' lives."""
    return Life(transmission).after(event).transmission


def _sealed_act(row: Row[Any]) -> SealedAct:
    return SealedAct(
        message_id=row.message_id,
        sealed_message_id=row.sealed_message_id,
        kind=row.kind,
        licence=key_of(row),
        transmission=Transmission(row.transmission),
        tree=row.tree,
        source=row.source,
        urgent=row.priority == Priority.URGENT,
    )

"""Whether a licence still holds at customs: taken, suspended on which grounds, replaced, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select

from gateway.customs.tables import customs_ending, customs_licence, customs_suspension
from gateway.ledger.statements import insert_rows, is_about, rows_about
from gateway.ledger.store import UnitOfWork
from licencexml.messages import LicenceSuspension, SuspensionAction
from licencexml.values import LicenceKey

_SUSPENSIONS = (
    select(customs_suspension)
    .where(is_about(customs_suspension), customs_suspension.c.effective_time <= bindparam("at"))
    .order_by(
        customs_suspension.c.effective_time,
        customs_suspension.c.created,
        customs_suspension.c.message_id,
    )
)
_TAKEN = (
    select(
        customs_licence.c.message_id,
        customs_licence.c.received_at,
        customs_ending.c.ending,
        customs_ending.c.message_id.label("ended_by"),
        customs_ending.c.replaced_by,
    )
    .outerjoin_from(
        customs_licence,
        customs_ending,
        (customs_ending.c.licence_type == customs_licence.c.licence_type)
        & (customs_ending.c.licence_no == customs_licence.c.licence_no),
    )
    .where(is_about(customs_licence))
)


class Ending(StrEnum):
    """How a licence ended."""

    REPLACED = "REPLACED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Ended:
    """That a licence was replaced or revoked, by the sealed message `message_id`."""

    ending: Ending
    message_id: str
    replaced_by: LicenceKey | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A licence in the register: the sealed message that brought it, when, and whether it holds.

    `suspended` are the grounds on which its use is stopped at the instant asked about.
    """

    key: LicenceKey
    message_id: str
    received_at: datetime
    ended: Ended | None
    suspended: tuple[str, ...]

    @property
    def may_be_used(self) -> bool:
        """Whether goods may be released against it."""
        return self.ended is None and not self.suspended

    @property
    def status(self) -> str:
        """The one word for people."""
        if self.ended is not None:
            return self.ended.ending.lower()
        return "suspended" if self.suspended else "taken"


def find(connection: Connection, key: LicenceKey, at: datetime) -> Taken | None:
    """The licence as it stands at `at`, if customs has it."""
    row = next(rows_about(connection, _TAKEN, [key]), None)
    if row is None:
        return None
    replaced_by = None if row.replaced_by is None else LicenceKey(key.type, row.replaced_by)
    ended = None if row.ending is None else Ended(Ending(row.ending), row.ended_by, replaced_by)
    return Taken(key, row.message_id, row.received_at, ended, suspended_on(connection, key, at))


def end(
    uow: UnitOfWork, key: LicenceKey, ending: Ending, message_id: str, replaced_by: LicenceKey | None = None
) -> None:
    """Mark a licence as ended."""
    row = {
        "licence_type": str(key.type),
        "licence_no": key.number,
        "ending": ending,
        "replaced_by": None if replaced_by is None else replaced_by.number,
        "message_id": message_id,
        "ended_at": uow.now,
    }
    insert_rows(uow.connection, customs_ending, [row])


def suspend(uow: UnitOfWork, message_id: str, suspension: LicenceSuspension) -> None:
    """Enter that use stops or goes on, by the sealed message `message_id`."""
    row = {
        "message_id": message_id,
        "licence_type": str(suspension.licence.type),
        "licence_no": suspension.licence.number,
        "ground": suspension.ground,
        "action": suspension.action,
        "effective_time": suspension.effective_time,
        "created": suspension.header.created,
    }
    insert_rows(uow.connection, customs_suspension, [row])


def suspended_on(connection: Connection, key: LicenceKey, at: datetime) -> tuple[str, ...]:
    """The grounds on which use is stopped at `at`: of each the last word that is effective by then."""
    last = {row.ground: row.action for row in rows_about(connection, _SUSPENSIONS, [key], at=at)}
    return tuple(sorted(ground for ground, action in last.items() if action == SuspensionAction.SUSPEND))

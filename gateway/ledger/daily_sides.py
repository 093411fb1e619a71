"""What the ledger says of a business day: what was to go to customs, when it went, and how licences stand.

外经贸配管发〔2000〕539号 art. 4: all that is issued on a day is reported that day; the times are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, TypeVar, get_args

from sqlalchemy import Column, Connection, Row, func, or_, select

from gateway.clock import BUSINESS_ZONE
from gateway.ledger.correspondence import licence_key
from gateway.ledger.kinds import SEALED_LICENCE, Direction, EntryKind, OutcomeStatus
from gateway.ledger.projection import about, key_of, load_states
from gateway.ledger.tables import clearance, entry, message
from gateway.licences.life import Transmission
from gateway.licences.reconcile import Side, figures_of
from gateway.licences.state import LicenceState
from licencexml.messages import IssuerMessage
from licencexml.standing import Transfer, TransferStatus
from licencexml.values import LicenceKey

T = TypeVar("T")

#: How many licences or messages one statement asks for.
CHUNK = 1_000
#: Rows are in the order of their times but for a clock that was set back: so much of that is borne.
_SET_BACK = timedelta(hours=1)
#: Of a day that is no older all rows since are looked at: a clock may have been ahead in between.
_RECENT = timedelta(days=7)
_ISSUER_KINDS = tuple(one.__name__ for one in get_args(IssuerMessage))
#: Of licences, and of acts on licences that exist.
_SEALED = frozenset({EntryKind.SEALED, EntryKind.ACT_SEALED})
_SENT = frozenset({EntryKind.SENT, EntryKind.ACT_SENT})
_ACCEPTED = frozenset({EntryKind.CUSTOMS_ACCEPTED, EntryKind.ACT_CUSTOMS_ACCEPTED})
_REFUSED = frozenset({EntryKind.CUSTOMS_REFUSED, EntryKind.ACT_CUSTOMS_REFUSED})
#: What happens to a licence without its being sent or used is no reason to report its figures: in the night
#: of a year's end nearly all of them expire.
_NO_BUSINESS = frozenset(
    {
        EntryKind.EXPIRED,
        EntryKind.CONFIRMED,
        EntryKind.FIGURES_DIFFER,
        EntryKind.DISCREPANCY_RESOLVED,
        EntryKind.MESSAGE_REFUSED,
        EntryKind.HELD,
        EntryKind.RELEASED,
        EntryKind.REQUEUED,
        EntryKind.CALL_MADE,
    }
)
_ON_THE_WAY = sorted(_SEALED | _SENT | _ACCEPTED | _REFUSED)


@dataclass(frozen=True, slots=True)
class Span:
    """A business day as instants: from its midnight in Asia/Shanghai up to the next, which is not in it."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date) -> Span:
        """The span of `day`."""
        midnight = datetime.combine(day, time(), BUSINESS_ZONE)
        return cls(midnight, datetime.combine(day + timedelta(days=1), time(), BUSINESS_ZONE))

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class Issued:
    """An issuer's message accepted on a day, and when it was sealed and first sent; None: not yet."""

    message_id: str
    kind: str
    licence: LicenceKey
    accepted_at: datetime
    sealed_at: datetime | None
    sent_at: datetime | None


@dataclass(slots=True)
class _Sealed:
    """A sealed message as its entries tell of it."""

    message_id: str
    licence: LicenceKey
    inner_id: str
    sealed_at: datetime
    sent_at: list[datetime]
    status: TransferStatus = TransferStatus.NOT_SENT

    def within(self, span: Span) -> bool:
        """Whether it was made or sent on that day."""
        return self.sealed_at in span or any(instant in span for instant in self.sent_at)


def side_of(connection: Connection, day: date) -> Side:
    """Our report of `day`, as the ledger stands now.

    Transfers are the sealed messages made or sent on that day, in the order in which they were made;
    licences those at customs that were sent, used or changed on it.
    """
    span = Span.of(day)
    touched = _touched(connection, span)
    sealed = [one for one in _sealed(connection, touched) if one.within(span)]
    states = filter(_is_at_customs, _states(connection, touched))
    return Side(_transfers(connection, sealed), tuple(map(figures_of, states)))


def side_about(connection: Connection, message_ids: Iterable[str], licences: Iterable[LicenceKey]) -> Side:
    """What the ledger knows now of these sealed messages and of these licences; of others nothing."""
    asked = set(message_ids)
    sealed = [one for one in _sealed(connection, _licences_of(connection, asked)) if one.message_id in asked]
    return Side(_transfers(connection, sealed), tuple(map(figures_of, _states(connection, set(licences)))))


def moved_since(
    connection: Connection, licences: Iterable[LicenceKey], reported: datetime, answered: datetime
) -> frozenset[LicenceKey]:
    """Those of which customs told more after it had made its report, as of `answered` by its own clock.

    Nothing that came before our own report, as of `reported`: customs' answers that one, whatever its clock.
    """
    found: set[LicenceKey] = set()
    for chunk in _chunks(sorted(set(licences))):
        told = clearance.c
        since = or_(told.created >= answered, told.received_at >= answered)
        query = select(told.licence_type, told.licence_no).where(
            about(clearance, chunk), told.received_at >= reported, since
        )
        found |= {key_of(row) for row in connection.execute(query)}
    return frozenset(found)


def issued_on(connection: Connection, day: date) -> list[Issued]:
    """Every issuer's message that was accepted on `day`, with the times of what became of it."""
    span = Span.of(day)
    rows = [
        row
        for row in _rows_in(connection, message.c.id, message.c.received_at, span, *_MESSAGE_COLUMNS)
        if row.direction == Direction.IN
        and row.kind in _ISSUER_KINDS
        and row.status == OutcomeStatus.ACCEPTED
    ]
    sealed = {one.inner_id: one for one in _sealed(connection, {key_of(row) for row in rows})}
    return [_issued(row, sealed.get(row.message_id)) for row in rows]


def first_entry_at(connection: Connection) -> datetime | None:
    """When the first entry was made; None in an empty ledger."""
    return connection.execute(select(entry.c.at).order_by(entry.c.seq).limit(1)).scalar()


_MESSAGE_COLUMNS = (
    message.c.message_id,
    message.c.direction,
    message.c.kind,
    message.c.status,
    message.c.licence_type,
    message.c.licence_no,
)


def _issued(row: Row[Any], sealed: _Sealed | None) -> Issued:
    return Issued(
        message_id=row.message_id,
        kind=row.kind,
        licence=key_of(row),
        accepted_at=row.at,
        sealed_at=None if sealed is None else sealed.sealed_at,
        sent_at=None if sealed is None or not sealed.sent_at else min(sealed.sent_at),
    )


def _touched(connection: Connection, span: Span) -> set[LicenceKey]:
    """The licences that were on their way, used or changed on a day."""
    columns = (entry.c.kind, entry.c.licence_type, entry.c.licence_no)
    rows = _rows_in(connection, entry.c.seq, entry.c.at, span, *columns)
    keys = (licence_key(row.licence_type, row.licence_no) for row in rows if row.kind not in _NO_BUSINESS)
    return {key for key in keys if key is not None}


def _licences_of(connection: Connection, message_ids: Iterable[str]) -> set[LicenceKey]:
    """The licences that sealed messages of ours are about."""
    found: set[LicenceKey] = set()
    for chunk in _chunks(sorted(message_ids)):
        query = select(message.c.licence_type, message.c.licence_no).where(
            message.c.message_id.in_(chunk),
            message.c.direction == Direction.OUT,
            message.c.kind == SEALED_LICENCE,
        )
        found |= {key_of(row) for row in connection.execute(query)}
    return found


def _sealed(connection: Connection, keys: Iterable[LicenceKey]) -> list[_Sealed]:
    """Every sealed message about these licences, in the order in which they were made."""
    sealed: dict[str, _Sealed] = {}
    made: dict[str, int] = {}
    for chunk in _chunks(sorted(keys)):
        query = (
            select(entry)
            .where(about(entry, chunk), entry.c.kind.in_(_ON_THE_WAY))
            .order_by(entry.c.licence_type, entry.c.licence_no, entry.c.seq)
        )
        for row in connection.execute(query):
            if row.kind in _SEALED:
                inner = row.data["issue_message_id"]
                made[row.message_id] = row.seq
                sealed[row.message_id] = _Sealed(row.message_id, key_of(row), inner, row.at, [])
            else:
                _went_on(sealed, row)
    return sorted(sealed.values(), key=lambda one: made[one.message_id])


def _went_on(sealed: dict[str, _Sealed], row: Row[Any]) -> None:
    """What an entry says of a sealed message after it was made; once accepted it stays so."""
    one = sealed.get(row.message_id if row.kind in _SENT else row.data["answers"])
    if one is None:
        return
    if row.kind in _SENT:
        one.sent_at.append(row.at)
        if one.status is TransferStatus.NOT_SENT:
            one.status = TransferStatus.SENT
    elif row.kind in _ACCEPTED:
        one.status = TransferStatus.ACCEPTED
    elif one.status is not TransferStatus.ACCEPTED:
        one.status = TransferStatus.REFUSED


def _transfers(connection: Connection, sealed: Sequence[_Sealed]) -> tuple[Transfer, ...]:
    ids = [name for one in sealed for name in (one.message_id, one.inner_id)]
    known: dict[str, Row[Any]] = {}
    for chunk in _chunks(ids):
        query = select(message.c.message_id, message.c.kind, message.c.digest).where(
            message.c.message_id.in_(chunk)
        )
        known |= {row.message_id: row for row in connection.execute(query)}
    return tuple(
        Transfer(
            message_id=one.message_id,
            kind=known[one.inner_id].kind,
            licence=one.licence,
            digest=known[one.message_id].digest,
            status=one.status,
        )
        for one in sealed
    )


def _states(connection: Connection, keys: Iterable[LicenceKey]) -> list[LicenceState]:
    states: list[LicenceState] = []
    for chunk in _chunks(sorted(keys)):
        found = load_states(connection, chunk)
        states += [found[key] for key in sorted(found)]
    return states


def _is_at_customs(state: LicenceState) -> bool:
    """Whether customs can have it: what was never sent or was refused is not there, unless it was used."""
    known = state.life.transmission in (Transmission.SENT, Transmission.RECEIVED)
    return known or bool(state.declarations)


def _rows_in(
    connection: Connection, number: Column[int], at: Column[datetime], span: Span, *columns: Column[Any]
) -> Iterator[Row[Any]]:
    """The rows of a table that were written within `span`, by its number; no index on the time is needed."""
    first = _first_since(connection, number, at, span.start - _SET_BACK)
    query = select(at.label("at"), *columns).where(number >= first, at >= span.start, at < span.end)
    newest = connection.execute(select(at).order_by(number.desc()).limit(1)).scalar()
    if newest is not None and newest >= span.end + _RECENT:
        query = query.where(number < _first_since(connection, number, at, span.end + _SET_BACK))
    yield from connection.execute(query.order_by(number))


def _first_since(connection: Connection, number: Column[int], at: Column[datetime], instant: datetime) -> int:
    """The lowest number from which on every row is of `instant` or later, by halving."""
    low, high = 0, (connection.execute(select(func.max(number))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(number.label("number"), at.label("at")).where(number >= middle).order_by(number)
        row = connection.execute(query.limit(1)).one_or_none()
        if row is not None and row.at < instant:
            low = row.number + 1
        else:
            high = middle
    return low


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk

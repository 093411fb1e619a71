"""What customs says of a licence when asked, and what it asks itself, by the batch.

Exported by `gateway.ledger.book`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from gateway.ledger import acts_sent
from gateway.ledger.columns import instant_text
from gateway.ledger.correspondence import (
    Known,
    Received,
    answer_again,
    known_messages,
    register,
    rejection_data,
)
from gateway.ledger.discrepancies import new_discrepancy, settled
from gateway.ledger.journal import Journal
from gateway.ledger.kinds import Direction, DiscrepancyStatus, EntryKind, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import about, load_lives, load_states
from gateway.ledger.refusals import enter_refusal
from gateway.ledger.standing import save_standings
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import discrepancy, message
from gateway.licences.confirm import compare, confirmed, only_on_the_way
from gateway.licences.identity import QUERY_NOT_ASKED
from gateway.licences.life import Transmission
from gateway.licences.standstill import ask_again_at, of_instant
from gateway.licences.state import LicenceState
from licencexml.messages import LicenceQuery, LicenceQueryReply, kind_of
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

REPLY = LicenceQueryReply.__name__
_ON_THE_WAY = frozenset({Transmission.ACCEPTED, Transmission.SEALED, Transmission.SENT})


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """An examined LicenceQueryReply: its content digest, its own bytes, the interchange that it came in."""

    reply: LicenceQueryReply
    digest: bytes
    xml: bytes
    source: str


@dataclass(frozen=True, slots=True)
class QueryReceived:
    """An examined LicenceQuery, likewise."""

    query: LicenceQuery
    digest: bytes
    xml: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What became of a reply, and how customs' figures compare with ours.

    `state` is the licence then, None if there was nothing to compare. `differences` is empty and `early` is
    False if both sides say the same; `early`: they differ only in what customs has yet to be told, or are
    equal as of an instant before the use of the licence stood still. Then `ask_again_at` says when to ask.
    """

    outcome: Outcome
    state: LicenceState | None = None
    differences: tuple[Rejection, ...] = ()
    early: bool = False
    ask_again_at: datetime | None = None


def record_replies(uow: UnitOfWork, batch: Sequence[ReplyReceived]) -> list[Confirmation]:
    """Hold each reply against its licence, in the order of the batch; the results are in that order too.

    Equal figures are a confirmation; others are kept as a discrepancy, until the next equal ones. A reply to
    what was never asked is refused, entered, and does not use up its MessageID.
    """
    return _Batch(uow, batch).record() if batch else []


def record_queries(uow: UnitOfWork, batch: Sequence[QueryReceived]) -> list[Outcome]:
    """Register what customs asks; each accepted or repeated query is answered anew by the caller."""
    known = known_messages(uow.connection, [one.query.header.message_id for one in batch])
    journal = Journal(uow)
    outcomes = []
    for one in batch:
        message_id, key = one.query.header.message_id, one.query.licence
        if message_id in known:
            outcomes.append(answer_again(message_id, one.digest, known[message_id]))
            continue
        outcomes.append(Outcome(OutcomeStatus.ACCEPTED, message_id, key))
        received = Received(one.query.header, kind_of(one.query), one.digest, one.xml, one.source)
        known[message_id] = register(journal, uow, received, outcomes[-1])
    journal.flush()
    return outcomes


class _Batch:
    """One batch of replies in the making."""

    def __init__(self, uow: UnitOfWork, batch: Sequence[ReplyReceived]) -> None:
        self._uow = uow
        self._batch = batch
        self._journal = Journal(uow)
        replies = [one.reply for one in batch]
        asked = [reply.header.in_reply_to or "" for reply in replies]
        self._known = known_messages(uow.connection, [*asked, *(one.header.message_id for one in replies)])
        self._asked_at = _asked_at(uow.connection, asked)
        self._states = load_states(uow.connection, {reply.licence for reply in replies})
        self._before = dict(self._states)
        self._under_way = _under_way(uow.connection, self._states)

    def record(self) -> list[Confirmation]:
        found = [self._take(one) for one in self._batch]
        self._journal.flush()
        save_standings(
            self._uow, {key: state for key, state in self._states.items() if state != self._before[key]}
        )
        return found

    def _take(self, one: ReplyReceived) -> Confirmation:
        reply = one.reply
        message_id = reply.header.message_id
        if message_id in self._known:
            return Confirmation(answer_again(message_id, one.digest, self._known[message_id]))
        state = self._states.get(reply.licence)
        if state is None or not self._was_asked(reply):
            return self._refuse(one)
        outcome = Outcome(OutcomeStatus.ACCEPTED, message_id, reply.licence)
        received = Received(reply.header, REPLY, one.digest, one.xml, one.source)
        self._known[message_id] = register(self._journal, self._uow, received, outcome)
        asked_at = self._asked_at.get(reply.header.in_reply_to or "")
        differences = compare(state, reply, asked_at)
        if not differences:
            return self._confirm(outcome, reply, asked_at)
        early = only_on_the_way(differences) and reply.licence in self._under_way
        if not early:
            self._differ(one, differences)
        return Confirmation(outcome, state, differences, early)

    def _was_asked(self, reply: LicenceQueryReply) -> bool:
        asked: Known | None = self._known.get(reply.header.in_reply_to or "")
        ours = asked is not None and asked.direction is Direction.OUT and asked.kind == LicenceQuery.__name__
        return ours and asked is not None and asked.licence == reply.licence

    def _refuse(self, one: ReplyReceived) -> Confirmation:
        reply = one.reply
        rejection = QUERY_NOT_ASKED.reject(message_id=reply.header.in_reply_to or "–", licence=reply.licence)
        enter_refusal(
            self._journal,
            kind=REPLY,
            message_id=reply.header.message_id,
            licence=reply.licence,
            source=one.source,
            rejections=[rejection],
            digest=one.digest,
        )
        refused = Outcome(OutcomeStatus.REFUSED, reply.header.message_id, reply.licence, (rejection,))
        return Confirmation(refused)

    def _confirm(self, outcome: Outcome, reply: LicenceQueryReply, asked_at: datetime | None) -> Confirmation:
        # What customs has yet to take leaves open which suspension it speaks of.
        told_all = reply.licence not in self._under_way
        as_of = of_instant(reply, asked_at if told_all else None, self._uow.now)
        state = self._states[reply.licence] = confirmed(self._states[reply.licence], as_of)
        self._enter(EntryKind.CONFIRMED, reply, {"as_of": instant_text(as_of)})
        # What differed before, in this batch too, is found equal now.
        self._journal.flush()
        _settle(self._uow, reply)
        again = ask_again_at(state, as_of, self._uow.now)
        return Confirmation(outcome, state, early=again is not None, ask_again_at=again)

    def _differ(self, one: ReplyReceived, differences: Iterable[Rejection]) -> None:
        reply, told = one.reply, rejection_data(tuple(differences))
        self._journal.add(
            discrepancy,
            new_discrepancy(
                reply.licence,
                message_id=reply.header.message_id,
                digest=one.digest,
                kind=REPLY,
                entry_id="",
                rejections=told,
                at=self._uow.now,
            ),
        )
        self._enter(EntryKind.FIGURES_DIFFER, reply, {"digest": one.digest.hex(), "rejections": told})

    def _enter(self, kind: EntryKind, reply: LicenceQueryReply, data: dict[str, object]) -> None:
        said = {"answers": reply.header.in_reply_to, "as_of": instant_text(reply.as_of), **data}
        self._journal.enter(kind, said, licence=reply.licence, message_id=reply.header.message_id)


def _asked_at(connection: Connection, message_ids: Iterable[str]) -> dict[str, datetime]:
    """When each of these queries was put into the outbox: what answers it was found out later."""
    wanted = sorted(set(message_ids))
    query = select(message.c.message_id, message.c.received_at).where(message.c.message_id.in_(wanted))
    return {row.message_id: row.received_at for row in connection.execute(query)}


def _under_way(connection: Connection, states: dict[LicenceKey, LicenceState]) -> set[LicenceKey]:
    """Of these licences, those of which customs has yet to be told something, or to answer to it."""
    found = acts_sent.unanswered(connection, states)
    successors = {state.replaced_by: key for key, state in states.items() if state.replaced_by is not None}
    lives = {key: state.life for key, state in states.items()} | load_lives(connection, successors)
    found |= {successors.get(key, key) for key, life in lives.items() if life.transmission in _ON_THE_WAY}
    return found


def _settle(uow: UnitOfWork, reply: LicenceQueryReply) -> None:
    """Earlier figures of the licence that differed have been found equal since."""
    uow.connection.execute(
        update(discrepancy)
        .where(
            about(discrepancy, [reply.licence]),
            discrepancy.c.kind == REPLY,
            discrepancy.c.status == DiscrepancyStatus.OPEN,
        )
        .values(settled(uow.now, reply.header.message_id))
    )

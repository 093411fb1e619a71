"""Issuers' acts on licences that exist, by the batch: replaced, revoked, suspended, resumed.

A replacement is the issue of its new licence, and goes to customs as that; the other acts have a row of their
own (`acts_sent`). Exported by `gateway.ledger.book`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gateway.ledger import acts_sent
from gateway.ledger.columns import instant_text
from gateway.ledger.correspondence import Known, Received, answer_again, known_messages, register
from gateway.ledger.issuing import IssueReceived, enter_licence
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import EntryKind, OutcomeStatus, Priority
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import about, key_of, load_states
from gateway.ledger.refusals import enter_refusal
from gateway.ledger.sent_again import sent_again
from gateway.ledger.standing import save_standings
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import act, licence
from gateway.ledger.unsettled import unsettled
from gateway.licences.acts import Act, OnRecord
from gateway.licences.life import Transmission
from gateway.licences.policy import Policy
from gateway.licences.replace import decide_replacement
from gateway.licences.revoke import decide_revocation
from gateway.licences.state import LicenceState
from gateway.licences.suspend import decide_suspension
from licencexml.messages import (
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    SuspensionAction,
    kind_of,
)
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: What an issuer does about a licence that exists.
IssuerAct = LicenceReplacement | LicenceRevocation | LicenceSuspension


@dataclass(frozen=True, slots=True)
class ActReceived:
    """An examined act: its content digest, its own bytes, the spool tree and file it came in."""

    act: IssuerAct
    digest: bytes
    xml: bytes
    tree: str
    source: str

    @property
    def subject(self) -> LicenceKey:
        """The licence that the act is about; of a replacement, the one that is replaced."""
        return self.act.replaced if isinstance(self.act, LicenceReplacement) else self.act.licence


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the ledger holds of a licence beside its state."""

    issuer: str
    priority: int


def accept_acts(uow: UnitOfWork, batch: Sequence[ActReceived], policy: Policy) -> list[Outcome]:
    """Decide about each act in the order of the batch; the outcomes are in that order too.

    A refusal or a conflict is an entry and does not use up its MessageID; a repeat changes nothing. The
    number of statements does not grow with the batch.
    """
    return _Batch(uow, batch, policy).accept() if batch else []


class _Batch:
    """One batch in the making: what was there, what is there now, what is to be written."""

    def __init__(self, uow: UnitOfWork, batch: Sequence[ActReceived], policy: Policy) -> None:
        self._uow = uow
        self._batch = batch
        self._policy = policy
        self._journal = Journal(uow)
        keys = {one.subject for one in batch} | {
            one.act.licence.key for one in batch if isinstance(one.act, LicenceReplacement)
        }
        self._known = known_messages(uow.connection, [one.act.header.message_id for one in batch])
        self._states = load_states(uow.connection, keys)
        self._kept = _kept(uow.connection, keys)
        self._waiting = acts_sent.waiting(uow.connection, keys)
        ending = [one.subject for one in batch if not isinstance(one.act, LicenceSuspension)]
        self._unsettled = unsettled(uow.connection, ending)
        self._sent_again = sent_again(uow.connection, [key for key in ending if self._is_refused(key)])
        self._before = dict(self._states)

    def accept(self) -> list[Outcome]:
        outcomes = [self._settle(one) for one in self._batch]
        self._journal.flush()
        changed = {key: state for key, state in self._states.items() if state != self._before[key]}
        save_standings(self._uow, changed)
        return outcomes

    def _settle(self, one: ActReceived) -> Outcome:
        message_id = one.act.header.message_id
        if message_id in self._known:
            outcome = answer_again(message_id, one.digest, self._known[message_id])
        else:
            outcome = self._decide(one)
        if outcome.status in {OutcomeStatus.REFUSED, OutcomeStatus.CONFLICT}:
            enter_refusal(
                self._journal,
                kind=kind_of(one.act),
                message_id=message_id,
                licence=one.subject,
                source=f"{one.tree}:{one.source}",
                rejections=outcome.rejections,
                digest=one.digest,
            )
        return outcome

    def _decide(self, one: ActReceived) -> Outcome:
        match one.act:
            case LicenceReplacement() as replacement:
                return self._replace(one, replacement)
            case LicenceRevocation() as revocation:
                return self._revoke(one, revocation)
            case LicenceSuspension() as suspension:
                return self._suspend(one, suspension)

    def _replace(self, one: ActReceived, message: LicenceReplacement) -> Outcome:
        key = message.licence.key
        decision = decide_replacement(message, self._act(one), self._states.get(key))
        if decision.new is None or decision.old is None:
            return _outcome(one, key, decision.rejections)
        outcome = _outcome(one, key)
        priority = self._priority(one.subject, Priority.URGENT if message.urgent else Priority.NORMAL)
        received = IssueReceived(message, one.digest, one.xml, one.tree, one.source)
        known = enter_licence(self._uow, self._journal, received, decision.new, outcome, priority=priority)
        self._known[outcome.message_id] = known
        data = {"replaced_by": str(key), "mode": message.mode.value, "kind": message.kind.value}
        self._enter(EntryKind.REPLACED, one, {**data, "reason": message.reason})
        self._states[one.subject] = decision.old
        self._states[key] = self._before[key] = decision.new
        self._kept[key] = _Kept(message.header.sender, priority)
        return outcome

    def _revoke(self, one: ActReceived, message: LicenceRevocation) -> Outcome:
        decision = decide_revocation(message, self._act(one))
        if decision.state is None:
            return _outcome(one, message.licence, decision.rejections)
        by = message.confirmed_by
        data = {
            "ground": message.ground.value,
            "confirmed_at": instant_text(message.confirmed_at),
            "confirmed_by": None if by is None else {"name": by.name, "code": by.code},
            "reason": message.reason,
        }
        return self._accepted(one, EntryKind.REVOKED, data, decision.state, Priority.NORMAL)

    def _suspend(self, one: ActReceived, message: LicenceSuspension) -> Outcome:
        decision = decide_suspension(message, self._act(one))
        if decision.state is None:
            return _outcome(one, message.licence, decision.rejections)
        stops = message.action is SuspensionAction.SUSPEND
        kind = EntryKind.SUSPENDED if stops else EntryKind.RESUMED
        data = {
            "ground": message.ground.value,
            "since" if stops else "until": instant_text(message.effective_time),
            "reason": message.reason,
        }
        # Every minute in which customs does not know of it is one in which goods are released.
        return self._accepted(one, kind, data, decision.state, Priority.URGENT)

    def _accepted(
        self, one: ActReceived, kind: EntryKind, data: dict[str, Any], state: LicenceState, wanted: Priority
    ) -> Outcome:
        outcome = _outcome(one, one.subject)
        header = one.act.header
        self._known[outcome.message_id] = self._register(one, outcome)
        priority = self._waiting[one.subject] = self._priority(one.subject, wanted)
        row = {
            "kind": kind_of(one.act),
            "priority": int(priority),
            "issuer": header.sender,
            "tree": one.tree,
            "source": one.source,
        }
        self._journal.add(act, act_row(one.subject, header.message_id, self._uow.now, row))
        self._enter(kind, one, {**data, "act": row})
        self._states[one.subject] = state
        return outcome

    def _act(self, one: ActReceived) -> Act:
        state, kept = self._states.get(one.subject), self._kept.get(one.subject)
        record = None
        if state is not None and kept is not None:
            again = one.subject in self._sent_again
            record = OnRecord(state, kept.issuer, self._unsettled[one.subject], again)
        return Act(one.subject, one.act.header.sender, record, self._policy, self._uow.now)

    def _is_refused(self, key: LicenceKey) -> bool:
        state = self._states.get(key)
        return state is not None and state.life.transmission is Transmission.CUSTOMS_REFUSED

    def _priority(self, key: LicenceKey, wanted: Priority) -> Priority:
        """The priority wanted, but never before what customs has yet to hear of that licence."""
        least = self._waiting.get(key, wanted)
        if self._states[key].life.transmission in (Transmission.ACCEPTED, Transmission.SEALED):
            least = max(least, self._kept[key].priority)
        return Priority(max(wanted, least))

    def _register(self, one: ActReceived, outcome: Outcome) -> Known:
        received = Received(one.act.header, kind_of(one.act), one.digest, one.xml, f"{one.tree}:{one.source}")
        return register(self._journal, self._uow, received, outcome)

    def _enter(self, kind: EntryKind, one: ActReceived, data: dict[str, Any]) -> None:
        self._journal.enter(kind, data, licence=one.subject, message_id=one.act.header.message_id)


def act_row(key: LicenceKey, message_id: str, accepted_at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """The row of `act` as it begins: `data` is what its entry says of it."""
    return licence_columns(key) | {
        "message_id": message_id,
        "transmission": Transmission.ACCEPTED,
        "accepted_at": accepted_at,
        "sealed_message_id": None,
        **data,
    }


def _kept(connection: Connection, keys: set[LicenceKey]) -> dict[LicenceKey, _Kept]:
    columns = licence.c
    query = select(columns.licence_type, columns.licence_no, columns.issuer, columns.priority).where(
        about(licence, keys)
    )
    return {key_of(row): _Kept(row.issuer, row.priority) for row in connection.execute(query)}


def _outcome(one: ActReceived, key: LicenceKey, rejections: tuple[Rejection, ...] = ()) -> Outcome:
    status = OutcomeStatus.REFUSED if rejections else OutcomeStatus.ACCEPTED
    return Outcome(status, one.act.header.message_id, key, rejections)

"""What customs tells of releases, by the batch: kept as facts, settled, and every change of a verdict told.

Exported by `gateway.ledger.book`. Whatever a batch holds, the licences that it is about are settled once,
from all that is known of them (`gateway.licences.settlement`): what comes later may change what was found
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, select, update

from gateway.ledger.correspondence import Received, answer_again, known_messages, register, rejection_data
from gateway.ledger.discrepancies import (
    against,
    codes,
    found_anew,
    new_discrepancy,
    save_discrepancies,
)
from gateway.ledger.facts_data import fact_from, facts_data
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import EntryKind, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.positions import (
    clearances_of,
    load_clearances,
    load_lines,
    position_data,
    same_lines,
    save_lines,
    save_uses,
)
from gateway.ledger.projection import load_states, save_balances, save_lives
from gateway.ledger.standing import save_standings
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import clearance, discrepancy, message
from gateway.licences.facts import Clearance, Fact, entry_id_of
from gateway.licences.policy import Policy
from gateway.licences.settlement import Finding, Settlement, Verdict, settle
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff, WriteOffAmendment, WriteOffReversal, kind_of
from licencexml.values import LicenceKey

_STATUS = MappingProxyType(
    {
        Verdict.APPLIED: OutcomeStatus.ACCEPTED,
        Verdict.REPEATED: OutcomeStatus.REPEATED,
        Verdict.PARKED: OutcomeStatus.PARKED,
        Verdict.CONFLICT: OutcomeStatus.CONFLICT,
        Verdict.REFUSED: OutcomeStatus.REFUSED,
    }
)
_PREFIX = MappingProxyType(
    {
        WriteOff.__name__: "WRITE_OFF",
        WriteOffAmendment.__name__: "AMENDMENT",
        WriteOffReversal.__name__: "REVERSAL",
    }
)


@dataclass(frozen=True, slots=True)
class ClearanceReceived:
    """An examined message about a release: its content digest, its own bytes, the interchange it came in."""

    message: Clearance
    digest: bytes
    xml: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """The verdict about an earlier message has changed; `outcome` is what holds now."""

    kind: str
    entry_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Cleared:
    """The answers to a batch, in its order, and what it changed of earlier answers.

    `unconfirmed` are licences of which customs' figures had been equal to ours, and are to be asked for anew.
    """

    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    unconfirmed: tuple[LicenceKey, ...] = ()


def record_clearances(uow: UnitOfWork, batch: Sequence[ClearanceReceived], policy: Policy) -> Cleared:
    """Take in what customs tells of releases, and settle the licences concerned.

    What does not fit is kept as a discrepancy, with its answer: the goods are released, so the message is
    known from now on, and its repeat gets the same answer and makes no second discrepancy.
    """
    messages = [one.message for one in batch]
    known = known_messages(uow.connection, [each.header.message_id for each in messages])
    new: dict[str, ClearanceReceived] = {}
    for one in batch:
        message_id = one.message.header.message_id
        if message_id not in known:
            new.setdefault(message_id, one)
    clearing = _Clearing.of(uow, [one.message.licence for one in new.values()], policy)
    found = clearing.take(new)
    answered: set[str] = set()
    conflicts = _known_conflicts(uow, batch) if len(new) < len(batch) else set()
    outcomes = []
    for one in batch:
        message_id = one.message.header.message_id
        if message_id in found and message_id not in answered:
            answered.add(message_id)
            known[message_id] = register(clearing.journal, uow, _received(one), found[message_id])
            outcomes.append(found[message_id])
            continue
        outcome = answer_again(message_id, one.digest, known[message_id])
        if outcome.status is OutcomeStatus.CONFLICT and (message_id, one.digest) not in conflicts:
            conflicts.add((message_id, one.digest))
            clearing.refuse_other_content(one, outcome)
        outcomes.append(outcome)
    clearing.save()
    return Cleared(tuple(outcomes), tuple(clearing.changes), tuple(clearing.unconfirmed))


def resettle(uow: UnitOfWork, causes: Mapping[LicenceKey, str], policy: Policy) -> tuple[Change, ...]:
    """Settle licences again; `causes` names for each the message (by its id) that changed how it stands.

    One statement for those of which customs has said nothing yet, which are nearly all.
    """
    used = clearances_of(uow.connection, causes)
    if not used:
        return ()
    clearing = _Clearing.of(uow, used, policy)
    for key in used:
        clearing.settle(key, causes[key])
    clearing.save()
    return tuple(clearing.changes)


@dataclass(slots=True)
class _Clearing:
    """One batch in the making: what was there, and what is to be written."""

    uow: UnitOfWork
    policy: Policy
    journal: Journal
    before: dict[LicenceKey, LicenceState]
    rows: dict[LicenceKey, list[Row[Any]]]
    lines: dict[LicenceKey, dict[str, list[dict[str, Any]]]]
    changes: list[Change] = field(default_factory=list)
    after: dict[LicenceKey, LicenceState] = field(default_factory=dict)
    unconfirmed: list[LicenceKey] = field(default_factory=list)
    _changed_rows: list[dict[str, Any]] = field(default_factory=list)
    _discrepancies: list[tuple[str, bytes, dict[str, Any]]] = field(default_factory=list)

    @classmethod
    def of(cls, uow: UnitOfWork, keys: Iterable[LicenceKey], policy: Policy) -> _Clearing:
        wanted = set(keys)
        rows = load_clearances(uow.connection, wanted) if wanted else {}
        return cls(
            uow=uow,
            policy=policy,
            journal=Journal(uow),
            before=load_states(uow.connection, wanted) if wanted else {},
            rows=rows,
            lines=load_lines(uow.connection, rows) if rows else {},
        )

    def take(self, new: dict[str, ClearanceReceived]) -> dict[str, Outcome]:
        """Settle with the new messages; the outcome of each by its id."""
        by_licence: dict[LicenceKey, list[ClearanceReceived]] = {}
        for one in new.values():
            by_licence.setdefault(one.message.licence, []).append(one)
        found: dict[str, Outcome] = {}
        for key, received in by_licence.items():
            state = self.before.get(key)
            late = state is not None and state.life.is_ended
            facts = {one.message.header.message_id: Fact(one.message, self.uow.now, late) for one in received}
            settlement = self._settle(key, facts.values(), cause=received[-1].message.header.message_id)
            if not late and any(_is_news(settlement.findings[each]) for each in facts):
                self._unconfirm(key)
            for one in received:
                message_id = one.message.header.message_id
                finding = settlement.findings[message_id]
                self._enter_new(one, facts[message_id], finding)
                status = _STATUS[finding.verdict]
                found[message_id] = Outcome(status, message_id, key, finding.rejections)
        return found

    def _unconfirm(self, key: LicenceKey) -> None:
        """Customs' figures of before this message are not its figures any more: something was in flight."""
        state = self.after.get(key)
        if state is not None and state.confirmed_at is not None:
            self.after[key] = replace(state, confirmed_at=None)
            self.unconfirmed.append(key)

    def settle(self, key: LicenceKey, cause: str) -> None:
        """Settle again what there is."""
        self._settle(key, (), cause)

    def _settle(self, key: LicenceKey, new: Iterable[Fact], cause: str) -> Settlement:
        rows = self.rows.get(key, [])
        state = self.before.get(key)
        facts = [*(fact_from(key, row) for row in rows), *new]
        settlement = settle(None if state is None else state.unused(), facts, self.policy)
        if state is not None and state.life.is_ended:
            # What it came to by its end stays: only what has come since is judged.
            return settlement
        old_lines = self.lines.get(key, {})
        for row in rows:
            self._compare(
                key, row, settlement.findings[row.message_id], old_lines.get(row.message_id, []), cause
            )
        if state is not None and settlement.state is not None:
            lines = {
                message_id: position_data(finding)["lines"]
                for message_id, finding in settlement.findings.items()
                if finding.lines
            }
            save_lines(self.uow, self.journal, key, old_lines, lines)
            save_uses(self.uow, self.journal, key, state.declarations, settlement.state.declarations)
            self.after[key] = settlement.state
        return settlement

    def _compare(
        self, key: LicenceKey, row: Row[Any], finding: Finding, lines: list[dict[str, Any]], cause: str
    ) -> None:
        """Note what became of an earlier message, if that is something else now."""
        position = position_data(finding)
        if (row.verdict, row.rejections) == (position["verdict"], position["rejections"]) and same_lines(
            lines, position["lines"]
        ):
            return
        digest = self.uow.connection.execute(
            select(message.c.digest).where(message.c.message_id == row.message_id)
        ).scalar_one()
        data = {
            "entry_id": row.entry_id,
            "kind": row.kind,
            "digest": digest.hex(),
            "cause": cause,
            "position": position,
        }
        self.journal.enter(EntryKind.CLEARANCE_CHANGED, data, licence=key, message_id=row.message_id)
        self._changed_rows.append(
            {
                "which_message": row.message_id,
                "new_verdict": position["verdict"],
                "new_rejections": position["rejections"],
                "new_status": _STATUS[finding.verdict],
                "new_answer": {"rejections": position["rejections"]},
            }
        )
        before, now = (
            against(row.verdict, row.rejections),
            against(position["verdict"], position["rejections"]),
        )
        if before or now:
            self._discrepancy_changed(key, row, digest, (before, now), cause)
        if told(row.verdict, row.rejections) != told(position["verdict"], position["rejections"]):
            outcome = Outcome(_STATUS[finding.verdict], row.message_id, key, finding.rejections)
            self.changes.append(Change(row.kind, row.entry_id, outcome))

    def _discrepancy_changed(
        self,
        key: LicenceKey,
        row: Row[Any],
        digest: bytes,
        reasons: tuple[list[Any], list[Any]],
        cause: str,
    ) -> None:
        """Open, settle, or say again the discrepancy of an earlier message; its reasons before and now."""
        before, now = reasons
        which = (discrepancy.c.message_id == row.message_id) & (discrepancy.c.digest == digest)
        if self.uow.connection.execute(select(discrepancy.c.id).where(which)).first() is None:
            new = new_discrepancy(
                key,
                message_id=row.message_id,
                digest=digest,
                kind=row.kind,
                entry_id=row.entry_id,
                rejections=now,
                at=self.uow.now,
            )
            self.journal.add(discrepancy, new)
        else:
            change = found_anew(before, now, self.uow.now, cause)
            self._discrepancies.append((row.message_id, digest, change))

    def _enter_new(self, one: ClearanceReceived, fact: Fact, finding: Finding) -> None:
        position = position_data(finding)
        facts = facts_data(one.message)
        key, kind = one.message.licence, kind_of(one.message)
        row = {
            "message_id": fact.message_id,
            "kind": kind,
            "entry_id": entry_id_of(one.message),
            "created": one.message.header.created,
            "received_at": fact.received_at,
            "late": fact.late,
            "verdict": finding.verdict,
            "rejections": position["rejections"],
            "facts": facts,
        }
        self.journal.add(clearance, row | licence_columns(key))
        data = {
            "entry_id": entry_id_of(one.message),
            "kind": kind,
            "created": one.message.header.created.isoformat(),
            "late": fact.late,
            "digest": one.digest.hex(),
            "source": one.source,
            "facts": facts,
            "position": position,
        }
        self._enter(one, finding.verdict, data)
        if against(finding.verdict, finding.rejections):
            self._discrepancy(one, position["rejections"])

    def refuse_other_content(self, one: ClearanceReceived, outcome: Outcome) -> None:
        """A MessageID that is known with other content: a discrepancy, and no fact."""
        rejections = rejection_data(outcome.rejections)
        data = {
            "entry_id": entry_id_of(one.message),
            "kind": kind_of(one.message),
            "digest": one.digest.hex(),
            "source": one.source,
            "rejections": rejections,
        }
        self._enter(one, Verdict.CONFLICT, data)
        self._discrepancy(one, rejections)

    def _enter(self, one: ClearanceReceived, verdict: Verdict, data: dict[str, Any]) -> None:
        word = Verdict.REFUSED if verdict is Verdict.CONFLICT else verdict
        kind = EntryKind(f"{_PREFIX[kind_of(one.message)]}_{word}")
        self.journal.enter(kind, data, licence=one.message.licence, message_id=one.message.header.message_id)

    def _discrepancy(self, one: ClearanceReceived, rejections: list[Any]) -> None:
        row = new_discrepancy(
            one.message.licence,
            message_id=one.message.header.message_id,
            digest=one.digest,
            kind=kind_of(one.message),
            entry_id=entry_id_of(one.message),
            rejections=rejections,
            at=self.uow.now,
        )
        self.journal.add(discrepancy, row)

    def save(self) -> None:
        """Write all of it."""
        self.journal.flush()
        if self._changed_rows:
            self._save_changed_rows()
        save_discrepancies(self.uow, self._discrepancies)
        save_balances(self.uow, self.before, self.after)
        save_standings(self.uow, {key: self.after[key] for key in self.unconfirmed})
        save_lives(
            self.uow,
            {key: state.life for key, state in self.after.items() if state.life != self.before[key].life},
        )

    def _save_changed_rows(self) -> None:
        which: BindParameter[str] = bindparam("which_message")
        verdicts = [{name: row[name] for name in row if name in _VERDICT} for row in self._changed_rows]
        self.uow.connection.execute(
            update(clearance)
            .where(clearance.c.message_id == which)
            .values(verdict=bindparam("new_verdict"), rejections=bindparam("new_rejections")),
            verdicts,
        )
        answers = [{name: row[name] for name in row if name in _ANSWER} for row in self._changed_rows]
        self.uow.connection.execute(
            update(message)
            .where(message.c.message_id == which)
            .values(status=bindparam("new_status"), answer=bindparam("new_answer")),
            answers,
        )


_VERDICT = frozenset({"which_message", "new_verdict", "new_rejections"})
_ANSWER = frozenset({"which_message", "new_status", "new_answer"})


def _is_news(finding: Finding) -> bool:
    return finding.verdict is not Verdict.REPEATED


def _received(one: ClearanceReceived) -> Received:
    return Received(one.message.header, kind_of(one.message), one.digest, one.xml, one.source)


def told(verdict: str, rejections: Iterable[dict[str, Any]]) -> tuple[str, list[str]]:
    """What customs is told of a verdict; the wording of a reason may change without it."""
    return verdict, codes(rejections)


def _known_conflicts(uow: UnitOfWork, batch: Sequence[ClearanceReceived]) -> set[tuple[str, bytes]]:
    """Messages of the batch that are discrepancies already."""
    message_ids = [one.message.header.message_id for one in batch]
    query = select(discrepancy.c.message_id, discrepancy.c.digest).where(
        discrepancy.c.message_id.in_(message_ids)
    )
    return {(row.message_id, row.digest) for row in uow.connection.execute(query)}

"""Write-offs (核销), by the batch: applied, or kept as discrepancies. Exported by `gateway.ledger.book`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from gateway.ledger.columns import instant_text, quantity_text
from gateway.ledger.correspondence import (
    Received,
    answer_again,
    known_messages,
    register,
    rejection_data,
)
from gateway.ledger.journal import Journal, licence_columns
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind, OutcomeStatus
from gateway.ledger.outcome import Outcome
from gateway.ledger.projection import UseKey, load_states, load_uses, save_balances, save_lives
from gateway.ledger.store import UnitOfWork
from gateway.ledger.tables import declaration_use, discrepancy, write_off_line
from gateway.licences.policy import Policy
from gateway.licences.recognition import AppliedBefore, LineId
from gateway.licences.write_off import (
    AppliedLine,
    WriteOffDecision,
    WriteOffResult,
    decide_write_off,
)
from licencexml.messages import WriteOff, kind_of

_STATUS = {
    WriteOffResult.APPLIED: OutcomeStatus.ACCEPTED,
    WriteOffResult.REPEATED: OutcomeStatus.REPEATED,
    WriteOffResult.CONFLICT: OutcomeStatus.CONFLICT,
    WriteOffResult.REFUSED: OutcomeStatus.REFUSED,
}


@dataclass(frozen=True, slots=True)
class WriteOffReceived:
    """An examined WriteOff: its content digest, its own bytes, the interchange that it came in."""

    write_off: WriteOff
    digest: bytes
    xml: bytes
    source: str


def apply_write_offs(uow: UnitOfWork, batch: Sequence[WriteOffReceived], policy: Policy) -> list[Outcome]:
    """Decide about each write-off in the order of the batch; the outcomes are in that order too.

    What the law does not allow is kept as a discrepancy, with its answer: the goods are released, so the
    message is known from now on, and its repeat gets the same answer and makes no second discrepancy.
    """
    return _Batch(uow, batch, policy).apply()


class _Batch:
    """One batch in the making: what was there, what is there now, what is to be written."""

    def __init__(self, uow: UnitOfWork, batch: Sequence[WriteOffReceived], policy: Policy) -> None:
        self._uow = uow
        self._policy = policy
        self._batch = batch
        self._journal = Journal(uow)
        write_offs = [one.write_off for one in batch]
        self._known = known_messages(uow.connection, [each.header.message_id for each in write_offs])
        self._before = load_states(uow.connection, [each.licence for each in write_offs])
        self._states = dict(self._before)
        self._uses = load_uses(
            uow.connection, [(each.licence, each.declaration.entry_id) for each in write_offs]
        )
        self._conflicts = self._known_conflicts()

    def apply(self) -> list[Outcome]:
        outcomes = [self._settle(one) for one in self._batch]
        self._journal.flush()
        changed = {key: state for key, state in self._states.items() if state is not self._before[key]}
        save_balances(self._uow, self._before, changed)
        save_lives(
            self._uow,
            {key: state.life for key, state in changed.items() if state.life != self._before[key].life},
        )
        return outcomes

    def _settle(self, one: WriteOffReceived) -> Outcome:
        message_id = one.write_off.header.message_id
        if message_id in self._known:
            outcome = answer_again(message_id, one.digest, self._known[message_id])
            if outcome.status is OutcomeStatus.CONFLICT and (message_id, one.digest) not in self._conflicts:
                self._conflicts.add((message_id, one.digest))
                self._discrepancy(one, outcome)
            return outcome
        decision = self._decide(one.write_off)
        outcome = Outcome(_STATUS[decision.result], message_id, one.write_off.licence, decision.rejections)
        received = Received(one.write_off.header, kind_of(one.write_off), one.digest, one.xml, one.source)
        self._known[message_id] = register(self._journal, self._uow, received, outcome)
        if decision.rejections:
            self._discrepancy(one, outcome)
        elif decision.result is WriteOffResult.APPLIED:
            self._applied(one.write_off, decision)
        else:
            self._enter(EntryKind.WRITE_OFF_REPEATED, one.write_off, {"entry_id": _entry_id(one)})
        return outcome

    def _decide(self, write_off: WriteOff) -> WriteOffDecision:
        known = self._uses[write_off.licence, write_off.declaration.entry_id]
        state = self._states.get(write_off.licence)
        return decide_write_off(state, write_off, known, self._policy, self._uow.now)

    def _applied(self, write_off: WriteOff, decision: WriteOffDecision) -> None:
        assert decision.state is not None, "what is applied has a licence"
        use: UseKey = (write_off.licence, write_off.declaration.entry_id)
        declaration = write_off.declaration
        if declaration.entry_id not in self._states[write_off.licence].declarations:
            self._journal.add(declaration_use, use_row(write_off))
        for applied in decision.applied:
            self._journal.add(write_off_line, line_row(write_off, applied))
            self._uses[use][LineId.of(applied.line)] = AppliedBefore.of(declaration, applied.line)
        self._states[write_off.licence] = decision.state
        self._enter(EntryKind.WRITE_OFF_APPLIED, write_off, applied_data(write_off, decision.applied))

    def _discrepancy(self, one: WriteOffReceived, outcome: Outcome) -> None:
        rejections = rejection_data(outcome.rejections)
        entry_id = _entry_id(one)
        self._journal.add(
            discrepancy,
            {
                "message_id": outcome.message_id,
                "digest": one.digest,
                "kind": kind_of(one.write_off),
                "entry_id": entry_id,
                "rejections": rejections,
                "status": DiscrepancyStatus.OPEN,
                "at": self._uow.now,
            }
            | licence_columns(one.write_off.licence),
        )
        data = {
            "entry_id": entry_id,
            "digest": one.digest.hex(),
            "source": one.source,
            "rejections": rejections,
        }
        self._enter(EntryKind.WRITE_OFF_REFUSED, one.write_off, data)

    def _enter(self, kind: EntryKind, write_off: WriteOff, data: dict[str, Any]) -> None:
        self._journal.enter(kind, data, licence=write_off.licence, message_id=write_off.header.message_id)

    def _known_conflicts(self) -> set[tuple[str, bytes]]:
        """Messages of the batch whose MessageID is another's and that are discrepancies already."""
        suspects = [
            (one.write_off.header.message_id, one.digest)
            for one in self._batch
            if (known := self._known.get(one.write_off.header.message_id)) and known.digest != one.digest
        ]
        if not suspects:
            return set()
        identity = (discrepancy.c.message_id, discrepancy.c.digest)
        message_ids = [message_id for message_id, _ in suspects]
        rows = self._uow.connection.execute(
            select(*identity).where(discrepancy.c.message_id.in_(message_ids))
        )
        return {(row.message_id, row.digest) for row in rows}


def _entry_id(one: WriteOffReceived) -> str:
    return one.write_off.declaration.entry_id


def use_row(write_off: WriteOff) -> dict[str, Any]:
    """The row of `declaration_use` for a declaration that uses a licence."""
    return licence_columns(write_off.licence) | {
        "entry_id": write_off.declaration.entry_id,
        "release_time": write_off.declaration.release_time,
        "live": True,
    }


def line_row(write_off: WriteOff, applied: AppliedLine) -> dict[str, Any]:
    """The row of `write_off_line` for an applied line."""
    declaration, line = write_off.declaration, applied.line
    return licence_columns(write_off.licence) | {
        "entry_id": declaration.entry_id,
        "line_number": line.line_number,
        "sequence": line.sequence,
        "goods_code": line.goods_code,
        "quantity": line.quantity.amount,
        "unit": line.quantity.unit,
        "stated_line": line.licence_line_number,
        "licence_line": applied.licence_line,
        "release_time": declaration.release_time,
        "operating_unit_code": declaration.operating_unit.code,
        "port": declaration.port,
        "country": declaration.country,
        "message_id": write_off.header.message_id,
    }


def applied_data(write_off: WriteOff, applied: Sequence[AppliedLine]) -> dict[str, Any]:
    """What an entry says of an applied write-off: all that the projection is made of."""
    declaration = write_off.declaration
    return {
        "entry_id": declaration.entry_id,
        "release_time": instant_text(declaration.release_time),
        "operating_unit": {"name": declaration.operating_unit.name, "code": declaration.operating_unit.code},
        "port": declaration.port,
        "country": declaration.country,
        "lines": [
            {
                "line_number": one.line.line_number,
                "sequence": one.line.sequence,
                "goods_code": one.line.goods_code,
                "quantity": quantity_text(one.line.quantity.amount),
                "unit": one.line.quantity.unit,
                "stated_line": one.line.licence_line_number,
                "licence_line": one.licence_line,
            }
            for one in applied
        ],
    }

"""What customs' messages come to: a licence's position, settled from the set of its facts.

The position is a function of the set: neither the order in which messages came nor repeats matter.

The order of the decision:

1. The licence must be known; what comes after it was replaced or revoked does not change it: `RECOGNITION`.
2. Of several messages about one business key (declaration, line, licence, sequence) the one created first
   holds; the same again is a repeat, other content is a conflict: `IDENTITY`.
3. Amendments and withdrawals count where their write-off is; those that came before it wait (parked).
   `AMENDMENT` and `REVERSAL` say which do not hold. A line takes what it says as amended last, less what was
   withdrawn.
4. The write-offs are applied in customs' own order: release time, then declaration, line, sequence. Each must
   keep all the law, `LAW`, theme by theme, as the licence stands at its place; its lines are applied all or
   not at all. An amendment with which its write-off would break the law does not hold: then all is as though
   it had not come, but for what is told of it. What is refused whole draws nothing, and stands as amended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from heapq import heapify, heappop, heappush
from itertools import groupby
from types import MappingProxyType

from gateway.licences.amending import Withdrawals, number_amendments, withdraw
from gateway.licences.facts import Fact, entry_id_of
from gateway.licences.goods import GOODS
from gateway.licences.paper import PAPER
from gateway.licences.parties import PARTIES
from gateway.licences.policy import Policy
from gateway.licences.recognition import (
    IDENTITY,
    RECOGNITION,
    LineContent,
    Named,
    Presented,
    key_of,
)
from gateway.licences.state import Draw, LicenceState
from gateway.licences.units import (
    Line,
    Unit,
    attributes,
    left_of,
    lines_of,
    number_of,
    reversal_of,
)
from gateway.licences.use import USE, Use
from licencexml.messages import (
    Declaration,
    DeclarationLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.rejection import Rejection

#: What is withdrawn where nothing is.
_NOTHING: Mapping[WriteOffLineKey, Decimal] = MappingProxyType({})

#: The themes of the law of use, in the order in which their faults are told.
LAW = (USE, PARTIES, GOODS, PAPER)


class Verdict(StrEnum):
    """What becomes of a message of customs about a release."""

    APPLIED = "APPLIED"
    REPEATED = "REPEATED"
    PARKED = "PARKED"
    CONFLICT = "CONFLICT"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class AppliedLine:
    """A declaration line as it counts now, and the goods line of the licence that it draws on."""

    declaration: Declaration
    line: DeclarationLine
    licence_line: int

    @property
    def draw(self) -> Draw:
        """What it takes."""
        return Draw(self.licence_line, self.line.quantity.amount)


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one message: every reason against it; of an applied write-off its lines as they count.

    `counted` tells whether its declaration counts against the cap by this message.
    """

    verdict: Verdict
    rejections: tuple[Rejection, ...] = ()
    lines: tuple[AppliedLine, ...] = ()
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The licence after all of it (None if it is unknown), and what became of each message by its id."""

    state: LicenceState | None
    findings: Mapping[str, Finding]


def settle(state: LicenceState | None, facts: Iterable[Fact], policy: Policy) -> Settlement:
    """Settle what `facts` come to, from `state`: the licence as it stands but for them.

    The caps, tolerances and dates that bind are those of the licence itself. No two facts have one MessageID.
    """
    ordered = sorted(facts, key=lambda fact: fact.precedence)
    if state is None:
        return Settlement(None, {fact.message_id: _unrecognised(fact, None) for fact in ordered})
    return _Settling(state, ordered, policy).settle()


def _unrecognised(fact: Fact, state: LicenceState | None) -> Finding:
    rejections = RECOGNITION.judge(Named(fact.message.licence, state, fact.late))
    assert rejections, "something is wrong with what is not recognised"
    return Finding(Verdict.REFUSED, rejections)


@dataclass(slots=True)
class _Settling:
    """One settlement in the making."""

    state: LicenceState
    facts: Sequence[Fact]
    policy: Policy
    findings: dict[str, Finding] = field(default_factory=dict)
    repeated: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def settle(self) -> Settlement:
        """Settle; whenever what others rest on turns out not to hold, once more from the beginning."""
        untouched = self.state
        units = self._claim([fact for fact in self.facts if isinstance(fact.message, WriteOff)])
        units = self._amend(units)
        while (failing := self._apply_all(units)) is not None:
            units = [failing if unit.fact is failing.fact else unit for unit in units]
            self.state = untouched
        self._answer_repeats()
        return Settlement(self.state.with_usage(), self.findings)

    def _apply_all(self, units: Sequence[Unit]) -> Unit | None:
        """Apply the units in their order, as far as the first that others rest on otherwise: that one, so.

        One that only moves on to a later place, or draws nothing at all, is taken there: nothing that came
        before it rests on it.
        """
        withdrawals = self._withdraw(units)
        withdrawn = {key for fact in self._facts(WriteOffReversal) for key in reversal_of(fact).keys}
        waiting = [(unit.place, unit) for unit in units]
        heapify(waiting)
        while waiting:
            place, unit = heappop(waiting)
            failing = self._apply(unit, withdrawals)
            if failing is None:
                continue
            moves_up = failing.place < place and not failing.refused
            if moves_up or any(line.key in withdrawn for line in unit.lines):
                return failing
            heappush(waiting, (failing.place, failing))
        return None

    def _answer_repeats(self) -> None:
        """A repeat is answered as what it repeats: with the reasons, if that does not hold."""
        for message_id, repeated in self.repeated.items():
            reasons = dict.fromkeys(reason for one in repeated for reason in self.findings[one].rejections)
            self.findings[message_id] = Finding(Verdict.REPEATED, tuple(reasons))

    def _claim(self, facts: Sequence[Fact]) -> list[Unit]:
        """The write-offs that hold, each with the lines that no other holds before it."""
        holding: dict[WriteOffLineKey, LineContent] = {}
        owner: dict[WriteOffLineKey, str] = {}
        units = []
        # What came in time goes first: what came late never takes its place.
        for fact in sorted(facts, key=lambda fact: (fact.late, fact.precedence)):
            write_off = fact.message
            assert isinstance(write_off, WriteOff)
            conflicts = IDENTITY.judge(Presented(write_off, holding))
            own = [line for line in lines_of(write_off, fact.received_at) if line.key not in holding]
            if conflicts:
                self.findings[fact.message_id] = Finding(Verdict.CONFLICT, conflicts)
            elif not own:
                said = (owner[key_of(write_off.declaration, line)] for line in write_off.declaration.lines)
                self.repeated[fact.message_id] = tuple(dict.fromkeys(said))
            elif fact.late:
                self.findings[fact.message_id] = _unrecognised(fact, self.state)
            else:
                holding |= {line.key: LineContent.of(line.declaration, line.line) for line in own}
                owner |= dict.fromkeys((line.key for line in own), fact.message_id)
                units.append(Unit(fact, tuple(own)))
        return units

    def _amend(self, units: Sequence[Unit]) -> list[Unit]:
        """The units with their amendments."""
        amendments = number_amendments(self._facts(WriteOffAmendment))
        self._note(amendments.repeated, amendments.unwanted, amendments.late)
        of_unit: defaultdict[str, list[Fact]] = defaultdict(list)
        owner = {line.key: unit.fact.message_id for unit in units for line in unit.lines}
        for key, facts in amendments.by_key.items():
            if key in owner:
                of_unit[owner[key]] += facts
            else:
                self._all(facts, Finding(Verdict.PARKED))
        return [
            replace(unit, amendments=tuple(sorted(of_unit[unit.fact.message_id], key=number_of)))
            for unit in units
        ]

    def _withdraw(self, units: Sequence[Unit]) -> Withdrawals:
        released = {line.key: line.line.quantity for unit in units for line in unit.amended}
        found = withdraw(self._facts(WriteOffReversal), released)
        self._note(found.repeated, found.unwanted, found.late)
        self.findings |= dict.fromkeys(found.parked, Finding(Verdict.PARKED))
        self.findings |= dict.fromkeys(found.applied, Finding(Verdict.APPLIED))
        return found

    def _facts(self, kind: type[WriteOffAmendment | WriteOffReversal]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact.message, kind)]

    def _note(
        self,
        repeated: Mapping[str, str],
        unwanted: Mapping[str, tuple[Rejection, ...]],
        late: Iterable[Fact],
    ) -> None:
        self.repeated |= {message_id: (of,) for message_id, of in repeated.items()}
        for message_id, rejections in unwanted.items():
            self.findings[message_id] = Finding(Verdict.REFUSED, rejections)
        for fact in late:
            self.findings[fact.message_id] = _unrecognised(fact, self.state)

    def _apply(self, unit: Unit, withdrawals: Withdrawals) -> Unit | None:
        """Apply or refuse a unit; or how to take it otherwise, which changes what others rest on."""
        if not unit.refused:
            attempt = self._attempt(unit, withdrawals.withdrawn)
            if not attempt.rejections:
                self._accept(unit, attempt)
                return None
            amended = bool(unit.amendments or unit.dropped)
            unit = unit.failing(attempt.rejections)
            if amended:
                return unit
        self._all([unit.fact, *unit.amendments], Finding(Verdict.REFUSED, unit.reasons))
        return None

    def _attempt(self, unit: Unit, withdrawn: Mapping[WriteOffLineKey, Decimal]) -> _Attempt:
        left = [left_of(line, withdrawn.get(line.key)) for line in unit.amended]
        attempt = _Attempt(self.state)
        taking = sorted((line for line in left if line is not None), key=lambda line: line.place)
        for _, group in groupby(taking, key=lambda line: attributes(line.declaration)):
            attempt.draw(list(group), self.policy)
        return attempt

    def _accept(self, unit: Unit, attempt: _Attempt) -> None:
        entry_id = entry_id_of(unit.fact.message)
        state = attempt.state
        withdrawn = not attempt.lines
        if withdrawn and not self.policy.count_restored and not self._attempt(unit, _NOTHING).rejections:
            # What was lawful when it was released has taken a use, and keeps it.
            state = state.counting(entry_id)
        counted = bool(attempt.lines) or (withdrawn and entry_id in state.declarations)
        self.state = state
        self.findings[unit.fact.message_id] = Finding(
            Verdict.APPLIED, lines=tuple(attempt.lines), counted=counted
        )
        self._all(unit.amendments, Finding(Verdict.APPLIED))
        self._all(unit.dropped, Finding(Verdict.REFUSED, unit.reasons))

    def _all(self, facts: Iterable[Fact], finding: Finding) -> None:
        self.findings |= {fact.message_id: finding for fact in facts}


@dataclass(slots=True)
class _Attempt:
    """A unit applied on trial: the licence then, the lines as they count, and every reason against it."""

    state: LicenceState
    lines: list[AppliedLine] = field(default_factory=list)
    rejections: tuple[Rejection, ...] = ()

    def draw(self, group: Sequence[Line], policy: Policy) -> None:
        """Draw lines that have one declaration in common."""
        declaration = group[0].declaration
        lines = tuple(one.line for one in group)
        case = Use(self.state, declaration, lines, policy, min(one.told_at for one in group))
        rejections = tuple(rejection for book in LAW for rejection in book.judge(case))
        self.rejections += rejections
        if rejections:
            return
        applied = [AppliedLine(declaration, line, case.target(line).line_number) for line in lines]
        self.lines += applied
        self.state = self.state.drawn_on(declaration.entry_id, [one.draw for one in applied])

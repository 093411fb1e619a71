"""May this write-off (核销) be applied, and what is left of the licence then?

The order of the decision:

1. The licence must be known, and what was applied before under the same business key (declaration, line,
   licence, sequence) must have said the same: `RECOGNITION`.
2. If every line was applied before, nothing is left to decide: the write-off is a repeat.
3. The lines that are new must keep all the law, `LAW`, theme by theme; they are applied all or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.licences.goods import GOODS
from gateway.licences.paper import PAPER
from gateway.licences.parties import PARTIES
from gateway.licences.policy import Policy
from gateway.licences.recognition import RECOGNITION, AppliedBefore, LineId, Presented, is_known
from gateway.licences.state import Draw, LicenceState
from gateway.licences.use import USE, Use
from licencexml.messages import DeclarationLine, WriteOff
from licencexml.rejection import Rejection

#: The themes of the law of use, in the order in which their faults are told.
LAW = (USE, PARTIES, GOODS, PAPER)


class WriteOffResult(StrEnum):
    """What becomes of a write-off."""

    APPLIED = "APPLIED"
    REPEATED = "REPEATED"
    CONFLICT = "CONFLICT"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class AppliedLine:
    """A declaration line that was applied, and the goods line of the licence that it drew on."""

    line: DeclarationLine
    licence_line: int

    @property
    def draw(self) -> Draw:
        """What it took."""
        return Draw(self.licence_line, self.line.quantity.amount)


@dataclass(frozen=True, slots=True)
class WriteOffDecision:
    """The licence's new state and the lines applied (APPLIED only), or every reason against it."""

    result: WriteOffResult
    state: LicenceState | None
    applied: tuple[AppliedLine, ...] = ()
    rejections: tuple[Rejection, ...] = ()


def decide_write_off(
    state: LicenceState | None,
    write_off: WriteOff,
    known: Mapping[LineId, AppliedBefore],
    policy: Policy,
    now: datetime,
) -> WriteOffDecision:
    """Decide about a write-off in the order that the module states.

    `known` holds what this declaration has applied to this licence before; `now` is aware. The caps,
    tolerances and dates that bind are those of the licence's own state.
    """
    unrecognised = RECOGNITION.judge(Presented(state, write_off, known))
    if state is None:
        return WriteOffDecision(WriteOffResult.REFUSED, None, rejections=unrecognised)
    if unrecognised:
        return WriteOffDecision(WriteOffResult.CONFLICT, state, rejections=unrecognised)
    new = tuple(line for line in write_off.declaration.lines if not is_known(line, known))
    if not new:
        return WriteOffDecision(WriteOffResult.REPEATED, state)
    case = Use(state, write_off.declaration, new, policy, now)
    rejections = tuple(rejection for book in LAW for rejection in book.judge(case))
    if rejections:
        return WriteOffDecision(WriteOffResult.REFUSED, state, rejections=rejections)
    applied = tuple(AppliedLine(line, case.target(line).line_number) for line in new)
    after = state.used(write_off.declaration.entry_id, [one.draw for one in applied])
    return WriteOffDecision(WriteOffResult.APPLIED, after, applied)

"""The uses of a licence line by line: what was released first, what customs changed of it, what counts now.

Nothing is decided here: the verdicts are those of `settlement`, and say which messages hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from gateway.licences.facts import Fact
from gateway.licences.recognition import key_of
from gateway.licences.settlement import Verdict
from licencexml.messages import (
    Declaration,
    DeclarationLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import Quantity

#: A message with one of these verdicts never held a business key.
_HELD_NOTHING = frozenset({Verdict.REPEATED, Verdict.CONFLICT})


@dataclass(frozen=True, slots=True)
class Correction:
    """An amendment or a withdrawal that holds: its number, when customs made it, and its quantity.

    An amendment says the whole quantity of the line anew, a withdrawal what is given back of it.
    """

    message_id: str
    number: int
    time: datetime
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class LineUse:
    """An applied line: `released` as it was first, `declaration` (without lines) and `line` as amended last.

    Amendments and withdrawals are in the order of their numbers. `message_id` is that of its write-off.
    """

    key: WriteOffLineKey
    message_id: str
    released: DeclarationLine
    declaration: Declaration
    line: DeclarationLine
    amendments: tuple[Correction, ...] = ()
    withdrawals: tuple[Correction, ...] = ()

    @property
    def withdrawn(self) -> Quantity:
        """What was withdrawn of it in all, in the unit that counts."""
        total = sum((one.quantity.amount for one in self.withdrawals), Decimal(0))
        return Quantity.of(total, self.line.quantity.unit)

    @property
    def counts(self) -> Quantity:
        """What counts of it now: as amended, less what was withdrawn."""
        left = self.line.quantity.amount - self.withdrawn.amount
        return Quantity.of(max(left, Decimal(0)), self.line.quantity.unit)

    @property
    def place(self) -> tuple[datetime, str, int, int]:
        """Its place in customs' own order."""
        key = self.key
        return self.declaration.release_time, key.entry_id, key.line_number, key.sequence


def line_uses(facts: Iterable[Fact], verdicts: Mapping[str, Verdict]) -> tuple[LineUse, ...]:
    """The lines of applied write-offs, those that are withdrawn in full too, in customs' own order."""
    known = list(facts)
    applied = [fact for fact in known if verdicts[fact.message_id] is Verdict.APPLIED]
    amendments = _amendments(applied)
    withdrawals = _withdrawals(applied)
    uses = [
        _amended(use, amendments.get(use.key, ()), withdrawals.get(use.key, ()))
        for use in _released(known, verdicts)
    ]
    return tuple(sorted(uses, key=lambda use: use.place))


def _released(facts: Sequence[Fact], verdicts: Mapping[str, Verdict]) -> Iterator[LineUse]:
    """Each line by the message that holds its key."""
    held: set[WriteOffLineKey] = set()
    for fact in sorted(facts, key=lambda fact: (fact.late, fact.precedence)):
        message = fact.message
        verdict = verdicts[fact.message_id]
        if not isinstance(message, WriteOff) or fact.late or verdict in _HELD_NOTHING:
            continue
        declaration = replace(message.declaration, lines=())
        for line in message.declaration.lines:
            key = key_of(message.declaration, line)
            if key not in held and verdict is Verdict.APPLIED:
                yield LineUse(key, fact.message_id, line, declaration, line)
            held.add(key)


def _amended(
    use: LineUse, amendments: Sequence[WriteOffAmendment], withdrawals: Sequence[Correction]
) -> LineUse:
    steps = tuple(
        Correction(
            one.header.message_id, one.amendment_number, one.amendment_time, one.declaration.lines[0].quantity
        )
        for one in amendments
    )
    if not amendments:
        return replace(use, withdrawals=tuple(withdrawals))
    last = amendments[-1].declaration
    return replace(
        use,
        declaration=replace(last, lines=()),
        line=last.lines[0],
        amendments=steps,
        withdrawals=tuple(withdrawals),
    )


def _amendments(applied: Iterable[Fact]) -> dict[WriteOffLineKey, list[WriteOffAmendment]]:
    found: defaultdict[WriteOffLineKey, list[WriteOffAmendment]] = defaultdict(list)
    for fact in applied:
        if isinstance(fact.message, WriteOffAmendment):
            found[fact.message.amends].append(fact.message)
    return {
        key: sorted(messages, key=lambda message: message.amendment_number) for key, messages in found.items()
    }


def _withdrawals(applied: Iterable[Fact]) -> dict[WriteOffLineKey, list[Correction]]:
    found: defaultdict[WriteOffLineKey, list[Correction]] = defaultdict(list)
    for fact in applied:
        message = fact.message
        if isinstance(message, WriteOffReversal):
            for key, line in zip(message.keys, message.lines, strict=True):
                found[key].append(
                    Correction(
                        fact.message_id, message.reversal_number, message.withdrawal_time, line.quantity
                    )
                )
    return {key: sorted(steps, key=lambda step: step.number) for key, steps in found.items()}

"""The plan for one licence: what customs releases, amends and withdraws, in the order in which it is told.

Pure and repeatable: the same licence, scenario, seed and start give the same plan.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from gateway.customs.paper import face_of
from gateway.customs.scenario import Mischief, Rule, Scenario
from licencexml.messages import (
    AmendedContent,
    Declaration,
    DeclarationLine,
    GoodsLine,
    Header,
    Licence,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import LicenceKey, Quantity

_STEP = Decimal("0.00001")
_OTHER_UNIT = {"035": "070"}
_AMENDED = "申报数量有误，改单"
_WITHDRAWN = "货物未出运，退关"


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """One declaration that customs is going to release, and what is wrong with it."""

    licence: LicenceKey
    declaration: Declaration
    mischief: Mischief = Mischief.NONE

    def message(self, header: Header) -> WriteOff:
        """What the gateway is told."""
        return WriteOff(header, self.licence, self.declaration)


@dataclass(frozen=True, slots=True)
class PlannedAmendment:
    """One line of a declaration that is going to be amended, for the first time."""

    licence: LicenceKey
    amends: WriteOffLineKey
    at: datetime
    content: AmendedContent
    mischief: Mischief = Mischief.NONE

    def message(self, header: Header) -> WriteOffAmendment:
        """What the gateway is told."""
        return WriteOffAmendment(header, self.licence, self.amends, 1, self.at, self.content, _AMENDED)


@dataclass(frozen=True, slots=True)
class PlannedWithdrawal:
    """Lines of a declaration that are going to be withdrawn, for the first time."""

    licence: LicenceKey
    entry_id: str
    at: datetime
    lines: tuple[ReversedLine, ...]
    mischief: Mischief = Mischief.NONE

    def message(self, header: Header) -> WriteOffReversal:
        """What the gateway is told."""
        return WriteOffReversal(header, self.licence, self.entry_id, 1, self.at, self.lines, _WITHDRAWN)


Planned = PlannedRelease | PlannedAmendment | PlannedWithdrawal


def plan(licence: Licence, scenario: Scenario, seed: int, start: datetime) -> tuple[Planned, ...]:
    """What is told of `licence`, in order; the first release is at `start` (aware).

    Declarations in order come first, then what goes wrong, amendments, withdrawals, and last what is told
    too late.
    """
    rule = scenario.rule_for(licence)
    planner = _Planner(licence, start, random.Random(f"{seed}:{licence.key}"))  # noqa: S311 - a scenario, not a secret
    for _ in range(rule.declarations):
        lines = tuple(_drawn(index, line, rule) for index, line in enumerate(licence.lines, 1))
        planner.release(planner.declaration(lines))
    declared = list(planner.released)
    for mischief in rule.mischief:
        _misbehave(planner, mischief)
    for declaration in declared[: rule.amend]:
        planner.amend(declaration)
    for declaration in declared[len(declared) - rule.withdraw :]:
        planner.withdraw(declaration)
    return (*planner.told, *planner.told_last)


@dataclass(slots=True)
class _Planner:
    """A plan in the making; each act is a second after the one before."""

    licence: Licence
    start: datetime
    random: random.Random
    told: list[Planned] = field(default_factory=list)
    told_last: list[Planned] = field(default_factory=list)
    released: list[Declaration] = field(default_factory=list)
    amended: dict[WriteOffLineKey, Quantity] = field(default_factory=dict)

    def declaration(self, lines: tuple[DeclarationLine, ...], *, at: datetime | None = None) -> Declaration:
        return Declaration(
            entry_id=self.entry_id(),
            operating_unit=self.licence.operator,
            port=self.licence.clearance_port,
            country=self.licence.country,
            release_time=at or self.now,
            lines=lines,
            paper_face=face_of(self.licence),
        )

    def a_little(self) -> tuple[DeclarationLine]:
        """The smallest amount of the first goods line."""
        first = self.licence.lines[0]
        return (_line(1, first, Quantity.of(_STEP, first.quantity.unit)),)

    def release(self, declaration: Declaration, mischief: Mischief = Mischief.NONE) -> None:
        self.released.append(declaration)
        self.told.append(PlannedRelease(self.licence.key, declaration, mischief))

    def again(self, mischief: Mischief, *, other_content: bool) -> None:
        """The last declaration once more, or its key with another quantity."""
        last = self.released[-1]
        lines = tuple(_with_amount(line, line.quantity.amount + _STEP) for line in last.lines)
        declaration = replace(last, lines=lines) if other_content else last
        self.told.append(PlannedRelease(self.licence.key, declaration, mischief))

    def amend(self, declaration: Declaration) -> None:
        """Half of its first line was not released after all."""
        line = declaration.lines[0]
        half = (line.quantity.amount / 2).quantize(_STEP, rounding="ROUND_DOWN")
        quantity = Quantity.of(max(half, _STEP), line.quantity.unit)
        content = AmendedContent(
            operating_unit=declaration.operating_unit,
            port=declaration.port,
            country=declaration.country,
            release_time=declaration.release_time,
            goods_code=line.goods_code,
            quantity=quantity,
            licence_line_number=line.licence_line_number,
        )
        key = _key(declaration, line)
        self.amended[key] = quantity
        self.told.append(PlannedAmendment(self.licence.key, key, self.now, content))

    def withdraw(self, declaration: Declaration, mischief: Mischief = Mischief.NONE) -> None:
        """All that stands of it is taken back."""
        lines = tuple(
            ReversedLine(
                line.line_number, line.sequence, self.amended.get(_key(declaration, line), line.quantity)
            )
            for line in declaration.lines
        )
        self.told.append(PlannedWithdrawal(self.licence.key, declaration.entry_id, self.now, lines, mischief))

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=len(self.told))

    def entry_id(self) -> str:
        return f"{self.licence.clearance_port}{self.start.year:04d}{self.random.randrange(10**10):010d}"


def _misbehave(planner: _Planner, mischief: Mischief) -> None:
    first = planner.licence.lines[0]
    unit = first.quantity.unit
    match mischief:
        case Mischief.EXCESS:
            too_much = Quantity.of(first.quantity.amount + 1, unit)
            planner.release(planner.declaration((_line(1, first, too_much),)), mischief)
        case Mischief.WRONG_UNIT:
            other = Quantity.of(_STEP, _OTHER_UNIT.get(unit, "035"))
            planner.release(planner.declaration((_line(1, first, other),)), mischief)
        case Mischief.WRONG_SIGNATURE | Mischief.NONE:
            planner.release(planner.declaration(planner.a_little()), mischief)
        case Mischief.REPEAT:
            planner.again(mischief, other_content=False)
        case Mischief.CONFLICT:
            planner.again(mischief, other_content=True)
        case Mischief.REVERSAL_FIRST:
            declaration = planner.declaration(planner.a_little())
            planner.withdraw(declaration, mischief)
            planner.release(declaration, mischief)
        case Mischief.UNKNOWN_REVERSAL:
            planner.withdraw(planner.declaration(planner.a_little()), mischief)
        case Mischief.LATE_EARLIER:
            early = planner.declaration(planner.a_little(), at=planner.start - timedelta(seconds=1))
            planner.told_last.append(PlannedRelease(planner.licence.key, early, mischief))


def _drawn(index: int, line: GoodsLine, rule: Rule) -> DeclarationLine:
    """An even part of the share, rounded down to the fifth place, but never nought."""
    part = (line.quantity.amount * rule.share / rule.declarations).quantize(_STEP, rounding="ROUND_DOWN")
    return _line(index, line, Quantity.of(max(part, _STEP), line.quantity.unit))


def _line(index: int, line: GoodsLine, quantity: Quantity) -> DeclarationLine:
    return DeclarationLine(
        line_number=index,
        sequence=1,
        goods_code=line.goods_code,
        quantity=quantity,
        licence_line_number=line.line_number,
    )


def _with_amount(line: DeclarationLine, amount: Decimal) -> DeclarationLine:
    return replace(line, quantity=Quantity.of(amount, line.quantity.unit))


def _key(declaration: Declaration, line: DeclarationLine) -> WriteOffLineKey:
    return WriteOffLineKey(declaration.entry_id, line.line_number, line.sequence)

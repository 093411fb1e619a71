"""What the simulated customs releases against a licence: planned from a scenario, pure and repeatable.

A scenario is a seed, a rule for all licences, and rules for single ones. Beside releases that are in order it
can plan what goes wrong in practice: a declaration too many, more than the balance, another unit, the same
message twice, the same key with other content, and a signature that does not hold.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.customs.paper import face_of
from gateway.errors import ConfigurationFault
from licencexml.messages import Declaration, DeclarationLine, GoodsLine, Licence
from licencexml.values import LicenceKey, Quantity, UsageMode

_STEP = Decimal("0.00001")
_MAX_DECLARATIONS = 40
_OTHER_UNIT = {"035": "070"}


class Mischief(StrEnum):
    """What is wrong with a planned release, on purpose."""

    NONE = "none"
    EXCESS = "excess"
    WRONG_UNIT = "wrong-unit"
    REPEAT = "repeat"
    CONFLICT = "conflict"
    WRONG_SIGNATURE = "wrong-signature"


class Rule(BaseModel):
    """How one licence is used: by how many declarations, how much of it in all, and what goes wrong.

    `share` is the part of the licence that is used up in all, from 0 to 1, spread evenly over the
    declarations; each of `mischief` is planned once, after them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str | None = None
    declarations: Annotated[int, Field(ge=0, le=_MAX_DECLARATIONS)] = 1
    share: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.6")
    mischief: tuple[Mischief, ...] = ()

    @model_validator(mode="after")
    def _something_to_repeat(self) -> Self:
        if self.declarations == 0 and {Mischief.REPEAT, Mischief.CONFLICT} & set(self.mischief):
            raise ValueError("repeat and conflict need a declaration before them")
        return self


class Scenario(BaseModel):
    """The scenario file: `[single]` and `[multi]` for all licences of that usage, `[[licence]]` for one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    single: Rule = Rule(declarations=1, share=Decimal(1))
    multi: Rule = Rule(declarations=3)
    licence: tuple[Rule, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """The scenario in a TOML file; ConfigurationFault with every fault in it."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationFault(f"{path}: {error}") from error
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise ConfigurationFault("\n".join(f"{path}: {fault}" for fault in faults)) from error

    def rule_for(self, licence: Licence) -> Rule:
        """The rule for `licence`: its own ("EXPORT/26-AA-000001"), else the one for its usage."""
        for rule in self.licence:
            if rule.licence == str(licence.key):
                return rule
        return self.single if licence.usage_mode is UsageMode.SINGLE else self.multi


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """One declaration that customs is going to release, and what is wrong with it."""

    licence: LicenceKey
    declaration: Declaration
    mischief: Mischief = Mischief.NONE


@dataclass(slots=True)
class _Planner:
    licence: Licence
    port: str
    start: datetime
    random: random.Random
    plans: list[PlannedRelease] = field(default_factory=list)

    def add(self, lines: tuple[DeclarationLine, ...], mischief: Mischief = Mischief.NONE) -> None:
        declaration = Declaration(
            entry_id=self._entry_id(),
            operating_unit=self.licence.operator,
            port=self.port,
            country=self.licence.country,
            release_time=self.start + timedelta(seconds=len(self.plans)),
            lines=lines,
            paper_face=face_of(self.licence),
        )
        self.plans.append(PlannedRelease(self.licence.key, declaration, mischief))

    def again(self, mischief: Mischief, *, other_content: bool) -> None:
        """The last declaration once more, or its key with another quantity."""
        last = self.plans[-1].declaration
        lines = tuple(_with_amount(line, line.quantity.amount + _STEP) for line in last.lines)
        declaration = replace(last, lines=lines) if other_content else last
        self.plans.append(PlannedRelease(self.licence.key, declaration, mischief))

    def _entry_id(self) -> str:
        return f"{self.port}{self.start.year:04d}{self.random.randrange(10**10):010d}"


def plan(licence: Licence, scenario: Scenario, seed: int, start: datetime) -> tuple[PlannedRelease, ...]:
    """The releases against `licence`, in order, the first at `start` (aware).

    The same licence, scenario, seed and start give the same plan.
    """
    rule = scenario.rule_for(licence)
    planner = _Planner(licence, licence.clearance_port, start, random.Random(f"{seed}:{licence.key}"))  # noqa: S311 - a scenario, not a secret
    for _ in range(rule.declarations):
        planner.add(tuple(_drawn(index, line, rule) for index, line in enumerate(licence.lines, 1)))
    for mischief in rule.mischief:
        _misbehave(planner, mischief)
    return tuple(planner.plans)


def _drawn(index: int, line: GoodsLine, rule: Rule) -> DeclarationLine:
    """An even part of the share, rounded down to the fifth place, but never nought."""
    part = (line.quantity.amount * rule.share / rule.declarations).quantize(_STEP, rounding="ROUND_DOWN")
    return _line(index, line, Quantity.of(max(part, _STEP), line.quantity.unit))


def _misbehave(planner: _Planner, mischief: Mischief) -> None:
    first = planner.licence.lines[0]
    unit = first.quantity.unit
    match mischief:
        case Mischief.EXCESS:
            too_much = Quantity.of(first.quantity.amount + 1, unit)
            planner.add((_line(1, first, too_much),), mischief)
        case Mischief.WRONG_UNIT:
            other = Quantity.of(_STEP, _OTHER_UNIT.get(unit, "035"))
            planner.add((_line(1, first, other),), mischief)
        case Mischief.WRONG_SIGNATURE:
            planner.add((_line(1, first, Quantity.of(_STEP, unit)),), mischief)
        case Mischief.REPEAT:
            planner.again(mischief, other_content=False)
        case Mischief.CONFLICT:
            planner.again(mischief, other_content=True)
        case Mischief.NONE:
            planner.add((_line(1, first, Quantity.of(_STEP, unit)),))


def _line(index: int, line: GoodsLine, quantity: Quantity) -> DeclarationLine:
    return DeclarationLine(
        line_number=index,
        sequence=1,
        goods_code=line.goods_code,
        quantity=quantity,
        licence_line_number=line.line_number,
    )


def _with_amount(line: DeclarationLine, amount: Decimal) -> DeclarationLine:
    quantity = Quantity.of(amount, line.quantity.unit)
    return DeclarationLine(
        line.line_number, line.sequence, line.goods_code, quantity, line.licence_line_number
    )

"""Scenarios: what the simulated customs is to do with licences, as its operator writes it down.

A scenario is a rule for all licences of a usage, and rules for single ones; `planning` makes a plan of it.
Beside releases that are in order it can ask for what goes wrong in practice: a declaration too many, more
than the balance, another unit, the same message twice, the same key with other content, a signature that
does not hold, and news in an order that nobody expects.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import ConfigurationFault
from licencexml.messages import Licence
from licencexml.values import UsageMode

_MAX_DECLARATIONS = 40


class Mischief(StrEnum):
    """What is wrong with a planned release, on purpose."""

    NONE = "none"
    EXCESS = "excess"
    WRONG_UNIT = "wrong-unit"
    REPEAT = "repeat"
    CONFLICT = "conflict"
    WRONG_SIGNATURE = "wrong-signature"
    REVERSAL_FIRST = "reversal-first"
    """A declaration whose withdrawal is told before its release."""
    UNKNOWN_REVERSAL = "unknown-reversal"
    """The withdrawal of a declaration that is never told."""
    LATE_EARLIER = "late-earlier"
    """A declaration released before all others, and told after them."""


class Rule(BaseModel):
    """How one licence is used: by how many declarations, how much of it in all, and what goes wrong.

    `share` is the part of the licence that is used up in all, from 0 to 1, spread evenly over the
    declarations; each of `mischief` is planned once, after them. Then the first `amend` declarations are
    amended (half of their first line), and the last `withdraw` are withdrawn in full.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str | None = None
    declarations: Annotated[int, Field(ge=0, le=_MAX_DECLARATIONS)] = 1
    share: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.6")
    amend: Annotated[int, Field(ge=0, le=_MAX_DECLARATIONS)] = 0
    withdraw: Annotated[int, Field(ge=0, le=_MAX_DECLARATIONS)] = 0
    mischief: tuple[Mischief, ...] = ()

    @model_validator(mode="after")
    def _something_to_correct(self) -> Self:
        if max(self.amend, self.withdraw) > self.declarations:
            raise ValueError("amend and withdraw are at most as many as declarations")
        return self

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

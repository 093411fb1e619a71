"""What a rule of law is: a reason (code, article, sentences, remedy), and one function that checks it.

A rule is one entry in the rulebook of its theme:

    @USE.rule(code="...", zh="...", en="...", article="...", remedy="...")
    def rule_name(case: Use) -> Iterator[Facts]:
        if ...:
            yield {"licence": case.state.key}

The function yields the facts of each breach; they fill the sentences. All rules of a book are asked, so that
all faults are told at once. `article` names the regulation, or is "configured" where the rule rests on no
text that we could read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from licencexml.rejection import NOWHERE, Reason, Rejection

Case = TypeVar("Case")

#: The facts of one breach, by the names that the rule's sentences use.
Facts = Mapping[str, object]

CONFIGURED = "configured"


@dataclass(frozen=True, slots=True)
class Rule(Generic[Case]):
    """One rule: its catalogue entry, and its check."""

    reason: Reason
    check: Callable[[Case], Iterable[Facts]]

    @property
    def checks(self) -> str:
        """What it checks, in a sentence: the first paragraph of the check's own words."""
        return " ".join((self.check.__doc__ or "").partition("\n\n")[0].split())

    def judge(self, case: Case) -> list[Rejection]:
        """Every breach of this rule in `case`."""
        return [self.reason.reject(NOWHERE, **facts) for facts in self.check(case)]


class Rulebook(Generic[Case]):
    """The rules of one theme, in the order in which they are told."""

    def __init__(self, theme: str) -> None:
        self.theme = theme
        self._rules: list[Rule[Case]] = []

    @property
    def rules(self) -> tuple[Rule[Case], ...]:
        """The rules, in order."""
        return tuple(self._rules)

    def rule(
        self, *, code: str, zh: str, en: str, article: str, remedy: str
    ) -> Callable[[Callable[[Case], Iterable[Facts]]], Rule[Case]]:
        """Enter the decorated check as a rule."""
        reason = Reason(code=code, zh=zh, en=en, article=article, remedy=remedy)

        def enter(check: Callable[[Case], Iterable[Facts]]) -> Rule[Case]:
            rule = Rule(reason, check)
            self._rules.append(rule)
            return rule

        return enter

    def judge(self, case: Case) -> tuple[Rejection, ...]:
        """Every breach of every rule in `case`; empty if it is lawful."""
        return tuple(rejection for rule in self._rules for rejection in rule.judge(case))

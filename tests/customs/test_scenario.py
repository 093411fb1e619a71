"""Scenarios: what the simulated customs is going to do follows from the file, the seed and the licence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.customs.scenario import Mischief, PlannedRelease, Rule, Scenario, plan
from gateway.demo.samples import generate
from gateway.errors import ConfigurationFault
from gateway.licences.paper import PAPER
from gateway.licences.state import LicenceState
from gateway.licences.use import Use
from licencexml.messages import Licence
from licencexml.values import Medium, UsageMode
from tests.licences.makers import POLICY

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
LICENCES = list(generate(3, 30, today=date(2026, 11, 21)))

licences = st.sampled_from(LICENCES)
rules = st.builds(
    Rule,
    declarations=st.integers(1, 40),
    share=st.decimals("0.01", "1", places=2),
    mischief=st.lists(st.sampled_from(list(Mischief)), max_size=4).map(tuple),
)


def scenario(rule: Rule) -> Scenario:
    return Scenario(single=rule, multi=rule)


def lawful(plans: tuple[PlannedRelease, ...]) -> list[PlannedRelease]:
    return [one for one in plans if one.mischief is Mischief.NONE]


@given(licences, rules, st.integers(0, 99))
def test_a_plan_is_repeatable(licence: Licence, rule: Rule, seed: int) -> None:
    assert plan(licence, scenario(rule), seed, START) == plan(licence, scenario(rule), seed, START)


def test_customs_tells_what_a_paper_licence_shows() -> None:
    """Each of its releases passes the comparison of paper and data; no other has a paper to tell of."""
    assert {licence.medium for licence in LICENCES} == set(Medium)
    for licence in LICENCES:
        state = LicenceState.issued(licence, POLICY)
        for one in plan(licence, scenario(Rule(mischief=tuple(Mischief))), 1, START):
            declaration = one.declaration
            assert (declaration.paper_face is None) == (licence.medium is Medium.ELECTRONIC)
            assert PAPER.judge(Use(state, declaration, declaration.lines, POLICY, START)) == ()


@given(licences, rules)
def test_without_mischief_no_more_is_released_than_the_share(licence: Licence, rule: Rule) -> None:
    plans = plan(licence, scenario(rule.model_copy(update={"mischief": ()})), 1, START)
    assert len(plans) == rule.declarations
    assert len({one.declaration.entry_id for one in plans}) == rule.declarations
    for line in licence.lines:
        drawn = [
            each.quantity
            for one in plans
            for each in one.declaration.lines
            if each.licence_line_number == line.line_number
        ]
        assert all(quantity.unit == line.quantity.unit and quantity.amount > 0 for quantity in drawn)
        smallest = Decimal("0.00001") * len(drawn)
        assert sum(quantity.amount for quantity in drawn) <= max(line.quantity.amount * rule.share, smallest)


@given(licences)
def test_each_mischief_is_what_it_says(licence: Licence) -> None:
    first = licence.lines[0]
    for mischief in Mischief:
        plans = plan(licence, scenario(Rule(declarations=2, mischief=(mischief,))), 1, START)
        *good, last = plans
        assert len(plans) == 3
        line = last.declaration.lines[0]
        match mischief:
            case Mischief.EXCESS:
                assert line.quantity.amount > first.quantity.amount
            case Mischief.WRONG_UNIT:
                assert line.quantity.unit != first.quantity.unit
            case Mischief.REPEAT:
                assert last.declaration == good[-1].declaration
            case Mischief.CONFLICT:
                assert last.declaration.entry_id == good[-1].declaration.entry_id
                assert last.declaration.lines != good[-1].declaration.lines
            case Mischief.WRONG_SIGNATURE | Mischief.NONE:
                assert last.declaration.entry_id != good[-1].declaration.entry_id
        assert last.mischief is mischief


def test_a_licence_may_have_a_rule_of_its_own() -> None:
    one, other = (
        next(each for each in LICENCES if each.usage_mode is usage)
        for usage in (UsageMode.MULTI, UsageMode.SINGLE)
    )
    made = Scenario.model_validate({"licence": [{"licence": str(one.key), "declarations": 13}]})
    assert len(plan(one, made, 1, START)) == 13
    assert len(plan(other, made, 1, START)) == 1


def test_a_scenario_file(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text('[multi]\ndeclarations = 5\nshare = "0.5"\nmischief = ["excess"]\n')
    loaded = Scenario.load(path)
    assert loaded.multi == Rule(declarations=5, share=Decimal("0.5"), mischief=(Mischief.EXCESS,))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[multi]\ndeclarations = 99\n", "multi.declarations"),
        ('[multi]\nmischief = ["theft"]\n', "multi.mischief.0"),
        ("[dual]\n", "dual"),
        ('[multi]\ndeclarations = 0\nmischief = ["repeat"]\n', "need a declaration"),
        ("[multi\n", "scenario.toml"),
        ('[single]\nshare = "0"\n\n[multi]\nshare = "2"\n', "single.share"),
    ],
)
def test_a_faulty_scenario_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationFault, match=told):
        Scenario.load(path)
    with pytest.raises(ConfigurationFault, match="missing"):
        Scenario.load(tmp_path / "missing.toml")

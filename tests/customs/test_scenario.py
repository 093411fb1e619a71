"""Scenarios: what the simulated customs is going to do follows from the file, the seed and the licence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.customs.planning import Planned, PlannedAmendment, PlannedRelease, PlannedWithdrawal, plan
from gateway.customs.scenario import Mischief, Rule, Scenario
from gateway.demo.samples import generate
from gateway.errors import ConfigurationFault
from gateway.licences.paper import PAPER
from gateway.licences.state import LicenceState
from gateway.licences.use import Use
from licencexml.messages import Licence
from licencexml.values import Medium, Quantity, UsageMode
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


def releases(plans: Iterable[Planned]) -> list[PlannedRelease]:
    return [one for one in plans if isinstance(one, PlannedRelease)]


@given(licences, rules, st.integers(0, 99))
def test_a_plan_is_repeatable(licence: Licence, rule: Rule, seed: int) -> None:
    assert plan(licence, scenario(rule), seed, START) == plan(licence, scenario(rule), seed, START)


def test_customs_tells_what_a_paper_licence_shows() -> None:
    """Each of its releases passes the comparison of paper and data; no other has a paper to tell of."""
    assert {licence.medium for licence in LICENCES} == set(Medium)
    for licence in LICENCES:
        state = LicenceState.issued(licence, POLICY)
        for one in releases(plan(licence, scenario(Rule(mischief=tuple(Mischief))), 1, START)):
            declaration = one.declaration
            assert (declaration.paper_face is None) == (licence.medium is Medium.ELECTRONIC)
            assert PAPER.judge(Use(state, declaration, declaration.lines, POLICY, START)) == ()


@given(licences, rules)
def test_without_mischief_no_more_is_released_than_the_share(licence: Licence, rule: Rule) -> None:
    plans = releases(plan(licence, scenario(rule.model_copy(update={"mischief": ()})), 1, START))
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


RELEASED = sorted(set(Mischief) - {Mischief.REVERSAL_FIRST, Mischief.UNKNOWN_REVERSAL, Mischief.LATE_EARLIER})


@given(licences)
def test_each_mischief_is_what_it_says(licence: Licence) -> None:
    first = licence.lines[0]
    for mischief in RELEASED:
        plans = plan(licence, scenario(Rule(declarations=2, mischief=(mischief,))), 1, START)
        *good, last = releases(plans)
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


@given(licences)
def test_a_withdrawal_may_be_told_before_its_release(licence: Licence) -> None:
    rule = Rule(declarations=2, mischief=(Mischief.REVERSAL_FIRST,))
    *_, withdrawal, release = plan(licence, scenario(rule), 1, START)
    assert isinstance(withdrawal, PlannedWithdrawal)
    assert isinstance(release, PlannedRelease)
    assert withdrawal.entry_id == release.declaration.entry_id
    assert _withdrawn(withdrawal) == [
        (line.line_number, line.sequence, line.quantity) for line in release.declaration.lines
    ]
    assert withdrawal.mischief is release.mischief is Mischief.REVERSAL_FIRST


@given(licences)
def test_what_was_never_told_may_be_withdrawn(licence: Licence) -> None:
    rule = Rule(declarations=2, mischief=(Mischief.UNKNOWN_REVERSAL,))
    *good, last = plan(licence, scenario(rule), 1, START)
    assert isinstance(last, PlannedWithdrawal)
    assert last.entry_id not in {one.declaration.entry_id for one in releases(good)}


@given(licences, st.permutations([Mischief.LATE_EARLIER, Mischief.EXCESS, Mischief.UNKNOWN_REVERSAL]))
def test_what_was_released_first_may_be_told_last(licence: Licence, mischief: list[Mischief]) -> None:
    rule = Rule(declarations=3, amend=1, withdraw=1, mischief=tuple(mischief))
    *before, last = plan(licence, scenario(rule), 1, START)
    assert isinstance(last, PlannedRelease)
    assert last.mischief is Mischief.LATE_EARLIER
    earliest = min(one.declaration.release_time for one in releases(before))
    assert last.declaration.release_time < earliest == START


@given(licences, st.integers(0, 5), st.integers(0, 5))
def test_the_first_are_amended_and_the_last_withdrawn_in_full(
    licence: Licence, amend: int, withdraw: int
) -> None:
    rule = Rule(declarations=5, amend=amend, withdraw=withdraw)
    plans = plan(licence, scenario(rule), 1, START)
    declared = [one.declaration for one in releases(plans)]
    amendments = [one for one in plans if isinstance(one, PlannedAmendment)]
    withdrawals = [one for one in plans if isinstance(one, PlannedWithdrawal)]
    assert plans == (*releases(plans), *amendments, *withdrawals)
    assert [one.amends.entry_id for one in amendments] == [one.entry_id for one in declared[:amend]]
    assert [one.entry_id for one in withdrawals] == [one.entry_id for one in declared[5 - withdraw :]]
    now = {
        (one.entry_id, line.line_number, line.sequence): line.quantity
        for one in declared
        for line in one.lines
    }
    for one in amendments:
        key = (one.amends.entry_id, one.amends.line_number, one.amends.sequence)
        assert Decimal(0) < one.content.quantity.amount <= max(now[key].amount / 2, Decimal("0.00001"))
        assert one.content.quantity.unit == now[key].unit
        assert one.at > one.content.release_time
        now[key] = one.content.quantity
    for withdrawal in withdrawals:
        taken = [(withdrawal.entry_id, *line[:2], line[2]) for line in _withdrawn(withdrawal)]
        assert taken == [(*key, quantity) for key, quantity in now.items() if key[0] == withdrawal.entry_id]


def _withdrawn(withdrawal: PlannedWithdrawal) -> list[tuple[int, int, Quantity]]:
    return [(line.line_number, line.sequence, line.quantity) for line in withdrawal.lines]


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
        ("[multi]\ndeclarations = 2\namend = 3\n", "at most as many"),
        ("[multi]\ndeclarations = 0\nwithdraw = 1\n", "at most as many"),
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


def test_the_scenario_in_the_book_of_operations_is_one(tmp_path: Path) -> None:
    book = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[multi\].*?)```", book, re.DOTALL)
    path = tmp_path / "scenario.toml"
    path.write_text(example, encoding="utf-8")
    loaded = Scenario.load(path)
    assert (loaded.multi.amend, loaded.multi.withdraw, loaded.licence[0].declarations) == (1, 2, 13)
    told = set(
        re.findall(r"`([a-z-]+)`", book[book.index("| `mischief` |") : book.index("**What goes wrong on")])
    )
    assert told - {"mischief"} == set(Mischief) - {Mischief.NONE}

"""What customs' messages come to is a function of their set: proved over generated sets of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import event, given
from hypothesis import strategies as st

from gateway.licences.facts import Fact
from gateway.licences.recognition import key_of
from gateway.licences.settlement import Settlement, Verdict, settle
from gateway.licences.state import LicenceState
from licencexml.messages import (
    DeclarationLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import Quantity
from tests.licences.clearances import again, reversal, withdrawn
from tests.licences.makers import fact
from tests.licences.worlds import World, of_kind, worlds
from tests.profile import examples

LATER = 60
NOTHING = Decimal(0)


def shuffled(data: st.DataObject, facts: Sequence[Fact]) -> list[Fact]:
    order = data.draw(st.permutations(range(len(facts))))
    return [facts[index] for index in order]


def settled(world: World, facts: Iterable[Fact] | None = None) -> Settlement:
    return settle(world.state, world.facts if facts is None else facts, world.policy)


def after(settlement: Settlement) -> LicenceState:
    assert settlement.state is not None
    return settlement.state


@given(world=worlds(), data=st.data())
@examples(100)
def test_the_order_of_the_messages_has_no_meaning(world: World, data: st.DataObject) -> None:
    other = shuffled(data, world.facts)

    assert settled(world, other) == settled(world)


@given(world=worlds(), data=st.data())
@examples(100)
def test_messages_that_come_twice_mean_what_they_mean_once(world: World, data: st.DataObject) -> None:
    doubles = [
        replace(one, message=again(one.message, f"double-{n}", LATER)) for n, one in enumerate(world.facts)
    ]
    both = shuffled(data, [*world.facts, *doubles])
    once, twice = settled(world), settled(world, both)

    assert twice.state == once.state
    assert {each: twice.findings[each] for each in once.findings} == once.findings
    for original, double in zip(world.facts, doubles, strict=True):
        first, second = (twice.findings[one.message_id] for one in (original, double))
        assert second.verdict in (Verdict.REPEATED, first.verdict)
        assert second.verdict is not Verdict.APPLIED
        assert second.lines == ()


@given(world=worlds())
@examples(150)
def test_every_message_has_one_finding_and_every_refusal_its_reasons(world: World) -> None:
    findings = settled(world).findings

    assert findings.keys() == {one.message_id for one in world.facts}
    for one in world.facts:
        finding = findings[one.message_id]
        event(f"{type(one.message).__name__} {finding.verdict}")
        against = finding.verdict in (Verdict.REFUSED, Verdict.CONFLICT)
        # A repeat is answered as what it repeats.
        assert against is bool(finding.rejections) or finding.verdict is Verdict.REPEATED
        assert not finding.lines or (finding.verdict is Verdict.APPLIED and isinstance(one.message, WriteOff))


@given(world=worlds())
@examples(200)
def test_539_art_6_what_was_applied_less_what_was_withdrawn_is_what_is_gone(world: World) -> None:
    settlement = settled(world)
    gone: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in standing_lines(world, settlement):
        gone[goods_line(world.state, line)] += line.quantity.amount
    stated: defaultdict[int, Decimal] = defaultdict(Decimal)
    for finding in settlement.findings.values():
        for one in finding.lines:
            stated[one.licence_line] += one.line.quantity.amount

    for of in after(settlement).lines:
        assert of.issued - of.balance == gone[of.line_number] == stated[of.line_number]


@given(world=worlds())
@examples(150)
def test_the_cap_and_the_tolerance_hold_whatever_comes(world: World) -> None:
    settlement = settled(world)
    state = after(settlement)

    assert len(state.declarations) <= state.cap
    for line in state.lines:
        assert line.balance <= line.issued
        assert -line.balance * 100 <= line.issued * line.tolerance_percent
    live = {one.declaration.entry_id for finding in settlement.findings.values() for one in finding.lines}
    assert live <= state.declarations
    assert not world.policy.count_restored or state.declarations == live


@given(world=worlds())
@examples(100)
def test_a_withdrawal_that_waits_changes_nothing(world: World) -> None:
    waiting = fact(reversal(withdrawn("1", line_number=9), number=9, message_id="waits"))
    without, with_it = settled(world), settled(world, [*world.facts, waiting])

    assert with_it.findings["waits"].verdict is Verdict.PARKED
    assert with_it.state == without.state
    assert {each: with_it.findings[each] for each in without.findings} == without.findings


@given(world=worlds())
@examples(100)
def test_what_came_late_changes_nothing_of_what_came_in_time(world: World) -> None:
    in_time = [one for one in world.facts if not one.late]
    all_of_it, timely = settled(world), settled(world, in_time)

    assert all_of_it.state == timely.state
    assert {each: all_of_it.findings[each] for each in timely.findings} == timely.findings


@given(world=worlds())
@examples(50)
def test_494_art_13_of_an_unknown_licence_nothing_is_applied(world: World) -> None:
    settlement = settle(None, world.facts, world.policy)

    assert settlement.state is None
    assert settlement.findings.keys() == {one.message_id for one in world.facts}
    for finding in settlement.findings.values():
        assert [one.code for one in finding.rejections] == ["LICENCE_UNKNOWN"]


def standing_lines(world: World, settlement: Settlement) -> list[DeclarationLine]:
    """The lines that count by what customs said and what became of it: amended, less what was withdrawn."""
    verdict = {each: finding.verdict for each, finding in settlement.findings.items()}
    content: dict[WriteOffLineKey, DeclarationLine] = {}
    applied: dict[WriteOffLineKey, bool] = {}
    for one, message in sorted(of_kind(world.facts, WriteOff), key=lambda pair: pair[0].precedence):
        if one.late or verdict[one.message_id] is Verdict.CONFLICT:
            continue
        for line in message.declaration.lines:
            which = key_of(message.declaration, line)
            content.setdefault(which, line)
            applied.setdefault(which, verdict[one.message_id] is Verdict.APPLIED)
    for one, amended in sorted(
        of_kind(world.facts, WriteOffAmendment), key=lambda pair: pair[1].amendment_number
    ):
        if verdict[one.message_id] is Verdict.APPLIED:
            content[amended.amends] = amended.declaration.lines[0]
    for one, withdrawal in of_kind(world.facts, WriteOffReversal):
        if verdict[one.message_id] is Verdict.APPLIED:
            for which, taken in zip(withdrawal.keys, withdrawal.lines, strict=True):
                if applied[which]:
                    content[which] = less(content[which], taken.quantity)
    return [line for which, line in content.items() if applied[which] and line.quantity.amount > 0]


def less(line: DeclarationLine, taken: Quantity) -> DeclarationLine:
    assert taken.unit == line.quantity.unit, "what is given back is counted as what was taken"
    assert taken.amount <= line.quantity.amount, "no more is given back than was taken"
    return replace(line, quantity=Quantity(line.quantity.amount - taken.amount, taken.unit))


def goods_line(state: LicenceState, line: DeclarationLine) -> int:
    [found] = [
        one.line_number
        for one in state.lines
        if one.goods_code == line.goods_code and line.licence_line_number in (None, one.line_number)
    ]
    return found

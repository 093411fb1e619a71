"""What releases come to: the same in whatever order they are told, by figures that always add up."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.customs.counting import (
    Amended,
    IssuedLine,
    Released,
    Told,
    Withdrawn,
    count,
    figures,
    live_declarations,
    written_off,
    wrong,
)
from licencexml.messages import GoodsLineBalance, WriteOffLineKey
from licencexml.values import LicenceKey, LicenceType

KEY = LicenceKey(LicenceType.EXPORT, "26-AA-000001")
UNIT = "070"
LINES = [IssuedLine(number, "1006302001", UNIT, Decimal("100.00000")) for number in (1, 2)]

amounts = st.decimals("0.00001", "60", places=5)
line_keys = st.builds(WriteOffLineKey, st.sampled_from(["E1", "E2", "E3"]), st.integers(1, 2), st.just(1))
tellings = st.builds(
    Told,
    st.lists(
        st.builds(Released, line_keys, st.integers(1, 2), amounts, st.sampled_from([UNIT, UNIT, "035"])),
        unique_by=lambda one: one.key,
        max_size=5,
    ).map(tuple),
    st.lists(
        st.builds(Amended, line_keys, st.integers(1, 3), st.integers(1, 2), amounts, st.just(UNIT)),
        unique_by=lambda one: (one.key, one.number),
        max_size=4,
    ).map(tuple),
    st.lists(st.builds(Withdrawn, line_keys, amounts), max_size=4).map(tuple),
)


def key(entry_id: str, line: int = 1) -> WriteOffLineKey:
    return WriteOffLineKey(entry_id, line, 1)


def stands(told: Told) -> dict[int, Decimal]:
    return written_off(count(told), LINES)


@given(tellings, st.randoms(use_true_random=False))
def test_the_order_of_telling_changes_nothing(told: Told, random: Random) -> None:
    released, amended, withdrawn = list(told.released), list(told.amended), list(told.withdrawn)
    for one in (released, amended, withdrawn):
        random.shuffle(one)
    shuffled = Told(tuple(released), tuple(amended), tuple(withdrawn))
    assert stands(shuffled) == stands(told)
    assert set(live_declarations(count(shuffled))) == set(live_declarations(count(told)))


@given(tellings)
def test_figures_add_up_with_and_without_a_misstatement(told: Told) -> None:
    stated = figures(KEY, LINES, count(told))
    assert stated.uses == len(live_declarations(count(told)))
    for line in (*stated.lines, *wrong(stated).lines):
        assert adds_up(line)
    first, *rest = wrong(stated).lines
    assert rest == list(stated.lines[1:])
    assert abs(first.written_off.amount - stated.lines[0].written_off.amount) == Decimal("0.00001")


def adds_up(line: GoodsLineBalance) -> bool:
    over = Decimal(0) if line.over_shipment is None else line.over_shipment.amount
    assert line.over_shipment is None or (over > 0 and not line.balance.amount)
    return line.issued.amount + over == line.written_off.amount + line.balance.amount


def test_the_highest_amendment_holds_and_withdrawals_are_taken_from_it() -> None:
    released = (Released(key("E1"), 1, Decimal(10), UNIT), Released(key("E1", 2), 2, Decimal(7), UNIT))
    amended = [Amended(key("E1"), n, 1, Decimal(amount), UNIT) for n, amount in ((1, 8), (2, 6), (3, 5))]
    for order in permutations(amended):
        told = Told(released, order, (Withdrawn(key("E1"), Decimal(1)), Withdrawn(key("E1"), Decimal(2))))
        assert stands(told) == {1: Decimal(2), 2: Decimal(7)}


def test_an_amendment_may_move_a_line_to_another_goods_line() -> None:
    told = Told((Released(key("E1"), 1, Decimal(10), UNIT),), (Amended(key("E1"), 1, 2, Decimal(4), UNIT),))
    assert stands(told) == {1: Decimal(0), 2: Decimal(4)}


def test_a_declaration_is_live_while_anything_of_it_stands() -> None:
    keys = [key(entry_id, line) for entry_id in ("E1", "E2") for line in (1, 2)]
    released = tuple(Released(one, 1, Decimal(3), UNIT) for one in keys)
    part, rest = Withdrawn(key("E1", 1), Decimal(3)), Withdrawn(key("E1", 2), Decimal(3))
    assert live_declarations(count(Told(released))) == ("E1", "E2")
    assert live_declarations(count(Told(released, (), (part,)))) == ("E1", "E2")
    assert live_declarations(count(Told(released, (), (part, rest)))) == ("E2",)


def test_what_has_no_release_counts_for_nothing() -> None:
    told = Told((), (Amended(key("E9"), 1, 1, Decimal(4), UNIT),), (Withdrawn(key("E9"), Decimal(4)),))
    assert stands(told) == {1: Decimal(0), 2: Decimal(0)}
    assert figures(KEY, LINES, count(told)).uses == 0


def test_a_line_released_twice_counts_once() -> None:
    released = (Released(key("E1"), 1, Decimal(3), UNIT), Released(key("E1"), 1, Decimal(4), UNIT))
    assert stands(Told(released)) == {1: Decimal(3), 2: Decimal(0)}


def test_another_unit_is_not_added_up() -> None:
    assert stands(Told((Released(key("E1"), 1, Decimal(3), "035"),))) == {1: Decimal(0), 2: Decimal(0)}

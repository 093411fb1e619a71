"""Two reports of a day held against each other: every item in exactly one class.

外经贸配管发〔2000〕539号 art. 4.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.differences import CALLS, REASON_OF, DifferenceClass
from gateway.licences.reconcile import (
    Side,
    Subject,
    balance_of,
    classify,
    compare,
    figures_of,
)
from gateway.licences.state import Draw, LineState
from licencexml import messages as m
from licencexml.values import Quantity
from tests.licences.makers import TONNE, entry_id, key, state
from tests.licencexml import life_strategies as life
from tests.licencexml.strategies import identifiers, keys

_digests = st.sampled_from([b"\1" * 32, b"\2" * 32])
_keys = st.sampled_from([key(number) for number in range(1, 5)])
transfers = st.builds(
    m.Transfer,
    identifiers | st.sampled_from(["S-1", "S-2", "S-3"]),
    st.sampled_from(["LicenceIssue", "LicenceRevocation"]),
    _keys,
    _digests,
    st.sampled_from(m.TransferStatus),
)
figures = st.builds(m.LicenceFigures, _keys | keys, st.integers(0, 12), life.balance_lines)
sides = st.builds(
    Side,
    st.lists(transfers, max_size=5, unique_by=lambda one: one.message_id).map(tuple),
    st.lists(figures, max_size=4, unique_by=lambda one: one.licence).map(tuple),
)


def transfer(message_id: str = "S-1", status: m.TransferStatus = m.TransferStatus.ACCEPTED) -> m.Transfer:
    return m.Transfer(message_id, "LicenceIssue", key(), b"\1" * 32, status)


def used(amount: str, uses: int = 1, over: str | None = None) -> m.LicenceFigures:
    """100 tonnes, of which `amount` are written off."""
    beyond = Decimal(amount) - 100
    line = m.GoodsLineBalance(
        1,
        "1006108101",
        Quantity.of(100, TONNE),
        Quantity.of(amount, TONNE),
        Quantity.of(max(-beyond, Decimal(0)), TONNE),
        None if over is None else Quantity.of(over, TONNE),
    )
    return m.LicenceFigures(key(), uses, (line,))


def found(ours: Side, theirs: Side) -> list[DifferenceClass]:
    return [difference.kind for difference in compare(ours, theirs)]


@given(sides)
def test_who_says_the_same_differs_in_nothing(side: Side) -> None:
    assert compare(side, side) == ()


@given(sides, sides)
def test_every_item_of_either_side_is_in_exactly_one_class(ours: Side, theirs: Side) -> None:
    items = classify(ours, theirs)
    assert len({item.identity for item in items}) == len(items)
    assert {item.message_id for item in items if item.subject is Subject.TRANSFER} == {
        one.message_id for one in (*ours.transfers, *theirs.transfers)
    }
    ours_by_key = {one.licence: one for one in ours.licences}
    theirs_by_key = {one.licence: one for one in theirs.licences}
    wanted = set()
    for licence in ours_by_key.keys() | theirs_by_key.keys():
        if licence not in ours_by_key:
            wanted.add((Subject.LICENCE, licence, None))
            continue
        wanted.add((Subject.USES, licence, None))
        for side in (ours_by_key, theirs_by_key):
            if licence in side:
                wanted |= {(Subject.GOODS_LINE, licence, line.line_number) for line in side[licence].lines}
    about = {
        (item.subject, item.licence, item.line_number)
        for item in items
        if item.subject is not Subject.TRANSFER
    }
    assert about == wanted


@given(sides, sides)
def test_each_difference_is_told_in_both_languages_with_its_next_step(ours: Side, theirs: Side) -> None:
    for difference in compare(ours, theirs):
        told = difference.told
        assert told.code == difference.kind
        assert str(difference.item.licence) in told.zh
        assert str(difference.item.licence) in told.en
        assert told.article
        assert told.remedy
        assert difference.calls
        assert "{" not in told.zh + told.en


@given(sides, sides)
def test_the_order_of_the_entries_has_no_meaning(ours: Side, theirs: Side) -> None:
    turned = Side(ours.transfers[::-1], ours.licences[::-1])
    assert compare(turned, theirs) == compare(ours, theirs)


def test_a_class_has_a_reason_and_someone_to_call() -> None:
    assert set(REASON_OF) == set(CALLS) == set(DifferenceClass)


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (m.TransferStatus.NOT_SENT, None, DifferenceClass.NOT_SENT),
        (m.TransferStatus.SENT, None, DifferenceClass.NOT_RECEIVED),
        (m.TransferStatus.ACCEPTED, None, DifferenceClass.NOT_RECEIVED),
        (m.TransferStatus.REFUSED, None, None),
        (m.TransferStatus.SENT, m.TransferStatus.REFUSED, DifferenceClass.REFUSED_BY_CUSTOMS),
        (m.TransferStatus.ACCEPTED, m.TransferStatus.REFUSED, DifferenceClass.REFUSED_BY_CUSTOMS),
        (m.TransferStatus.REFUSED, m.TransferStatus.ACCEPTED, DifferenceClass.ACCEPTED_BY_CUSTOMS),
        (m.TransferStatus.REFUSED, m.TransferStatus.REFUSED, None),
        (m.TransferStatus.SENT, m.TransferStatus.ACCEPTED, None),
        (m.TransferStatus.NOT_SENT, m.TransferStatus.ACCEPTED, None),
        (None, m.TransferStatus.ACCEPTED, DifferenceClass.UNKNOWN_TO_US),
    ],
)
def test_a_message_that_one_side_lacks_or_refused(
    ours: m.TransferStatus | None, theirs: m.TransferStatus | None, kind: DifferenceClass | None
) -> None:
    def side(status: m.TransferStatus | None) -> Side:
        return Side(() if status is None else (transfer(status=status),))

    assert found(side(ours), side(theirs)) == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    "changed", [{"digest": b"\2" * 32}, {"licence": key(2)}, {"kind": "LicenceRevocation"}]
)
def test_a_message_with_other_content_at_customs(changed: dict[str, object]) -> None:
    theirs = replace(transfer(), **changed)  # type: ignore[arg-type]  # one field a case
    assert found(Side((transfer(),)), Side((theirs,))) == [DifferenceClass.CONTENT_DIFFERS]


def test_quantities_are_compared_line_by_line() -> None:
    (difference,) = compare(Side(licences=(used("30"),)), Side(licences=(used("30.00001"),)))
    assert difference.kind is DifferenceClass.QUANTITY_DIFFERS
    assert difference.item.line_number == 1
    assert "30.00000 [070]" in difference.told.en
    assert "30.00001 [070]" in difference.told.zh


def test_over_shipment_is_compared() -> None:
    ours, theirs = used("103", over="3"), used("100")
    (difference,) = compare(Side(licences=(ours,)), Side(licences=(theirs,)))
    assert difference.kind is DifferenceClass.QUANTITY_DIFFERS
    assert "溢装 3.00000 [070]" in difference.told.zh


def test_a_line_that_customs_does_not_list_differs() -> None:
    (line,) = used("30").lines
    ours = replace(used("30"), lines=(line, replace(line, line_number=2)))
    (difference,) = compare(Side(licences=(ours,)), Side(licences=(used("30"),)))
    assert (difference.kind, difference.item.line_number) == (DifferenceClass.QUANTITY_DIFFERS, 2)
    assert "未列" in difference.told.zh


def test_the_number_of_uses_is_compared() -> None:
    ours, theirs = Side(licences=(used("30", 1),)), Side(licences=(used("30", 2),))
    (difference,) = compare(ours, theirs)
    assert difference.kind is DifferenceClass.USES_DIFFER
    assert difference.told.en.endswith("ours 1, customs 2.")


def test_a_use_that_a_withdrawn_declaration_keeps_is_not_compared() -> None:
    kept = state().used(entry_id(1), [Draw(1, Decimal(10))]).counting(entry_id(2))
    assert (len(kept.declarations), figures_of(kept).uses) == (2, 1)
    assert figures_of(kept.used(entry_id(2), [Draw(1, Decimal(5))]).counting(entry_id(2))).uses == 2
    assert figures_of(kept.unused()).uses == 0


def test_an_unused_licence_need_not_be_listed_by_customs() -> None:
    assert found(Side(licences=(used("0", 0),)), Side()) == []


def test_a_used_licence_that_customs_does_not_list_differs() -> None:
    assert found(Side(licences=(used("30"),)), Side()) == [
        DifferenceClass.USES_DIFFER,
        DifferenceClass.QUANTITY_DIFFERS,
    ]


def test_a_licence_that_the_ledger_does_not_know_is_one_difference() -> None:
    assert found(Side(), Side(licences=(used("30", 2),))) == [DifferenceClass.UNKNOWN_TO_US]


def test_the_figures_of_a_licence_are_those_of_its_state() -> None:
    (bulk,) = state().lines
    licence = replace(state(), lines=(replace(bulk, tolerance_percent=5),))
    drawn = licence.used(entry_id(1), [Draw(1, Decimal("103"))])
    (line,) = figures_of(drawn).lines
    assert figures_of(drawn).uses == 1
    assert (line.written_off, line.balance) == (Quantity.of(103, TONNE), Quantity.of(0, TONNE))
    assert line.over_shipment == Quantity.of(3, TONNE)


@given(st.decimals(Decimal("0.00001"), Decimal("1000"), places=5), st.integers(0, 100))
def test_issued_and_over_shipment_are_written_off_and_balance(issued: Decimal, percent: int) -> None:
    balance = issued - issued * percent / 50
    line = balance_of(LineState(1, "1006108101", TONNE, issued, balance.quantize(Decimal("0.00001")), 100))
    over = line.over_shipment.amount if line.over_shipment else Decimal(0)
    assert line.issued.amount + over == line.written_off.amount + line.balance.amount

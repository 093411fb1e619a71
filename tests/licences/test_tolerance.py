"""Over-shipment of bulk goods and the last lot, in exact integers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.life import LicenceStatus
from gateway.licences.state import LicenceState
from gateway.licences.tolerance import fits, never_below
from licencexml.values import LicenceType
from tests.licences.makers import drawn, found, goods, state, write_off

CRUDE, MAIZE, STEEL = "2709000000", "1005900001", "7208100000"
AUTOMATIC = LicenceType.AUTOMATIC_IMPORT
amounts = st.decimals(Decimal("0.00001"), Decimal("99999999999999.99999"), places=5)


def decide(
    licence: LicenceState, amount: str, goods_code: str = MAIZE, declaration: int = 1
) -> tuple[LicenceState, list[str]]:
    presented = write_off(
        drawn(amount, goods_code=goods_code), declaration=declaration, licence_key=licence.key
    )
    after, finding = found(licence, presented)
    assert after is not None
    return after, [one.code for one in finding.rejections]


def codes(licence: LicenceState, amount: str, goods_code: str = MAIZE) -> list[str]:
    return decide(licence, amount, goods_code)[1]


@pytest.mark.parametrize(
    ("licence_type", "goods_code", "last", "too_much"),
    [
        (LicenceType.EXPORT, MAIZE, "105", "105.00001"),
        (LicenceType.EXPORT, CRUDE, "103", "103.00001"),
        (LicenceType.IMPORT, CRUDE, "105", "105.00001"),
        (AUTOMATIC, CRUDE, "103", "103.00001"),
        (AUTOMATIC, STEEL, "103", "103.00001"),
        (AUTOMATIC, MAIZE, "105", "105.00001"),
    ],
)
def test_configured_over_shipment_by_type_and_goods(
    licence_type: LicenceType, goods_code: str, last: str, too_much: str
) -> None:
    licence = state(goods(goods_code=goods_code), licence_type=licence_type)

    assert codes(licence, last, goods_code) == []
    assert codes(licence, too_much, goods_code) == ["OVER_SHIPMENT_EXCEEDS_TOLERANCE"]


def test_configured_the_last_lot_is_measured_against_what_was_left() -> None:
    first, _ = decide(state(goods(goods_code=MAIZE)), "60")

    assert codes(first, "42") == []
    assert codes(first, "42.00001") == ["OVER_SHIPMENT_EXCEEDS_TOLERANCE"]


def test_configured_the_last_lot_closes_the_line_and_the_licence() -> None:
    after, _ = decide(state(goods(goods_code=MAIZE)), "104")
    assert after.lines[0].balance == -4
    assert after.status is LicenceStatus.EXHAUSTED

    assert decide(after, "0.00001", declaration=2)[1] == ["OVER_SHIPMENT_EXCEEDS_TOLERANCE"]


def test_configured_a_line_used_up_exactly_takes_nothing_more() -> None:
    after, _ = decide(state(goods(goods_code=MAIZE)), "100")
    assert decide(after, "0.00001", declaration=2)[1] != []


def test_goods_that_are_not_bulk_have_no_tolerance() -> None:
    assert codes(state(), "100.00001", "1006108101") == ["QUANTITY_EXCEEDS_BALANCE"]


@given(amount=amounts, remaining=amounts, percent=st.integers(0, 100))
def test_the_reckoning_is_exact(amount: Decimal, remaining: Decimal, percent: int) -> None:
    lot, left = int(amount * 10**5), int(remaining * 10**5)

    assert fits(amount, remaining, percent) == (lot <= left or lot * 100 <= left * (100 + percent))
    if fits(amount, remaining, percent):
        assert never_below(remaining, remaining - amount, percent)


@given(percent=st.integers(1, 100), steps=st.integers(0, 100))
def test_one_step_beyond_the_tolerance_does_not_fit(percent: int, steps: int) -> None:
    left = Decimal(steps + 1).scaleb(-5) * 100
    most = left * (100 + percent) / 100

    assert fits(most, left, percent)
    assert not fits(most + Decimal("0.00001"), left, percent)


def test_a_balance_that_no_lot_can_have_left_is_a_bug() -> None:
    [line] = state(goods(goods_code=MAIZE)).lines
    with pytest.raises(AssertionError):
        replace(line, balance=Decimal("-5.00001"))

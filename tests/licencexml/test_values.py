"""Codes, keys and exact amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licencexml.party_code import check_party_code, organisation_code, uscc_check_character
from licencexml.values import LicenceKey, LicenceType, Money, Party, Quantity, fixed

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PUBLISHED = "91110000600037341L"

bodies = st.builds(
    "{}{}{}".format,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)
codes = bodies.map(lambda body: body + uscc_check_character(body))


def test_published_code_is_accepted() -> None:
    assert check_party_code(PUBLISHED) == PUBLISHED


@given(codes)
def test_letters_in_the_first_two_positions_are_accepted(code: str) -> None:
    assert Party("某公司", code).code == code


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_changed_character_is_detected(code: str, position: int, character: str) -> None:
    changed = code[:position] + character + code[position + 1 :]
    if changed == code:
        return
    with pytest.raises(ValueError, match=r"check character|neither"):
        check_party_code(changed)


@pytest.mark.parametrize(
    "code", ["91110000600037341M", "9111000060003734IL", "", "911100006000373410", "1" * 17]
)
def test_wrong_codes_are_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"check character|neither"):
        check_party_code(code)


def test_old_and_new_code_share_the_organisation_code() -> None:
    old = "1100" + PUBLISHED[8:17]
    assert check_party_code(old) == old
    assert organisation_code(old) == organisation_code(PUBLISHED) == "600037341"


@given(st.decimals(min_value=0, max_value=Decimal("99999999999999.99999"), places=5))
def test_a_quantity_keeps_its_amount_exactly(amount: Decimal) -> None:
    quantity = Quantity.of(amount, "035")
    assert quantity.amount == amount
    assert quantity.amount.as_tuple().exponent == -5


@pytest.mark.parametrize("amount", ["1.000001", "-1", "NaN", "Infinity", "100000000000000", "x"])
def test_inexact_and_impossible_amounts_are_refused(amount: str) -> None:
    with pytest.raises(ValueError):
        fixed(amount, 5)


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError, match="not exact"):
        fixed(1.5, 5)  # type: ignore[arg-type]  # the wrong type is the point


def test_amounts_of_other_scale_are_refused() -> None:
    with pytest.raises(ValueError, match="exactly 5 places"):
        Quantity(Decimal("1.0"), "035")
    with pytest.raises(ValueError, match="unit code"):
        Quantity.of(1, "35")
    with pytest.raises(ValueError, match="currency"):
        Money.of(1, "usd")


def test_a_licence_key_reads_back_from_its_text() -> None:
    key = LicenceKey(LicenceType.AUTOMATIC_IMPORT, "26-AA-123456")
    assert str(key) == "AUTOMATIC_IMPORT/26-AA-123456"
    assert LicenceKey.parse(str(key)) == key
    for wrong in ("IMPORT", "IMPORT/26-AA-12345", "OTHER/26-AA-123456", "IMPORT/26-AA-123456\n"):
        with pytest.raises(ValueError):
            LicenceKey.parse(wrong)

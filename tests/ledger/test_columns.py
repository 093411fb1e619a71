"""Quantities and instants survive the database exactly, whatever their size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from gateway.ledger.columns import Instant, Quantity, instant_text, quantity_text

DIALECT = create_engine("sqlite://").dialect
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
instants = st.builds(
    lambda microseconds, hours: (EPOCH + timedelta(microseconds=microseconds)).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(0, 10**15 * 3),
    st.integers(-12, 14),
)


@given(st.decimals(0, Decimal("99999999999999.99999"), places=5))
def test_a_quantity_comes_back_as_it_was(amount: Decimal) -> None:
    column = Quantity()
    text = column.process_bind_param(amount, DIALECT)
    assert text is not None
    assert len(text) <= 26
    back = column.process_result_value(text, DIALECT)
    assert back == amount
    assert back is not None
    assert back.as_tuple().exponent == -5


@pytest.mark.parametrize("amount", ["0.000001", "1.1234567"])
def test_a_quantity_is_never_rounded(amount: str) -> None:
    with pytest.raises(AssertionError):
        quantity_text(Decimal(amount))


@given(instants)
def test_an_instant_comes_back_as_it_was(instant: datetime) -> None:
    column = Instant()
    text = column.process_bind_param(instant, DIALECT)
    assert text is not None
    assert len(text) == 27
    assert column.process_result_value(text, DIALECT) == instant


@given(instants, instants)
def test_the_order_of_texts_is_the_order_of_instants(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


def test_an_instant_without_a_zone_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        instant_text(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))

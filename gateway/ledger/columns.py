"""Column types: exact quantities and instants as text, the same in every database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

QUANTITY_PLACES = 5
_QUANTUM = Decimal(1).scaleb(-QUANTITY_PLACES)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def quantity_text(amount: Decimal) -> str:
    """`amount` in its one written form: 5 places, no exponent."""
    exact = amount.quantize(_QUANTUM)
    assert exact == amount, f"a quantity has at most {QUANTITY_PLACES} places: {amount}"
    return format(exact, "f")


@lru_cache(maxsize=64)
def instant_text(instant: datetime) -> str:
    """`instant` (aware) in its one written form, UTC to the microsecond; text order is time order.

    All rows of a transaction have the same one.
    """
    assert instant.tzinfo is not None, "an instant must be aware"
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def encode_json(value: Any) -> str:
    """`value` as compact JSON with its Chinese readable and its keys in order."""
    return _ENCODER.encode(value)


class Quantity(TypeDecorator[Decimal]):
    """A Decimal of 5 places, kept as text: SQLite has no decimal, and its integers end at 19 digits."""

    impl = String(26)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else quantity_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as UTC ISO 8601 text of one width."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else datetime.fromisoformat(value)

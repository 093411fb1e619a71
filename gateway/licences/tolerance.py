"""Over-shipment (溢装) of bulk goods and the last lot, in exact integers.

What is over is measured against what remained before the lot, not against the licence's whole quantity
(2003年第6号公告: 在实际剩余数量基础上): earlier lots are deducted as they were. A lot that takes more than
remained leaves the goods line below nought and so closed: nothing more fits.
"""

from __future__ import annotations

from decimal import Decimal

_WHOLE_PERCENT = 100
_PLACES = 5


def in_hundred_thousandths(amount: Decimal) -> int:
    """`amount` (of at most 5 places) as an integer of its last place."""
    scaled = amount.scaleb(_PLACES)
    assert scaled == scaled.to_integral_value(), f"a quantity has at most {_PLACES} places: {amount}"
    return int(scaled)


def fits(amount: Decimal, remaining: Decimal, percent: int) -> bool:
    """Whether a lot of `amount` may be drawn where `remaining` is left, with `percent` of tolerance."""
    lot, left = in_hundred_thousandths(amount), in_hundred_thousandths(remaining)
    if lot <= left:
        return True
    return left > 0 and lot * _WHOLE_PERCENT <= left * (_WHOLE_PERCENT + percent)


def never_below(issued: Decimal, balance: Decimal, percent: int) -> bool:
    """Whether `balance` is one that lots which fitted can have left of `issued`."""
    over = -in_hundred_thousandths(balance)
    return over * _WHOLE_PERCENT <= in_hundred_thousandths(issued) * percent if over > 0 else True

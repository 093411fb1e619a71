"""The licence that takes the place of another in a replacement: the same, under a number of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from licencexml.messages import GoodsLine, Licence
from licencexml.values import LicenceKey, Money, Quantity


def successor(
    old: Licence, number: str, today: date, *, valid_to: date | None = None, left: Mapping[int, Decimal]
) -> Licence:
    """The licence for what is `left` of each goods line of `old`, issued `today` under `number`.

    Lines of which nothing is left are not in it. Raises ValueError for what no licence can say.
    """
    lines = tuple(_for(line, left[line.line_number]) for line in old.lines if left[line.line_number] > 0)
    if not lines:
        raise ValueError("nothing is left of it")
    return replace(
        old,
        key=LicenceKey(old.key.type, number),
        licence_date=today,
        valid_from=max(today, old.valid_from),
        valid_to=valid_to or old.valid_to,
        lines=lines,
    )


def _for(line: GoodsLine, amount: Decimal) -> GoodsLine:
    """The line with `amount` in place of its quantity; its value shrinks with it."""
    share = amount / line.quantity.amount
    return replace(
        line,
        quantity=Quantity.of(amount, line.quantity.unit),
        amount=_part(line.amount, share),
        amount_usd=_part(line.amount_usd, share),
    )


def _part(money: Money, share: Decimal) -> Money:
    return Money((money.amount * share).quantize(money.amount), money.currency)

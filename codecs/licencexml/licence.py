"""A licence with every field of its form, as frozen values.

What a type does not have is None; which type requires which field is the schema's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from licencexml.travelling import travels
from licencexml.values import LicenceKey, Medium, Money, Party, PermittedEnterprise, Quantity, UsageMode


@travels
@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """One goods line of a licence (boxes 11 to 17).

    `goods_status` (商品状态) exists on automatic import licences only. All money of a licence is in one
    currency, except `amount_usd`.
    """

    line_number: int
    goods_code: str
    goods_name: str
    quantity: Quantity
    unit_price: Money
    amount: Money
    amount_usd: Money
    specification: tuple[str, ...] = ()
    goods_status: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Box 18, derived from the lines; `quantity` is None where the lines have different units."""

    quantity: Quantity | None
    amount: Money
    amount_usd: Money


@travels
@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence of any of the three types.

    | attribute         | import     | export     | automatic import |
    |-------------------|------------|------------|------------------|
    | operator          | 进口商     | 出口商     | 进口商           |
    | counterpart       | 收货人     | 发货人     | 进口用户         |
    | country (alpha-3) | 出口国     | 进口国     | 贸易国           |

    `clearance_port` is a customs code of four digits. `terms_of_foreign_exchange`, `country_of_origin`,
    `use` are not on export licences; `contract_number`, `terms_of_payment`, `mode_of_transport` are on export
    licences only, and so is `permitted`: the enterprises that a paper form names in its remarks, as data.
    `form_number` is the seven-digit number of the paper form.
    """

    key: LicenceKey
    medium: Medium
    usage_mode: UsageMode
    operator: Party
    counterpart: Party
    valid_from: date
    valid_to: date
    licence_date: date
    issuing_authority: str
    terms_of_trade: str
    clearance_port: str
    country: str
    lines: tuple[GoodsLine, ...]
    terms_of_foreign_exchange: str | None = None
    contract_number: str | None = None
    country_of_origin: str | None = None
    terms_of_payment: str | None = None
    use: str | None = None
    mode_of_transport: str | None = None
    permitted: tuple[PermittedEnterprise, ...] = ()
    remarks: str | None = None
    form_number: str | None = None

    @property
    def totals(self) -> Totals:
        """Box 18. The lines share one currency; raises ValueError if a sum has more than 19 digits."""
        assert self.lines, "a licence has at least one line"
        if len(self.lines) == 1:
            (line,) = self.lines
            return Totals(line.quantity, line.amount, line.amount_usd)
        units = {line.quantity.unit for line in self.lines}
        quantity = sum((line.quantity.amount for line in self.lines), Decimal(0))
        amount = sum((line.amount.amount for line in self.lines), Decimal(0))
        usd = sum((line.amount_usd.amount for line in self.lines), Decimal(0))
        return Totals(
            quantity=Quantity.of(quantity, units.pop()) if len(units) == 1 else None,
            amount=Money.of(amount, self.lines[0].amount.currency),
            amount_usd=Money.of(usd, "USD"),
        )

"""The small values that messages are made of: keys, exact amounts, parties. All frozen, all checked.

A constructor raises ValueError for what no message may carry. Amounts are exact decimals of a fixed number of
places; a float is never accepted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import ClassVar, Self

from licencexml.party_code import check_party_code
from licencexml.travelling import travels

QUANTITY_PLACES = 5
MONEY_PLACES = 4
_MAX_DIGITS = 19
LICENCE_NUMBER = re.compile(r"[0-9]{2}-[0-9A-Z]{2}-[0-9A-Z]{6}")
_UNIT = re.compile(r"[0-9]{3}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class LicenceType(StrEnum):
    """The three kinds of licence: 进口许可证, 出口许可证, 自动进口许可证."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    AUTOMATIC_IMPORT = "AUTOMATIC_IMPORT"


class Medium(StrEnum):
    """Whether the licence is the electronic message itself or a paper form with data about it."""

    ELECTRONIC = "ELECTRONIC"
    PAPER = "PAPER"


class UsageMode(StrEnum):
    """一批一证 (one declaration) or 非一批一证 (several declarations, up to a cap)."""

    SINGLE = "SINGLE"
    MULTI = "MULTI"


class PermittedGround(StrEnum):
    """Why an enterprise named on an export licence may declare: 外经贸配管发〔2000〕539号 art. 8(2).

    In order: 还贷或补偿贸易的代理出口企业, 代理外资企业出口的外贸企业, 国家组织统一联合经营商品的出口企业.
    """

    AGENT_LOAN_REPAYMENT_OR_COMPENSATION_TRADE = "AGENT_LOAN_REPAYMENT_OR_COMPENSATION_TRADE"
    AGENT_FOR_FOREIGN_INVESTED_ENTERPRISE = "AGENT_FOR_FOREIGN_INVESTED_ENTERPRISE"
    UNIFIED_OPERATION_GOODS = "UNIFIED_OPERATION_GOODS"


def fixed(value: Decimal | int | str, places: int) -> Decimal:
    """`value` with exactly `places` decimal places; no rounding.

    Raises TypeError for a float; ValueError if it is not finite, is negative, has more places, or needs more
    than 19 digits in all.
    """
    if isinstance(value, float):
        raise TypeError(f"a float is not exact: {value!r}")
    try:
        number = Decimal(value)
    except ArithmeticError as error:
        raise ValueError(f"not a decimal: {value!r}") from error
    if not number.is_finite() or number < 0:
        raise ValueError(f"not an amount: {value!r}")
    if number.adjusted() + 1 + places > _MAX_DIGITS:
        raise ValueError(f"more than {_MAX_DIGITS - places} digits before the point: {value!r}")
    exact = number.quantize(_quantum(places))
    if exact != number:
        raise ValueError(f"more than {places} decimal places: {value!r}")
    return exact.copy_abs()


def plain_amount(places: int) -> str:
    """The pattern of an amount with exactly `places` decimal places, as it is written."""
    return rf"[0-9]{{1,{_MAX_DIGITS - places}}}\.[0-9]{{{places}}}"


@cache
def _quantum(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def _check_fixed(amount: Decimal, places: int) -> None:
    if not isinstance(amount, Decimal) or not amount.same_quantum(_quantum(places)) or amount.is_signed():
        raise ValueError(f"not a Decimal of exactly {places} places, not negative: {amount!r}")
    if amount.adjusted() + 1 + places > _MAX_DIGITS:
        raise ValueError(f"more than {_MAX_DIGITS} digits: {amount!r}")


@travels
@dataclass(frozen=True, slots=True, order=True)
class LicenceKey:
    """What identifies a licence: its type and its number (yy-AA-NNNNNN: year, issuing body, serial).

    The number alone is not taken to be unique over the types.
    """

    type: LicenceType
    number: str

    def __post_init__(self) -> None:
        if not LICENCE_NUMBER.fullmatch(self.number):
            raise ValueError(f"not a licence number: {self.number!r}")

    def __str__(self) -> str:
        return f"{self.type}/{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`: "IMPORT/26-AA-123456". Raises ValueError."""
        type_name, _, number = text.partition("/")
        return cls(LicenceType(type_name), number)


@travels
@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount of 5 places, with its customs unit code (three digits, "035" is kilogram).

    Not negative; messages carry more than nought only (the schema holds that).
    """

    PLACES: ClassVar[int] = QUANTITY_PLACES

    amount: Decimal
    unit: str

    def __post_init__(self) -> None:
        _check_fixed(self.amount, QUANTITY_PLACES)
        if not _UNIT.fullmatch(self.unit):
            raise ValueError(f"not a customs unit code: {self.unit!r}")

    @classmethod
    def of(cls, amount: Decimal | int | str, unit: str) -> Self:
        """A quantity from any exact number of at most 5 places."""
        return cls(fixed(amount, QUANTITY_PLACES), unit)

    @classmethod
    def checked(cls, amount: Decimal, unit: str) -> Self:
        """From what was read by `plain_amount` and as three digits: it is not checked again."""
        made = object.__new__(cls)
        object.__setattr__(made, "amount", amount)
        object.__setattr__(made, "unit", unit)
        return made

    def __str__(self) -> str:
        return f"{self.amount:f} [{self.unit}]"


@travels
@dataclass(frozen=True, slots=True)
class Money:
    """An exact, not negative amount of 4 places, in an ISO 4217 currency."""

    PLACES: ClassVar[int] = MONEY_PLACES

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        _check_fixed(self.amount, MONEY_PLACES)
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"not a currency code: {self.currency!r}")

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Money from any exact number of at most 4 places."""
        return cls(fixed(amount, MONEY_PLACES), currency)

    @classmethod
    def checked(cls, amount: Decimal, currency: str) -> Self:
        """From what was read by `plain_amount` and as three capitals: it is not checked again."""
        made = object.__new__(cls)
        object.__setattr__(made, "amount", amount)
        object.__setattr__(made, "currency", currency)
        return made

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@travels
@dataclass(frozen=True, slots=True)
class Party:
    """An enterprise: its name and its code (18-character social credit code or 13-digit code)."""

    name: str
    code: str

    def __post_init__(self) -> None:
        check_party_code(self.code)


@travels
@dataclass(frozen=True, slots=True)
class PermittedEnterprise:
    """An enterprise that may declare under an export licence beside its exporter and consignor, and why."""

    party: Party
    ground: PermittedGround

"""What customs' releases come to: pure counting, without any law of the gateway's.

A line of a declaration stands as its highest amendment says, less what was withdrawn of it. That is the same
in whatever order things were told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from licencexml.messages import GoodsLineBalance, LicenceFigures, WriteOffLineKey
from licencexml.values import LicenceKey, Quantity

_NOUGHT = Decimal("0.00000")
_SMALLEST = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """A goods line of a licence that customs took."""

    line_number: int
    goods_code: str
    unit: str
    issued: Decimal


@dataclass(frozen=True, slots=True)
class Released:
    """A line of a declaration as it was released: `quantity` of the goods line `licence_line`, in `unit`."""

    key: WriteOffLineKey
    licence_line: int
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Amended:
    """What a line is now, by its amendment `number`."""

    key: WriteOffLineKey
    number: int
    licence_line: int
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What is taken back of a line."""

    key: WriteOffLineKey
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A line of a declaration with all that was said of it. `stands` is what is released of it now."""

    released: Released
    amended: Amended | None = None
    withdrawn: Decimal = _NOUGHT

    @property
    def licence_line(self) -> int:
        """The goods line that it draws on now."""
        return (self.amended or self.released).licence_line

    @property
    def unit(self) -> str:
        """The unit of its quantities now."""
        return (self.amended or self.released).unit

    @property
    def stands(self) -> Decimal:
        """What stands of it; never below nought."""
        return max((self.amended or self.released).quantity - self.withdrawn, _NOUGHT)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one licence, or such part of it as is to be counted, in the order of its telling."""

    released: tuple[Released, ...] = ()
    amended: tuple[Amended, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()


def count(told: Told) -> list[CountedLine]:
    """The lines of all declarations. A line released twice counts once; what has no release, not at all."""
    lines: dict[WriteOffLineKey, CountedLine] = {}
    for released in told.released:
        lines.setdefault(released.key, CountedLine(released))
    for amended in sorted(told.amended, key=lambda one: one.number):
        if amended.key in lines:
            lines[amended.key] = replace(lines[amended.key], amended=amended)
    for withdrawn in told.withdrawn:
        if withdrawn.key in lines:
            line = lines[withdrawn.key]
            lines[withdrawn.key] = replace(line, withdrawn=line.withdrawn + withdrawn.quantity)
    return list(lines.values())


def live_declarations(lines: Iterable[CountedLine]) -> tuple[str, ...]:
    """The declarations of which anything stands, in the order in which they were told."""
    return tuple(dict.fromkeys(line.released.key.entry_id for line in lines if line.stands))


def written_off(lines: Iterable[CountedLine], issued: Iterable[IssuedLine]) -> dict[int, Decimal]:
    """By the number of each goods line what stands of releases against it, in its own unit."""
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(lambda: _NOUGHT)
    for line in lines:
        sums[line.licence_line, line.unit] += line.stands
    return {line.line_number: sums[line.line_number, line.unit] for line in issued}


def figures(key: LicenceKey, issued: Iterable[IssuedLine], lines: Iterable[CountedLine]) -> LicenceFigures:
    """How the licence stands, as it is reported."""
    goods, counted = list(issued), list(lines)
    amounts = written_off(counted, goods)
    balances = tuple(_balance(line, amounts[line.line_number]) for line in goods)
    return LicenceFigures(key, len(live_declarations(counted)), balances)


def wrong(stated: LicenceFigures) -> LicenceFigures:
    """The same with one smallest unit more or less written off of the first line; the sums still agree."""
    first, *rest = stated.lines
    amount = first.written_off.amount
    off = amount - _SMALLEST if amount else amount + _SMALLEST
    line = IssuedLine(first.line_number, first.goods_code, first.issued.unit, first.issued.amount)
    return replace(stated, lines=(_balance(line, off), *rest))


def _balance(line: IssuedLine, amount: Decimal) -> GoodsLineBalance:
    left = line.issued - amount
    return GoodsLineBalance(
        line_number=line.line_number,
        goods_code=line.goods_code,
        issued=Quantity.of(line.issued, line.unit),
        written_off=Quantity.of(amount, line.unit),
        balance=Quantity.of(max(left, _NOUGHT), line.unit),
        over_shipment=Quantity.of(-left, line.unit) if left < 0 else None,
    )

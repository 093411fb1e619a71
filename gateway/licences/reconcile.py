"""对账: two reports of one day held against each other, item by item (外经贸配管发〔2000〕539号 art. 4).

An item is a sealed message (transfer), the number of declarations that use a licence, a goods line, or a
licence of which this side knows nothing. Every item of either side is in exactly one class: it agrees, or it
is one `Difference`, or nobody can tell: what customs said of its licence came after its report was made. What
each class rests on, and what is done about it, is in `differences`.

A licence that one side does not list is one that it has not seen used: nobody knows how the other side's
day begins and ends to the second.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from gateway.licences.differences import CALLS, REASON_OF, ContactRole, DifferenceClass
from gateway.licences.state import LicenceState, LineState
from licencexml.rejection import NOWHERE, Rejection
from licencexml.standing import GoodsLineBalance, LicenceFigures, Transfer, TransferStatus
from licencexml.values import LicenceKey, Quantity

K = TypeVar("K", str, int, LicenceKey)
V = TypeVar("V")

#: What stands for a MessageID where there is none.
_NO_MESSAGE = "–"


class Subject(StrEnum):
    """What an item is about."""

    TRANSFER = "TRANSFER"
    LICENCE = "LICENCE"
    USES = "USES"
    GOODS_LINE = "GOODS_LINE"


@dataclass(frozen=True, slots=True)
class Side:
    """One side's report, over all its parts. Of entries with one key the first counts."""

    transfers: tuple[Transfer, ...] = ()
    licences: tuple[LicenceFigures, ...] = ()


#: What one side says of an item; None where it says nothing.
Stated = Transfer | LicenceFigures | GoodsLineBalance | int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One item, what both sides say of it, and how that differs (None: it agrees, or `has_moved`).

    `message_id` identifies a transfer, `line_number` a goods line within its licence. `has_moved`: the
    figures are not equal, but are not of one time either.
    """

    subject: Subject
    licence: LicenceKey
    message_id: str | None
    line_number: int | None
    ours: Stated
    theirs: Stated
    difference: DifferenceClass | None
    has_moved: bool = False

    @property
    def identity(self) -> str:
        """What tells this item from all others of a day."""
        match self.subject:
            case Subject.TRANSFER:
                return f"{self.subject}:{self.message_id}"
            case Subject.GOODS_LINE:
                return f"{self.subject}:{self.licence}:{self.line_number}"
            case _:
                return f"{self.subject}:{self.licence}"


@dataclass(frozen=True, slots=True)
class Difference:
    """An item that differs, told in full; `calls` is whom to call, the first one first."""

    item: Compared
    kind: DifferenceClass
    told: Rejection

    @property
    def calls(self) -> tuple[ContactRole, ...]:
        """Whom to call about it."""
        return CALLS[self.kind]


def compare(ours: Side, theirs: Side) -> tuple[Difference, ...]:
    """Every difference between our report and customs', transfers first; none where they say the same."""
    return differences(classify(ours, theirs))


def differences(items: Iterable[Compared]) -> tuple[Difference, ...]:
    """Those of the items that differ, told."""
    return tuple(tell(item, item.difference) for item in items if item.difference is not None)


def classify(ours: Side, theirs: Side, moved: Container[LicenceKey] = frozenset()) -> tuple[Compared, ...]:
    """Every item of either side, once, with its class.

    `moved` are licences of which we know more than customs when it made its report.
    """
    items = (*_transfers(ours, theirs), *_licences(ours, theirs))
    return tuple(_undecided(one) if one.licence in moved else one for one in items)


def tell(item: Compared, kind: DifferenceClass) -> Difference:
    """An item that differs, in words."""
    facts: dict[str, object] = {"licence": item.licence, "message_id": item.message_id or _NO_MESSAGE}
    match item.subject:
        case Subject.USES:
            facts |= {"ours": item.ours, "theirs": item.theirs}
        case Subject.GOODS_LINE:
            ours, theirs = _words(item.ours), _words(item.theirs)
            facts |= {"line": item.line_number, "ours_zh": ours[0], "ours_en": ours[1]}
            facts |= {"theirs_zh": theirs[0], "theirs_en": theirs[1]}
    return Difference(item, kind, REASON_OF[kind].reject(NOWHERE, **facts))


def figures_of(state: LicenceState) -> LicenceFigures:
    """How a licence stands, as it is reported: what went beyond the quantity issued is over-shipment.

    Its uses are the declarations of which anything stands. That one that was withdrawn counts against the cap
    all the same may be our law, and is not what customs released.
    """
    return LicenceFigures(state.key, len(state.live_declarations), tuple(map(balance_of, state.lines)))


def balance_of(line: LineState) -> GoodsLineBalance:
    """A goods line as it is reported; no figure is negative."""
    over = max(-line.balance, Decimal(0))
    return GoodsLineBalance(
        line_number=line.line_number,
        goods_code=line.goods_code,
        issued=Quantity.of(line.issued, line.unit),
        written_off=Quantity.of(line.issued - line.balance, line.unit),
        balance=Quantity.of(max(line.balance, Decimal(0)), line.unit),
        over_shipment=Quantity.of(over, line.unit) if over else None,
    )


def _transfers(ours: Side, theirs: Side) -> Iterator[Compared]:
    known = _first_by((one.message_id, one) for one in ours.transfers)
    stated = _first_by((one.message_id, one) for one in theirs.transfers)
    for message_id, one, other in _both(known, stated):
        either = one or other
        assert either is not None, "an item is on one side at least"
        difference = _transfer_difference(one, other)
        yield Compared(Subject.TRANSFER, either.licence, message_id, None, one, other, difference)


def _transfer_difference(ours: Transfer | None, theirs: Transfer | None) -> DifferenceClass | None:
    if ours is None:
        return DifferenceClass.UNKNOWN_TO_US
    if theirs is None:
        return _missing(ours)
    if (ours.digest, ours.licence, ours.kind) != (theirs.digest, theirs.licence, theirs.kind):
        return DifferenceClass.CONTENT_DIFFERS
    refused = ours.status is TransferStatus.REFUSED, theirs.status is TransferStatus.REFUSED
    if refused == (False, True):
        return DifferenceClass.REFUSED_BY_CUSTOMS
    if refused == (True, False):
        return DifferenceClass.ACCEPTED_BY_CUSTOMS
    return None


def _missing(ours: Transfer) -> DifferenceClass | None:
    """Of a message that customs does not list. What customs refused it need not have kept."""
    match ours.status:
        case TransferStatus.NOT_SENT:
            return DifferenceClass.NOT_SENT
        case TransferStatus.REFUSED:
            return None
        case _:
            return DifferenceClass.NOT_RECEIVED


def _licences(ours: Side, theirs: Side) -> Iterator[Compared]:
    known = _first_by((one.licence, one) for one in ours.licences)
    stated = _first_by((one.licence, one) for one in theirs.licences)
    for key, one, other in _both(known, stated):
        if one is None:
            unknown = DifferenceClass.UNKNOWN_TO_US
            yield Compared(Subject.LICENCE, key, None, None, None, other, unknown)
            continue
        uses = 0 if other is None else other.uses
        differ = None if one.uses == uses else DifferenceClass.USES_DIFFER
        yield Compared(Subject.USES, key, None, None, one.uses, uses, differ)
        yield from _lines(one, other)


def _lines(ours: LicenceFigures, theirs: LicenceFigures | None) -> Iterator[Compared]:
    known = _first_by((line.line_number, line) for line in ours.lines)
    stated = _first_by((line.line_number, line) for line in (theirs.lines if theirs else ()))
    for number, one, other in _both(known, stated):
        agree = one == other or (theirs is None and one is not None and not one.written_off.amount)
        difference = None if agree else DifferenceClass.QUANTITY_DIFFERS
        yield Compared(Subject.GOODS_LINE, ours.licence, None, number, one, other, difference)


def _undecided(item: Compared) -> Compared:
    if item.difference not in (DifferenceClass.USES_DIFFER, DifferenceClass.QUANTITY_DIFFERS):
        return item
    return replace(item, difference=None, has_moved=True)


def _first_by(pairs: Iterable[tuple[K, V]]) -> dict[K, V]:
    found: dict[K, V] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _both(ours: Mapping[K, V], theirs: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    for key in sorted(ours.keys() | theirs.keys()):
        yield key, ours.get(key), theirs.get(key)


def _words(line: Stated) -> tuple[str, str]:
    """A goods line's figures in Chinese and in English."""
    if not isinstance(line, GoodsLineBalance):
        return "未列", "none"
    figures = [
        ("商品编码", "goods code", line.goods_code),
        ("核准", "issued", line.issued),
        ("核销", "written off", line.written_off),
        ("余额", "balance", line.balance),
    ]
    if line.over_shipment is not None:
        figures.append(("溢装", "over-shipment", line.over_shipment))
    zh = "，".join(f"{name} {figure}" for name, _, figure in figures)
    return zh, ", ".join(f"{name} {figure}" for _, name, figure in figures)

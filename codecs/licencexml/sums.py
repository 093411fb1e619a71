"""Figures that must add up, and lists that must be as long as they say: what no schema can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from licencexml import disagreements
from licencexml.coherence import repeated
from licencexml.names import qualified
from licencexml.place import where
from licencexml.record import Place
from licencexml.rejection import Rejection
from licencexml.standing import (
    GoodsLineBalance,
    LicenceFigures,
    LicenceQueryReply,
    LicenceStanding,
    Reconciliation,
    ReconciliationTotals,
    StandingStatus,
)


def balance(place: Place, value: GoodsLineBalance, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """One unit (外经贸配管发〔2000〕539号 art. 6); issued + over-shipment = written off + balance."""
    del parts
    over = value.over_shipment
    quantities = [value.issued, value.written_off, value.balance, *([] if over is None else [over])]
    units = sorted({quantity.unit for quantity in quantities})
    if len(units) > 1:
        yield disagreements.UNITS_MIXED.reject(where(place()), found=", ".join(units))
        return
    beyond = value.written_off.amount - value.issued.amount
    stated = value.balance.amount, Decimal(0) if over is None else over.amount
    if stated != (max(-beyond, Decimal(0)), max(beyond, Decimal(0))):
        yield disagreements.BALANCE_WRONG.reject(
            where(place()),
            issued=value.issued,
            written_off=value.written_off,
            balance=value.balance,
            over_shipment=over or "–",
        )


def standing(place: Place, value: LicenceStanding, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """No goods line and no declaration twice."""
    del parts
    yield from _lines(place, value.lines)
    yield from _twice(value.live_declarations, place, "LiveDeclaration")


def figures(place: Place, value: LicenceFigures, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """No goods line twice."""
    del parts
    yield from _lines(place, value.lines)


def reply(place: Place, value: LicenceQueryReply, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """What is known has a standing, what is unknown has none."""
    del parts
    known = value.status is not StandingStatus.UNKNOWN
    if known and value.standing is None:
        yield disagreements.STANDING_MISSING.reject(where(place()), status=value.status)
    elif not known and (value.standing is not None or value.suspended):
        yield disagreements.STANDING_OF_UNKNOWN.reject(where(place()))


def reconciliation(place: Place, value: Reconciliation, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """The parts' numbers and counts agree, and nothing is reported twice."""
    del parts
    if value.part_number > value.part_count:
        yield disagreements.PART_NUMBER.reject(
            where(place()), number=value.part_number, count=value.part_count
        )
    found = ReconciliationTotals(len(value.transfers), len(value.licences))
    yield from _totals(place, "PartTotals", value.part, found)
    if value.part_count == 1:
        yield from _totals(place, "DayTotals", value.day, found)
    yield from _twice([one.message_id for one in value.transfers], place, "Transfer")
    yield from _twice([one.licence for one in value.licences], place, "LicenceFigures")


def _lines(place: Place, lines: Sequence[GoodsLineBalance]) -> Iterator[Rejection]:
    return repeated([line.line_number for line in lines], place, "GoodsLineBalance")


def _twice(keys: Sequence[object], place: Place, name: str) -> Iterator[Rejection]:
    known = Counter(keys)
    if len(known) == len(keys):
        return
    for key, element in zip(keys, place().findall(qualified(name)), strict=True):
        if known[key] > 1:
            del known[key]  # told once, however often it stands there
            yield disagreements.ENTRY_REPEATED.reject(where(element), key=key)


def _totals(
    place: Place, name: str, stated: ReconciliationTotals, found: ReconciliationTotals
) -> Iterator[Rejection]:
    if stated != found:
        totals = place().find(qualified(name))
        assert totals is not None, "a report without totals was refused before"
        yield disagreements.COUNT_WRONG.reject(
            where(totals),
            stated=f"{stated.transfers}, {stated.licences}",
            found=f"{found.transfers}, {found.licences}",
        )

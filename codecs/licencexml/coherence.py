"""What the schema cannot say of a message: parts that must agree with one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from licencexml import disagreements, faults
from licencexml.clearance import Declaration, WriteOffReversal
from licencexml.issuing import LicenceReplacement, LicenceRevocation
from licencexml.licence import Licence, Totals
from licencexml.names import qualified
from licencexml.place import where
from licencexml.record import Place
from licencexml.rejection import Rejection, Where
from licencexml.values import Medium


def licence(place: Place, value: Licence, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """Line numbers, one currency, totals, and the form number that a paper licence needs."""
    yield from repeated([line.line_number for line in value.lines], place, "GoodsLine")
    currencies = {money.currency for line in value.lines for money in (line.unit_price, line.amount)}
    if len(currencies) > 1:
        yield faults.CURRENCY.reject(where(place()), found=", ".join(sorted(currencies)))
    else:
        yield from _totals(place, value, parts["totals"])
    if value.medium is Medium.PAPER and value.form_number is None:
        yield faults.FORM_NUMBER.reject(where(place()))


def declaration(place: Place, value: Declaration, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """No line is written off twice with the same sequence."""
    del parts
    numbers = [f"{line.line_number}/{line.sequence}" for line in value.lines]
    yield from repeated(numbers, place, "DeclarationLine")


def replacement(place: Place, value: LicenceReplacement, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """A licence is replaced by another, of its own type (商办配函〔2015〕494号 art. 16, 17)."""
    del parts
    if value.replaced == value.licence.key:
        yield disagreements.REPLACES_ITSELF.reject(_of(place, "ReplacedLicence"), licence=value.replaced)
    elif value.replaced.type is not value.licence.key.type:
        yield disagreements.REPLACES_OTHER_TYPE.reject(
            _of(place, "ReplacedLicence"), found=value.licence.key.type, expected=value.replaced.type
        )


def revocation(place: Place, value: LicenceRevocation, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """On these grounds the enterprise asks or confirms (商办配函〔2015〕494号 art. 18)."""
    del parts
    if value.ground.needs_enterprise and value.confirmed_by is None:
        yield disagreements.CONFIRMATION_MISSING.reject(where(place()), ground=value.ground)


def reversal(place: Place, value: WriteOffReversal, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """No line is withdrawn twice in one reversal."""
    del parts
    numbers = [f"{line.line_number}/{line.sequence}" for line in value.lines]
    yield from repeated(numbers, place, "ReversedLine")


def repeated(numbers: Sequence[Any], place: Place, name: str) -> Iterator[Rejection]:
    """The lines, elements of that `name`, whose number an earlier one has."""
    if len(set(numbers)) == len(numbers):
        return
    seen: set[Any] = set()
    for number, element in zip(numbers, place().findall(qualified(name)), strict=True):
        if number in seen:
            yield faults.LINE_NUMBER.reject(where(element), number=number)
        seen.add(number)


def _totals(place: Place, value: Licence, stated: Totals) -> Iterator[Rejection]:
    try:
        derived = value.totals
    except ValueError as error:
        yield faults.TOTAL.reject(
            _of(place, "Total"), field_zh="总计", field_en="Total", found="", expected=str(error)
        )
        return
    if stated == derived:
        return
    for zh, en, found, expected in (
        ("数量合计", "Total quantity", stated.quantity, derived.quantity),
        ("总值合计", "Total amount", stated.amount, derived.amount),
        ("总值折美元合计", "Total amount in US dollars", stated.amount_usd, derived.amount_usd),
    ):
        if found != expected:
            yield faults.TOTAL.reject(
                _of(place, "Total"), field_zh=zh, field_en=en, found=found or "–", expected=expected or "–"
            )


def _of(place: Place, name: str) -> Where:
    """The place of a part that is there: without it the value would have been refused before."""
    part = place().find(qualified(name))
    assert part is not None, "a value has all its parts"
    return where(part)

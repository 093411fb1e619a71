"""What the schema cannot say of a message: parts that must agree with one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from licencexml import disagreements, faults
from licencexml.clearance import Declaration, WriteOffReversal
from licencexml.issuing import LicenceReplacement, LicenceRevocation
from licencexml.licence import Licence, Totals
from licencexml.names import qualified
from licencexml.place import where
from licencexml.rejection import Rejection
from licencexml.values import Medium


def licence(element: etree._Element, value: Licence, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """Line numbers, one currency, totals, and the form number that a paper licence needs."""
    lines = element.findall(qualified("GoodsLine"))
    yield from repeated([line.line_number for line in value.lines], lines)
    currencies = {money.currency for line in value.lines for money in (line.unit_price, line.amount)}
    if len(currencies) > 1:
        yield faults.CURRENCY.reject(where(element), found=", ".join(sorted(currencies)))
    else:
        yield from _totals(element, value, parts["totals"])
    if value.medium is Medium.PAPER and value.form_number is None:
        yield faults.FORM_NUMBER.reject(where(element))


def declaration(element: etree._Element, value: Declaration, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """No line is written off twice with the same sequence."""
    del parts
    lines = element.findall(qualified("DeclarationLine"))
    yield from repeated([f"{line.line_number}/{line.sequence}" for line in value.lines], lines)


def replacement(
    element: etree._Element, value: LicenceReplacement, parts: Mapping[str, Any]
) -> Iterator[Rejection]:
    """A licence is replaced by another, of its own type (商办配函〔2015〕494号 art. 16, 17)."""
    del parts
    replaced = element.find(qualified("ReplacedLicence"))
    assert replaced is not None, "a replacement of nothing was refused before"
    if value.replaced == value.licence.key:
        yield disagreements.REPLACES_ITSELF.reject(where(replaced), licence=value.replaced)
    elif value.replaced.type is not value.licence.key.type:
        yield disagreements.REPLACES_OTHER_TYPE.reject(
            where(replaced), found=value.licence.key.type, expected=value.replaced.type
        )


def revocation(
    element: etree._Element, value: LicenceRevocation, parts: Mapping[str, Any]
) -> Iterator[Rejection]:
    """On these grounds the enterprise asks or confirms (商办配函〔2015〕494号 art. 18)."""
    del parts
    if value.ground.needs_enterprise and value.confirmed_by is None:
        yield disagreements.CONFIRMATION_MISSING.reject(where(element), ground=value.ground)


def reversal(
    element: etree._Element, value: WriteOffReversal, parts: Mapping[str, Any]
) -> Iterator[Rejection]:
    """No line is withdrawn twice in one reversal."""
    del parts
    lines = element.findall(qualified("ReversedLine"))
    yield from repeated([f"{line.line_number}/{line.sequence}" for line in value.lines], lines)


def repeated(numbers: list[Any], elements: list[etree._Element]) -> Iterator[Rejection]:
    """The lines whose number an earlier one has."""
    seen: Counter[Any] = Counter()
    for number, element in zip(numbers, elements, strict=True):
        seen[number] += 1
        if seen[number] > 1:
            yield faults.LINE_NUMBER.reject(where(element), number=number)


def _totals(element: etree._Element, value: Licence, stated: Totals) -> Iterator[Rejection]:
    total = element.find(qualified("Total"))
    assert total is not None, "a licence without a total was refused before"
    try:
        derived = value.totals
    except ValueError as error:
        yield faults.TOTAL.reject(
            where(total), field_zh="总计", field_en="Total", found="", expected=str(error)
        )
        return
    for zh, en, found, expected in (
        ("数量合计", "Total quantity", stated.quantity, derived.quantity),
        ("总值合计", "Total amount", stated.amount, derived.amount),
        ("总值折美元合计", "Total amount in US dollars", stated.amount_usd, derived.amount_usd),
    ):
        if found != expected:
            yield faults.TOTAL.reject(
                where(total), field_zh=zh, field_en=en, found=found or "–", expected=expected or "–"
            )

"""What the schema cannot say of a message: parts that must agree with one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from licencexml import faults
from licencexml.messages import Declaration, Licence, Totals
from licencexml.names import qualified
from licencexml.place import where
from licencexml.rejection import Rejection
from licencexml.values import Medium


def licence(element: etree._Element, value: Licence, parts: Mapping[str, Any]) -> Iterator[Rejection]:
    """Line numbers, one currency, totals, and the form number that a paper licence needs."""
    lines = element.findall(qualified("GoodsLine"))
    yield from _repeated([line.line_number for line in value.lines], lines)
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
    yield from _repeated([f"{line.line_number}/{line.sequence}" for line in value.lines], lines)


def _repeated(numbers: list[Any], elements: list[etree._Element]) -> Iterator[Rejection]:
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

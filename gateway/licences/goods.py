"""Which goods, in which unit, how much: the rules line by line.

Quantities are compared exactly. The tolerance for bulk goods and the last lot belongs here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LineState
from gateway.licences.use import Use
from licencexml.messages import DeclarationLine
from licencexml.values import Quantity

GOODS: Rulebook[Use] = Rulebook("goods 商品")


@GOODS.rule(
    code="GOODS_NOT_ON_LICENCE",
    zh="报关单第 {line} 项商品编码 {goods_code} 不在许可证 {licence} 上{stated}",
    en="line {line}: goods code {goods_code} is not on licence {licence}{stated}",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy="Check the goods code and the licence line; goods that the licence does not name need another.",
)
def goods_not_on_licence(case: Use) -> Iterator[Facts]:
    """The goods declared are goods of the licence, by their code."""
    for line in case.lines:
        if not case.candidates(line):
            stated = f" #{line.licence_line_number}" if line.licence_line_number is not None else ""
            yield _facts(line) | {"licence": case.state.key, "stated": stated}


@GOODS.rule(
    code="LICENCE_LINE_UNCLEAR",
    zh="报关单第 {line} 项商品编码 {goods_code} 对应许可证多个商品项（{candidates}），未写明使用哪一项",
    en="line {line}: goods code {goods_code} stands on licence lines {candidates}, and none is stated",
    article=CONFIGURED,
    remedy="State the licence line number (LicenceLineNumber).",
)
def licence_line_unclear(case: Use) -> Iterator[Facts]:
    """Which goods line is drawn on is never guessed."""
    for line in case.lines:
        candidates = case.candidates(line)
        if len(candidates) > 1:
            numbers = ", ".join(str(candidate.line_number) for candidate in candidates)
            yield _facts(line) | {"candidates": numbers}


@GOODS.rule(
    code="UNIT_MISMATCH",
    zh="报关单第 {line} 项计量单位 {unit} 与许可证计量单位 {licence_unit} 不一致",
    en="line {line}: unit {unit} is not the licence's unit {licence_unit}",
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy="State the quantity in the licence's unit; it is never converted here.",
)
def unit_mismatch(case: Use) -> Iterator[Facts]:
    """A write-off is in the unit of the licence."""
    for line, target in _targeted(case):
        if line.quantity.unit != target.unit:
            yield _facts(line) | {"unit": line.quantity.unit, "licence_unit": target.unit}


@GOODS.rule(
    code="QUANTITY_NOT_POSITIVE",
    zh="报关单第 {line} 项数量 {quantity} 不大于零",
    en="line {line}: quantity {quantity} is not greater than zero",
    article=CONFIGURED,
    remedy="A release has a quantity; what was withdrawn (退关) is a reversal, not a negative write-off.",
)
def quantity_not_positive(case: Use) -> Iterator[Facts]:
    """A use takes something."""
    for line in case.lines:
        if line.quantity.amount <= 0:
            yield _facts(line) | {"quantity": line.quantity}


@GOODS.rule(
    code="QUANTITY_EXCEEDS_BALANCE",
    zh="报关单第 {line} 项数量 {quantity} 超过许可证第 {licence_line} 项余额 {balance}",
    en="line {line}: quantity {quantity} exceeds the balance {balance} of licence line {licence_line}",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy="Check the quantity; goods beyond the balance need another licence.",
)
def quantity_exceeds_balance(case: Use) -> Iterator[Facts]:
    """No goods line gives more than it has; lines of one declaration draw one after another."""
    balances = {line.line_number: line.balance for line in case.state.lines}
    for line, target in _targeted(case):
        if line.quantity.unit != target.unit:
            continue
        balance = balances[target.line_number]
        if line.quantity.amount > balance:
            yield _facts(line) | {
                "quantity": line.quantity,
                "balance": Quantity.of(balance, target.unit),
                "licence_line": target.line_number,
            }
        balances[target.line_number] = max(balance - line.quantity.amount, Decimal(0))


def _targeted(case: Use) -> Iterator[tuple[DeclarationLine, LineState]]:
    for line in case.lines:
        candidates = case.candidates(line)
        if len(candidates) == 1:
            yield line, candidates[0]


def _facts(line: DeclarationLine) -> dict[str, object]:
    return {"line": line.line_number, "goods_code": line.goods_code}

"""Which goods, in which unit, how much: the rules line by line.

Quantities are compared exactly. What bulk goods may take beyond the balance is reckoned in `tolerance`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LineState
from gateway.licences.tolerance import fits
from gateway.licences.use import Use
from licencexml.messages import DeclarationLine
from licencexml.values import Quantity

GOODS: Rulebook[Use] = Rulebook("goods 商品")


@GOODS.rule(
    code="GOODS_NOT_ON_LICENCE",
    zh="报关单第 {line} 项：许可证 {licence} {stated_zh}未列明商品编码 {goods_code}。",
    en="Declaration line {line}: goods code {goods_code} is not on licence {licence}{stated_en}.",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy=(
        "请核对商品编码和许可证项号；许可证未列明的商品，须另用许可证。"
        " / Check the goods code and the licence line; goods not on the licence need another licence."
    ),
)
def goods_not_on_licence(case: Use) -> Iterator[Facts]:
    """The goods declared are goods of the licence, by their code."""
    for line in case.lines:
        if not case.candidates(line):
            yield _facts(line) | {"licence": case.state.key} | _stated(line.licence_line_number)


def _stated(number: int | None) -> dict[str, object]:
    if number is None:
        return {"stated_zh": "", "stated_en": ""}
    return {"stated_zh": f"第 {number} 项", "stated_en": f", line {number}"}


@GOODS.rule(
    code="LICENCE_LINE_UNCLEAR",
    zh="报关单第 {line} 项：许可证有多项（{candidates}）为商品编码 {goods_code}，报文未写明使用哪一项。",
    en=(
        "Declaration line {line}: goods code {goods_code} stands on licence lines {candidates},"
        " and none is stated."
    ),
    article=CONFIGURED,
    remedy="请在 LicenceLineNumber 中写明许可证项号。 / State the licence line in LicenceLineNumber.",
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
    zh="报关单第 {line} 项：计量单位 {unit} 与许可证的计量单位 {licence_unit} 不同。",
    en="Declaration line {line}: unit {unit} is not the licence's unit {licence_unit}.",
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy=(
        "请按许可证的计量单位填写数量；本网关不作换算。"
        " / State the quantity in the licence's unit; this gateway does not convert."
    ),
)
def unit_mismatch(case: Use) -> Iterator[Facts]:
    """A write-off is in the unit of the licence."""
    for line, target in _targeted(case):
        if line.quantity.unit != target.unit:
            yield _facts(line) | {"unit": line.quantity.unit, "licence_unit": target.unit}


@GOODS.rule(
    code="QUANTITY_NOT_POSITIVE",
    zh="报关单第 {line} 项：数量 {quantity} 不大于零。",
    en="Declaration line {line}: quantity {quantity} is not greater than zero.",
    article=CONFIGURED,
    remedy=(
        "请填写放行的数量；退关须另行报送，不以负数核销。"
        " / State the quantity released; a withdrawal is reported apart, not as a negative write-off."
    ),
)
def quantity_not_positive(case: Use) -> Iterator[Facts]:
    """A use takes something."""
    for line in case.lines:
        if line.quantity.amount <= 0:
            yield _facts(line) | {"quantity": line.quantity}


@GOODS.rule(
    code="QUANTITY_EXCEEDS_BALANCE",
    zh="报关单第 {line} 项：{quantity} 超过许可证第 {licence_line} 项的余额 {balance}。",
    en="Declaration line {line}: {quantity} exceeds the balance {balance} of licence line {licence_line}.",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy=(
        "请核对数量；超出余额的货物，须另用许可证。"
        " / Check the quantity; goods beyond the balance need another licence."
    ),
)
def quantity_exceeds_balance(case: Use) -> Iterator[Facts]:
    """No goods line gives more than it has, if its goods are not bulk goods."""
    for excess in _excesses(case):
        if excess.target.tolerance_percent == 0:
            yield excess.facts


@GOODS.rule(
    code="OVER_SHIPMENT_EXCEEDS_TOLERANCE",
    zh=(
        "报关单第 {line} 项：{quantity} 超过许可证第 {licence_line} 项的余额 {balance}，"
        "且超出大宗散装货物 {percent}% 的溢装上限。"
    ),
    en=(
        "Declaration line {line}: {quantity} exceeds the balance {balance} of licence line {licence_line}"
        " by more than the {percent}% over-shipment of bulk goods."
    ),
    article=CONFIGURED,
    remedy=(
        "请核对数量；最后一批按余额计算溢装上限，超出部分须另用许可证。"
        " / Check the quantity; the last lot's limit is reckoned from the balance, and goods beyond it need"
        " another licence."
    ),
)
def over_shipment_exceeds_tolerance(case: Use) -> Iterator[Facts]:
    """The last lot of bulk goods takes a little more than is left; then the goods line is closed."""
    for excess in _excesses(case):
        if excess.target.tolerance_percent > 0:
            yield {**excess.facts, "percent": excess.target.tolerance_percent}


@dataclass(frozen=True, slots=True)
class _Excess:
    """A declaration line that does not fit into what its goods line has left."""

    line: DeclarationLine
    target: LineState
    balance: Decimal

    @property
    def facts(self) -> Facts:
        return _facts(self.line) | {
            "quantity": self.line.quantity,
            "balance": Quantity.of(max(self.balance, Decimal(0)), self.target.unit),
            "licence_line": self.target.line_number,
        }


def _excesses(case: Use) -> Iterator[_Excess]:
    """Lines of one declaration draw one after another."""
    balances = {line.line_number: line.balance for line in case.state.lines}
    for line, target in _targeted(case):
        if line.quantity.unit != target.unit:
            continue
        balance = balances[target.line_number]
        if fits(line.quantity.amount, balance, target.tolerance_percent):
            balances[target.line_number] = balance - line.quantity.amount
        else:
            yield _Excess(line, target, balance)
            balances[target.line_number] = Decimal(0)


def _targeted(case: Use) -> Iterator[tuple[DeclarationLine, LineState]]:
    for line in case.lines:
        candidates = case.candidates(line)
        if len(candidates) == 1:
            yield line, candidates[0]


def _facts(line: DeclarationLine) -> dict[str, object]:
    return {"line": line.line_number, "goods_code": line.goods_code}

"""What customs changes afterwards: amendments (更改) and withdrawals (退关) of write-off lines.

外经贸配管发〔2000〕539号 art. 6: what is withdrawn or changed is changed in the electronic data too. Both
come in any order: what has no write-off yet waits for it (parked).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gateway.licences.facts import Fact
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from licencexml.messages import (
    AmendedContent,
    ReversedLine,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.rejection import Rejection
from licencexml.values import Quantity

Unwanted = dict[str, tuple[Rejection, ...]]


@dataclass(frozen=True, slots=True)
class Amending:
    """An amendment, and what another one of the same line and number says, if one was created before it."""

    amendment: WriteOffAmendment
    other: AmendedContent | None


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """A withdrawal; another of the same number created before it; and what is left of each of its lines."""

    reversal: WriteOffReversal
    other: tuple[ReversedLine, ...] | None
    left: Mapping[WriteOffLineKey, Quantity]


AMENDMENT: Rulebook[Amending] = Rulebook("amendment 更改")
REVERSAL: Rulebook[Withdrawing] = Rulebook("withdrawal 退关")


@AMENDMENT.rule(
    code="AMENDMENT_CONFLICT",
    zh=(
        "报关单 {entry_id} 第 {line} 项（序号 {sequence}）的第 {number} 次更改"
        "已有另一份报文，且内容与本次不同。"
    ),
    en="Amendment {number} of declaration {entry_id} line {line} (sequence {sequence}) says something else.",
    article=CONFIGURED,
    remedy=(
        "重发更改的，请保持内容不变；再次更改的，请使用新的更改序号。"
        " / To repeat an amendment, send it unchanged; to amend once more, use the next number."
    ),
)
def amendment_conflict(case: Amending) -> Iterator[Facts]:
    """One number of amendment, one content: what was created first holds."""
    if case.other is not None and not _same(case.other, case.amendment.content):
        yield _facts(case.amendment.amends) | {"number": case.amendment.amendment_number}


@REVERSAL.rule(
    code="REVERSAL_CONFLICT",
    zh="报关单 {entry_id} 的第 {number} 次退关已有另一份报文，且内容与本次不同。",
    en="Withdrawal {number} of declaration {entry_id} was reported with other content.",
    article=CONFIGURED,
    remedy=(
        "重发退关的，请保持内容不变；再次退关的，请使用新的退关序号。"
        " / To repeat a withdrawal, send it unchanged; to withdraw more, use the next number."
    ),
)
def reversal_conflict(case: Withdrawing) -> Iterator[Facts]:
    """One number of withdrawal, one content: what was created first holds."""
    if case.other is not None and set(case.other) != set(case.reversal.lines):
        yield {"entry_id": case.reversal.entry_id, "number": case.reversal.reversal_number}


@REVERSAL.rule(
    code="REVERSAL_UNIT_MISMATCH",
    zh=(
        "报关单 {entry_id} 第 {line} 项（序号 {sequence}）："
        "退关的计量单位 {unit} 与放行的计量单位 {released} 不同。"
    ),
    en=(
        "Declaration {entry_id} line {line} (sequence {sequence}): withdrawn in unit {unit}, released in"
        " {released}."
    ),
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy=(
        "请按放行时的计量单位报送退关；本网关不作换算。"
        " / Report the withdrawal in the unit of the release; this gateway does not convert."
    ),
)
def reversal_unit_mismatch(case: Withdrawing) -> Iterator[Facts]:
    """What is given back is counted as what was taken."""
    for key, line in zip(case.reversal.keys, case.reversal.lines, strict=True):
        if line.quantity.unit != case.left[key].unit:
            yield _facts(key) | {"unit": line.quantity.unit, "released": case.left[key].unit}


@REVERSAL.rule(
    code="REVERSAL_EXCEEDS_RELEASE",
    zh=(
        "报关单 {entry_id} 第 {line} 项（序号 {sequence}）："
        "退关数量 {quantity} 超过尚未退关的放行数量 {left}。"
    ),
    en=(
        "Declaration {entry_id} line {line} (sequence {sequence}): {quantity} withdrawn, and only {left}"
        " of what was released is not withdrawn yet."
    ),
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy=(
        "请核对退关数量和此前的退关、更改。"
        " / Check the quantity, and the withdrawals and amendments before it."
    ),
)
def reversal_exceeds_release(case: Withdrawing) -> Iterator[Facts]:
    """No more is given back than was taken."""
    for key, line in zip(case.reversal.keys, case.reversal.lines, strict=True):
        left = case.left[key]
        if line.quantity.unit == left.unit and line.quantity.amount > left.amount:
            yield _facts(key) | {"quantity": line.quantity, "left": left}


@dataclass(slots=True)
class Amendments:
    """The amendments of a licence's lines: by key in the order of their numbers; and what became of each."""

    by_key: dict[WriteOffLineKey, list[Fact]] = field(default_factory=dict)
    repeated: dict[str, str] = field(default_factory=dict)
    unwanted: Unwanted = field(default_factory=dict)
    late: list[Fact] = field(default_factory=list)


def number_amendments(facts: Iterable[Fact]) -> Amendments:
    """Sort amendments; of one number the one created first holds, its likes are repeats or conflicts.

    What came after the licence's end never takes the place of what came in time; `late` are those that repeat
    nothing. `repeated` names the message that is repeated.
    """
    found = Amendments()
    holding: dict[tuple[WriteOffLineKey, int], Fact] = {}
    for fact in sorted(facts, key=_by_number):
        amendment = _amendment(fact)
        identity = (amendment.amends, amendment.amendment_number)
        other = holding.get(identity)
        if other is not None and _same(_amendment(other).content, amendment.content):
            found.repeated[fact.message_id] = other.message_id
        elif fact.late:
            found.late.append(fact)
        elif other is None:
            holding[identity] = fact
            found.by_key.setdefault(amendment.amends, []).append(fact)
        else:
            conflict = Amending(amendment, _amendment(other).content)
            found.unwanted[fact.message_id] = AMENDMENT.judge(conflict)
    return found


@dataclass(slots=True)
class Withdrawals:
    """The withdrawals: what is withdrawn of each line in all; and what became of each message."""

    withdrawn: dict[WriteOffLineKey, Decimal] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    repeated: dict[str, str] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    unwanted: Unwanted = field(default_factory=dict)
    late: list[Fact] = field(default_factory=list)


def withdraw(facts: Iterable[Fact], released: Mapping[WriteOffLineKey, Quantity]) -> Withdrawals:
    """Withdraw in the order of the numbers, each message whole or not at all.

    `released` is what was released of each line, as amended. A message with a line that is not there waits.
    What came after the licence's end is as for amendments.
    """
    found = Withdrawals()
    holding: dict[tuple[str, int], Fact] = {}
    for fact in sorted(facts, key=_by_number):
        reversal = _reversal(fact)
        identity = (reversal.entry_id, reversal.reversal_number)
        other = holding.get(identity)
        if other is not None and set(_reversal(other).lines) == set(reversal.lines):
            found.repeated[fact.message_id] = other.message_id
        elif fact.late:
            found.late.append(fact)
        else:
            holding.setdefault(identity, fact)
            _count(found, fact, None if other is None else _reversal(other).lines, released)
    return found


def _count(
    found: Withdrawals,
    fact: Fact,
    other: tuple[ReversedLine, ...] | None,
    released: Mapping[WriteOffLineKey, Quantity],
) -> None:
    reversal = _reversal(fact)
    if other is None and not all(key in released for key in reversal.keys):
        found.parked.add(fact.message_id)
    else:
        _withdraw(found, fact, reversal, other, released)


def _withdraw(
    found: Withdrawals,
    fact: Fact,
    reversal: WriteOffReversal,
    other: tuple[ReversedLine, ...] | None,
    released: Mapping[WriteOffLineKey, Quantity],
) -> None:
    if other is None:
        left = {
            key: Quantity(
                max(released[key].amount - found.withdrawn.get(key, Decimal(0)), _NONE), released[key].unit
            )
            for key in reversal.keys
        }
        rejections = REVERSAL.judge(Withdrawing(reversal, None, left))
    else:
        rejections = REVERSAL.judge(Withdrawing(reversal, other, _whatever(reversal)))
    if rejections:
        found.unwanted[fact.message_id] = rejections
        return
    found.applied.add(fact.message_id)
    for key, line in zip(reversal.keys, reversal.lines, strict=True):
        found.withdrawn[key] = found.withdrawn.get(key, Decimal(0)) + line.quantity.amount


_NONE = Decimal("0.00000")


def _whatever(reversal: WriteOffReversal) -> dict[WriteOffLineKey, Quantity]:
    """Of a conflicting withdrawal nothing but the conflict is told."""
    return {key: line.quantity for key, line in zip(reversal.keys, reversal.lines, strict=True)}


def _same(one: AmendedContent, other: AmendedContent) -> bool:
    """A party is known by its code; its name may be written differently."""
    return _essence(one) == _essence(other)


def _essence(content: AmendedContent) -> Sequence[object]:
    return (
        content.operating_unit.code,
        content.port,
        content.country,
        content.release_time,
        content.goods_code,
        content.quantity,
        content.licence_line_number,
    )


def _by_number(fact: Fact) -> tuple[object, ...]:
    message = fact.message
    number = (
        message.amendment_number
        if isinstance(message, WriteOffAmendment)
        else _reversal(fact).reversal_number
    )
    return (fact.late, number, *fact.precedence)


def _amendment(fact: Fact) -> WriteOffAmendment:
    assert isinstance(fact.message, WriteOffAmendment)
    return fact.message


def _reversal(fact: Fact) -> WriteOffReversal:
    assert isinstance(fact.message, WriteOffReversal)
    return fact.message


def _facts(key: WriteOffLineKey) -> dict[str, object]:
    return {"entry_id": key.entry_id, "line": key.line_number, "sequence": key.sequence}

"""May this licence be replaced (换证) by that one? 商办配函〔2015〕494号 art. 16, 17.

The mode follows from the use of the old licence, and from nothing else: unused, it is revoked and replaced
(撤销换证); used, it is written off and replaced (核销换证), and what is left of it moves. The new licence
keeps all the law of issue. An extension (延期) and a reissue after loss (遗失) are replacements of a kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from gateway.clock import business_date
from gateway.licences.acts import QUIET, Act, Ending, is_past, subject
from gateway.licences.issue import decide_issue
from gateway.licences.life import LicenceEvent, Usage
from gateway.licences.policy import Policy
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from gateway.licences.suspend import open_suspension
from licencexml.messages import LicenceReplacement, ReplacementKind, ReplacementMode, SuspensionGround
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

#: Goods are told apart by their code, in one unit each.
_Goods = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Replacing:
    """A replacement of a licence that holds; `now` is aware."""

    state: LicenceState
    message: LicenceReplacement
    policy: Policy
    now: datetime

    @property
    def moves_rest(self) -> bool:
        """Whether the message says that the old licence was used."""
        return self.message.mode is ReplacementMode.WRITE_OFF


@dataclass(frozen=True, slots=True)
class ReplacementDecision:
    """The new licence, and the old one as it ends; or every reason against it."""

    new: LicenceState | None
    old: LicenceState | None
    rejections: tuple[Rejection, ...] = ()


REPLACE: Rulebook[Replacing] = Rulebook("replacement 换证")


def decide_replacement(
    message: LicenceReplacement, act: Act, existing: LicenceState | None
) -> ReplacementDecision:
    """Decide about a replacement; `existing` is what is known under the new licence's number."""
    state, rejections = subject(act)
    if state is not None:
        rejections += REPLACE.judge(Replacing(state, message, act.policy, act.now))
        rejections += QUIET.judge(Ending.of(act, state))
    issued = decide_issue(message.licence, existing, act.policy, business_date(act.now))
    rejections += issued.rejections
    if rejections or state is None or issued.state is None:
        return ReplacementDecision(None, None, rejections)
    new = replace(issued.state, replaces=state.key)
    return ReplacementDecision(new, replaced(state, new.key))


def replaced(state: LicenceState, successor: LicenceKey) -> LicenceState:
    """The old licence after its replacement. What was left of it stays written there, unusable."""
    return replace(state.after(LicenceEvent.REPLACE), replaced_by=successor)


def is_used(state: LicenceState) -> bool:
    """Whether customs fed back a use that stands."""
    return bool(state.declarations) or any(line.balance != line.issued for line in state.lines)


@REPLACE.rule(
    code="REPLACEMENT_AFTER_EXPIRY",
    zh="许可证 {licence} 的有效期至 {valid_to} 止，今日 {today} 已过有效期，不能换证。",
    en="Licence {licence} was valid until {valid_to}; today, {today}, is too late to replace it.",
    article="商办配函〔2015〕494号 art. 16",
    remedy=(
        "请重新申领；未使用的过期许可证，由企业确认后撤销。"
        " / Apply for a new licence; an expired one that is unused is revoked when the enterprise confirms."
    ),
)
def replacement_after_expiry(case: Replacing) -> Iterator[Facts]:
    """A replacement is asked for within the validity of the licence, its last day included."""
    if is_past(case.state, case.now):
        yield {
            "licence": case.state.key,
            "valid_to": case.state.valid_to,
            "today": business_date(case.now),
        }


@REPLACE.rule(
    code="WRITE_OFF_OF_UNUSED",
    zh="海关没有反馈许可证 {licence} 的使用，不能核销换证。",
    en="Customs fed back no use of licence {licence}: it is not one to write off and replace.",
    article="商办配函〔2015〕494号 art. 17",
    remedy=(
        "请改为撤销换证（Mode 为 REVOKE）。"
        " / State the mode REVOKE: an unused licence is revoked and replaced."
    ),
)
def write_off_of_unused(case: Replacing) -> Iterator[Facts]:
    """An unused licence is revoked and replaced."""
    if case.moves_rest and not is_used(case.state):
        yield {"licence": case.state.key}


@REPLACE.rule(
    code="REVOKE_OF_USED",
    zh="海关已反馈许可证 {licence} 的使用（报关单 {count} 份），不能撤销换证。",
    en="Customs fed back that {count} declarations used {licence}: it cannot be revoked and replaced.",
    article="商办配函〔2015〕494号 art. 17",
    remedy=(
        "请改为核销换证（Mode 为 WRITE_OFF），新许可证的数量不超过余额。"
        " / State the mode WRITE_OFF; the new licence is for no more than the balance."
    ),
)
def revoke_of_used(case: Replacing) -> Iterator[Facts]:
    """A used licence is written off and replaced."""
    if not case.moves_rest and is_used(case.state):
        yield {"licence": case.state.key, "count": len(case.state.declarations)}


@REPLACE.rule(
    code="NOTHING_LEFT_TO_MOVE",
    zh="许可证 {licence} 已经用完，没有余额可以换证。",
    en="Licence {licence} is used up: there is no balance to move to a new licence.",
    article="商办配函〔2015〕494号 art. 17",
    remedy="请重新申领许可证。 / Apply for a new licence.",
)
def nothing_left_to_move(case: Replacing) -> Iterator[Facts]:
    """Of a licence that is used up nothing is left to replace."""
    if case.state.life.usage is Usage.EXHAUSTED:
        yield {"licence": case.state.key}


@REPLACE.rule(
    code="MORE_THAN_IS_LEFT",
    zh="商品编码 {goods_code}：新许可证的数量 {asked} 超过许可证 {licence} 的余额 {left}。",
    en="Goods code {goods_code}: the new licence is for {asked}, more than the balance {left} of {licence}.",
    article="商办配函〔2015〕494号 art. 17",
    remedy=(
        "请按余额更正数量后重新签名提交；需要增加数量的，另行申领。"
        " / Correct the quantity to the balance, sign again and hand it in; for more, apply for a licence of"
        " its own."
    ),
)
def more_than_is_left(case: Replacing) -> Iterator[Facts]:
    """Of a used licence no more moves than is left, goods by goods in the licence's unit."""
    if case.moves_rest and case.state.life.usage is not Usage.EXHAUSTED:
        left = _sums((line.goods_code, line.unit, max(line.balance, Decimal(0))) for line in case.state.lines)
        for facts in _beyond(case, left):
            yield {**facts, "left": facts["most"]}


@REPLACE.rule(
    code="MORE_THAN_WAS_ISSUED",
    zh="商品编码 {goods_code}：延期或遗失换证的数量 {asked} 超过许可证 {licence} 的签发数量 {issued}。",
    en=(
        "Goods code {goods_code}: after an extension or a loss the new licence is for {asked}, more than the"
        " {issued} of {licence}."
    ),
    article=CONFIGURED,
    remedy=(
        "请按原数量更正后重新签名提交；变更数量的，换证种类填 CHANGE。"
        " / Correct the quantity to what was issued, sign again and hand it in; for another quantity, state"
        " the kind CHANGE."
    ),
)
def more_than_was_issued(case: Replacing) -> Iterator[Facts]:
    """An extension and a reissue change no quantity upwards; a change is reviewed as such."""
    if not case.moves_rest and case.message.kind is not ReplacementKind.CHANGE:
        issued = _sums((line.goods_code, line.unit, line.issued) for line in case.state.lines)
        for facts in _beyond(case, issued):
            yield {**facts, "issued": facts["most"]}


@REPLACE.rule(
    code="EXTENSION_NOT_LATER",
    zh="延期换证的有效期至 {new} 止，不晚于许可证 {licence} 原有的 {old}。",
    en="The extension is valid until {new}, which is not later than licence {licence} is already: {old}.",
    article=CONFIGURED,
    remedy=(
        "请更正有效期后重新签名提交；不延长有效期的，换证种类填 CHANGE。"
        " / Correct the validity, sign again and hand it in; if it stays, state the kind CHANGE."
    ),
)
def extension_not_later(case: Replacing) -> Iterator[Facts]:
    """An extension is valid for longer."""
    new, old = case.message.licence.valid_to, case.state.valid_to
    if case.message.kind is ReplacementKind.EXTENSION and new <= old:
        yield {"licence": case.state.key, "new": new, "old": old}


@REPLACE.rule(
    code="LOSS_NOT_REPORTED",
    zh="许可证 {licence} 没有因遗失暂停使用，不能以遗失换证。",
    en="Licence {licence} is not suspended for its loss, so it is not replaced for it.",
    article=CONFIGURED,
    remedy=(
        "请先以事由 LOSS_REPORT 暂停该许可证，即向海关报告遗失，再提交换证。"
        " / First suspend the licence with ground LOSS_REPORT, which reports the loss to customs; then hand"
        " this in again."
    ),
)
def loss_not_reported(case: Replacing) -> Iterator[Facts]:
    """A loss is reported, to the issuer and to customs, before the licence is reissued."""
    reported = open_suspension(case.state, SuspensionGround.LOSS_REPORT)
    if case.message.kind is ReplacementKind.LOSS and reported is None:
        yield {"licence": case.state.key}


def _beyond(case: Replacing, most: dict[_Goods, Decimal]) -> Iterator[dict[str, object]]:
    """The goods of which the new licence has more than `most` says."""
    asked = _sums(
        (line.goods_code, line.quantity.unit, line.quantity.amount) for line in case.message.licence.lines
    )
    for (goods_code, unit), amount in asked.items():
        allowed = most.get((goods_code, unit), Decimal(0))
        if amount > allowed:
            yield {
                "licence": case.state.key,
                "goods_code": goods_code,
                "asked": _told(amount, unit),
                "most": _told(allowed, unit),
            }


def _told(amount: Decimal, unit: str) -> str:
    """A sum in words: a sum of quantities may be longer than a quantity."""
    return f"{amount:f} [{unit}]"


def _sums(lines: Iterable[tuple[str, str, Decimal]]) -> dict[_Goods, Decimal]:
    sums: defaultdict[_Goods, Decimal] = defaultdict(Decimal)
    for goods_code, unit, amount in lines:
        sums[goods_code, unit] += amount
    return dict(sums)

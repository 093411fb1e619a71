"""Are customs' figures of a licence ours? The reply to a query held against the licence as it stands.

That both sides count the same, after the use of a licence stood still, is what shows that no release is in
flight (商办配函〔2015〕494号 art. 17, 18: what customs fed back is checked before a licence ends).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.clock import local_text
from gateway.licences.life import Standing, Transmission
from gateway.licences.reconcile import balance_of
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import GoodsLineBalance, LicenceQueryReply, StandingStatus
from licencexml.rejection import Rejection

_NOT_THERE = frozenset({StandingStatus.UNKNOWN, StandingStatus.CUSTOMS_REFUSED})
_ENDED = {Standing.REPLACED: StandingStatus.REPLACED, Standing.REVOKED: StandingStatus.REVOKED}


@dataclass(frozen=True, slots=True)
class Replied:
    """A licence as it stands here, and what customs says of it, which was asked at `asked_at` (aware)."""

    state: LicenceState
    reply: LicenceQueryReply
    asked_at: datetime | None = None


CONFIRM: Rulebook[Replied] = Rulebook("figures of customs 海关反馈的数据")


def confirmed(state: LicenceState, as_of: datetime) -> LicenceState:
    """The licence after customs' figures as of `as_of` were equal to ours; the latest such instant counts."""
    latest = as_of if state.confirmed_at is None else max(as_of, state.confirmed_at)
    return replace(state, confirmed_at=latest)


def compare(
    state: LicenceState, reply: LicenceQueryReply, asked_at: datetime | None = None
) -> tuple[Rejection, ...]:
    """Every difference; none if both sides say the same."""
    return CONFIRM.judge(Replied(state, reply, asked_at))


def only_on_the_way(differences: tuple[Rejection, ...]) -> bool:
    """Whether all that differs is what customs has not been told yet, or has not answered yet.

    It is the caller who knows whether anything is on its way.
    """
    late = {status_differs.reason.code, suspension_differs.reason.code}
    return all(one.code in late for one in differences)


@CONFIRM.rule(
    code="STATUS_DIFFERS",
    zh="许可证 {licence} 在海关的状态为 {theirs}，在本网关为 {ours}。",
    en="Licence {licence} has status {theirs} at customs, and {ours} here.",
    article=CONFIGURED,
    remedy=(
        "请查看该许可证的历史和待发报文，与海关热线核对海关收到了哪些报文。"
        " / See `ctl licence history` and `ctl queue list`, and find out with the customs hotline which"
        " messages it received."
    ),
)
def status_differs(case: Replied) -> Iterator[Facts]:
    """Customs has the licence, and it ended there as it did here; how far it is used, the figures say."""
    theirs, life = case.reply.status, case.state.life
    expected = _ENDED.get(life.standing)
    ended = theirs if theirs in _ENDED.values() else None
    here = life.transmission not in (Transmission.ACCEPTED, Transmission.CUSTOMS_REFUSED)
    if (theirs in _NOT_THERE) is here or (theirs not in _NOT_THERE and ended != expected):
        yield {"licence": case.state.key, "theirs": theirs, "ours": case.state.status}


@CONFIRM.rule(
    code="SUSPENSION_DIFFERS",
    zh="许可证 {licence} 于 {as_of} 在海关{theirs_zh}暂停，在本网关{ours_zh}暂停。",
    en="As of {as_of} licence {licence} {theirs_en} suspended at customs, and {ours_en} suspended here.",
    article=CONFIGURED,
    remedy=(
        "请查看该许可证的历史和待发报文，与海关热线核对暂停和恢复。"
        " / See `ctl licence history` and `ctl queue list`, and settle suspensions with the customs hotline."
    ),
)
def suspension_differs(case: Replied) -> Iterator[Facts]:
    """A licence is suspended on both sides or on none.

    Between its own instant and that of the question, if that is later, customs' clock leaves it open.
    """
    as_of, theirs = case.reply.as_of, case.reply.suspended
    ours = case.state.is_suspended_at(as_of)
    at_latest = case.state.is_suspended_at(max(as_of, case.asked_at or as_of))
    if case.reply.standing is not None and theirs not in (ours, at_latest):
        yield {
            "licence": case.state.key,
            "as_of": local_text(as_of),
            "theirs_zh": "已" if theirs else "未",
            "theirs_en": "was" if theirs else "was not",
            "ours_zh": "已" if ours else "未",
            "ours_en": "was" if ours else "was not",
        }


@CONFIRM.rule(
    code="FIGURES_DIFFER",
    zh="许可证 {licence} 第 {line} 项的数量不同：本网关为{ours_zh}；海关为{theirs_zh}。",
    en="The figures of licence {licence}, line {line}, differ: ours {ours_en}; those of customs {theirs_en}.",
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy=(
        "请等待在途的核销数据；仍不同的，与海关热线逐笔核对，再查询一次（ctl licence query）。"
        " / Wait for write-offs that are on their way; if figures still differ, compare them one by one with"
        " the customs hotline, and ask again (`ctl licence query`)."
    ),
)
def figures_differ(case: Replied) -> Iterator[Facts]:
    """What is written off and what is left, line by line in the licence's unit, is the same on both sides."""
    if case.reply.standing is None:
        return
    ours = {line.line_number: balance_of(line) for line in case.state.lines}
    theirs = {line.line_number: line for line in case.reply.standing.lines}
    for number in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(number), theirs.get(number)
        if one != other:
            yield {
                "licence": case.state.key,
                "line": number,
                **_told("ours", one),
                **_told("theirs", other),
            }


@CONFIRM.rule(
    code="DECLARATIONS_DIFFER",
    zh="使用许可证 {licence} 的报关单不同：本网关为 {ours}；海关为 {theirs}。",
    en="The declarations that use licence {licence} differ: ours {ours}; those of customs {theirs}.",
    article="外经贸配管发〔2000〕539号 art. 8(5)",
    remedy=(
        "请等待在途的核销数据；仍不同的，与海关热线逐份核对报关单，再查询一次（ctl licence query）。"
        " / Wait for write-offs that are on their way; if they still differ, compare declarations with the"
        " customs hotline, and ask again (`ctl licence query`)."
    ),
)
def declarations_differ(case: Replied) -> Iterator[Facts]:
    """The same declarations stand on both sides; one that was withdrawn may count against the cap, or not."""
    if case.reply.standing is None:
        return
    stated = case.reply.standing
    ours, theirs = sorted(case.state.live_declarations), sorted(stated.live_declarations)
    if ours != theirs or stated.uses not in (len(ours), len(case.state.declarations)):
        yield {
            "licence": case.state.key,
            "ours": f"{len(ours)} [{', '.join(ours)}]",
            "theirs": f"{stated.uses} [{', '.join(theirs)}]",
        }


def _told(name: str, line: GoodsLineBalance | None) -> dict[str, object]:
    if line is None:
        return {f"{name}_zh": "无此项", f"{name}_en": "no such line"}
    zh = f"商品 {line.goods_code}，签发 {line.issued}，核销 {line.written_off}，余额 {line.balance}"
    en = f"goods {line.goods_code}, issued {line.issued}, written off {line.written_off}, left {line.balance}"
    if line.over_shipment is not None:
        zh, en = f"{zh}，溢装 {line.over_shipment}", f"{en}, over-shipment {line.over_shipment}"
    return {f"{name}_zh": zh, f"{name}_en": en}

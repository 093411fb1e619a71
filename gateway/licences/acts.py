"""What an issuer's act on a licence that exists must keep: known, its own, not ended; no release in flight.

Replacement, revocation and suspension each have their own book beside these two. Who issued a licence is not
part of its state: the ledger knows it, and says so with the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

from gateway.clock import BUSINESS_ZONE, business_date, local_text
from gateway.licences.life import Standing, Transmission
from gateway.licences.policy import Policy
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import SuspensionGround
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A licence as the ledger has it, and the issuer that it came from (`Sender`).

    `unsettled` is how many of customs' messages about it do not fit or wait, and are not cleared up.
    `sent_again`: customs refused it, and it has been sent again since, without an answer so far.
    """

    state: LicenceState
    issuer: str
    unsettled: int = 0
    sent_again: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """An act of `sender` on `licence`: what is on record of that (None: nothing); `now` is aware."""

    licence: LicenceKey
    sender: str
    record: OnRecord | None
    policy: Policy
    now: datetime


ACTS: Rulebook[Act] = Rulebook("acts on a licence 对已签发许可证的处理")


def subject(act: Act) -> tuple[LicenceState | None, tuple[Rejection, ...]]:
    """The licence that the act is about, if it is there and has not ended; and what forbids any act on it."""
    ended = act.record is None or act.record.state.life.is_ended
    state = None if act.record is None or ended else act.record.state
    return state, ACTS.judge(act)


@ACTS.rule(
    code="LICENCE_NOT_ISSUED",
    zh="本网关没有许可证 {licence} 的签发记录，不能换证、撤销、暂停或恢复。",
    en="Licence {licence} was not issued through this gateway: it cannot be replaced, revoked or suspended.",
    article="商办配函〔2015〕494号 art. 13",
    remedy=(
        "请核对许可证种类和许可证号；许可证须先签发。"
        " / Check the licence's type and number; a licence is issued first."
    ),
)
def licence_not_issued(act: Act) -> Iterator[Facts]:
    """Only a licence that was issued can be replaced, revoked or suspended."""
    if act.record is None:
        yield {"licence": act.licence}


@ACTS.rule(
    code="ISSUER_DIFFERS",
    zh="许可证 {licence} 由 {issuer} 签发，{sender} 不能处理。",
    en="Licence {licence} was issued by {issuer}; it is not for {sender} to act on it.",
    article=CONFIGURED,
    remedy=(
        "请由签发该许可证的系统提交；机构有变的，请联系许可证局。"
        " / Have the issuing system of that licence hand it in; if authorities have changed, contact the"
        " licence bureau."
    ),
)
def issuer_differs(act: Act) -> Iterator[Facts]:
    """A licence is in the hands of the issuing system that issued it."""
    if act.record is not None and act.record.issuer != act.sender:
        yield {"licence": act.licence, "issuer": act.record.issuer, "sender": act.sender}


@ACTS.rule(
    code="REPLACED_ALREADY",
    zh="许可证 {licence} 已由许可证 {successor} 替换。",
    en="Licence {licence} has been replaced by licence {successor}.",
    article="商办配函〔2015〕494号 art. 17",
    remedy=(
        "请核对许可证号；需要再次更改的，请处理替换后的许可证。"
        " / Check the licence number; for a further change, act on the licence that took its place."
    ),
)
def replaced_already(act: Act) -> Iterator[Facts]:
    """A replaced licence has ended; what is to change is its successor."""
    if act.record is not None and act.record.state.life.standing is Standing.REPLACED:
        yield {"licence": act.licence, "successor": act.record.state.replaced_by}


@ACTS.rule(
    code="REVOKED_ALREADY",
    zh="许可证 {licence} 已经撤销。",
    en="Licence {licence} has been revoked.",
    article="商办配函〔2015〕494号 art. 18",
    remedy=(
        "请核对许可证号；仍需进出口的，请重新申领。"
        " / Check the licence number; for goods still to be shipped, a new licence is applied for."
    ),
)
def revoked_already(act: Act) -> Iterator[Facts]:
    """A revoked licence has ended."""
    if act.record is not None and act.record.state.life.standing is Standing.REVOKED:
        yield {"licence": act.licence}


@dataclass(frozen=True, slots=True)
class Ending:
    """A licence that is to end by an act; `unsettled` and `sent_again` as in `OnRecord`, `now` aware."""

    state: LicenceState
    policy: Policy
    now: datetime
    unsettled: int = 0
    sent_again: bool = False

    @classmethod
    def of(cls, act: Act, state: LicenceState) -> Self:
        """The end of the licence that `act` is about, which stands as `state`."""
        if act.record is None:
            return cls(state, act.policy, act.now)
        return cls(state, act.policy, act.now, act.record.unsettled, act.record.sent_again)

    @property
    def may_be_used(self) -> bool:
        """Whether customs has the licence, or will have it without anybody's doing."""
        return self.sent_again or self.state.life.transmission is not Transmission.CUSTOMS_REFUSED

    @property
    def is_unsealed(self) -> bool:
        """Whether it has yet to go to customs: nothing that follows may be there before it, or without it."""
        return self.state.life.transmission is Transmission.ACCEPTED

    @property
    def is_past(self) -> bool:
        """Whether its validity is over, by the day of Shanghai (art. 14)."""
        return is_past(self.state, self.now)

    @property
    def quiet_since(self) -> datetime | None:
        """Since when customs does not use it any more; None if it may."""
        return quiet_since(self.state, self.now)


#: Grounds of a suspension that say that it is not known how far the licence is used.
_DOUBTS = frozenset({SuspensionGround.ANNOTATION_UNCLEAR, SuspensionGround.DIFFERENCE_UNRESOLVED})

#: Asked before a licence ends that customs has.
QUIET: Rulebook[Ending] = Rulebook("releases in flight 在途的放行")


@QUIET.rule(
    code="CUSTOMS_NOT_RECONCILED",
    zh=(
        "海关可能仍在使用许可证 {licence}，或有放行尚未报送（停止使用的起点：{since_zh}），"
        "此后双方数据尚未核对一致。"
    ),
    en=(
        "Customs may still use licence {licence}, or have releases to report (use stopped since: {since_en});"
        " figures have not been found equal after that."
    ),
    article=CONFIGURED,
    remedy=(
        "请先以事由 RELEASE_IN_FLIGHT 暂停该许可证，收到 NAME.reconciled.json 后再提交；"
        "已过有效期的，网关自行向海关核对。"
        " / First suspend the licence with ground RELEASE_IN_FLIGHT, wait for NAME.reconciled.json, then hand"
        " this in again; of an expired licence the gateway asks customs by itself."
    ),
)
def customs_not_reconciled(case: Ending) -> Iterator[Facts]:
    """A licence ends only after its use stood still and both sides had equal figures.

    That goes for one on its way to customs too: what customs refused, and is not sent again, ends at once.
    """
    needed = case.policy.replacement_needs_reconciliation and case.may_be_used
    if not needed and not case.is_unsealed:
        return
    since, confirmed = case.quiet_since, case.state.confirmed_at
    if case.is_unsealed or since is None or confirmed is None or confirmed < since:
        text = None if since is None else local_text(since)
        yield {"licence": case.state.key, "since_zh": text or "未停止", "since_en": text or "not stopped"}


@QUIET.rule(
    code="RELEASES_NOT_SETTLED",
    zh="海关就许可证 {licence} 报送的数据中，有 {count} 项未能核销或核对不一致，尚未处理。",
    en="Of what customs said about licence {licence}, {count} messages do not fit and are not cleared up.",
    article=CONFIGURED,
    remedy=(
        "请联系许可证局与海关处理差异；处理完毕后再提交。"
        "操作员将差异记为 RESOLVED，即认定该项不是本许可证的使用；"
        "等待核销数据的报文，此后与海关数据核对一致（ctl licence query）即不再计入。"
        " / Have the licence bureau clear them up with customs, then hand this in again. An operator who"
        " marks one RESOLVED states that it is no use of this licence; what waits for its write-off counts no"
        " more once figures are found equal after it (`ctl licence query`)."
    ),
)
def releases_not_settled(case: Ending) -> Iterator[Facts]:
    """A licence ends when all that customs said of it is settled: what does not fit may be a use of it."""
    if case.policy.replacement_needs_reconciliation and case.unsettled:
        yield {"licence": case.state.key, "count": case.unsettled}


@QUIET.rule(
    code="DOUBT_NOT_CLEARED",
    zh="许可证 {licence} 因事由 {grounds} 暂停使用，疑问尚未澄清，不得换证或撤销。",
    en="Licence {licence} is suspended for {grounds}: in doubt it is neither replaced nor revoked.",
    article="外经贸配管发〔2000〕539号 art. 7",
    remedy=(
        "请联系许可证局；澄清后，按该事由恢复使用，再提交。"
        " / Settle it with the licence bureau; then resume the licence on that ground, and hand this in."
    ),
)
def doubt_not_cleared(case: Ending) -> Iterator[Facts]:
    """While annotations are unclear or figures in doubt, a licence is neither returned nor replaced."""
    grounds = {one.ground for one in case.state.suspensions if one.until is None} & _DOUBTS
    if grounds:
        yield {"licence": case.state.key, "grounds": ", ".join(sorted(grounds))}


def quiet_since(state: LicenceState, now: datetime) -> datetime | None:
    """Since when customs does not use the licence any more, as of `now` (aware); None if it may."""
    starts = [one.since for one in state.suspensions if one.until is None]
    if is_past(state, now):
        starts.append(end_of_validity(state))
    return min(starts, default=None)


def is_past(state: LicenceState, now: datetime) -> bool:
    """Whether the licence's validity is over at `now` (aware)."""
    return state.life.standing is Standing.EXPIRED or business_date(now) > state.valid_to


def end_of_validity(state: LicenceState) -> datetime:
    """The midnight of Shanghai with which the licence's last day ends."""
    return datetime.combine(state.valid_to + timedelta(days=1), time.min, BUSINESS_ZONE)

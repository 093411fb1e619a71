"""May this licence be revoked (撤销)? 商办配函〔2015〕494号 art. 18: only one that nobody has used.

Grounds: not to be used, while it is valid; expired unused, after that; for forms (证书管理规定 art. 26) not
collected, and misprinted. The first two are the enterprise's to ask for or to confirm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from gateway.clock import business_date, local_text
from gateway.licences.acts import QUIET, Act, Ending, end_of_validity, is_past, subject
from gateway.licences.calendar import CalendarUnknown
from gateway.licences.deadlines import not_collected_from
from gateway.licences.life import LicenceEvent
from gateway.licences.policy import Policy
from gateway.licences.replace import is_used
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import LicenceRevocation, RevocationGround
from licencexml.party_code import organisation_code
from licencexml.rejection import Rejection
from licencexml.values import Medium

_ART_18 = "商办配函〔2015〕494号 art. 18"
_FORMS = "进出口许可证证书管理规定 art. 26"


@dataclass(frozen=True, slots=True)
class Revoking:
    """A revocation of a licence that holds; `now` is aware."""

    state: LicenceState
    message: LicenceRevocation
    policy: Policy
    now: datetime

    def is_for(self, ground: RevocationGround) -> bool:
        """Whether `ground` is the ground."""
        return self.message.ground is ground

    @property
    def not_collected_from(self) -> date | None:
        """See `deadlines.not_collected_from`."""
        state = self.state
        return not_collected_from(state.key.type, state.medium, state.licence_date, self.policy.tables)


@dataclass(frozen=True, slots=True)
class RevocationDecision:
    """The licence as it ends, or every reason against it."""

    state: LicenceState | None
    rejections: tuple[Rejection, ...] = ()


REVOKE: Rulebook[Revoking] = Rulebook("revocation 撤销")


def decide_revocation(message: LicenceRevocation, act: Act) -> RevocationDecision:
    """Decide about a revocation."""
    state, rejections = subject(act)
    if state is not None:
        rejections += REVOKE.judge(Revoking(state, message, act.policy, act.now))
        rejections += QUIET.judge(Ending.of(act, state))
    if rejections or state is None:
        return RevocationDecision(None, rejections)
    return RevocationDecision(state.after(LicenceEvent.REVOKE))


@REVOKE.rule(
    code="REVOCATION_OF_USED",
    zh="海关已反馈许可证 {licence} 的使用（报关单 {count} 份），不能撤销。",
    en="Customs fed back uses of licence {licence} ({count} declarations): it cannot be revoked.",
    article=_ART_18,
    remedy=(
        "请通过核销换证处理余额，或等待有效期届满。"
        " / Move the balance by a replacement (write-off-and-replace), or let the licence expire."
    ),
)
def revocation_of_used(case: Revoking) -> Iterator[Facts]:
    """A licence that was used is not revoked."""
    if is_used(case.state):
        yield {"licence": case.state.key, "count": len(case.state.declarations)}


@REVOKE.rule(
    code="GROUND_AFTER_EXPIRY",
    zh="许可证 {licence} 的有效期至 {valid_to} 止，已过有效期，不再以“不再使用”为由撤销。",
    en='Licence {licence} was valid until {valid_to}: after that "not to be used" is no ground any more.',
    article=_ART_18,
    remedy=(
        "请由企业确认过期未使用，事由填 EXPIRED_UNUSED。"
        " / Have the enterprise confirm that it expired unused, and state the ground EXPIRED_UNUSED."
    ),
)
def ground_after_expiry(case: Revoking) -> Iterator[Facts]:
    """That a licence is not to be used is said within its validity."""
    if case.is_for(RevocationGround.NOT_TO_BE_USED) and is_past(case.state, case.now):
        yield {"licence": case.state.key, "valid_to": case.state.valid_to}


@REVOKE.rule(
    code="GROUND_BEFORE_EXPIRY",
    zh="许可证 {licence} 的有效期至 {valid_to} 止，尚未过期，不能以“过期未使用”为由撤销。",
    en='Licence {licence} is valid until {valid_to}: "expired unused" is no ground before that is over.',
    article=_ART_18,
    remedy=(
        "请由企业提出撤销，事由填 NOT_TO_BE_USED；或等待过期提示。"
        " / Have the enterprise ask for it, and state the ground NOT_TO_BE_USED; or wait for the prompt at"
        " expiry."
    ),
)
def ground_before_expiry(case: Revoking) -> Iterator[Facts]:
    """That a licence expired unused is said after its validity."""
    if case.is_for(RevocationGround.EXPIRED_UNUSED) and not is_past(case.state, case.now):
        yield {"licence": case.state.key, "valid_to": case.state.valid_to}


@REVOKE.rule(
    code="CONFIRMED_BEFORE_EXPIRY",
    zh="企业于 {confirmed_at} 确认，早于有效期届满的 {end}，不是对过期提示的确认。",
    en="The enterprise confirmed at {confirmed_at}, before the validity ended at {end}: not upon the prompt.",
    article=_ART_18,
    remedy=(
        "请在过期提示后由企业确认，再提交。"
        " / Have the enterprise confirm after the prompt at expiry, then hand this in again."
    ),
)
def confirmed_before_expiry(case: Revoking) -> Iterator[Facts]:
    """That a licence expired unused the enterprise confirms upon the prompt, so after its expiry."""
    end = end_of_validity(case.state)
    expired = case.is_for(RevocationGround.EXPIRED_UNUSED) and is_past(case.state, case.now)
    if expired and case.message.confirmed_at < end:
        yield {"confirmed_at": local_text(case.message.confirmed_at), "end": local_text(end)}


@REVOKE.rule(
    code="COLLECTION_NOT_OVERDUE",
    zh="许可证 {licence} 自 {deadline} 起方可以未领取为由撤销，今日为 {today}。",
    en="Licence {licence} can be revoked as not collected from {deadline} on; today is {today}.",
    article=_FORMS,
    remedy="请在期限届满后提交。 / Hand it in when the period for collection is over.",
)
def collection_not_overdue(case: Revoking) -> Iterator[Facts]:
    """A licence has its time to be collected."""
    if not case.is_for(RevocationGround.NOT_COLLECTED):
        return
    try:
        deadline = case.not_collected_from
    except CalendarUnknown:
        return
    today = business_date(case.now)
    if deadline is not None and today < deadline:
        yield {"licence": case.state.key, "deadline": deadline, "today": today}


@REVOKE.rule(
    code="NOT_TO_BE_COLLECTED",
    zh="许可证 {licence}（{medium}）没有领取期限，不能以未领取为由撤销。",
    en="Licence {licence} ({medium}) has no period for its collection: not being collected is no ground.",
    article=CONFIGURED,
    remedy=(
        "请改填其他事由，或核对网关配置的领取期限表。"
        " / State another ground, or check the table of periods for collection (collection.toml)."
    ),
)
def not_to_be_collected(case: Revoking) -> Iterator[Facts]:
    """What nobody collects is not revoked for not being collected."""
    if not case.is_for(RevocationGround.NOT_COLLECTED):
        return
    try:
        deadline = case.not_collected_from
    except CalendarUnknown:
        return
    if deadline is None:
        yield {"licence": case.state.key, "medium": case.state.medium}


@REVOKE.rule(
    code="DEADLINE_UNKNOWN",
    zh="许可证 {licence} 的领取期限无法计算：{year} 年的工作日安排尚未公布或配置。",
    en=(
        "The period for collecting licence {licence} cannot be reckoned: the working days of {year} are not"
        " announced, or not configured."
    ),
    article=CONFIGURED,
    remedy=(
        "请在 calendar.toml 中补充该年的工作日安排后再提交。"
        " / Complete calendar.toml with the working days of that year, then hand this in again."
    ),
)
def deadline_unknown(case: Revoking) -> Iterator[Facts]:
    """A deadline in working days of a year that is not announced is not guessed."""
    if not case.is_for(RevocationGround.NOT_COLLECTED):
        return
    try:
        _ = case.not_collected_from
    except CalendarUnknown as unknown:
        yield {"licence": case.state.key, "year": unknown.year}


@REVOKE.rule(
    code="MISPRINT_OF_ELECTRONIC",
    zh="许可证 {licence} 是电子许可证，没有可以打错的证书。",
    en="Licence {licence} is electronic: there is no form of it that could be misprinted.",
    article=_FORMS,
    remedy=(
        "请改填其他事由；内容有误的，通过换证更改。"
        " / State another ground; if its content is wrong, change it by replacement."
    ),
)
def misprint_of_electronic(case: Revoking) -> Iterator[Facts]:
    """Forms are misprinted; electronic licences have none."""
    if case.is_for(RevocationGround.MISPRINTED) and case.state.medium is not Medium.PAPER:
        yield {"licence": case.state.key}


@REVOKE.rule(
    code="CONFIRMED_BY_STRANGER",
    zh="确认企业 {enterprise} 不是许可证 {licence} 的经营者 {operator} 或收（发）货人 {counterpart}。",
    en=(
        "The enterprise that confirmed, {enterprise}, is neither the operator {operator} nor the counterpart"
        " {counterpart} of licence {licence}."
    ),
    article=_ART_18,
    remedy=(
        "请核对企业代码；撤销由许可证上的企业提出或确认。"
        " / Check the code; an enterprise of the licence itself asks for its revocation, or confirms it."
    ),
)
def confirmed_by_stranger(case: Revoking) -> Iterator[Facts]:
    """The licence's own enterprise asks or confirms; enterprises are told apart by their codes."""
    by, parties = case.message.confirmed_by, (case.state.operator, case.state.counterpart)
    if by is None or not case.message.ground.needs_enterprise:
        return
    if organisation_code(by.code) not in {organisation_code(party.code) for party in parties}:
        yield {
            "enterprise": by.code,
            "licence": case.state.key,
            "operator": case.state.operator.code,
            "counterpart": case.state.counterpart.code,
        }


@REVOKE.rule(
    code="CONFIRMED_IN_FUTURE",
    zh="确认时间 {confirmed_at} 晚于本网关的当前时间 {now}，超出允许的时钟偏差。",
    en="The confirmation at {confirmed_at} is further after our present time {now} than clocks may differ.",
    article=CONFIGURED,
    remedy="请更正确认时间后重新签名提交。 / Correct the time of confirmation, sign again and hand it in.",
)
def confirmed_in_future(case: Revoking) -> Iterator[Facts]:
    """What is confirmed has been confirmed; clocks may differ by what is configured."""
    if case.message.confirmed_at > case.now + case.policy.release_ahead:
        yield {"confirmed_at": local_text(case.message.confirmed_at), "now": local_text(case.now)}

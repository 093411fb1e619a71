"""May the use of this licence stop, or go on?

The five texts know no suspension: it is what makes their other rules keepable while releases are in flight
(商办配函〔2015〕494号 art. 17: what customs fed back is checked before a replacement), and what a report of
loss comes to. So the rules of this book are configured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from gateway.clock import BUSINESS_ZONE, local_text
from gateway.licences.acts import Act, subject
from gateway.licences.policy import Policy
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState, Suspension
from licencexml.messages import LicenceSuspension, SuspensionAction, SuspensionGround
from licencexml.rejection import Rejection

#: How long before its message was created a suspension may begin: what was decided yesterday is sent today.
BACKDATING = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Suspending:
    """A message that stops or resumes the use of a licence that holds; `now` is aware."""

    state: LicenceState
    message: LicenceSuspension
    policy: Policy
    now: datetime

    @property
    def stops(self) -> bool:
        """Whether use is to stop."""
        return self.message.action is SuspensionAction.SUSPEND

    @property
    def open(self) -> Suspension | None:
        """The suspension on the message's ground that stands until further notice."""
        return open_suspension(self.state, self.message.ground)

    @property
    def earliest(self) -> datetime:
        """Before which instant the message cannot take effect."""
        if not self.stops and self.open is not None:
            return self.open.since
        issued = datetime.combine(self.state.licence_date, time.min, BUSINESS_ZONE)
        ends = [one.until for one in self.state.suspensions if one.until is not None]
        return max(issued, *ends, self.message.header.created - BACKDATING)


@dataclass(frozen=True, slots=True)
class SuspensionDecision:
    """The licence as it stands then, or every reason against it."""

    state: LicenceState | None
    rejections: tuple[Rejection, ...] = ()


SUSPEND: Rulebook[Suspending] = Rulebook("suspension 暂停和恢复使用")


def decide_suspension(message: LicenceSuspension, act: Act) -> SuspensionDecision:
    """Decide about a suspension or a resumption."""
    state, rejections = subject(act)
    if state is not None:
        rejections += SUSPEND.judge(Suspending(state, message, act.policy, act.now))
    if rejections or state is None:
        return SuspensionDecision(None, rejections)
    if message.action is SuspensionAction.SUSPEND:
        return SuspensionDecision(suspended(state, message.ground, message.effective_time))
    return SuspensionDecision(resumed(state, message.ground, message.effective_time))


def suspended(state: LicenceState, ground: SuspensionGround, since: datetime) -> LicenceState:
    """The licence with its use stopped on `ground` from `since`.

    If it was in use until now, what customs confirmed before is of no weight for its end any more.
    """
    suspensions = sorted((*state.suspensions, Suspension(ground, since)), key=lambda one: one.since)
    confirmed_at = state.confirmed_at if state.is_suspended else None
    return replace(state, suspensions=tuple(suspensions), confirmed_at=confirmed_at)


def resumed(state: LicenceState, ground: SuspensionGround, until: datetime) -> LicenceState:
    """The licence with its suspension on `ground`, which stands, ended at `until`."""
    ending = open_suspension(state, ground)
    assert ending is not None, "what is resumed was suspended"
    suspensions = tuple(replace(one, until=until) if one is ending else one for one in state.suspensions)
    return replace(state, suspensions=suspensions)


def open_suspension(state: LicenceState, ground: SuspensionGround) -> Suspension | None:
    """The suspension on `ground` that stands until further notice, of which there is one at most."""
    return next((one for one in state.suspensions if one.ground is ground and one.until is None), None)


@SUSPEND.rule(
    code="SUSPENDED_ALREADY",
    zh="许可证 {licence} 已因事由 {ground} 自 {since} 起暂停使用。",
    en="Licence {licence} is suspended already on the ground {ground}, since {since}.",
    article=CONFIGURED,
    remedy=(
        "请等待海关的核对结果；有其他事由的，请写明该事由。"
        " / Wait for the figures of customs; if there is another ground, state that."
    ),
)
def suspended_already(case: Suspending) -> Iterator[Facts]:
    """Each ground suspends a licence once at a time."""
    if case.stops and case.open is not None:
        yield {**_facts(case), "since": local_text(case.open.since)}


@SUSPEND.rule(
    code="NOT_SUSPENDED",
    zh="许可证 {licence} 没有因事由 {ground} 暂停使用，不能恢复。",
    en="Licence {licence} is not suspended on the ground {ground}: there is nothing to resume.",
    article=CONFIGURED,
    remedy=(
        "请核对许可证号和事由；每项事由分别恢复。"
        " / Check the licence number and the ground; each ground is resumed by itself."
    ),
)
def not_suspended(case: Suspending) -> Iterator[Facts]:
    """Only what was stopped goes on, ground by ground."""
    if not case.stops and case.open is None:
        yield _facts(case)


@SUSPEND.rule(
    code="EFFECTIVE_TIME_TOO_EARLY",
    zh=(
        "生效时间 {effective_time} 早于 {earliest}：暂停不早于发证、前次恢复使用和报文生成前一天，"
        "恢复不早于暂停。"
    ),
    en=(
        "The effective time {effective_time} is before {earliest}: a suspension begins neither before the"
        " licence, nor before use was resumed last, nor a day before its message; a resumption follows its"
        " suspension."
    ),
    article=CONFIGURED,
    remedy=(
        "请更正生效时间；海关收到之前的放行，不能因暂停而不算。"
        " / Correct the effective time; what customs released before it was told cannot be undone by a"
        " suspension."
    ),
)
def effective_time_too_early(case: Suspending) -> Iterator[Facts]:
    """Use is not stopped far back in the past, nor in a time for which it was resumed."""
    if case.message.effective_time < case.earliest:
        yield {
            "effective_time": local_text(case.message.effective_time),
            "earliest": local_text(case.earliest),
        }


@SUSPEND.rule(
    code="EFFECTIVE_TIME_IN_FUTURE",
    zh="生效时间 {effective_time} 晚于本网关的当前时间 {now}，超出允许的时钟偏差。",
    en="The effective time {effective_time} is further after our present time {now} than clocks may differ.",
    article=CONFIGURED,
    remedy=(
        "请在生效之时提交；暂停和恢复一经接收即发往海关。"
        " / Hand it in when it takes effect; it is sent to customs as soon as it is accepted."
    ),
)
def effective_time_in_future(case: Suspending) -> Iterator[Facts]:
    """A suspension is not announced for later."""
    if case.message.effective_time > case.now + case.policy.release_ahead:
        yield {"effective_time": local_text(case.message.effective_time), "now": local_text(case.now)}


def _facts(case: Suspending) -> dict[str, object]:
    return {"licence": case.state.key, "ground": case.message.ground}

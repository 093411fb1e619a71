"""May this licence be issued now?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.licences.policy import Policy
from gateway.licences.rules import Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import Licence
from licencexml.rejection import Rejection


@dataclass(frozen=True, slots=True)
class Issue:
    """A licence that is to be issued: what is known under its number, and today's business date."""

    licence: Licence
    existing: LicenceState | None
    today: date


@dataclass(frozen=True, slots=True)
class IssueDecision:
    """The licence's first state, or every reason against it."""

    state: LicenceState | None
    rejections: tuple[Rejection, ...]


ISSUE: Rulebook[Issue] = Rulebook("issue 签发")


def decide_issue(
    licence: Licence, existing: LicenceState | None, policy: Policy, today: date
) -> IssueDecision:
    """Decide about a new licence. `today` is the business date (Asia/Shanghai)."""
    rejections = ISSUE.judge(Issue(licence, existing, today))
    state = None if rejections else LicenceState.issued(licence, policy)
    return IssueDecision(state, rejections)


@ISSUE.rule(
    code="LICENCE_EXISTS",
    zh="许可证 {licence} 已经签发，不能用另一份报文再次签发或更改。",
    en="Licence {licence} has been issued; it cannot be issued again or altered by another message.",
    article="商办配函〔2015〕494号 art. 16",
    remedy=(
        "请核对许可证号；已签发的许可证须通过换证更改。"
        " / Check the licence number; a licence that was issued is changed by replacement only."
    ),
)
def licence_exists(case: Issue) -> Iterator[Facts]:
    """A licence number is issued once; its content is never altered."""
    if case.existing is not None:
        yield {"licence": case.licence.key}


@ISSUE.rule(
    code="VALIDITY_REVERSED",
    zh="有效期的截止日 {valid_to} 早于起始日 {valid_from}。",
    en="The validity ends on {valid_to}, before it begins on {valid_from}.",
    article="商办配函〔2015〕494号 art. 14",
    remedy="请更正有效期后重新签名提交。 / Correct the dates of validity, sign again and hand it over.",
)
def validity_reversed(case: Issue) -> Iterator[Facts]:
    """A licence has a period of validity."""
    licence = case.licence
    if licence.valid_to < licence.valid_from:
        yield {"valid_from": licence.valid_from, "valid_to": licence.valid_to}


@ISSUE.rule(
    code="LICENCE_EXPIRED",
    zh="许可证有效期已于 {valid_to} 截止，今天是 {today}。",
    en="The licence's validity ended on {valid_to}; today is {today}.",
    article="商办配函〔2015〕494号 art. 14",
    remedy=(
        "请签发尚在有效期内的许可证；已过期的不向海关发送。"
        " / Issue a licence that can still be used; an expired one is not sent to customs."
    ),
)
def licence_expired(case: Issue) -> Iterator[Facts]:
    """A licence can be used within its validity only: one that ended is not issued."""
    if case.licence.valid_to < case.today:
        yield {"valid_to": case.licence.valid_to, "today": case.today}

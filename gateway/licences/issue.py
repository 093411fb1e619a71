"""May this licence be issued now?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.licences.policy import Policy
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import GoodsLine, Licence
from licencexml.rejection import Rejection
from licencexml.values import LicenceType, Medium, UsageMode


@dataclass(frozen=True, slots=True)
class Issue:
    """A licence that is to be issued: what is known under its number, and today's business date."""

    licence: Licence
    existing: LicenceState | None
    policy: Policy
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
    rejections = ISSUE.judge(Issue(licence, existing, policy, today))
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


@ISSUE.rule(
    code="TEXTILE_QUOTA_EXCLUDED",
    zh="第 {line} 项：商品编码 {goods_code} 为纺织品配额商品，其出口许可证不实行联网核销。",
    en=(
        "Line {line}: goods code {goods_code} is a textile under quota; networked write-off does not cover"
        " its export licences."
    ),
    article="外经贸配管发〔2000〕539号 art. 1",
    remedy=(
        "请按纺织品配额出口许可证的规定办理，不经本网关发送。"
        " / Follow the rules for textile quota export licences; they do not pass through this gateway."
    ),
)
def textile_quota_excluded(case: Issue) -> Iterator[Facts]:
    """Export licences for textiles under quota are outside the networked write-off."""
    for line, facts in _lines(case):
        if case.policy.tables.textile_quota.row(*_which(case, line)) is not None:
            yield facts


@ISSUE.rule(
    code="ELECTRONIC_OUT_OF_SCOPE",
    zh="第 {line} 项：商品编码 {goods_code} 在发证日期 {licence_date} 不属于电子许可证的适用范围。",
    en=(
        "Line {line}: goods code {goods_code} was not within the scope of electronic licences on the licence"
        " date, {licence_date}."
    ),
    article="商办配函〔2015〕494号 art. 5",
    remedy=(
        "请核对公告的适用范围；不适用的，签发纸面许可证（Medium 为 PAPER）。"
        " / Check the announced scope; outside it, issue a paper licence (Medium PAPER)."
    ),
)
def electronic_out_of_scope(case: Issue) -> Iterator[Facts]:
    """Electronic licences are issued for what is announced."""
    if case.licence.medium is not Medium.ELECTRONIC:
        return
    for line, facts in _lines(case):
        if not case.policy.tables.electronic_scope.value(*_which(case, line), default=False):
            yield {**facts, "licence_date": case.licence.licence_date}


@ISSUE.rule(
    code="MULTI_USE_NOT_LISTED",
    zh="第 {line} 项：商品编码 {goods_code} 和贸易方式“{terms_of_trade}”均未列入非一批一证的范围。",
    en=(
        'Line {line}: neither goods code {goods_code} nor trade mode "{terms_of_trade}" is listed for'
        " multi-use licences."
    ),
    article=CONFIGURED,
    remedy=(
        "请改为一批一证（UsageMode 为 SINGLE），或核对商品编码和贸易方式。"
        " / Issue a single-use licence (UsageMode SINGLE), or check the goods code and the trade mode."
    ),
)
def multi_use_not_listed(case: Issue) -> Iterator[Facts]:
    """Where a list says which goods and trade modes have multi-use licences, others have none."""
    licence, tables = case.licence, case.policy.tables
    listed = (licence.key.type, licence.licence_date)
    if licence.usage_mode is UsageMode.SINGLE or not (
        tables.multi_use.speaks_of(*listed) or tables.multi_use_trades.speaks_of(*listed)
    ):
        return
    if (
        tables.multi_use_trades.row(licence.key.type, licence.terms_of_trade, licence.licence_date)
        is not None
    ):
        return
    for line, facts in _lines(case):
        if tables.multi_use.row(*_which(case, line)) is None:
            yield {**facts, "terms_of_trade": licence.terms_of_trade}


def _lines(case: Issue) -> Iterator[tuple[GoodsLine, dict[str, object]]]:
    for line in case.licence.lines:
        yield line, {"line": line.line_number, "goods_code": line.goods_code}


def _which(case: Issue, line: GoodsLine) -> tuple[LicenceType, str, date]:
    """By what a goods line is looked up: licence type, goods, licence date."""
    return case.licence.key.type, line.goods_code, case.licence.licence_date

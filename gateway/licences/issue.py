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

_SHORTER = "请缩短有效期后重新签名提交。 / Shorten the validity, sign again and hand it over."
_WITHIN_YEAR = (
    "请更正有效期后重新签名提交；下一年度的许可证自规定之日起签发，有效期自 1 月 1 日起。"
    " / Correct the validity, sign again and hand it over; licences for the next year are issued from the"
    " appointed day on and begin on 1 January."
)


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
    code="VALIDITY_BEFORE_ISSUE",
    zh="有效期的起始日 {valid_from} 早于发证日期 {licence_date}。",
    en="The validity begins on {valid_from}, before the licence date, {licence_date}.",
    article=CONFIGURED,
    remedy=(
        "请更正有效期的起始日或发证日期后重新签名提交。"
        " / Correct the first day of validity or the licence date, sign again and hand it over."
    ),
)
def validity_before_issue(case: Issue) -> Iterator[Facts]:
    """A licence is valid from its licence date or later, never before it was issued."""
    licence = case.licence
    if licence.valid_from < licence.licence_date:
        yield {"valid_from": licence.valid_from, "licence_date": licence.licence_date}


@ISSUE.rule(
    code="VALIDITY_TOO_LONG",
    zh="有效期自 {valid_from} 起最长 {months} 个月，至 {last} 止；许可证写明至 {valid_to}。",
    en=(
        "From {valid_from} a validity of {months} months at most ends on {last}; the licence says {valid_to}."
    ),
    article="《货物出口许可证管理办法》 art. 13",
    remedy=_SHORTER,
)
def validity_too_long(case: Issue) -> Iterator[Facts]:
    """A licence is not valid for more months than allowed, counted to the same day of the last (inferred)."""
    if case.licence.key.type is not LicenceType.AUTOMATIC_IMPORT:
        yield from _past_months(case)


@ISSUE.rule(
    code="AUTOMATIC_VALIDITY_TOO_LONG",
    zh="自动进口许可证的有效期自 {valid_from} 起最长 {months} 个月，至 {last} 止；许可证写明至 {valid_to}。",
    en=(
        "From {valid_from} the validity of an automatic import licence, {months} months at most, ends on"
        " {last}; the licence says {valid_to}."
    ),
    article=CONFIGURED,
    remedy=_SHORTER,
)
def automatic_validity_too_long(case: Issue) -> Iterator[Facts]:
    """An automatic import licence has months of its own, counted likewise."""
    if case.licence.key.type is LicenceType.AUTOMATIC_IMPORT:
        yield from _past_months(case)


@ISSUE.rule(
    code="VALIDITY_PAST_YEAR",
    zh="发证日期为 {licence_date} 的许可证最晚于 {last} 截止；许可证写明至 {valid_to}。",
    en="A licence dated {licence_date} ends on {last} at the latest; the licence says {valid_to}.",
    article="《货物进口许可证管理办法》 art. 21, 《货物出口许可证管理办法》 art. 13, 14",
    remedy=_WITHIN_YEAR,
)
def validity_past_year(case: Issue) -> Iterator[Facts]:
    """A licence ends with its year: import exceptionally later; export for the next year may come early."""
    if case.licence.key.type is not LicenceType.AUTOMATIC_IMPORT:
        yield from _past_year(case)


@ISSUE.rule(
    code="AUTOMATIC_VALIDITY_PAST_YEAR",
    zh="发证日期为 {licence_date} 的自动进口许可证最晚于 {last} 截止；许可证写明至 {valid_to}。",
    en=(
        "An automatic import licence dated {licence_date} ends on {last} at the latest;"
        " the licence says {valid_to}."
    ),
    article=CONFIGURED,
    remedy=_WITHIN_YEAR,
)
def automatic_validity_past_year(case: Issue) -> Iterator[Facts]:
    """An automatic import licence ends with its year; those for the next year may come early."""
    if case.licence.key.type is LicenceType.AUTOMATIC_IMPORT:
        yield from _past_year(case)


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


def _past_months(case: Issue) -> Iterator[Facts]:
    licence, term = case.licence, case.policy.term(case.licence)
    last = term.last_by_months(licence.valid_from)
    if last is not None and licence.valid_to > last:
        yield {
            "valid_from": licence.valid_from,
            "valid_to": licence.valid_to,
            "months": term.months,
            "last": last,
        }


def _past_year(case: Issue) -> Iterator[Facts]:
    licence = case.licence
    last = case.policy.term(licence).last_by_year(licence.licence_date, licence.valid_from)
    if licence.valid_to > last:
        yield {"licence_date": licence.licence_date, "valid_to": licence.valid_to, "last": last}


def _lines(case: Issue) -> Iterator[tuple[GoodsLine, dict[str, object]]]:
    for line in case.licence.lines:
        yield line, {"line": line.line_number, "goods_code": line.goods_code}


def _which(case: Issue, line: GoodsLine) -> tuple[LicenceType, str, date]:
    """By what a goods line is looked up: licence type, goods, licence date."""
    return case.licence.key.type, line.goods_code, case.licence.licence_date

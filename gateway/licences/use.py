"""May the licence be used at all: is it at customs, is it valid, has it uses left?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.clock import business_date, local_text
from gateway.licences.policy import Policy
from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState, LineState
from licencexml.messages import Declaration, DeclarationLine
from licencexml.values import LicenceType, UsageMode


@dataclass(frozen=True, slots=True)
class Use:
    """A declaration that draws on a licence; `lines` are those of its lines that are new; `now` is aware."""

    state: LicenceState
    declaration: Declaration
    lines: tuple[DeclarationLine, ...]
    policy: Policy
    now: datetime

    def candidates(self, line: DeclarationLine) -> list[LineState]:
        """The goods lines that `line` can mean: the one it states, or all with its goods code."""
        return [
            candidate
            for candidate in self.state.lines
            if candidate.goods_code == line.goods_code
            and line.licence_line_number in (None, candidate.line_number)
        ]

    def target(self, line: DeclarationLine) -> LineState:
        """The goods line that a lawful `line` draws on."""
        [target] = self.candidates(line)
        return target

    @property
    def uses_after(self) -> int:
        """How many declarations use the licence, this one included."""
        return len(self.state.declarations | {self.declaration.entry_id})


USE: Rulebook[Use] = Rulebook("use 使用")

_ANOTHER_LICENCE = (
    "请另用许可证；本证无论有无余额，均不能再用于报关。"
    " / Use another licence; this one serves no further declaration, whatever its balance."
)


@USE.rule(
    code="LICENCE_NOT_AT_CUSTOMS",
    zh="许可证 {licence} 的状态为 {status}，海关不能使用。",
    en="Licence {licence} has status {status}: customs cannot use it.",
    article="商办配函〔2015〕494号 art. 13",
    remedy=(
        "请联系许可证局，查询该许可证的签发、发送和接收情况。"
        " / Ask the licence bureau how the licence was issued, sent and received."
    ),
)
def licence_not_at_customs(case: Use) -> Iterator[Facts]:
    """A licence is used after it was sealed and sent, and not when customs has refused it."""
    if not case.state.life.is_at_customs:
        yield {"licence": case.state.key, "status": case.state.life.transmission}


@USE.rule(
    code="OUTSIDE_VALIDITY",
    zh="放行日期 {date}（北京时间）不在许可证有效期 {valid_from} 至 {valid_to} 之内。",
    en="The release date {date} (Asia/Shanghai) is outside the validity, {valid_from} to {valid_to}.",
    article="商办配函〔2015〕494号 art. 14",
    remedy=(
        "请核对放行时间；不在有效期内的，须另用许可证。"
        " / Check the release time; a release outside the validity needs another licence."
    ),
)
def outside_validity(case: Use) -> Iterator[Facts]:
    """A licence is used within its validity, first and last day included."""
    released = business_date(case.declaration.release_time)
    if not case.state.valid_from <= released <= case.state.valid_to:
        yield {"date": released, "valid_from": case.state.valid_from, "valid_to": case.state.valid_to}


@USE.rule(
    code="LICENCE_SUSPENDED",
    zh="许可证 {licence} 在放行时间 {release_time} 已暂停使用，事由：{grounds}。",
    en="Licence {licence} was suspended at the release time {release_time}, on the grounds {grounds}.",
    article=CONFIGURED,
    remedy=(
        "请核对放行时间；暂停期间放行的，请联系许可证局和发证机构。"
        " / Check the release time; of goods released meanwhile tell the licence bureau and the issuing"
        " authority."
    ),
)
def licence_suspended(case: Use) -> Iterator[Facts]:
    """A licence is not used while it is suspended, on any ground (read into 494号 art. 17; loss reports)."""
    released = case.declaration.release_time
    grounds = [one.ground for one in case.state.suspensions if one.covers(released)]
    if grounds:
        yield {
            "licence": case.state.key,
            "release_time": local_text(released),
            "grounds": ", ".join(sorted(set(grounds))),
        }


@USE.rule(
    code="RELEASED_BEFORE_ISSUE",
    zh="放行日期 {date}（北京时间）早于许可证的发证日期 {licence_date}。",
    en="The release date {date} (Asia/Shanghai) is before the licence date, {licence_date}.",
    article="商办配函〔2015〕494号 art. 13",
    remedy=(
        "请核对放行时间和许可证号；发证之前放行的货物，不能使用本证。"
        " / Check the release time and the licence number; goods released before its issue cannot use it."
    ),
)
def released_before_issue(case: Use) -> Iterator[Facts]:
    """A licence serves declarations once it is issued, not those before."""
    released = business_date(case.declaration.release_time)
    if released < case.state.licence_date:
        yield {"date": released, "licence_date": case.state.licence_date}


@USE.rule(
    code="RELEASED_IN_FUTURE",
    zh="放行时间 {release_time} 晚于本网关的当前时间 {now}，超出允许的时钟偏差。",
    en="The release time {release_time} is further after our present time {now} than clocks may differ.",
    article=CONFIGURED,
    remedy=(
        "请核对放行时间和两端的时钟；货物放行后再报送。"
        " / Check the release time and the clocks at both ends; report goods after their release."
    ),
)
def released_in_future(case: Use) -> Iterator[Facts]:
    """What is reported has happened; clocks may differ by what is configured."""
    if case.declaration.release_time > case.now + case.policy.release_ahead:
        yield {"release_time": local_text(case.declaration.release_time), "now": local_text(case.now)}


@USE.rule(
    code="SINGLE_USE_SPENT",
    zh="许可证 {licence} 为一批一证，已由报关单 {used_by} 使用。",
    en="Licence {licence} is single-use, and declaration {used_by} has used it.",
    article=CONFIGURED,
    remedy=(
        "请另用许可证；剩余的余额通过核销换证处理。"
        " / Use another licence; the balance that is left moves by write-off-and-replace."
    ),
)
def single_use_spent(case: Use) -> Iterator[Facts]:
    """One declaration closes a single-use licence."""
    if case.state.usage_mode is UsageMode.SINGLE and case.uses_after > case.state.cap:
        yield {"licence": case.state.key, "used_by": ", ".join(sorted(case.state.declarations))}


@USE.rule(
    code="MULTI_USE_CAP_REACHED",
    zh="非一批一证许可证 {licence} 最多报关 {cap} 次，本次为第 {count} 次。",
    en="Multi-use licence {licence} serves at most {cap} declarations; this would be number {count}.",
    article="外经贸配管发〔2000〕539号 art. 8(5)",
    remedy=_ANOTHER_LICENCE,
)
def multi_use_cap_reached(case: Use) -> Iterator[Facts]:
    """A multi-use licence serves a limited number of declarations."""
    if case.state.key.type is not LicenceType.AUTOMATIC_IMPORT:
        yield from _cap_reached(case)


@USE.rule(
    code="AUTOMATIC_USE_CAP_REACHED",
    zh="非一批一证自动进口许可证 {licence} 最多报关 {cap} 次，本次为第 {count} 次。",
    en="Multi-use automatic import licence {licence}: at most {cap} declarations; this would be no. {count}.",
    article=CONFIGURED,
    remedy=_ANOTHER_LICENCE,
)
def automatic_use_cap_reached(case: Use) -> Iterator[Facts]:
    """An automatic import licence has a cap of its own."""
    if case.state.key.type is LicenceType.AUTOMATIC_IMPORT:
        yield from _cap_reached(case)


def _cap_reached(case: Use) -> Iterator[Facts]:
    if case.state.usage_mode is UsageMode.MULTI and case.uses_after > case.state.cap:
        yield {"licence": case.state.key, "cap": case.state.cap, "count": case.uses_after}

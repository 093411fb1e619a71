"""What an explanation says, in both languages: every sentence of `explaining` is here.

The law's own sentences are not: they stand with its rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.licences.life import LicenceStatus, Transmission
from gateway.licences.settlement import Verdict
from licencexml.messages import ReplacementMode, RevocationGround, SuspensionGround
from licencexml.values import LicenceType, Medium, UsageMode


@dataclass(frozen=True, slots=True)
class Said:
    """The same in Chinese and in English."""

    zh: str
    en: str

    def __add__(self, other: Said) -> Said:
        return Said(self.zh + other.zh, f"{self.en} {other.en}".strip())

    @classmethod
    def of_remedy(cls, remedy: str) -> Said:
        """A remedy of a rule: "中文。 / English."."""
        zh, _, en = remedy.partition(" / ")
        return cls(zh, en or zh)


NOTHING_SAID = Said("", "")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with places for facts. A fact that is a `Said` is put in each language in its own words."""

    zh: str
    en: str

    def say(self, **facts: object) -> Said:
        """The sentence about these facts."""
        return Said(
            self.zh.format(**{name: _in(fact, "zh") for name, fact in facts.items()}),
            self.en.format(**{name: _in(fact, "en") for name, fact in facts.items()}),
        )


def _in(fact: object, language: str) -> object:
    return getattr(fact, language) if isinstance(fact, Said) else fact


def _words(**words: tuple[str, str]) -> Mapping[str, Said]:
    return MappingProxyType({name: Said(*both) for name, both in words.items()})


_WORDS: Mapping[type[StrEnum], Mapping[str, Said]] = MappingProxyType(
    {
        LicenceStatus: _words(
            ACCEPTED=("已接收，待签章", "accepted, and not sealed yet"),
            SEALED=("已签章，待发送", "sealed, and not sent yet"),
            SENT=("已发送，待海关答复", "sent, and not answered by customs yet"),
            RECEIVED=("海关已接收，未使用", "received by customs, unused"),
            CUSTOMS_REFUSED=("海关拒收", "refused by customs"),
            PART_USED=("部分使用", "used in part"),
            EXHAUSTED=("已用完", "used up"),
            EXPIRED=("已过期", "expired"),
            REPLACED=("已换证", "replaced"),
            REVOKED=("已撤销", "revoked"),
        ),
        LicenceType: _words(
            IMPORT=("进口许可证", "import licence"),
            EXPORT=("出口许可证", "export licence"),
            AUTOMATIC_IMPORT=("自动进口许可证", "automatic import licence"),
        ),
        Medium: _words(ELECTRONIC=("电子证", "electronic"), PAPER=("纸质证", "paper")),
        UsageMode: _words(SINGLE=("一批一证", "single-use"), MULTI=("非一批一证", "multi-use")),
        Transmission: _words(
            ACCEPTED=("待签章", "waits for its seal"),
            SEALED=("待发送", "waits to be sent"),
            SENT=("待海关答复", "waits for customs' answer"),
            RECEIVED=("海关已接收", "is received by customs"),
            CUSTOMS_REFUSED=("海关拒收", "was refused by customs"),
        ),
        SuspensionGround: _words(
            RELEASE_IN_FLIGHT=("核实在途的放行", "releases that may be in flight"),
            LOSS_REPORT=("报告遗失", "a report of loss"),
            DIFFERENCE_UNRESOLVED=("差异未查清", "a difference that is not cleared up"),
            ANNOTATION_UNCLEAR=("签注不清", "an unclear annotation"),
        ),
        RevocationGround: _words(
            NOT_TO_BE_USED=("不再使用", "not to be used"),
            EXPIRED_UNUSED=("过期未使用", "expired unused"),
            NOT_COLLECTED=("逾期未领", "not collected"),
            MISPRINTED=("打印错误", "misprinted"),
        ),
        ReplacementMode: _words(
            REVOKE=("撤销换证", "revoke-and-replace"), WRITE_OFF=("核销换证", "write-off-and-replace")
        ),
        Verdict: _words(
            APPLIED=("已计入", "applied"),
            REPEATED=("重复", "a repeat"),
            PARKED=("暂存", "parked"),
            CONFLICT=("内容冲突", "a conflict"),
            REFUSED=("未计入", "not applied"),
        ),
    }
)


def word(value: StrEnum) -> Said:
    """What people call a value of a closed vocabulary."""
    return _WORDS[type(value)].get(value.value, Said(value.value, value.value))


# How it stands.
STANDS = Sentence("许可证 {licence} 目前{status}。", "Licence {licence} is {status}.")
STOPPED_NOW = Sentence("目前暂停使用。", "Its use is suspended.")

# What it was issued for.
ISSUED = Sentence(
    "由 {issuer} 于 {licence_date} 签发给 {operator}（{code}）："
    "{medium}，{type}，口岸 {port}，国别 {country}。",
    "Issued by {issuer} to {operator} ({code}) on {licence_date}: {medium} {type}, port {port}, country"
    " {country}.",
)
REPLACES = Sentence("它代替许可证 {licence}。", "It takes the place of licence {licence}.")
GOODS_LINE = Sentence(
    "第 {line} 项：{name}（商品编码 {goods_code}），签发数量 {issued}。",
    "Line {line}: {name} (goods code {goods_code}), issued for {issued}.",
)
MODE_SINGLE = Sentence("一批一证：由一份报关单使用。", "Single-use: one declaration uses it, and closes it.")
MODE_MULTI = Sentence(
    "非一批一证：最多由 {cap} 份报关单使用。", "Multi-use: at most {cap} declarations use it."
)
ROW = Sentence("依据表 {table}：{source}。", "It rests on the table {table}: {source}.")
ROW_CHANGED = Sentence(
    "表 {table} 现为 {now}，本证保持发证时的 {then}。",
    "The table {table} says {now} now; this licence keeps {then}, which held when it was issued.",
)
TOLERANCE = Sentence(
    "第 {line} 项为大宗散装货物：最后一批可超过余额 {percent}%。",
    "The goods of line {line} are bulk goods: the last lot may exceed the balance by {percent} per cent.",
)
NO_TOLERANCE = Sentence(
    "第 {lines} 项不是大宗散装货物：不允许溢装。",
    "Not bulk goods, so without over-shipment: the goods of line {lines}.",
)
VALID = Sentence(
    "有效期自 {valid_from} 至 {valid_to}，首尾两日包括在内（北京时间）。",
    "Valid from {valid_from} to {valid_to}, both days included (Asia/Shanghai).",
)

# How far it got.
ACCEPTED = Sentence("{at} 接收签发报文 {message}。", "{at}: the issuer's message {message} was accepted.")
SEALED = Sentence("{at} 加盖电子印章，报文 {message}。", "{at}: sealed, as message {message}.")
SEALED_FOR = Sentence(
    "{at} 加盖电子印章，报文 {message}，发往 {partner}；此后有关该许可证的报文均发往该处。",
    "{at}: sealed, as message {message}, for {partner}, who gets all that is said of it from then on.",
)
SENT = Sentence("{at} 发往海关。", "{at}: sent to customs.")
RECEIVED = Sentence("{at} 海关回执：接收。", "{at}: customs acknowledged it as received.")
CUSTOMS_REFUSED = Sentence("{at} 海关回执：拒收。", "{at}: customs refused it.")

# What customs said of its use.
WRITE_OFF = Sentence("报关单 {entry_id}（{at} 放行）", "Declaration {entry_id}, released {at}")
AMENDMENT = Sentence(
    "报关单 {entry_id} 第 {line} 项（序号 {sequence}）第 {number} 次更改（{at}），改为 {quantity}",
    "Amendment {number} of declaration {entry_id} line {line} (sequence {sequence}), {at}, to {quantity}",
)
REVERSAL = Sentence(
    "报关单 {entry_id} 第 {number} 次退关（{at}）：{lines}",
    "Withdrawal {number} from declaration {entry_id}, {at}: {lines}",
)
REVERSED_LINE = Sentence("第 {line} 项 {quantity}", "{quantity} of line {line}")
SAID_BY = Sentence("（报文 {message}）：", "(message {message}):")
APPLIED = Sentence("已核销 {drawn}；核销后{left}。", "{drawn} written off; then {left}.")
ALL_WITHDRAWN = Sentence("已核销，其后全部退关；{left}。", "applied, and all of it withdrawn since; {left}.")
DRAWN = Sentence("许可证第 {line} 项 {quantity}", "{quantity} of licence line {line}")
BALANCE = Sentence("第 {line} 项 {quantity}", "{quantity} of line {line}")
LEFT_OF = Sentence("第 {line} 项余额 {quantity}", "{quantity} of line {line} left")
OVER = Sentence(
    "第 {line} 项溢装 {quantity}，余额为零", "{quantity} of line {line} over-shipped, and none left"
)
COUNTS = Sentence("已计入。", "it counts.")
REPEATED = Sentence("重复，不改变任何内容。", "a repeat, which changes nothing.")
WAITS = Sentence(
    "暂存：等待报关单 {entry_id} 的核销数据。",
    "parked: it waits for the write-off of declaration {entry_id}.",
)
NOT_APPLIED = Sentence("未计入，列为差异：", "not applied, and kept as a discrepancy:")
BECAUSE = Sentence("[{code}] {reason}（{article}）", "[{code}] {reason} ({article})")
ALIKE = Sentence("（同类共 {count} 项）", "(such reasons: {count})")
CHANGED = Sentence(
    "{at}，因报文 {cause}，由“{before}”改为“{now}”。",
    "{at}: message {cause} changed the verdict from {before} to {now}.",
)
DISCREPANCY_OPEN = Sentence("差异 {number} 待处理。", "Discrepancy {number} is open.")
DISCREPANCY_RESOLVED = Sentence(
    "差异 {number} 已由 {by} 处理：{note}。", "Discrepancy {number} was resolved by {by}: {note}."
)
OTHER_CONTENT = Sentence(
    "报文 {message}（{kind}），未计入：", "Message {message} ({kind}), which does not count:"
)

# What else befell it.
SUSPENDED = Sentence(
    "自 {since} 起因{ground}暂停使用，尚未恢复。",
    "Suspended since {since}, on the ground of {ground}; it still is.",
)
SUSPENDED_UNTIL = Sentence(
    "自 {since} 起至 {until} 止因{ground}暂停使用。",
    "Suspended from {since} until {until}, on the ground of {ground}.",
)
CONFIRMED = Sentence(
    "截至 {at} 海关的数据与本网关一致。", "As of {at} the figures of customs were equal to ours."
)
REPLACED_BY = Sentence(
    "{at} 已换证，由许可证 {successor} 代替；原余额不再可用。",
    "{at}: replaced by licence {successor}; what was left of it can be used no more.",
)
REVOKED = Sentence("{at} 已撤销，事由：{ground}。", "{at}: revoked, on the ground of {ground}.")
EXPIRED = Sentence("{valid_to} 之后过期。", "It expired after {valid_to}.")

# What is left.
LEFT = Sentence("剩余：{left}。", "What is left: {left}.")
LEFT_UNUSABLE = Sentence("账面剩余（不再可用）：{left}。", "Left on the books, and not usable: {left}.")
COUNTED = Sentence(
    "已计 {counted} 份报关单，上限 {cap} 份。", "Declarations that count: {counted}, of at most {cap}."
)

# What can be done, and by whom.
WHO_GATEWAY, WHO_CUSTOMS = Said("网关", "The gateway"), Said("海关", "Customs")
WHO_ENTERPRISE, WHO_ISSUER = Said("企业", "The enterprise"), Said("发证机构", "The issuing authority")
WHO_BUREAU = Said("许可证局", "The licence bureau")
BY = Sentence("{who}：", "{who}:")
WILL_BE_SENT = Sentence(
    "许可证{transmission}；网关自动继续，无须处理。", "the licence {transmission}; this goes on by itself."
)
WAITS_FOR_CUSTOMS = Sentence(
    "海关尚未答复；久无答复的，请看 ctl queue list 和 ctl line status。",
    "customs has not answered yet; if that takes long, see `ctl queue list` and `ctl line status`.",
)
AFTER_REFUSAL = Sentence(
    "与海关消除拒收的原因后，可重新发送（ctl queue requeue）；否则由发证机构撤销或换证。",
    "once the cause of the refusal is removed with customs, send it again (`ctl queue requeue`); or the"
    " issuing authority revokes or replaces it.",
)
MAY_DECLARE = Sentence(
    "可在 {valid_to} 之前（含当日）在口岸 {port} 再报关 {times} 次。",
    "may still declare at port {port} until {valid_to} (included); declarations to go: {times}.",
)
MAY_DECLARE_FROM = Sentence(
    "可自 {valid_from} 起至 {valid_to} 止在口岸 {port} 报关 {times} 次。",
    "may declare at port {port} from {valid_from} until {valid_to}; declarations to go: {times}.",
)
ONLY_SUSPENDED = Sentence(
    "暂停期间不得放行；恢复须由发证机构按事由逐项提出。",
    "releases nothing while it is suspended; the issuing authority may resume its use, ground by ground.",
)
NO_MORE_DECLARATIONS = Sentence(
    "次数已满，不能再用于新的报关单（{article}）。",
    "its uses are spent: it serves no new declaration ({article}).",
)
NOTHING_LEFT = Sentence("已用完，无须处理。", "it is used up; nothing is to be done.")
MAY_END_UNUSED = Sentence(
    "未使用，可撤销（{revoke}）或撤销换证（{replace}）。",
    "as it is unused, may revoke it ({revoke}), or revoke-and-replace it ({replace}).",
)
MAY_END_USED = Sentence(
    "已使用，不能撤销；余额可核销换证（{replace}）。",
    "as it is used, cannot revoke it; what is left moves by write-off-and-replace ({replace}).",
)
FIRST = Sentence("在此之前：{what}", "Before that: {what}")
LATE_WRITE_OFFS = Sentence(
    "有效期内放行而后到的核销数据仍予计入。",
    "reports of releases within the validity still count when they come.",
)
GO_ON_WITH = Sentence("请使用许可证 {successor}。", "use licence {successor} instead.")
ACT_ON_THE_WAY = Sentence(
    "报文 {message}（{kind}）{transmission}。", "message {message} ({kind}) {transmission}."
)
SETTLE_DISCREPANCIES = Sentence(
    "{count} 项差异待处理：与海关和发证机构核对（ctl discrepancy list --licence {licence}）。",
    "discrepancies that are open: {count}; settle them with customs and the issuing authority"
    " (`ctl discrepancy list --licence {licence}`).",
)
SEND_WHAT_IS_WAITED_FOR = Sentence(
    "{count} 份报文等待其核销数据：请补报。",
    "messages that wait for their write-offs: {count}; report those.",
)

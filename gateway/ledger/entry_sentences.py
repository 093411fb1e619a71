"""What each kind of entry says happened, in a sentence in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.clock import local_words
from gateway.ledger.kinds import EntryKind
from gateway.licences.life import Usage
from gateway.licences.sentences import NOTHING_SAID, Said, Sentence, word
from gateway.licences.settlement import Verdict
from licencexml.messages import ReplacementMode, RevocationGround, SuspensionGround

Data = Mapping[str, Any]

_REFUSED = Sentence("未计入：{codes}。", "not applied: {codes}.")
_REPEATED = Sentence("重复，不改变任何内容。", "a repeat, which changes nothing.")
_PARKED = Sentence("暂存，等待其核销数据。", "parked: its write-off has not come.")
_K = EntryKind

SENTENCES: Mapping[EntryKind, Sentence] = MappingProxyType(
    {
        _K.ISSUE_ACCEPTED: Sentence(
            "接收签发：{issuer}，文件 {source}。", "Issue accepted: {issuer}, file {source}."
        ),
        _K.SEALED: Sentence("加盖电子印章，待发往 {partner}。", "Sealed; to be sent to {partner}."),
        _K.SENT: Sentence(
            "已发往海关，交换 {control_reference}。", "Sent to customs, interchange {control_reference}."
        ),
        _K.CUSTOMS_ACCEPTED: Sentence("海关接收。", "Received by customs."),
        _K.CUSTOMS_REFUSED: Sentence("海关拒收：{codes}。", "Refused by customs: {codes}."),
        _K.WRITE_OFF_APPLIED: Sentence(
            "报关单 {entry_id}：核销 {drawn}。", "Declaration {entry_id}: {drawn} written off."
        ),
        _K.WRITE_OFF_REPEATED: Sentence("报关单 {entry_id}：", "Declaration {entry_id}:"),
        _K.WRITE_OFF_REFUSED: Sentence("报关单 {entry_id}：", "Declaration {entry_id}:"),
        _K.SUSPENDED: Sentence(
            "自 {since} 起暂停使用，事由：{ground}。", "Suspended from {since}, on the ground of {ground}."
        ),
        _K.RESUMED: Sentence(
            "自 {until} 起恢复使用，原事由：{ground}。",
            "Resumed from {until}; it was suspended on the ground of {ground}.",
        ),
        _K.REPLACED: Sentence("{mode}：由许可证 {replaced_by} 代替。", "Replaced by {replaced_by}: {mode}."),
        _K.REVOKED: Sentence("已撤销，事由：{ground}。", "Revoked, on the ground of {ground}."),
        _K.EXPIRED: Sentence("有效期至 {valid_to}，已过期，{used}。", "Expired after {valid_to}, {used}."),
        _K.CONFIRMED: Sentence(
            "截至 {as_of} 海关的数据与本网关一致。", "As of {as_of} the figures of customs are equal to ours."
        ),
        _K.FIGURES_DIFFER: Sentence(
            "截至 {as_of} 海关的数据与本网关不同：{codes}。",
            "As of {as_of} the figures of customs differ: {codes}.",
        ),
        _K.ACT_SEALED: Sentence(
            "报文 {issue_message_id} 加盖电子印章，待发往 {partner}。",
            "Message {issue_message_id} sealed; to be sent to {partner}.",
        ),
        _K.ACT_SENT: Sentence(
            "报文 {issue_message_id} 已发往海关，交换 {control_reference}。",
            "Message {issue_message_id} sent to customs, interchange {control_reference}.",
        ),
        _K.ACT_CUSTOMS_ACCEPTED: Sentence("海关接收报文 {answers}。", "Customs accepted message {answers}."),
        _K.ACT_CUSTOMS_REFUSED: Sentence(
            "海关拒收报文 {answers}：{codes}。", "Customs refused message {answers}: {codes}."
        ),
        **dict.fromkeys(
            (_K.AMENDMENT_APPLIED, _K.AMENDMENT_REPEATED, _K.AMENDMENT_PARKED, _K.AMENDMENT_REFUSED),
            Sentence("报关单 {entry_id} 的更改：", "Amendment of declaration {entry_id}:"),
        ),
        **dict.fromkeys(
            (_K.REVERSAL_APPLIED, _K.REVERSAL_REPEATED, _K.REVERSAL_PARKED, _K.REVERSAL_REFUSED),
            Sentence("报关单 {entry_id} 的退关：", "Withdrawal from declaration {entry_id}:"),
        ),
        _K.CLEARANCE_CHANGED: Sentence(
            "报文 {message}（报关单 {entry_id}）因报文 {cause} 改判：{verdict}{why}。",
            "Message {message} (declaration {entry_id}) is now {verdict}, because of message {cause}{why}.",
        ),
        _K.DISCREPANCY_RESOLVED: Sentence(
            "差异已由 {by} 处理：{note}。", "Discrepancy resolved by {by}: {note}."
        ),
        _K.INTERCHANGE_ACCEPTED: Sentence(
            "海关已读取第 {interchange} 号交换。", "Customs could read interchange {interchange}."
        ),
        _K.INTERCHANGE_REFUSED: Sentence(
            "第 {interchange} 号交换被拒：{reason}。", "Interchange {interchange} was refused: {reason}."
        ),
        _K.FILE_NOT_PROCESSED: Sentence(
            "{partner} 的文件 {reference} 未予处理：{code} {reason}（以 {told_by} 告知）。",
            "File {reference} from {partner} is not processed: {code} {reason} (told by {told_by}).",
        ),
        _K.MESSAGE_REFUSED: Sentence("退回报文 {kind}：{codes}。", "{kind} refused: {codes}."),
        _K.HELD: Sentence("暂缓发送。{reason}", "Held back. {reason}"),
        _K.RELEASED: Sentence("恢复发送。{reason}", "Released to be sent. {reason}"),
        _K.REQUEUED: Sentence("重新发送。{reason}", "To be sent again. {reason}"),
        _K.CALL_MADE: Sentence("{by} 已电话通知 {role}。", "{by} has called {role}."),
        _K.DAY_CLOSED: Sentence(
            "{day} 日终，过期许可证 {expired} 份。", "{day} closed; licences that expired: {expired}."
        ),
        _K.DAY_REPORTED: Sentence(
            "{day} 对账报告已发往 {partner}：报文 {transfers} 份，许可证 {licences} 份。",
            "{day} reported to {partner}: messages {transfers}, licences {licences}.",
        ),
        _K.DAY_RECONCILED: Sentence(
            "{day} 已与 {partner} 对账，差异 {count} 项。",
            "{day} reconciled with {partner}; differences: {count}.",
        ),
    }
)

_ENDINGS: Mapping[str, Sentence] = MappingProxyType(
    {
        "_REFUSED": _REFUSED,
        "_REPEATED": _REPEATED,
        "_PARKED": _PARKED,
    }
)
_AMENDED = Sentence(
    "第 {line} 项（序号 {sequence}）第 {number} 次，改为 {quantity}。",
    "number {number}, of line {line} (sequence {sequence}), to {quantity}.",
)
_WITHDRAWN = Sentence("第 {number} 次，{lines}。", "number {number}, {lines}.")
_FOR = Sentence("（{codes}）", " ({codes})")
_WRITTEN_OFF = Sentence("，核销 {drawn}", ", with {drawn} written off")
_OF_LINE = Sentence("第 {line} 项 {quantity}", "{quantity} of line {line}")
_USED = MappingProxyType(
    {
        Usage.UNUSED: Said("未使用", "unused"),
        Usage.PART_USED: Said("部分使用", "used in part"),
        Usage.EXHAUSTED: Said("已用完", "used up"),
    }
)
_GROUNDS = (SuspensionGround, RevocationGround)
_CORRECTIONS = ("AMENDMENT_", "REVERSAL_", "WRITE_OFF_")


def said_of(kind: EntryKind, data: Data, message_id: str | None) -> Said:
    """The sentence of an entry."""
    said = SENTENCES[kind].say(**{**_plain(data), **_derived(data), "message": message_id})
    if kind.startswith(_CORRECTIONS):
        ending = next((end for suffix, end in _ENDINGS.items() if kind.endswith(suffix)), None)
        said += ending.say(codes=codes_of(data)) if ending is not None else _corrected(kind, data)
    return Said(said.zh.strip(), said.en.strip())


def codes_of(data: Data) -> str:
    """The codes of the reasons that an entry gives."""
    rejections = data["position"]["rejections"] if "position" in data else data.get("rejections", ())
    return ", ".join(dict.fromkeys(one["code"] for one in rejections)) or "–"


def _plain(data: Data) -> dict[str, object]:
    return {name: "–" if value is None else value for name, value in data.items()}


def _derived(data: Data) -> dict[str, object]:
    """What sentences say in other words than entries do."""
    found: dict[str, object] = {"codes": codes_of(data), "reason": data.get("reason") or ""}
    for name in ("since", "until", "as_of"):
        if data.get(name):
            found[name] = _local(data[name])
    if "ground" in data:
        found["ground"] = _ground(data["ground"])
    if "mode" in data:
        found["mode"] = word(ReplacementMode(data["mode"]))
    if "used" in data:
        found["used"] = _USED[Usage(data["used"])]
    if "position" in data:
        found["verdict"] = word(Verdict(data["position"]["verdict"]))
        found["drawn"] = drawn(data["position"]["lines"])
        found["why"] = _why(data)
    if "differences" in data:
        found["count"] = len(data["differences"])
    return found


def _why(data: Data) -> Said:
    """What there is to say of a verdict: the reasons against, or what it comes to."""
    if data["position"]["rejections"]:
        return _FOR.say(codes=codes_of(data))
    if data["position"]["lines"]:
        return _WRITTEN_OFF.say(drawn=drawn(data["position"]["lines"]))
    return NOTHING_SAID


def drawn(lines: Iterable[Data]) -> Said:
    """What applied lines draw, each on its line of the licence."""
    return _listed(
        _OF_LINE.say(line=one["licence_line"], quantity=f"{one['quantity']} [{one['unit']}]") for one in lines
    )


def _corrected(kind: EntryKind, data: Data) -> Said:
    facts = data["facts"]
    if kind is EntryKind.AMENDMENT_APPLIED:
        content = facts["content"]
        return _AMENDED.say(
            line=facts["line_number"],
            sequence=facts["sequence"],
            number=facts["number"],
            quantity=f"{content['quantity']} [{content['unit']}]",
        )
    if kind is EntryKind.REVERSAL_APPLIED:
        lines = _listed(
            _OF_LINE.say(line=one["line_number"], quantity=f"{one['quantity']} [{one['unit']}]")
            for one in facts["lines"]
        )
        return _WITHDRAWN.say(number=facts["number"], lines=lines)
    return NOTHING_SAID


def _listed(parts: Iterable[Said]) -> Said:
    held = list(parts)
    return Said("，".join(one.zh for one in held) or "无", ", ".join(one.en for one in held) or "nothing")


def _ground(value: str) -> Said:
    for vocabulary in _GROUNDS:
        if value in set(vocabulary):
            return word(vocabulary(value))
    return Said(value, value)


def _local(instant: str) -> str:
    return local_words(datetime.fromisoformat(instant))

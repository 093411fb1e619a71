"""What a message says, in a sentence in both languages, whatever its kind."""

from __future__ import annotations

from gateway.clock import local_words
from gateway.licences.sentences import Said, Sentence, word
from gateway.licences.steps import listed
from licencexml.messages import (
    ApplicationAck,
    LicenceIssue,
    LicenceQuery,
    LicenceQueryReply,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    Message,
    Reconciliation,
    SealedLicence,
    SuspensionAction,
    TechnicalAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
)

_ISSUE = Sentence(
    "{sender} 签发许可证 {licence}，有效期至 {valid_to}。",
    "{sender} issues licence {licence}, valid until {valid_to}.",
)
_REPLACEMENT = Sentence(
    "{sender} 以许可证 {licence} 代替 {replaced}（{mode}）。",
    "{sender} puts licence {licence} in the place of {replaced} ({mode}).",
)
_REVOCATION = Sentence(
    "{sender} 撤销许可证 {licence}，事由：{ground}。",
    "{sender} revokes licence {licence}, on the ground of {ground}.",
)
_SUSPENSION = Sentence(
    "{sender} 自 {at} 起暂停许可证 {licence}，事由：{ground}。",
    "{sender} suspends licence {licence} from {at}, on the ground of {ground}.",
)
_RESUMPTION = Sentence(
    "{sender} 自 {at} 起恢复许可证 {licence}，原事由：{ground}。",
    "{sender} resumes the use of licence {licence} from {at}; it was suspended on the ground of {ground}.",
)
_SEALED = Sentence("加盖电子印章，发往海关：", "Under the central seal, for customs:")
_WRITE_OFF = Sentence(
    "海关按许可证 {licence} 放行报关单 {entry_id}（{at}）：{lines}。",
    "Customs released declaration {entry_id} against licence {licence} ({at}): {lines}.",
)
_AMENDMENT = Sentence(
    "海关第 {number} 次更改报关单 {entry_id} 第 {line} 项（序号 {sequence}，{at}），改为 {quantity}；"
    "许可证 {licence}。",
    "Customs amends declaration {entry_id} line {line} (sequence {sequence}), number {number}, {at}, to"
    " {quantity}; licence {licence}.",
)
_REVERSAL = Sentence(
    "海关第 {number} 次从报关单 {entry_id} 退关（{at}）：{lines}；许可证 {licence}。",
    "Customs withdraws from declaration {entry_id}, number {number}, {at}: {lines}; licence {licence}.",
)
_LINE = Sentence("第 {line} 项 {quantity}", "{quantity} of line {line}")
_TECHNICAL = Sentence(
    "{sender} 对交换 {reference} 的技术回执：{status}。", "{sender} on interchange {reference}: {status}."
)
_APPLICATION = Sentence(
    "{sender} 对报文 {answers}（{kind}）的业务回执：{status}。",
    "{sender} answers message {answers} ({kind}): {status}.",
)
_QUERY = Sentence("{sender} 查询许可证 {licence}。", "{sender} asks how licence {licence} stands.")
_REPLY = Sentence(
    "{sender} 答复许可证 {licence} 截至 {at} 的状态：{status}。",
    "{sender} says how licence {licence} stands as of {at}: {status}.",
)
_RECONCILIATION = Sentence(
    "{sender} 的 {day} 对账报告，第 {part} 部分（共 {parts} 部分）："
    "报文 {transfers} 份，许可证 {licences} 份。",
    "{sender} reports {day}, part {part} of {parts}: messages {transfers}, licences {licences}.",
)


def what_it_says(message: Message) -> Said:  # noqa: PLR0911 - a kind a case
    """The message in a sentence."""
    sender = message.header.sender
    match message:
        case LicenceIssue(licence=licence):
            return _ISSUE.say(sender=sender, licence=licence.key, valid_to=licence.valid_to)
        case LicenceReplacement(licence=licence, replaced=replaced, mode=mode):
            return _REPLACEMENT.say(sender=sender, licence=licence.key, replaced=replaced, mode=word(mode))
        case LicenceRevocation(licence=key, ground=ground):
            return _REVOCATION.say(sender=sender, licence=key, ground=word(ground))
        case LicenceSuspension(licence=key, ground=ground, effective_time=at):
            stops = message.action is SuspensionAction.SUSPEND
            sentence = _SUSPENSION if stops else _RESUMPTION
            return sentence.say(sender=sender, licence=key, ground=word(ground), at=local_words(at))
        case SealedLicence(content=content):
            return _SEALED.say() + what_it_says(content)
        case LicenceQuery(licence=key):
            return _QUERY.say(sender=sender, licence=key)
        case LicenceQueryReply(licence=key, as_of=at, status=status):
            return _REPLY.say(sender=sender, licence=key, at=local_words(at), status=status.value)
        case TechnicalAck(control_reference=reference, status=status):
            return _TECHNICAL.say(sender=sender, reference=reference, status=status.value)
        case ApplicationAck(answers=answers, status=status):
            return _APPLICATION.say(
                sender=sender, answers=answers.message_id, kind=answers.kind, status=status.value
            )
        case Reconciliation():
            return _RECONCILIATION.say(
                sender=sender,
                day=message.business_date,
                part=message.part_number,
                parts=message.part_count,
                transfers=message.day.transfers,
                licences=message.day.licences,
            )
        case _:
            return _of_release(message)


def _of_release(message: WriteOff | WriteOffAmendment | WriteOffReversal) -> Said:
    match message:
        case WriteOff(licence=key, declaration=declaration):
            return _WRITE_OFF.say(
                licence=key,
                entry_id=declaration.entry_id,
                at=local_words(declaration.release_time),
                lines=listed(
                    _LINE.say(line=line.line_number, quantity=line.quantity) for line in declaration.lines
                ),
            )
        case WriteOffAmendment(licence=key, amends=line):
            return _AMENDMENT.say(
                licence=key,
                entry_id=line.entry_id,
                line=line.line_number,
                sequence=line.sequence,
                number=message.amendment_number,
                at=local_words(message.amendment_time),
                quantity=message.content.quantity,
            )
        case WriteOffReversal(licence=key):
            return _REVERSAL.say(
                licence=key,
                entry_id=message.entry_id,
                number=message.reversal_number,
                at=local_words(message.withdrawal_time),
                lines=listed(
                    _LINE.say(line=line.line_number, quantity=line.quantity) for line in message.lines
                ),
            )

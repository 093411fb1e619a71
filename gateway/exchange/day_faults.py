"""Why a part of customs' daily report is not taken. These are the gateway's own rules of exchange."""

from __future__ import annotations

from licencexml.rejection import Reason

REPORT_NOT_ASKED_FOR = Reason(
    code="REPORT_NOT_ASKED_FOR",
    zh="对账报文所答复的报文（{message_id}）不是本网关某份对账报告的第一部分。",
    en="The reconciliation answers {message_id}, which is not the first part of a report of this gateway.",
    article="configured",
    remedy=(
        "请在 InReplyTo 中填写本网关对账报告第一部分的报文标识。"
        " / State in InReplyTo the MessageID of the first part of this gateway's report."
    ),
)

REPORT_OF_OTHER_DAY = Reason(
    code="REPORT_OF_OTHER_DAY",
    zh="对账报文的业务日期为 {stated}，而所答复的报告为 {expected}。",
    en="The reconciliation is about {stated}, but the report that it answers is about {expected}.",
    article="configured",
    remedy=("请就同一业务日期作出答复。 / Answer about the business date of the report that is answered."),
)

REPORT_PART_KNOWN = Reason(
    code="REPORT_PART_KNOWN",
    zh="同一报告的第 {number} 部分已由报文 {message_id} 送达。",
    en="Part {number} of this report has come already, as message {message_id}.",
    article="configured",
    remedy=(
        "请勿以新的报文标识重发；内容有变的，请以新的截至时间（AsOf）发送完整报告。"
        " / Do not repeat a part under a new MessageID; if its content has changed, send the whole report"
        " with a new AsOf."
    ),
)

REPORT_PARTS_DISAGREE = Reason(
    code="REPORT_PARTS_DISAGREE",
    zh="报告的各部分互不相符：{contradictions}。",
    en="The parts of this report contradict one another: {contradictions}.",
    article="configured",
    remedy=("请以新的截至时间（AsOf）重新发送完整报告。 / Send the whole report again, with a new AsOf."),
)

"""Why the simulated customs refuses, in its own words."""

from __future__ import annotations

from licencexml.rejection import Reason

IDENTITY_CONFLICT = Reason(
    code="MESSAGE_CONFLICT",
    zh="海关此前收到过报文标识 {message_id}，且内容与本次不同。",
    en="Customs received MessageID {message_id} before, with other content.",
    article="configured",
    remedy="请使用新的报文标识发送。 / Send the message under a new MessageID.",
)
REFUSED_ON_PURPOSE = Reason(
    code="REFUSED_ON_PURPOSE",
    zh="模拟海关依照其配置不接收关于许可证 {licence} 的本报文。",
    en="The simulated customs is configured not to take this message about licence {licence}.",
    article="configured",
    remedy=(
        "请查看模拟海关配置中的 faults.refuse_every。"
        " / See faults.refuse_every in the configuration of the simulated customs."
    ),
)
LICENCE_KNOWN = Reason(
    code="CUSTOMS_HAS_LICENCE",
    zh="海关此前已收到许可证 {licence}（报文 {message_id}）。",
    en="Customs has licence {licence} already (message {message_id}).",
    article="configured",
    remedy="请通过换证更改许可证。 / Change the licence by replacement.",
)
LICENCE_LACKING = Reason(
    code="CUSTOMS_LACKS_LICENCE",
    zh="海关没有许可证 {licence}。",
    en="Customs does not have licence {licence}.",
    article="configured",
    remedy="请先发送该许可证，再重发本报文。 / Send that licence first, then this message again.",
)
LICENCE_ENDED = Reason(
    code="CUSTOMS_LICENCE_ENDED",
    zh="许可证 {licence} 在海关的状态已为 {ending}（报文 {message_id}）。",
    en="Licence {licence} is {ending} at customs already (message {message_id}).",
    article="configured",
    remedy=(
        "请查询该许可证的历史；已结束的许可证不再变动。"
        " / See the licence's history; a licence that has ended is not changed any more."
    ),
)
LICENCE_USED = Reason(
    code="CUSTOMS_LICENCE_USED",
    zh="海关已凭许可证 {licence} 放行货物（报关单 {entry_id}）。",
    en="Customs has released goods against licence {licence} (declaration {entry_id}).",
    article="configured",
    remedy=(
        "请等待核销数据到齐，改用核销换证。 / Wait for the write-offs, and replace it by write-off instead."
    ),
)
REPORT_CONTRADICTORY = Reason(
    code="REPORT_CONTRADICTORY",
    zh="{business_date} 对账报告的各部分互相矛盾：{what}。",
    en="The parts of the report about {business_date} contradict one another: {what}.",
    article="configured",
    remedy=(
        "请重新编制该日报告，以新的截至时间发送。"
        " / Make the report of that day anew, and send it with another as-of time."
    ),
)

"""What can differ when both sides' reports of a day are held against each other, and what is done about it.

外经贸配管发〔2000〕539号 art. 4: what customs confirms is compared every day with what was reported, and a
difference is taken at once to those who run the exchange and to the licence bureau.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from licencexml.rejection import Reason


class ContactRole(StrEnum):
    """Whom operators call. Who that is, is configured: no number comes with the gateway.

    In order: 海关热线, 许可证局值班, 交换中心值班 (the EDI 中心 of 2000), 发证机构值班.
    """

    CUSTOMS_HOTLINE = "customs-hotline"
    LICENCE_BUREAU_DUTY = "licence-bureau-duty"
    EXCHANGE_HUB_DUTY = "exchange-hub-duty"
    ISSUER_DUTY = "issuer-duty"


class DifferenceClass(StrEnum):
    """How an item differs. Each item that differs is in exactly one class."""

    NOT_SENT = "NOT_SENT"
    NOT_RECEIVED = "NOT_RECEIVED"
    REFUSED_BY_CUSTOMS = "REFUSED_BY_CUSTOMS"
    ACCEPTED_BY_CUSTOMS = "ACCEPTED_BY_CUSTOMS"
    CONTENT_DIFFERS = "CONTENT_DIFFERS"
    UNKNOWN_TO_US = "UNKNOWN_TO_US"
    QUANTITY_DIFFERS = "QUANTITY_DIFFERS"
    USES_DIFFER = "USES_DIFFER"


_ART_4 = "外经贸配管发〔2000〕539号 art. 4"

NOT_SENT = Reason(
    code="NOT_SENT",
    zh="许可证 {licence} 的报文 {message_id} 尚未发出，海关没有收到。",
    en="Message {message_id} about licence {licence} has not been sent, and customs does not have it.",
    article=_ART_4,
    remedy=(
        "请查看待发队列和线路，放行被扣留的报文；急用的，致电海关热线。"
        " / See `ctl queue list` and `ctl line status`, release what is held, and call the customs"
        " hotline if it is urgent."
    ),
)

NOT_RECEIVED = Reason(
    code="NOT_RECEIVED",
    zh="许可证 {licence} 的报文 {message_id} 已经发出，但海关的清单中没有。",
    en="Message {message_id} about licence {licence} was sent, but is not in the list of customs.",
    article=_ART_4,
    remedy=(
        "请致电海关热线核实，重新发送该报文（queue requeue），再对该日重新对账。"
        " / Call the customs hotline, send the message again (`ctl queue requeue`), and reconcile that"
        " day again."
    ),
)

REFUSED_BY_CUSTOMS = Reason(
    code="REFUSED_BY_CUSTOMS",
    zh="海关收到许可证 {licence} 的报文 {message_id}，但未接受，本网关没有收到其答复。",
    en=(
        "Customs received message {message_id} about licence {licence} and refused it; its answer is not"
        " in the ledger."
    ),
    article=_ART_4,
    remedy=(
        "请致电海关热线问明理由，并通知发证机构。"
        " / Ask the customs hotline for the reasons, and tell the issuing authority."
    ),
)

ACCEPTED_BY_CUSTOMS = Reason(
    code="ACCEPTED_BY_CUSTOMS",
    zh="海关已接受许可证 {licence} 的报文 {message_id}，而本网关记录为海关未接受。",
    en="Customs accepted message {message_id} about licence {licence}, which the ledger has as refused.",
    article=_ART_4,
    remedy=(
        "请致电海关热线，请其重新发送对该报文的答复。"
        " / Call the customs hotline, and have the answer to that message sent again."
    ),
)

CONTENT_DIFFERS = Reason(
    code="CONTENT_DIFFERS",
    zh="许可证 {licence} 的报文 {message_id} 在海关的内容与电子印章所签内容不同。",
    en="Message {message_id} about licence {licence} has other content at customs than the seal signed.",
    article="商办配函〔2015〕494号 art. 16",
    remedy=(
        "请立即致电海关热线，要求停止使用该许可证，并报告许可证局。"
        " / Call the customs hotline at once to have the licence stopped, and report to the licence"
        " bureau."
    ),
)

UNKNOWN_TO_US = Reason(
    code="UNKNOWN_TO_US",
    zh="海关列有许可证 {licence}（报文 {message_id}），本网关没有其记录。",
    en="Customs lists licence {licence} (message {message_id}), of which the ledger knows nothing.",
    article=_ART_4,
    remedy=(
        "请立即致电海关热线和许可证局：该许可证可能是伪造的，或者台账不完整。"
        " / Call the customs hotline and the licence bureau at once: the licence may be forged, or the"
        " ledger incomplete."
    ),
)

QUANTITY_DIFFERS = Reason(
    code="QUANTITY_DIFFERS",
    zh="许可证 {licence} 商品行 {line} 的数量不同：本网关为{ours_zh}；海关为{theirs_zh}。",
    en="The quantities of licence {licence}, line {line}, differ: ours {ours_en}; customs {theirs_en}.",
    article="外经贸配管发〔2000〕539号 art. 6",
    remedy=(
        "请查看该许可证的历史和未决差异，与海关热线逐笔核对核销，并报告许可证局。"
        " / See `ctl licence history` and `ctl discrepancy list`, compare the write-offs one by one with"
        " the customs hotline, and report to the licence bureau."
    ),
)

USES_DIFFER = Reason(
    code="USES_DIFFER",
    zh="许可证 {licence} 的使用次数不同：本网关为 {ours}，海关为 {theirs}。",
    en="The number of declarations that used licence {licence} differs: ours {ours}, customs {theirs}.",
    article="外经贸配管发〔2000〕539号 art. 8(5)",
    remedy=(
        "请查看该许可证的历史，与海关热线逐份核对报关单，并报告许可证局。"
        " / See `ctl licence history`, compare the declarations one by one with the customs hotline, and"
        " report to the licence bureau."
    ),
)

REASONS = (
    NOT_SENT,
    NOT_RECEIVED,
    REFUSED_BY_CUSTOMS,
    ACCEPTED_BY_CUSTOMS,
    CONTENT_DIFFERS,
    UNKNOWN_TO_US,
    QUANTITY_DIFFERS,
    USES_DIFFER,
)
REASON_OF = MappingProxyType({DifferenceClass(reason.code): reason for reason in REASONS})

#: Whom to call about a difference, first the one who can settle it.
CALLS: MappingProxyType[DifferenceClass, tuple[ContactRole, ...]] = MappingProxyType(
    {
        DifferenceClass.NOT_SENT: (ContactRole.CUSTOMS_HOTLINE,),
        DifferenceClass.NOT_RECEIVED: (ContactRole.CUSTOMS_HOTLINE,),
        DifferenceClass.REFUSED_BY_CUSTOMS: (ContactRole.CUSTOMS_HOTLINE, ContactRole.ISSUER_DUTY),
        DifferenceClass.ACCEPTED_BY_CUSTOMS: (ContactRole.CUSTOMS_HOTLINE,),
        DifferenceClass.CONTENT_DIFFERS: (ContactRole.CUSTOMS_HOTLINE, ContactRole.LICENCE_BUREAU_DUTY),
        DifferenceClass.UNKNOWN_TO_US: (ContactRole.CUSTOMS_HOTLINE, ContactRole.LICENCE_BUREAU_DUTY),
        DifferenceClass.QUANTITY_DIFFERS: (ContactRole.CUSTOMS_HOTLINE, ContactRole.LICENCE_BUREAU_DUTY),
        DifferenceClass.USES_DIFFER: (ContactRole.CUSTOMS_HOTLINE, ContactRole.LICENCE_BUREAU_DUTY),
    }
)

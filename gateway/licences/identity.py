"""The identity of messages: the reasons that rest on it. These are the gateway's own rules of exchange."""

from __future__ import annotations

from licencexml.rejection import Reason

MESSAGE_ID_CONFLICT = Reason(
    code="MESSAGE_ID_CONFLICT",
    zh="报文标识 {message_id} 已用于内容不同的另一份报文。",
    en="MessageID {message_id} was used before by a message with other content.",
    article="configured",
    remedy=(
        "请使用新的报文标识发送；重发原报文的，请保持内容不变。"
        " / Send the message under a new MessageID; to repeat the earlier one, send it unchanged."
    ),
)

CONTROL_REFERENCE_UNKNOWN = Reason(
    code="CONTROL_REFERENCE_UNKNOWN",
    zh="技术回执所答复的交换（控制号 {control_reference}）不是本网关发出的。",
    en="The acknowledgement answers interchange {control_reference}, which this gateway has not sent.",
    article="configured",
    remedy=(
        "请填写本网关所发交换的控制号（ControlReference）。"
        " / State the ControlReference of an interchange that this gateway has sent."
    ),
)

ANSWERED_MESSAGE_UNKNOWN = Reason(
    code="ANSWERED_MESSAGE_UNKNOWN",
    zh="业务回执所答复的报文 {message_id} 不是本网关发出的许可证。",
    en="The acknowledgement answers message {message_id}, which is no licence that this gateway has sent.",
    article="configured",
    remedy=(
        "请填写所答复的签章许可证（SealedLicence）的报文标识。"
        " / State the MessageID of the SealedLicence that is answered."
    ),
)

ANSWERED_LICENCE_DIFFERS = Reason(
    code="ANSWERED_LICENCE_DIFFERS",
    zh="业务回执写明许可证 {stated}，而所答复的报文 {message_id} 是许可证 {licence}。",
    en="The acknowledgement names licence {stated}, but message {message_id} carried licence {licence}.",
    article="configured",
    remedy=(
        "请填写所答复报文中的许可证，或不填。 / Name the licence of the message that is answered, or none."
    ),
)

QUERY_NOT_ASKED = Reason(
    code="QUERY_NOT_ASKED",
    zh="所答复的报文（{message_id}）不是本网关就许可证 {licence} 发出的查询。",
    en="The reply answers {message_id}, which is no query of this gateway about licence {licence}.",
    article="configured",
    remedy=(
        "请在 InReplyTo 中填写所答复查询（LicenceQuery）的报文标识，并核对许可证。"
        " / State in InReplyTo the MessageID of the LicenceQuery that is answered, and check the licence."
    ),
)

REASONS = (
    MESSAGE_ID_CONFLICT,
    CONTROL_REFERENCE_UNKNOWN,
    ANSWERED_MESSAGE_UNKNOWN,
    ANSWERED_LICENCE_DIFFERS,
    QUERY_NOT_ASKED,
)

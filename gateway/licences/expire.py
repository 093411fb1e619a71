"""Expiry (过期): a licence is used within its validity, and stands expired after it (494号 art. 14).

One that nobody used is prompted for (art. 18): its enterprise confirms, its issuer revokes it.
"""

from __future__ import annotations

from gateway.licences.life import Usage
from gateway.licences.state import LicenceState
from licencexml.rejection import Reason, Rejection

EXPIRED_UNUSED_PROMPT = Reason(
    code="EXPIRED_UNUSED_PROMPT",
    zh="许可证 {licence} 的有效期至 {valid_to} 止，现已过期，海关没有反馈使用。",
    en="Licence {licence} was valid until {valid_to}; it has expired, and customs fed back no use of it.",
    article="商办配函〔2015〕494号 art. 18",
    remedy=(
        "请由企业确认过期未使用，收到 NAME.reconciled.json 后，以事由 EXPIRED_UNUSED 提交撤销。"
        " / Have the enterprise confirm that it was not used; after NAME.reconciled.json hand in the"
        " revocation with the ground EXPIRED_UNUSED."
    ),
)

REASONS = (EXPIRED_UNUSED_PROMPT,)


def prompt(state: LicenceState) -> Rejection | None:
    """What its issuer is told when the licence expires; None if it was used."""
    if state.life.usage is not Usage.UNUSED:
        return None
    return EXPIRED_UNUSED_PROMPT.reject(licence=state.key, valid_to=state.valid_to)

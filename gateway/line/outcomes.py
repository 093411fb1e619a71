"""How a session ended before its time, in the words of log and status."""

from __future__ import annotations

from gateway.line.settings import PartnerSettings
from oftp2 import events as e
from oftp2.commands import SSID
from oftp2.reasons import EndReason


def why_aborted(abort: e.AbortIndication, peer: SSID | None, partner: PartnerSettings | None) -> str:
    """The reason's number and text, and who gave it: `04 invalid password, says the partner`.

    `peer` is the SSID that came; `partner` is who was called, or has named itself.
    """
    told = f"{abort.reason:02d} {abort.text}"
    if abort.distant:
        return f"{told}, says the partner"
    is_other = peer is not None and partner is not None and peer.code != partner.identification
    if abort.reason == EndReason.UNKNOWN_USER and is_other:
        assert peer is not None and partner is not None, "somebody answered"
        return f"{abort.reason:02d} {peer.code} answers, not {partner.identification}"
    return told

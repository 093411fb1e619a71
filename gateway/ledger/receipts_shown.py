"""The partner's end-to-end responses (EERP, NERP) to the files in which a message went, as plain JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from gateway.ledger.columns import instant_text
from gateway.ledger.end_responses import KeptResponse, responses_of
from gateway.ledger.kinds import EndResponseKind
from gateway.licences.sentences import Said, Sentence

Answer = dict[str, Any]

_ARRIVED = Sentence("第 {interchange} 号交换已送达（EERP）。", "Interchange {interchange} arrived (EERP).")
_NOT_PROCESSED = Sentence(
    "第 {interchange} 号交换未被处理（NERP {reason:02d}）：{text}，告知方 {creator}。",
    "Interchange {interchange} was not processed (NERP {reason:02d}): {text}, says {creator}.",
)
_SIGNED = Sentence("签名人：{signer}。", "Signed by {signer}.")
_NOT_PROVED = Sentence("未获证明：{fault}。", "That is not proved: {fault}.")


def receipts_of(connection: Connection, interchange_ids: Collection[int]) -> list[Answer]:
    """All of them.

    `signature` is a CMS SignedData with what was signed, `certificate` that of the signer in DER, both in
    base64; `hash` is hexadecimal.
    """
    return [_shown(one) for one in responses_of(connection, interchange_ids)]


def _shown(kept: KeptResponse) -> Answer:
    one = kept.response
    said = _said(kept)
    return {
        "interchange": kept.interchange_id,
        "kind": one.kind.value,
        "at": instant_text(kept.at),
        "reason": one.reason,
        "text": one.text,
        "creator": one.creator,
        "signer": one.signer,
        "fault": one.fault,
        "hash": one.hash.hex() or None,
        "signature": b64encode(one.signature).decode("ascii") or None,
        "certificate": b64encode(one.certificate).decode("ascii") or None,
        "zh": said.zh,
        "en": said.en,
    }


def _said(kept: KeptResponse) -> Said:
    one = kept.response
    if one.kind is EndResponseKind.EERP:
        said = _ARRIVED.say(interchange=kept.interchange_id)
    else:
        said = _NOT_PROCESSED.say(
            interchange=kept.interchange_id,
            reason=one.reason,
            text=one.text or "–",
            creator=one.creator or "–",
        )
    if one.signer is not None:
        said += _SIGNED.say(signer=one.signer)
    if one.fault is not None:
        said += _NOT_PROVED.say(fault=one.fault)
    return said

"""What the issuing system finds in `out/`: one JSON document an answer, for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from gateway.clock import BUSINESS_ZONE
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey

ACCEPTED = "accepted.json"
REJECTED = "rejected.json"
SEALED = "sealed.xml"
CUSTOMS_ACCEPTED = "customs-accepted.json"
CUSTOMS_REJECTED = "customs-rejected.json"
RECONCILED = "reconciled.json"
NOT_RECONCILED = "not-reconciled.json"
EXPIRED = "expired.json"


def answer(
    outcome: str,
    *,
    at: datetime,
    file: str | None,
    message_id: str | None,
    licence: LicenceKey | None,
    rejections: Sequence[Rejection] = (),
    **more: Any,
) -> bytes:
    """One answer; `outcome` is a word such as "ACCEPTED" or "REJECTED", `at` the instant of its commit."""
    content = {
        "outcome": outcome,
        "at": at.astimezone(BUSINESS_ZONE).isoformat(timespec="milliseconds"),
        "file": file,
        "message_id": message_id,
        "licence": None if licence is None else {"type": str(licence.type), "number": licence.number},
        **more,
        "rejections": [rejection.to_dict() for rejection in rejections],
    }
    return to_json(content, indent=1) + b"\n"

"""What every message begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from licencexml.travelling import travels


@travels
@dataclass(frozen=True, slots=True)
class Header:
    """What every message begins with. `message_id` is globally unique and never used again.

    `in_reply_to` is the MessageID (for a TechnicalAck: the control reference) that the message answers.
    """

    message_id: str
    sender: str
    receiver: str
    created: datetime
    in_reply_to: str | None = None

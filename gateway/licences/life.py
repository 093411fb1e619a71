"""The life of a licence, as data: which event leads from which status to which.

商办配函〔2015〕494号 art. 12 and 13 (sealed, sent at once), art. 17 and 18 (used and unused).
What is not in the table does not move: events arrive late and twice, and a licence in use is not
un-used by a late receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class LicenceStatus(StrEnum):
    """Where a licence is in its life."""

    ACCEPTED = "ACCEPTED"
    SEALED = "SEALED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CUSTOMS_REFUSED = "CUSTOMS_REFUSED"
    PART_USED = "PART_USED"
    EXHAUSTED = "EXHAUSTED"


class LicenceEvent(StrEnum):
    """What can happen to a licence."""

    SEAL = "SEAL"
    SEND = "SEND"
    CUSTOMS_ACCEPT = "CUSTOMS_ACCEPT"
    CUSTOMS_REFUSE = "CUSTOMS_REFUSE"
    USE_PART = "USE_PART"
    USE_ALL = "USE_ALL"


_S = LicenceStatus
_AT_CUSTOMS = (_S.SEALED, _S.SENT, _S.RECEIVED, _S.PART_USED)

TRANSITIONS: Mapping[LicenceEvent, Mapping[LicenceStatus, LicenceStatus]] = MappingProxyType(
    {
        LicenceEvent.SEAL: {_S.ACCEPTED: _S.SEALED},
        LicenceEvent.SEND: {_S.SEALED: _S.SENT},
        # A refused licence that was sent again may be accepted then.
        LicenceEvent.CUSTOMS_ACCEPT: dict.fromkeys((_S.SEALED, _S.SENT, _S.CUSTOMS_REFUSED), _S.RECEIVED),
        LicenceEvent.CUSTOMS_REFUSE: dict.fromkeys((_S.SEALED, _S.SENT), _S.CUSTOMS_REFUSED),
        # Customs may use a licence before its acknowledgement has reached us.
        LicenceEvent.USE_PART: dict.fromkeys(_AT_CUSTOMS, _S.PART_USED),
        LicenceEvent.USE_ALL: dict.fromkeys(_AT_CUSTOMS, _S.EXHAUSTED),
    }
)

#: The statuses in which customs may use a licence. Of an exhausted one the balance says no, line by line.
USABLE = frozenset(_AT_CUSTOMS) | {LicenceStatus.EXHAUSTED}


def advance(status: LicenceStatus, event: LicenceEvent) -> LicenceStatus:
    """The status after `event`; the same status where the event comes too late to matter."""
    return TRANSITIONS[event].get(status, status)

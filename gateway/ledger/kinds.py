"""The closed vocabularies of the ledger's columns; their values are what is stored."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Direction(StrEnum):
    """Whether a message came to us or is ours."""

    IN = "IN"
    OUT = "OUT"


class EntryKind(StrEnum):
    """What an entry says happened. Entries are never changed, so neither is the meaning of these words."""

    ISSUE_ACCEPTED = "ISSUE_ACCEPTED"
    SEALED = "SEALED"
    SENT = "SENT"
    CUSTOMS_ACCEPTED = "CUSTOMS_ACCEPTED"
    CUSTOMS_REFUSED = "CUSTOMS_REFUSED"
    WRITE_OFF_APPLIED = "WRITE_OFF_APPLIED"
    WRITE_OFF_REPEATED = "WRITE_OFF_REPEATED"
    WRITE_OFF_REFUSED = "WRITE_OFF_REFUSED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    CONFIRMED = "CONFIRMED"
    FIGURES_DIFFER = "FIGURES_DIFFER"
    ACT_SEALED = "ACT_SEALED"
    ACT_SENT = "ACT_SENT"
    ACT_CUSTOMS_ACCEPTED = "ACT_CUSTOMS_ACCEPTED"
    ACT_CUSTOMS_REFUSED = "ACT_CUSTOMS_REFUSED"
    AMENDMENT_APPLIED = "AMENDMENT_APPLIED"
    AMENDMENT_REPEATED = "AMENDMENT_REPEATED"
    AMENDMENT_PARKED = "AMENDMENT_PARKED"
    AMENDMENT_REFUSED = "AMENDMENT_REFUSED"
    REVERSAL_APPLIED = "REVERSAL_APPLIED"
    REVERSAL_REPEATED = "REVERSAL_REPEATED"
    REVERSAL_PARKED = "REVERSAL_PARKED"
    REVERSAL_REFUSED = "REVERSAL_REFUSED"
    CLEARANCE_CHANGED = "CLEARANCE_CHANGED"
    DISCREPANCY_RESOLVED = "DISCREPANCY_RESOLVED"
    INTERCHANGE_ACCEPTED = "INTERCHANGE_ACCEPTED"
    INTERCHANGE_REFUSED = "INTERCHANGE_REFUSED"
    FILE_NOT_PROCESSED = "FILE_NOT_PROCESSED"
    MESSAGE_REFUSED = "MESSAGE_REFUSED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    REQUEUED = "REQUEUED"
    CALL_MADE = "CALL_MADE"
    DAY_CLOSED = "DAY_CLOSED"
    DAY_REPORTED = "DAY_REPORTED"
    DAY_RECONCILED = "DAY_RECONCILED"


class OutcomeStatus(StrEnum):
    """What became of a received message."""

    ACCEPTED = "ACCEPTED"
    REPEATED = "REPEATED"
    CONFLICT = "CONFLICT"
    REFUSED = "REFUSED"
    PARKED = "PARKED"


class Priority(IntEnum):
    """The order in which the outbox empties: lower first.

    URGENT is what concerns an urgent licence (急证), and a suspension; ANSWER is every other answer of ours.
    """

    URGENT = 0
    ANSWER = 1
    NORMAL = 2


class OutboxStatus(StrEnum):
    """One sending of one message: waits, held by an operator, in an interchange, there, or superseded."""

    DUE = "DUE"
    HELD = "HELD"
    ASSIGNED = "ASSIGNED"
    DELIVERED = "DELIVERED"
    REQUEUED = "REQUEUED"


class InterchangeStatus(StrEnum):
    """An interchange of ours: to be sent, taken by the partner's line (EFPA), there (EERP), or given up."""

    READY = "READY"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"


class InboundStatus(StrEnum):
    """A virtual file of the partner's: coming, whole and durable, worked off, or unreadable."""

    RECEIVING = "RECEIVING"
    STORED = "STORED"
    PROCESSED = "PROCESSED"
    CORRUPT = "CORRUPT"


class ReceiptStatus(StrEnum):
    """The end-to-end response (EERP or NERP) that we owe for a file."""

    NONE = "NONE"
    DUE = "DUE"
    SENT = "SENT"


class EndResponseKind(StrEnum):
    """The partner's word on a file of ours: it is where it should be, or it will not be processed."""

    EERP = "EERP"
    NERP = "NERP"


class DiscrepancyStatus(StrEnum):
    """What customs said that does not fit: open, settled by what came later, or resolved by an operator."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"
    RESOLVED = "RESOLVED"


#: The stored kind of the one message that customs answers by an ApplicationAck.
SEALED_LICENCE = "SealedLicence"

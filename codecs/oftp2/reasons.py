"""Every reason code of RFC 5024, what it means, and what this gateway does on receiving it.

SFNA and EFNA: sections 5.3.5 and 5.3.10; ESID: 5.3.11; NERP: 5.3.14.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Course(Enum):
    """What is done with the file, or with the session, that a reason was given for."""

    DELIVERED = "the partner has it: delivered"
    RETRY = "try again later, by itself"
    HOLD = "hold it for an operator: another attempt as it is would end the same"
    END = "the session ended as it should"


@dataclass(frozen=True, slots=True)
class Reason:
    """One code. `retryable` is what the code itself suggests; SFNA carries the partner's word beside it."""

    code: int
    meaning: str
    course: Course

    @property
    def retryable(self) -> bool:
        """Whether another attempt, unchanged, may succeed."""
        return self.course is Course.RETRY


class Refusal(IntEnum):
    """The reasons of SFNA and EFNA by name."""

    INVALID_FILENAME = 1
    INVALID_DESTINATION = 2
    INVALID_ORIGIN = 3
    RECORD_FORMAT_NOT_SUPPORTED = 4
    RECORD_LENGTH_NOT_SUPPORTED = 5
    FILE_TOO_BIG = 6
    INVALID_RECORD_COUNT = 10
    INVALID_BYTE_COUNT = 11
    ACCESS_METHOD_FAILURE = 12
    DUPLICATE_FILE = 13
    DIRECTION_REFUSED = 14
    CIPHER_SUITE_NOT_SUPPORTED = 15
    ENCRYPTED_NOT_ALLOWED = 16
    UNENCRYPTED_NOT_ALLOWED = 17
    COMPRESSION_NOT_ALLOWED = 18
    SIGNED_NOT_ALLOWED = 19
    UNSIGNED_NOT_ALLOWED = 20
    INVALID_SIGNATURE = 21
    DECRYPTION_FAILURE = 22
    DECOMPRESSION_FAILURE = 23
    UNSPECIFIED = 99


class EndReason(IntEnum):
    """The reasons of ESID by name."""

    NORMAL = 0
    UNKNOWN_COMMAND = 1
    PROTOCOL_VIOLATION = 2
    UNKNOWN_USER = 3
    INVALID_PASSWORD = 4
    EMERGENCY_CLOSE = 5
    INVALID_DATA = 6
    BUFFER_SIZE = 7
    NO_RESOURCES = 8
    TIME_OUT = 9
    INCOMPATIBLE = 10
    CHALLENGE_FAILED = 11
    AUTHENTICATION_INCOMPATIBLE = 12
    UNSPECIFIED = 99


def _table(*reasons: Reason) -> dict[int, Reason]:
    return {reason.code: reason for reason in reasons}


_START_AND_END = (
    Reason(1, "invalid file name", Course.HOLD),
    Reason(2, "invalid destination", Course.HOLD),
    Reason(3, "invalid origin", Course.HOLD),
    Reason(4, "record format not supported", Course.HOLD),
    Reason(5, "record length not supported", Course.HOLD),
    Reason(6, "file too big", Course.HOLD),
    Reason(10, "invalid record count", Course.RETRY),
    Reason(11, "invalid byte count", Course.RETRY),
    Reason(12, "the partner could not store or read the file", Course.RETRY),
    Reason(13, "duplicate file", Course.DELIVERED),
    Reason(14, "direction of the file refused", Course.HOLD),
    Reason(15, "cipher suite not supported", Course.HOLD),
    Reason(16, "encrypted file not allowed", Course.HOLD),
    Reason(17, "unencrypted file not allowed", Course.HOLD),
    Reason(18, "compression not allowed", Course.HOLD),
    Reason(19, "signed file not allowed", Course.HOLD),
    Reason(20, "unsigned file not allowed", Course.HOLD),
)
_UNSPECIFIED = Reason(99, "unspecified", Course.RETRY)

SFNA_REASONS = _table(*_START_AND_END, _UNSPECIFIED)
EFNA_REASONS = _table(
    *_START_AND_END,
    Reason(21, "invalid signature of the file", Course.HOLD),
    Reason(22, "decryption failed", Course.HOLD),
    Reason(23, "decompression failed", Course.HOLD),
    _UNSPECIFIED,
)
ESID_REASONS = _table(
    Reason(0, "normal end", Course.END),
    Reason(1, "command not recognised", Course.RETRY),
    Reason(2, "protocol violation", Course.RETRY),
    Reason(3, "user code not known", Course.HOLD),
    Reason(4, "invalid password", Course.HOLD),
    Reason(5, "emergency close down", Course.RETRY),
    Reason(6, "invalid data in a command", Course.RETRY),
    Reason(7, "exchange buffer size error", Course.RETRY),
    Reason(8, "resources not available", Course.RETRY),
    Reason(9, "time-out", Course.RETRY),
    Reason(10, "mode or capabilities incompatible", Course.HOLD),
    Reason(11, "invalid challenge response", Course.HOLD),
    Reason(12, "secure authentication requirements incompatible", Course.HOLD),
    Reason(99, "unspecified", Course.RETRY),
)
#: NERP 11..30 stand for SFNA or EFNA 1..20 given somewhere further on (RFC 5024 section 5.3.14).
NERP_REFUSAL_OFFSET = 10
NERP_REASONS = _table(
    Reason(3, "user code not known, further on", Course.HOLD),
    Reason(4, "invalid password, further on", Course.HOLD),
    Reason(9, "session ended for an unspecified reason, further on", Course.HOLD),
    *(
        Reason(reason.code + NERP_REFUSAL_OFFSET, f"{reason.meaning}, further on", Course.HOLD)
        for reason in _START_AND_END
    ),
    Reason(31, "invalid signature of the file", Course.HOLD),
    Reason(32, "decompression failed", Course.HOLD),
    Reason(33, "decryption failed", Course.HOLD),
    Reason(34, "processing failed", Course.HOLD),
    Reason(35, "not delivered to the recipient", Course.HOLD),
    Reason(36, "not acknowledged by the recipient", Course.HOLD),
    Reason(50, "stopped by an operator", Course.HOLD),
    Reason(90, "file size incompatible with the recipient's protocol version", Course.HOLD),
    Reason(99, "unspecified", Course.HOLD),
)


def explain(table: dict[int, Reason], code: int) -> Reason:
    """The reason for `code`; one that the RFC does not have is taken as unspecified and keeps its number."""
    reason = table.get(code)
    return reason or Reason(code, f"unknown reason {code:02d}", table[99].course)


#: What the levels below 5 know; reason 14 came with level 4 (section 1.2), as the negative end response did.
_OLD_FILE = frozenset({1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 99})
_OLD_SESSION = frozenset({*range(11), 99})
_OLD_NEGATIVE = frozenset({3, 4, 9, 99, *(NERP_REFUSAL_OFFSET + code for code in (_OLD_FILE | {14}) - {99})})
_KNOWN: dict[str, dict[int, frozenset[int]]] = {
    "SFNA": {1: _OLD_FILE, 2: _OLD_FILE, 4: _OLD_FILE | {14}},
    "EFNA": {1: _OLD_FILE, 2: _OLD_FILE, 4: _OLD_FILE | {14}},
    "ESID": dict.fromkeys((1, 2, 4), _OLD_SESSION),
    "NERP": {4: _OLD_NEGATIVE},
}


def known_reason(command: str, reason: int, level: int) -> int:
    """`reason` as it is told at `level`: 99, unspecified, in place of one that came with a later level.

    Only what authentication is about has a nearer one in ESID: capabilities incompatible.
    """
    known = _KNOWN[command].get(level)
    if known is None or reason in known:
        return reason
    is_about_authentication = command == "ESID" and reason == EndReason.AUTHENTICATION_INCOMPATIBLE
    return EndReason.INCOMPATIBLE if is_about_authentication else 99

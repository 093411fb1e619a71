"""What the engine tells its user: indications and confirmations of RFC 5024 section 3, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from oftp2.commands import BLOCK_BYTES, EERP, NERP, SFID, SSID
from oftp2.identity import FileIdentity
from oftp2.negotiation import Parameters
from oftp2.reasons import Refusal


class Blame(StrEnum):
    """Whose fault an abort is, as far as it can be told from here."""

    LOCAL = "local"
    REMOTE = "remote"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class ConnectIndication:
    """F_CONNECT_IND: an initiator said who it is. Answer with `Session.accept` or `Session.end`."""

    ssid: SSID


@dataclass(frozen=True, slots=True)
class ConnectConfirmation:
    """F_CONNECT_CF: the session stands and we are the speaker."""

    parameters: Parameters


@dataclass(frozen=True, slots=True)
class ChallengeWanted:
    """SECD: the partner asks to be challenged. Answer with `Session.challenge`."""


@dataclass(frozen=True, slots=True)
class ChallengeIndication:
    """AUCH: `envelope` holds what only we can read. Answer with `Session.respond`."""

    envelope: bytes


@dataclass(frozen=True, slots=True)
class StartFileIndication:
    """F_START_FILE_IND: a file is offered. Answer with `Session.accept_file` or `Session.refuse_file`."""

    sfid: SFID
    identity: FileIdentity

    @property
    def is_structured(self) -> bool:
        """Whether records are transmitted (F, V), so that restart counts records and not blocks."""
        return self.sfid.attributes.is_structured

    @property
    def size_bytes(self) -> int:
        """The announced size, in whole KiB: an estimate."""
        return self.sfid.size_blocks * BLOCK_BYTES

    @property
    def restart_bytes(self) -> int:
        """The offset offered for a restart; 0 for files of records."""
        return 0 if self.is_structured else self.sfid.restart * BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class StartFileConfirmation:
    """F_START_FILE_CF(+): send from `restart` (blocks or records) on, at most what was offered."""

    restart: int


@dataclass(frozen=True, slots=True)
class StartFileRefusal:
    """F_START_FILE_CF(-): SFNA with its reason."""

    reason: int
    retry: bool
    text: str


@dataclass(frozen=True, slots=True)
class DataIndication:
    """F_DATA_IND: octets of the file; `record_ends` are offsets in `data` where records end."""

    data: bytes
    record_ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DataConfirmation:
    """F_DATA_CF: another buffer may be sent."""


@dataclass(frozen=True, slots=True)
class CloseFileIndication:
    """F_CLOSE_FILE_IND: what the partner counted, and what came. Answer with `accept_end` or `refuse_end`."""

    record_count: int
    unit_count: int
    received_records: int
    received_units: int
    #: Whether the records have the lengths that SFIDLRECL allows.
    records_fit: bool = True

    @property
    def fault(self) -> Refusal | None:
        """The reason for EFNA when the counts differ or a record is not as announced, else None."""
        if self.unit_count != self.received_units:
            return Refusal.INVALID_BYTE_COUNT
        if self.record_count != self.received_records:
            return Refusal.INVALID_RECORD_COUNT
        return None if self.records_fit else Refusal.RECORD_LENGTH_NOT_SUPPORTED


@dataclass(frozen=True, slots=True)
class CloseFileConfirmation:
    """F_CLOSE_FILE_CF(+): the partner has the file. `speaker` tells whether we still are the speaker."""

    speaker: bool


@dataclass(frozen=True, slots=True)
class CloseFileRefusal:
    """F_CLOSE_FILE_CF(-): EFNA with its reason; we still are the speaker."""

    reason: int
    text: str


@dataclass(frozen=True, slots=True)
class EndResponseIndication:
    """F_EERP_IND: the receipt for the file of `identity`. Answer with `Session.ready`."""

    eerp: EERP
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class NegativeEndResponseIndication:
    """F_NERP_IND: the file of `identity` will not be delivered or processed. Answer with `Session.ready`."""

    nerp: NERP
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class ReadyConfirmation:
    """F_RTR_CF: the partner has taken our EERP or NERP."""


@dataclass(frozen=True, slots=True)
class ChangeDirectionIndication:
    """F_CD_IND: the partner gave us the turn unasked: we are the speaker."""


@dataclass(frozen=True, slots=True)
class ReleaseIndication:
    """F_RELEASE_IND: the partner ended the session normally."""


@dataclass(frozen=True, slots=True)
class AbortIndication:
    """F_ABORT_IND: the session is over before its time. `distant` tells that the partner's ESID said so."""

    reason: int
    text: str
    distant: bool
    blame: Blame


@dataclass(frozen=True, slots=True)
class Disconnect:
    """N_DISC_RQ: close the connection when what is to be sent has gone."""


Event = (
    ConnectIndication
    | ConnectConfirmation
    | ChallengeWanted
    | ChallengeIndication
    | StartFileIndication
    | StartFileConfirmation
    | StartFileRefusal
    | DataIndication
    | DataConfirmation
    | CloseFileIndication
    | CloseFileConfirmation
    | CloseFileRefusal
    | EndResponseIndication
    | NegativeEndResponseIndication
    | ReadyConfirmation
    | ChangeDirectionIndication
    | ReleaseIndication
    | AbortIndication
    | Disconnect
)

"""The eighteen commands of RFC 5024 section 5.3 as frozen values; `formats` has their shape on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oftp2.attributes import PLAIN, FileAttributes
from oftp2.identity import FileIdentity, check_dataset_name, check_date, check_identification, check_time

#: The largest file size in blocks of 1024 octets, and the largest count, that a field can carry.
BLOCKS_MAX = 10**13 - 1
COUNT_MAX = 10**17 - 1
BLOCK_BYTES = 1024


@dataclass(frozen=True, slots=True)
class SSRM:
    """Start Session Ready Message: the responder's first word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SSID:
    """Start Session: who we are and what we can do. `buffer_bytes` counts the whole data exchange buffer."""

    level: int
    code: str
    password: str
    buffer_bytes: int
    mode: str
    compression: bool
    restart: bool
    special_logic: bool = False
    credit: int
    authentication: bool = False
    user_data: str = ""

    def __repr__(self) -> str:
        return f"SSID(level={self.level}, code={self.code!r}, mode={self.mode!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SFID:
    """Start File. Sizes are in blocks of 1024 octets; `restart` is blocks (format U, T) or records (F, V)."""

    dataset_name: str
    date: str
    time: str
    user_data: str = ""
    destination: str
    originator: str
    format: str = "U"
    record_bytes: int = 0
    size_blocks: int
    original_size_blocks: int = 0
    restart: int = 0
    security: str = "00"
    cipher_suite: int = 0
    compressed: bool = False
    enveloped: bool = False
    signed_receipt: bool = False
    description: str = ""

    def identity(self) -> FileIdentity:
        """The file's identity; ValueError when a field of it is not as RFC 5024 has it."""
        return FileIdentity(self.dataset_name, self.date, self.time, self.originator, self.destination)

    def fault(self) -> tuple[int, str] | None:
        """The SFNA reason and text for what is wrong with the identity, None when nothing is."""
        checks: tuple[tuple[int, Callable[[], str]], ...] = (
            (1, lambda: check_dataset_name(self.dataset_name)),
            (1, lambda: check_date(self.date)),
            (1, lambda: check_time(self.time)),
            (2, lambda: check_identification(self.destination, "destination")),
            (3, lambda: check_identification(self.originator, "originator")),
        )
        for reason, check in checks:
            try:
                check()
            except ValueError as error:
                return reason, str(error)
        return None

    @property
    def attributes(self) -> FileAttributes:
        """What the offer tells of the file beside its identity and size."""
        return FileAttributes(
            format=self.format,
            record_bytes=self.record_bytes,
            original_size_blocks=self.original_size_blocks,
            encrypted=self.security in {"01", "03"},
            signed=self.security in {"02", "03"},
            cipher_suite=self.cipher_suite,
            compressed=self.compressed,
            enveloped=self.enveloped,
            signed_receipt=self.signed_receipt,
            description=self.description,
        )

    @classmethod
    def of(
        cls,
        identity: FileIdentity,
        size_bytes: int,
        *,
        restart: int = 0,
        user_data: str = "",
        attributes: FileAttributes = PLAIN,
    ) -> SFID:
        """The offer of a file of `size_bytes`, unstructured if nothing else is said, from `restart` on."""
        blocks = -(-size_bytes // BLOCK_BYTES)
        original = attributes.original_size_blocks
        return cls(
            dataset_name=identity.dataset_name,
            date=identity.date,
            time=identity.time,
            user_data=user_data,
            destination=identity.destination,
            originator=identity.originator,
            format=attributes.format,
            record_bytes=attributes.record_bytes,
            size_blocks=blocks,
            original_size_blocks=blocks if original is None else original,
            restart=restart,
            security=attributes.security,
            cipher_suite=attributes.cipher_suite,
            compressed=attributes.compressed,
            enveloped=attributes.enveloped,
            signed_receipt=attributes.signed_receipt,
            description=attributes.description,
        )


@dataclass(frozen=True, slots=True)
class SFPA:
    """Start File Positive Answer: begin at `restart`, at most what SFID offered."""

    restart: int


@dataclass(frozen=True, slots=True)
class SFNA:
    """Start File Negative Answer."""

    reason: int
    retry: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class DATA:
    """Data Exchange Buffer: subrecords (section 7) without the command octet."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class CDT:
    """Set Credit: the speaker may send a whole window again."""


@dataclass(frozen=True, slots=True)
class EFID:
    """End File, with the counts of the whole file, restarted or not. Records are counted for F and V only."""

    record_count: int
    unit_count: int


@dataclass(frozen=True, slots=True)
class EFPA:
    """End File Positive Answer; the listener may ask for the turn with it."""

    change_direction: bool


@dataclass(frozen=True, slots=True)
class EFNA:
    """End File Negative Answer."""

    reason: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class ESID:
    """End Session; reason 00 is the normal end."""

    reason: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class CD:
    """Change Direction: the turn passes to the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EERP:
    """End to End Response, destined to the file's *originator* and originating from its recipient."""

    dataset_name: str
    date: str
    time: str
    user_data: str = ""
    destination: str
    originator: str
    hash: bytes = b""
    signature: bytes = b""

    @classmethod
    def of(cls, identity: FileIdentity, user_data: str = "") -> EERP:
        """The unsigned receipt for the file of that identity."""
        return cls(
            dataset_name=identity.dataset_name,
            date=identity.date,
            time=identity.time,
            user_data=user_data,
            destination=identity.originator,
            originator=identity.destination,
        )

    def identity(self) -> FileIdentity:
        """The identity of the file that this answers; ValueError when a field is not as RFC 5024 has it."""
        return FileIdentity(self.dataset_name, self.date, self.time, self.destination, self.originator)


@dataclass(frozen=True, slots=True, kw_only=True)
class NERP:
    """Negative End Response: the file could not be delivered or processed. It has no user data."""

    dataset_name: str
    date: str
    time: str
    destination: str
    originator: str
    creator: str
    reason: int
    text: str = ""
    hash: bytes = b""
    signature: bytes = b""

    @classmethod
    def of(cls, identity: FileIdentity, creator: str, reason: int, text: str = "") -> NERP:
        """The unsigned negative response for the file of that identity."""
        return cls(
            dataset_name=identity.dataset_name,
            date=identity.date,
            time=identity.time,
            destination=identity.originator,
            originator=identity.destination,
            creator=creator,
            reason=reason,
            text=text,
        )

    def identity(self) -> FileIdentity:
        """The identity of the file that this answers; ValueError when a field is not as RFC 5024 has it."""
        return FileIdentity(self.dataset_name, self.date, self.time, self.destination, self.originator)


@dataclass(frozen=True, slots=True)
class RTR:
    """Ready To Receive: an EERP or NERP was taken."""


@dataclass(frozen=True, slots=True)
class SECD:
    """Security Change Direction."""


@dataclass(frozen=True, slots=True)
class AUCH:
    """Authentication Challenge: a CMS envelope."""

    challenge: bytes


@dataclass(frozen=True, slots=True)
class AURP:
    """Authentication Response: the 20 octets of the challenge, decrypted."""

    response: bytes


Handshake = SSRM | SSID | SECD | AUCH | AURP | ESID
Transfer = SFID | SFPA | SFNA | DATA | CDT | EFID | EFPA | EFNA | CD | EERP | NERP | RTR
Command = Handshake | Transfer

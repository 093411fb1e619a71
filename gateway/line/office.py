"""What the line asks of the house: a post office that hands out what is due and takes in what arrives.

The line moves bytes and knows nothing of licences. Every `async` method may take as long as a disk or a
database needs; the line holds the partner back meanwhile. An answer goes on the wire only after the method
that it speaks of has returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from oftp2.attributes import PLAIN, FileAttributes
from oftp2.commands import EERP, NERP
from oftp2.fields import clip
from oftp2.identity import FileIdentity


class Phase(StrEnum):
    """When a file was refused: before its data, after it, or long after it was taken."""

    START = "SFNA"
    END = "EFNA"
    AFTERWARDS = "NERP"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file that is due. `open` gives all its bytes (they are bounded); `size_bytes` is their number.

    `attributes` tell what was done to it before, and what is asked for it.
    """

    identity: FileIdentity
    size_bytes: int
    open: Callable[[], Awaitable[bytes]]
    user_data: str = ""
    attributes: FileAttributes = PLAIN


@dataclass(frozen=True, slots=True)
class NotProcessed:
    """Why a file that we took will not be processed: a NERP reason (RFC 5024 section 5.3.14) and a text."""

    reason: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingReceipt:
    """An end-to-end response that is due for the file that we received under `identity`.

    EERP, or NERP when there is a `refusal`. `hash` and `signature` are there if a signed one was asked for.
    """

    identity: FileIdentity
    refusal: NotProcessed | None = None
    hash: bytes = b""
    signature: bytes = b""

    def command(self) -> EERP | NERP:
        """What goes on the wire."""
        if self.refusal is None:
            said: EERP | NERP = EERP.of(self.identity)
        else:
            # It is we, to whom the file was destined, who make the response.
            creator, refusal = self.identity.destination, self.refusal
            said = NERP.of(self.identity, creator, refusal.reason, clip(refusal.text))
        return replace(said, hash=self.hash, signature=self.signature)


@dataclass(frozen=True, slots=True)
class IncomingReceipt:
    """The partner's end-to-end response for the file that we sent under `identity`.

    EERP, or NERP when there is a `refusal`, which `creator` (an identification code) then made. `signature`,
    if there is one, should be a CMS SignedData over `to_sign` (RFC 5024 sections 5.3.13 and 5.3.14).
    """

    identity: FileIdentity
    refusal: NotProcessed | None = None
    creator: str = ""
    hash: bytes = b""
    signature: bytes = b""
    to_sign: bytes = b""


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file that the partner offers: about `size_bytes` (whole KiB), from `restart_position_bytes` on.

    A file that consists of records (`attributes.is_structured`) is offered from `restart_records` on instead.
    `attributes` tell what was done to it and what is wanted for it, which may be what was not agreed.
    """

    identity: FileIdentity
    size_bytes: int
    restart_position_bytes: int
    user_data: str = ""
    attributes: FileAttributes = PLAIN
    restart_records: int = 0


@dataclass(frozen=True, slots=True)
class RefusedOffer:
    """Why an offered file is not taken: an SFNA reason (RFC 5024 section 5.3.5) and a text for people.

    `retry` is the partner's advice to try again later; `None` leaves it to the reason's own rule.
    """

    reason: int
    text: str = ""
    retry: bool | None = None


class RefusedFile(Exception):
    """Raised by `Incoming.close`: all of the file came and it is not accepted (EFNA with `reason`)."""

    def __init__(self, reason: int, text: str = "") -> None:
        self.reason = reason
        self.text = text
        super().__init__(f"EFNA {reason:02d} {text}".rstrip())


class Incoming(Protocol):
    """A file on its way in. Calls come one at a time and in order."""

    @property
    def position_bytes(self) -> int:
        """How much of the file is durable here, at most what the partner offered to start from.

        `write` appends from here. The partner restarts at the whole KiB below (RFC 5024 section 1.5.4), and
        the line drops what is sent again; of a file of records it is the end of a record.
        """

    @property
    def position_records(self) -> int:
        """How many records there are up to `position_bytes`; 0 for files that do not consist of records."""

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        """Append `data` (never more than one exchange buffer represents).

        `record_ends` are the offsets in it where records end; they mean nothing in files without.
        """

    async def close(self, size_bytes: int) -> None:
        """All bytes came and the partner announced `size_bytes` as their number.

        Returns when the file is synced to disk and committed; only then the partner is told (EFPA).
        Raises `RefusedFile` when the file cannot be accepted, in any case when `size_bytes` is not what came.
        """

    async def discard(self) -> None:
        """All of it came, and size or records are not as announced: offered again, it begins anew."""

    async def abandon(self) -> None:
        """The session ended in the middle: sync what is there and remember the position for a restart."""


class PostOffice(Protocol):
    """The house as the line sees it. `partner` is the configured name, `session` an opaque token."""

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        """The next thing due to `partner`, receipts first; never the same thing to two sessions at once."""

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called whenever there may be something new for `partner`; the result ends the watch."""

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has the file (EFPA). Durable when it returns."""

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        """The partner had the file before (SFNA 13): the same as delivered."""

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        """The partner did not take the file; `retry` tells whether another attempt makes sense."""

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        """The partner has taken our EERP or NERP (RTR)."""

    async def receipt_received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        """The partner's EERP or NERP for our file; why it is not taken for what it says, None if it is.

        Durable when it returns; only then the partner gets its RTR.
        """

    async def offer(self, partner: str, offered: OfferedFile) -> Incoming | RefusedOffer:
        """The partner offers a file: take it, or say why not."""

    def session_lost(self, partner: str, session: object) -> None:
        """The session is over: whatever it was handed and did not report goes back among what is due."""

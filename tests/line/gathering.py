"""A post office without a ledger that gathers what waits as the real one does, and notes what happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.internet.interfaces import IReactorTime

from gateway.exchange.terms import PostOfficeLimits
from gateway.line.office import (
    IncomingReceipt,
    OfferedFile,
    OutgoingFile,
    OutgoingReceipt,
    Phase,
    RefusedFile,
    RefusedOffer,
)
from oftp2.identity import FileIdentity


@dataclass
class Tray:
    """A file on its way in; its receipt is due when it is whole."""

    office: GatheringOffice
    identity: FileIdentity
    content: bytearray = field(default_factory=bytearray)
    position_bytes: int = 0
    position_records: int = 0

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        self.content += data

    async def close(self, size_bytes: int) -> None:
        if len(self.content) != size_bytes:
            raise RefusedFile(11, f"{len(self.content)} bytes came")
        self.office.received[self.identity] = bytes(self.content)
        self.office.note("received", size_bytes)
        self.office.receipts.append(self.identity)
        self.office.wake()

    async def discard(self) -> None:
        self.office.note("discarded")

    async def abandon(self) -> None:
        self.office.note("abandoned")


@dataclass
class GatheringOffice:
    """Letters go out as many as wait in one file, up to `limits`; `log` has the time of all that happened."""

    reactor: IReactorTime
    our_code: str
    their_code: str
    limits: PostOfficeLimits = field(default_factory=PostOfficeLimits)
    letters: deque[bytes] = field(default_factory=deque)
    receipts: deque[FileIdentity] = field(default_factory=deque)
    received: dict[FileIdentity, bytes] = field(default_factory=dict)
    log: list[tuple[float, str, int]] = field(default_factory=list)
    _watchers: list[Callable[[], None]] = field(default_factory=list)
    files_made: int = 0

    def note(self, what: str, size_bytes: int = 0) -> None:
        self.log.append((self.reactor.seconds(), what, size_bytes))

    def times(self, what: str) -> list[float]:
        return [seconds for seconds, happened, _ in self.log if happened == what]

    def post(self, letters: list[bytes]) -> None:
        self.letters.extend(letters)
        self.wake()

    def wake(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        if self.receipts:
            return OutgoingReceipt(self.receipts.popleft())
        if not self.letters:
            return None
        content = self._gather()
        self.files_made += 1
        number = f"{self.files_made:010d}"
        identity = FileIdentity(f"LX{number}", "20260301", number, self.our_code, self.their_code)

        async def opened() -> bytes:
            return content

        return OutgoingFile(identity, len(content), opened)

    def _gather(self) -> bytes:
        gathered: list[bytes] = []
        room = self.limits.max_interchange_bytes
        while self.letters and len(gathered) < self.limits.max_messages and len(self.letters[0]) <= room:
            gathered.append(self.letters.popleft())
            room -= len(gathered[-1])
        return b"".join(gathered)

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        self._watchers.append(wake)
        return lambda: self._watchers.remove(wake)

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        self.note("sent")

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        self.note("already there")

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        raise AssertionError(f"refused: {reason} {text}")

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        self.note("receipt sent")

    async def receipt_received(self, partner: str, receipt: IncomingReceipt) -> None:
        self.note("receipt received")

    async def offer(self, partner: str, offered: OfferedFile) -> Tray | RefusedOffer:
        if offered.identity in self.received:
            return RefusedOffer(13, "duplicate")
        return Tray(self, offered.identity)

    def session_lost(self, partner: str, session: object) -> None:
        self.note("session lost")

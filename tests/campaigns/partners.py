"""Many light partners in one process, for `many`: each takes files, returns EERPs, and sends one file.

    python -m tests.campaigns.partners FOLDER NAME...

Each is an end of the line by itself, as FOLDER/NAME.toml says, with its own address, certificate, password.
It keeps no files: of what comes it counts the licences, and looks whether they are meant for it. Its own file
asks how its first licence stands. Every second a line of JSON on standard output says how far all are;
SIGTERM ends it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet import task
from twisted.internet.defer import Deferred

from gateway.clock import system_clock
from gateway.config import CustomsConfig
from gateway.line.office import (
    IncomingReceipt,
    OfferedFile,
    OutgoingFile,
    OutgoingReceipt,
    Phase,
    RefusedFile,
    RefusedOffer,
)
from gateway.line.service import LineService
from gateway.service.line_settings import line_settings
from gateway.trust.signing import Signer
from licencexml import parsing, reading, writing
from licencexml.messages import (
    Header,
    InterchangeFrame,
    LicenceQuery,
    LicenceQueryReply,
    SealedLicence,
    TechnicalAck,
)
from licencexml.values import LicenceKey
from oftp2.identity import FileIdentity

GATEWAY = "CN-GATEWAY"
_MAX_BYTES = 64 * 1024 * 1024


@dataclass
class Coming:
    """A file that is coming in, in memory."""

    office: LightOffice
    identity: FileIdentity
    data: bytearray = field(default_factory=bytearray)
    position_bytes: int = 0
    position_records: int = 0

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        self.data += data

    async def close(self, size_bytes: int) -> None:
        content = bytes(self.data)
        if len(content) != size_bytes:
            raise RefusedFile(11, f"{len(content)} bytes came")
        self.office.took(self.identity, content)

    async def discard(self) -> None:
        self.data.clear()

    async def abandon(self) -> None:
        self.data.clear()


class LightOffice:
    """The house of one partner (`gateway.line.office.PostOffice`)."""

    def __init__(self, name: str, config: CustomsConfig) -> None:
        self.name = name
        self.licences: dict[str, float] = {}
        self.twice = self.crossed = self.files = self.answers = self.refused = 0
        self._config = config
        self._us = config.customs.participant
        self._signer = Signer.load(Path(config.keys.customs_key), Path(config.keys.customs_certificate))
        self._known: set[FileIdentity] = set()
        self._receipts: list[FileIdentity] = []
        self._outbox: list[tuple[FileIdentity, bytes]] = []
        self._in_hand: dict[object, FileIdentity] = {}
        self._watchers: list[Callable[[], None]] = []
        self._has_asked = False

    def count(self) -> dict[str, int]:
        """How far it is."""
        return {
            "licences": len(self.licences),
            "twice": self.twice,
            "crossed": self.crossed,
            "files": self.files,
            "answers": self.answers,
            "refused": self.refused,
        }

    def took(self, identity: FileIdentity, content: bytes) -> None:
        """A file is whole: its receipt is due, and what it brings is counted."""
        self._known.add(identity)
        self._receipts.append(identity)
        self.files += 1
        _frame, elements = reading.read_interchange_frame(parsing.parse(content, max_bytes=_MAX_BYTES))
        for element in elements:
            message = reading.read_message(element)
            self.crossed += message.header.receiver != self._us
            if isinstance(message, SealedLicence):
                self._licence(str(reading.licence_key_hint(element)))
            elif isinstance(message, LicenceQueryReply | TechnicalAck):
                self.answers += 1
        self._wake()

    def _licence(self, name: str) -> None:
        self.twice += name in self.licences
        self.licences.setdefault(name, time.time())
        if not self._has_asked:
            self._has_asked = True
            self._ask(LicenceKey.parse(name))

    def _ask(self, key: LicenceKey) -> None:
        now = system_clock()
        query = LicenceQuery(Header(f"Q-{self.name}-{time.time_ns()}", self._us, GATEWAY, now), key)
        element = writing.write_message(query)
        self._signer.sign(element)
        frame = InterchangeFrame(f"I-{self.name}-{time.time_ns()}", self._us, GATEWAY, now, 1)
        data = writing.interchange(frame, [writing.serialise(element)])
        code = self._config.line.identification
        identity = FileIdentity("QUERY", f"{now:%Y%m%d}", f"{now:%H%M%S}0001", code, GATEWAY)
        self._outbox.append((identity, data))

    def _wake(self) -> None:
        for wake in list(self._watchers):
            wake()

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        taken = set(self._in_hand.values())
        for identity in self._receipts:
            if identity not in taken:
                self._in_hand[session] = identity
                return OutgoingReceipt(identity)
        for identity, data in self._outbox:
            if identity not in taken:
                self._in_hand[session] = identity
                return OutgoingFile(identity, len(data), partial(_given, data))
        return None

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        self._watchers.append(wake)
        return lambda: self._watchers.remove(wake)

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        self._outbox = [one for one in self._outbox if one[0] != identity]
        self._free(identity)

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        await self.file_sent(partner, identity)

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        self.refused += 1
        self._free(identity)

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        self._receipts.remove(identity)
        self._free(identity)

    async def receipt_received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        return None

    async def offer(self, partner: str, offered: OfferedFile) -> Coming | RefusedOffer:
        if offered.identity in self._known:
            return RefusedOffer(13, "it is here already")
        return Coming(self, offered.identity)

    def session_lost(self, partner: str, session: object) -> None:
        self._in_hand.pop(session, None)
        self._wake()

    def _free(self, identity: FileIdentity) -> None:
        self._in_hand = {session: one for session, one in self._in_hand.items() if one != identity}


async def _given(data: bytes) -> bytes:
    return data


async def serve(reactor: Any, folder: Path, names: list[str]) -> None:
    """Be all of them until the process is ended; then write what came when."""
    offices, services = [], []
    for name in names:
        config = CustomsConfig.load(folder / f"{name}.toml")
        office = LightOffice(name, config)
        settings = line_settings(config.line, config.partners)
        services.append(LineService(reactor, replace(settings, max_unidentified=64), office))
        offices.append(office)
        await services[-1].start()
    ended: Deferred[None] = Deferred()

    def tell() -> None:
        sys.stdout.write(json.dumps({one.name: one.count() for one in offices}) + "\n")
        sys.stdout.flush()

    told = task.LoopingCall(tell)
    told.start(1.0)
    reactor.addSystemEventTrigger("before", "shutdown", ended.callback, None)
    await ended
    told.stop()
    tell()
    arrivals = {one.name: one.licences for one in offices}
    (folder / "arrivals.json").write_text(json.dumps(arrivals))
    for service in services:
        await service.stop()


def main() -> None:
    """The process."""
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    task.react(lambda reactor: Deferred.fromCoroutine(serve(reactor, folder, names)))


if __name__ == "__main__":
    main()

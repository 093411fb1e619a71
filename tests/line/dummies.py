"""A post office that appends what happens to one list, and certificates for both ends."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred

from gateway.line.office import (
    IncomingReceipt,
    NotProcessed,
    OfferedFile,
    OutgoingFile,
    OutgoingReceipt,
    Phase,
    RefusedFile,
    RefusedOffer,
)
from oftp2.attributes import FileAttributes
from oftp2.identity import FileIdentity

LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))


def identity_of(
    number: int, originator: str = "O0013GATEWAY", destination: str = "O0013CUSTOMS"
) -> FileIdentity:
    return FileIdentity(f"FILE{number}", "20260301", f"101530{number:04d}", originator, destination)


@dataclass
class Shelf:
    """An incoming file of the dummy office: in memory, durable wherever it was abandoned."""

    office: DummyOffice
    identity: FileIdentity
    position_bytes: int
    position_records: int = 0

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        held = self.office.held[self.identity]
        self.office.record_ends[self.identity] += [len(held) + end for end in record_ends]
        held += data

    async def close(self, size_bytes: int) -> None:
        content = self.office.held[self.identity]
        if len(content) != size_bytes:
            came = len(content)
            del content[:]
            raise RefusedFile(11, f"{came} bytes came")
        await self.office.delay()
        self.office.received[self.identity] = bytes(content)
        self.office.log.append(("received", self.identity.dataset_name, size_bytes))
        self.office.fire("received")

    async def discard(self) -> None:
        del self.office.held[self.identity][:], self.office.record_ends[self.identity][:]
        self.office.log.append(("discarded", self.identity.dataset_name))

    async def abandon(self) -> None:
        self.office.log.append(
            ("abandoned", self.identity.dataset_name, len(self.office.held[self.identity]))
        )
        self.office.fire("abandoned")


@dataclass
class DummyOffice:
    """Hands out `outbox` in order and keeps what arrives. `log` is everything that happened."""

    log: list[tuple[object, ...]] = field(default_factory=list)
    outbox: list[tuple[FileIdentity, bytes]] = field(default_factory=list)
    receipts: list[FileIdentity] = field(default_factory=list)
    not_processed: dict[FileIdentity, NotProcessed] = field(default_factory=dict)
    held: dict[FileIdentity, bytearray] = field(default_factory=dict)
    record_ends: dict[FileIdentity, list[int]] = field(default_factory=dict)
    received: dict[FileIdentity, bytes] = field(default_factory=dict)
    refusal: RefusedOffer | None = None
    receipt_fault: str | None = None
    #: Hash and signature of our responses; and the partner's responses, as they came.
    signed: tuple[bytes, bytes] = (b"", b"")
    came: list[IncomingReceipt] = field(default_factory=list)
    attributes: list[FileAttributes] = field(default_factory=list)
    answers_with_receipts: bool = True
    in_hand: dict[object, object] = field(default_factory=dict)
    wakes: list[Callable[[], None]] = field(default_factory=list)
    gate: Deferred[None] | None = None
    waiters: list[tuple[str, Deferred[None]]] = field(default_factory=list)

    async def delay(self) -> None:
        if self.gate is not None:
            waiting: Deferred[None] = Deferred()
            self.gate.addCallback(lambda _: waiting.callback(None))
            await waiting

    def until(self, word: str) -> Deferred[None]:
        """Fires when something called `word` happens next."""
        waiting: Deferred[None] = Deferred()
        self.waiters.append((word, waiting))
        return waiting

    def fire(self, word: str) -> None:
        due = [waiting for name, waiting in self.waiters if name == word]
        self.waiters = [(name, waiting) for name, waiting in self.waiters if name != word]
        for waiting in due:
            waiting.callback(None)

    def wake(self) -> None:
        for wake in list(self.wakes):
            wake()

    def send(self, identity: FileIdentity, content: bytes) -> None:
        self.outbox.append((identity, content))
        self.wake()

    def words(self) -> list[str]:
        return [str(entry[0]) for entry in self.log]

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        await self.delay()
        taken = list(self.in_hand.values())
        for identity in self.receipts:
            if ("receipt", identity) not in taken:
                self.in_hand[session] = ("receipt", identity)
                return OutgoingReceipt(identity, self.not_processed.get(identity), *self.signed)
        for identity, content in self.outbox:
            if identity not in taken:
                self.in_hand[session] = identity

                async def read(content: bytes = content) -> bytes:
                    await self.delay()
                    return content

                return OutgoingFile(identity, len(content), read)
        return None

    def watch(self, partner: str, wake: Callable[[], None]) -> Callable[[], None]:
        self.wakes.append(wake)
        return lambda: self.wakes.remove(wake)

    def _done(self, identity: FileIdentity) -> None:
        self.outbox = [entry for entry in self.outbox if entry[0] != identity]

    async def file_sent(self, partner: str, identity: FileIdentity) -> None:
        await self.delay()
        self._done(identity)
        self.log.append(("sent", identity.dataset_name))
        self.fire("sent")

    async def file_already_there(self, partner: str, identity: FileIdentity) -> None:
        self._done(identity)
        self.log.append(("already there", identity.dataset_name))
        self.fire("already there")

    async def file_refused(
        self, partner: str, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool
    ) -> None:
        self._done(identity)
        self.log.append(("refused", identity.dataset_name, phase.value, reason, retry))
        self.fire("refused")

    async def receipt_sent(self, partner: str, identity: FileIdentity) -> None:
        self.receipts.remove(identity)
        self.log.append(("receipt sent", identity.dataset_name))
        self.fire("receipt sent")

    async def receipt_received(self, partner: str, receipt: IncomingReceipt) -> str | None:
        await self.delay()
        self.came.append(receipt)
        name = receipt.identity.dataset_name
        if receipt.refusal is not None:
            self.log.append(("refused", name, "NERP", receipt.refusal.reason, False))
            self.fire("refused")
            return None
        self.log.append(("receipt received", name))
        self.fire("receipt received")
        return self.receipt_fault

    async def offer(self, partner: str, offered: OfferedFile) -> Shelf | RefusedOffer:
        await self.delay()
        identity = offered.identity
        self.attributes.append(offered.attributes)
        if self.refusal is not None:
            return self.refusal
        if identity in self.received:
            return RefusedOffer(13, "duplicate")
        held = self.held.setdefault(identity, bytearray())
        ends = self.record_ends.setdefault(identity, [])
        records = 0
        if offered.attributes.is_structured:
            records = min(len(ends), offered.restart_records)
            position = ends[records - 1] if records else 0
        else:
            position = min(len(held), offered.restart_position_bytes)
        del held[position:], ends[records:]
        self.log.append(("offered", identity.dataset_name, position))
        if self.answers_with_receipts:
            self.receipts.append(identity)
        return Shelf(self, identity, position, records)

    def session_lost(self, partner: str, session: object) -> None:
        self.in_hand.pop(session, None)
        self.log.append(("session lost", partner))
        self.fire("session lost")


@dataclass(frozen=True)
class Paper:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


def make_paper(
    folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[Paper, tuple[x509.Certificate, ec.EllipticCurvePrivateKey]]:
    """A P-256 certificate for `name`.example at 127.0.0.1; an authority when there is no `issuer`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(f"{name}.example"), LOOPBACK]), critical=False
        )
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    paper = Paper(folder / f"{name}.pem", folder / f"{name}.key")
    paper.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paper.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paper, (certificate, key)

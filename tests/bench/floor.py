"""The floor: what a licence costs when nothing is done but the work itself, straight on, in one loop.

No code of the gateway runs in it: lxml, cryptography, sqlite3 and ssl, as a script would use them. The work
is that from the drop of a licence to customs' receipt: parse, XSD, verify the issuer's signature; seal; make
it durable, a batch a commit; TLS; parse, XSD and verify customs' receipt; record it. It takes for granted the
one shape that our signatures have: less cannot be done, and nothing is told of what is wrong.
"""

from __future__ import annotations

import sqlite3
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from lxml import etree

from tests.bench.tls_pipe import TlsPipe

BATCH = 256
_NAMESPACE = "urn:licence-exchange:1"
_SIGNATURE = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">'
_SIGNED_INFO = b'<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">'
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, collect_ids=False)
_ECDSA = ec.ECDSA(hashes.SHA256())
_TABLES = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE message (id TEXT PRIMARY KEY, kind TEXT, digest BLOB, xml BLOB);
    CREATE TABLE entry (number INTEGER PRIMARY KEY, licence TEXT, kind TEXT, message TEXT);
    CREATE INDEX entry_licence ON entry (licence);
    CREATE TABLE licence (number TEXT PRIMARY KEY, status TEXT);
    CREATE TABLE outbox (message TEXT PRIMARY KEY, status TEXT);
"""


@dataclass(frozen=True, slots=True)
class Material:
    """What the work is done on: documents of issuers, customs' receipts for them, keys and the schema."""

    documents: Sequence[bytes]
    receipts: Sequence[bytes]
    xsd: Path
    seal_key: Path
    seal_certificate: Path
    tls: Path


@dataclass(frozen=True, slots=True)
class Floor:
    """Microseconds of processor a licence: of the whole by stage, and of the cryptography alone."""

    stages: dict[str, float]
    cryptography: float

    @property
    def whole(self) -> float:
        """All stages together."""
        return sum(self.stages.values())


class _Stopwatch:
    """Adds up the processor time of this thread between two looks, by name."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._last = time.thread_time()

    def lap(self, name: str) -> None:
        now = time.thread_time()
        self.seconds[name] += now - self._last
        self._last = now


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a signed document shows of its signature."""

    payload: bytes
    signed_info: bytes
    digest: bytes
    value: bytes


def measure(material: Material, folder: Path) -> Floor:
    """One pass over the whole of `material`, a batch at a time; `folder` is for the database."""
    key = serialization.load_pem_private_key(material.seal_key.read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(material.seal_certificate.read_bytes())
    encoded = b64encode(certificate.public_bytes(serialization.Encoding.DER))
    schema = etree.XMLSchema(etree.parse(material.xsd))
    path = folder / "floor.sqlite3"
    watch = _Stopwatch()
    pipe = TlsPipe(material.tls)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(_TABLES)
        for start in range(0, len(material.documents), BATCH):
            batch = slice(start, start + BATCH)
            _work(
                material.documents[batch],
                material.receipts[batch],
                _Tools(schema, key, encoded, database, pipe, watch, start),
            )
    for file in folder.glob("floor.sqlite3*"):
        file.unlink()
    count = len(material.documents)
    stages = {name: seconds / count * 1e6 for name, seconds in watch.seconds.items() if name}
    return Floor(stages, _cryptography(material, key))


@dataclass(frozen=True, slots=True)
class _Tools:
    schema: etree.XMLSchema
    key: Any
    certificate: bytes
    database: sqlite3.Connection
    pipe: TlsPipe
    watch: _Stopwatch
    first: int


def _work(documents: Sequence[bytes], receipts: Sequence[bytes], tools: _Tools) -> None:
    watch, database = tools.watch, tools.database
    names = [str(tools.first + number) for number in range(len(documents))]
    watch.lap("")
    digests = [_examined(document, tools) for document in documents]
    database.execute("BEGIN IMMEDIATE")
    _insert(database, "message", _messages("i", "issue", names, digests, documents))
    _insert(database, "entry", [(None, n, "accepted", f"i-{n}") for n in names])
    _insert(database, "licence", [(n, "valid") for n in names])
    database.execute("COMMIT")
    watch.lap("durable")
    sealed = [_sealed(document, f"s-{name}", tools) for document, name in zip(documents, names, strict=True)]
    watch.lap("seal")
    database.execute("BEGIN IMMEDIATE")
    _insert(
        database, "message", _messages("s", "sealed", names, [sha256(one).digest() for one in sealed], sealed)
    )
    _insert(database, "entry", [(None, n, "sealed", f"s-{n}") for n in names])
    _insert(database, "outbox", [(f"s-{n}", "due") for n in names])
    database.execute("COMMIT")
    watch.lap("durable")
    tools.pipe.send(b"".join(sealed))
    watch.lap("TLS")
    incoming = tools.pipe.sent_to_us(b"".join(receipts))
    watch.lap("")
    tools.pipe.receive(incoming)
    watch.lap("TLS")
    digests = [_examined(receipt, tools) for receipt in receipts]
    database.execute("BEGIN IMMEDIATE")
    _insert(database, "message", _messages("a", "receipt", names, digests, receipts))
    _insert(database, "entry", [(None, n, "acknowledged", f"a-{n}") for n in names])
    database.executemany("UPDATE outbox SET status = 'done' WHERE message = ?", [(f"s-{n}",) for n in names])
    database.execute("COMMIT")
    watch.lap("durable")


def _messages(
    mark: str, kind: str, names: Sequence[str], digests: Sequence[bytes], documents: Sequence[bytes]
) -> list[tuple[str, str, bytes, bytes]]:
    return [
        (f"{mark}-{name}", kind, digest, document)
        for name, digest, document in zip(names, digests, documents, strict=True)
    ]


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    holes = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)


def _examined(document: bytes, tools: _Tools) -> bytes:
    """Parse, validate and verify; the digest of what was signed."""
    root = etree.fromstring(document, _PARSER)
    tools.watch.lap("parse")
    assert tools.schema.validate(root), "the bench sends what is valid"
    tools.watch.lap("XSD")
    shown, certificate = _shown(etree.tostring(root, method="c14n", exclusive=True, with_comments=False))
    digest = sha256(shown.payload).digest()
    assert digest == shown.digest, "the bench sends what was not changed"
    _verify(_public_key(certificate), shown)
    tools.watch.lap("verify")
    return digest


def _shown(whole: bytes) -> tuple[_Shown, bytes]:
    """The evidence in a canonical form, and the certificate (base64)."""
    start = whole.rindex(_SIGNATURE)
    end = whole.index(b"</Signature>", start) + len(b"</Signature>")
    signature = whole[start:end]
    info = _between(signature, b"<SignedInfo>", b"</SignedInfo>")
    shown = _Shown(
        payload=whole[:start] + whole[end:],
        signed_info=_SIGNED_INFO + info + b"</SignedInfo>",
        digest=b64decode(_between(info, b"<DigestValue>", b"</DigestValue>")),
        value=b64decode(_between(signature, b"<SignatureValue>", b"</SignatureValue>")),
    )
    return shown, _between(signature, b"<X509Certificate>", b"</X509Certificate>")


def _between(text: bytes, before: bytes, after: bytes) -> bytes:
    start = text.index(before) + len(before)
    return text[start : text.index(after, start)]


_KEYS: dict[bytes, Any] = {}


def _public_key(certificate: bytes) -> Any:
    if certificate not in _KEYS:
        _KEYS[certificate] = x509.load_der_x509_certificate(b64decode(certificate)).public_key()
    return _KEYS[certificate]


def _verify(key: Any, shown: _Shown) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(shown.value, shown.signed_info, PKCS1v15(), hashes.SHA256())
        return
    half = len(shown.value) // 2
    pair = int.from_bytes(shown.value[:half], "big"), int.from_bytes(shown.value[half:], "big")
    key.verify(encode_dss_signature(*pair), shown.signed_info, _ECDSA)


def _sign(key: Any, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(data, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _sealed(document: bytes, identity: str, tools: _Tools) -> bytes:
    """The document under seal: canonical form, digest, signature value, bytes."""
    inner = document[document.index(b"?>") + 2 :].strip()
    outer = b'<SealedLicence xmlns="%s" ID="_%s">%s</SealedLicence>' % (
        _NAMESPACE.encode(),
        identity.encode(),
        inner,
    )
    root = etree.fromstring(outer, _PARSER)
    whole = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    digest = b64encode(sha256(whole).digest())
    info = _SIGNED_INFO + b'<Reference URI="#_%s"><DigestValue>%s</DigestValue></Reference></SignedInfo>' % (
        identity.encode(),
        digest,
    )
    value = b64encode(_sign(tools.key, info))
    signature = (
        b"%s%s<SignatureValue>%s</SignatureValue><X509Certificate>%s</X509Certificate></Signature>"
        % (
            _SIGNATURE,
            info,
            value,
            tools.certificate,
        )
    )
    return outer[: -len(b"</SealedLicence>")] + signature + b"</SealedLicence>"


def _cryptography(material: Material, key: Any) -> float:
    """Microseconds a licence of digests and signature values alone: two verified, one made."""
    shown = [
        [
            _shown(etree.tostring(etree.fromstring(one, _PARSER), method="c14n", exclusive=True))
            for one in pair
        ]
        for pair in zip(material.documents, material.receipts, strict=True)
    ]

    def pair(issue: tuple[_Shown, bytes], receipt: tuple[_Shown, bytes]) -> None:
        for evidence, certificate in (issue, receipt):
            sha256(evidence.payload).digest()
            _verify(_public_key(certificate), evidence)
        sha256(issue[0].payload).digest()
        _sign(key, issue[0].signed_info)

    return _timed(pair, shown)


def _timed(work: Callable[..., None], jobs: Sequence[Sequence[Any]]) -> float:
    began = time.thread_time()
    for job in jobs:
        work(*job)
    return (time.thread_time() - began) / len(jobs) * 1e6

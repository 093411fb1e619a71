"""Fuzzed: CMS envelopes round files (RFC 5024 section 6), at an end whose key nobody has.

The first octet is what the offer said of the file: 1 signed, 2 compressed, 4 encrypted; and the cipher suite.
The key is another in each process, so that nothing signed is ever right, and nothing encrypted ever opens to
what was meant; all that is read before is.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust import ber, cms
from gateway.trust.cipher_suites import CIPHER_SUITES
from gateway.trust.cms import CmsFault
from gateway.trust.cms_file import FileKeys, Services, open_envelope
from gateway.trust.cms_keys import OwnKey
from gateway.trust.keys import known_certificate

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
MAX_BYTES = 4096
SIGNED, COMPRESSED, ENCRYPTED = 1, 2, 4
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fuzz")])
_SERIAL = 1


@cache
def keys() -> FileKeys:
    """One end's, which is its own partner."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(_SERIAL)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .sign(key, hashes.SHA256())
    )
    known = known_certificate(certificate.public_bytes(Encoding.DER))
    return FileKeys((OwnKey(key, known),), (known,))


def envelopes(data: bytes) -> None:
    """A file is opened, or refused with its reason: there is no third."""
    switches, message = (data[0], data[1:]) if data else (0, b"")
    done = Services(
        signed=bool(switches & SIGNED),
        compressed=bool(switches & COMPRESSED),
        encrypted=bool(switches & ENCRYPTED),
        suite=CIPHER_SUITES[switches // 8 % len(CIPHER_SUITES) + 1],
    )
    try:
        content = open_envelope(message, done, keys(), max_bytes=MAX_BYTES, now=NOW)
    except CmsFault:
        return
    assert not done.signed, "nobody has the key"
    assert len(content) <= MAX_BYTES


def asn1(data: bytes) -> None:
    """What can be read is the same when it is written in DER and read again."""
    try:
        written = ber.read(data).der()
    except ber.BerFault:
        return
    assert ber.read(written).der() == written
    assert len(written) <= len(data) + 8 * len(data)


def seeds() -> dict[str, bytes]:
    """One of each kind of envelope, whole and in pieces; the same every time."""
    who = ber.encoded(ber.SEQUENCE, _NAME.public_bytes(), ber.number(_SERIAL))
    made: dict[str, bytes] = {}
    for code in (1, 4):
        suite = CIPHER_SUITES[code]
        content = b"<Interchange/>" * 9
        attributes = b"".join(
            ber.encoded(ber.SEQUENCE, cms.object_identifier(ber.oid(name)), ber.encoded(ber.SET, value))
            for name, value in (
                ("1.2.840.113549.1.9.3", cms.object_identifier(cms.DATA)),
                ("1.2.840.113549.1.9.4", ber.encoded(ber.OCTET_STRING, suite.digest.of(content))),
            )
        )
        signature = ber.encoded(
            ber.SEQUENCE,
            ber.number(1) + who + cms.algorithm(suite.digest.oid),
            ber.encoded(0xA0, attributes) + cms.algorithm(cms.RSA_ENCRYPTION),
            ber.encoded(ber.OCTET_STRING, bytes(256)),
        )
        signed = ber.number(1) + ber.encoded(ber.SET, cms.algorithm(suite.digest.oid))
        signed += cms.encapsulated(content) + ber.encoded(ber.SET, signature)
        made[f"signed-{code}"] = _seed(SIGNED, code, cms.SIGNED_DATA, signed)
        recipient = ber.encoded(
            ber.SEQUENCE,
            ber.number(0) + who + cms.algorithm(cms.RSA_ENCRYPTION),
            ber.encoded(ber.OCTET_STRING, bytes(256)),
        )
        vector = ber.encoded(ber.OCTET_STRING, bytes(suite.cipher.block_bytes))
        pieces = ber.encoded(ber.OCTET_STRING, bytes(48)) + ber.encoded(ber.OCTET_STRING, bytes(16))
        encrypted = cms.object_identifier(cms.DATA) + cms.algorithm(suite.cipher.oid, vector)
        encrypted += ber.encoded(0xA0, pieces)
        enveloped = ber.number(0) + ber.encoded(ber.SET, recipient) + ber.encoded(ber.SEQUENCE, encrypted)
        made[f"encrypted-{code}"] = _seed(ENCRYPTED, code, cms.ENVELOPED_DATA, enveloped)
    zlib_alone = cms.algorithm(ber.oid("1.2.840.113549.1.9.16.3.8"), b"")
    compressed = ber.number(0) + zlib_alone + cms.encapsulated(zlib.compress(b"<Interchange/>", 0))
    made["compressed"] = _seed(COMPRESSED, 1, cms.COMPRESSED_DATA, compressed)
    return made


def _seed(done: int, code: int, content_type: bytes, inner: bytes) -> bytes:
    return bytes((done + 8 * (code - 1),)) + cms.framed(content_type, ber.encoded(ber.SEQUENCE, inner))

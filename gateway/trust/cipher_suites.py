"""Cipher suites by their codes in SFIDCIPH: cipher and hash; keys are RSA with PKCS#1 1.5 padding.

01 and 02 are those of RFC 5024 section 10.2, mandatory there and bound to SHA-1. 03 to 06 are later ones of
the organisation that maintains the list (Odette International, "OFTP2: List of Cipher suites", OP09, January
2015). None is used unless an operator configures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from gateway.trust import ber


@dataclass(frozen=True, slots=True)
class ContentCipher:
    """A block cipher in CBC mode: its object identifier (encoded), the octets of key and block."""

    name: str
    oid: bytes
    algorithm: type[AES] | type[TripleDES]
    key_bytes: int
    block_bytes: int

    def with_key(self, key: bytes) -> BlockCipherAlgorithm:
        """The cipher under `key`, which has the right length."""
        return self.algorithm(key)


@dataclass(frozen=True, slots=True)
class Digest:
    """A hash: its object identifier (encoded), and that of RSA PKCS#1 1.5 signatures over it."""

    name: str
    oid: bytes
    with_rsa: bytes
    hash: hashes.HashAlgorithm

    def of(self, data: bytes) -> bytes:
        """The digest of `data`."""
        digest = hashes.Hash(self.hash)
        digest.update(data)
        return digest.finalize()


TRIPLE_DES: Final = ContentCipher("3DES", ber.oid("1.2.840.113549.3.7"), TripleDES, 24, 8)
AES_128: Final = ContentCipher("AES-128", ber.oid("2.16.840.1.101.3.4.1.2"), AES, 16, 16)
AES_256: Final = ContentCipher("AES-256", ber.oid("2.16.840.1.101.3.4.1.42"), AES, 32, 16)

_SHA_1: Final = Digest("SHA-1", ber.oid("1.3.14.3.2.26"), ber.oid("1.2.840.113549.1.1.5"), hashes.SHA1())  # noqa: S303 - suites 01 and 02 are bound to it, and operators to their partners
_SHA_256: Final = Digest(
    "SHA-256", ber.oid("2.16.840.1.101.3.4.2.1"), ber.oid("1.2.840.113549.1.1.11"), hashes.SHA256()
)
_SHA_512: Final = Digest(
    "SHA-512", ber.oid("2.16.840.1.101.3.4.2.3"), ber.oid("1.2.840.113549.1.1.13"), hashes.SHA512()
)


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """One row of the list. `code` is SFIDCIPH as a number."""

    code: int
    cipher: ContentCipher
    digest: Digest

    def __str__(self) -> str:
        return f"{self.code:02d} ({self.cipher.name}, {self.digest.name})"


CIPHER_SUITES: Final = MappingProxyType(
    {
        suite.code: suite
        for suite in (
            CipherSuite(1, TRIPLE_DES, _SHA_1),
            CipherSuite(2, AES_256, _SHA_1),
            CipherSuite(3, TRIPLE_DES, _SHA_256),
            CipherSuite(4, AES_256, _SHA_256),
            CipherSuite(5, TRIPLE_DES, _SHA_512),
            CipherSuite(6, AES_256, _SHA_512),
        )
    }
)

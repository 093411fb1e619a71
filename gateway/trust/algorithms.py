"""The algorithms that a signature may name: an allow-list, and nothing outside it is ever run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives import hashes

from licencexml.names import SIGNATURE_NAMESPACE

NAMESPACE: Final = SIGNATURE_NAMESPACE
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = NAMESPACE + "enveloped-signature"
#: The transforms of the one reference, in this order. Without the second the digest would be over inclusive
#: canonical XML, which changes when a message is put into an interchange.
TRANSFORMS: Final = (ENVELOPED, EXCLUSIVE_C14N)


class Family(StrEnum):
    """The two kinds of key."""

    RSA = "RSA"
    ECDSA = "ECDSA"


@dataclass(frozen=True, slots=True)
class SignatureMethod:
    """A signature algorithm: its URI, the kind of key it needs, its hash."""

    uri: str
    family: Family
    hash: hashes.HashAlgorithm


@dataclass(frozen=True, slots=True)
class DigestMethod:
    """A digest algorithm: its URI and the function."""

    uri: str
    function: Callable[[bytes], hashlib._Hash]

    def digest(self, data: bytes) -> bytes:
        """The digest of `data`."""
        return self.function(data).digest()


_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"

RSA_SHA256: Final = SignatureMethod(_MORE + "rsa-sha256", Family.RSA, hashes.SHA256())
ECDSA_SHA256: Final = SignatureMethod(_MORE + "ecdsa-sha256", Family.ECDSA, hashes.SHA256())
SHA256: Final = DigestMethod(_ENC + "sha256", hashlib.sha256)

SIGNATURE_METHODS: Final = {
    method.uri: method
    for method in (
        RSA_SHA256,
        SignatureMethod(_MORE + "rsa-sha384", Family.RSA, hashes.SHA384()),
        SignatureMethod(_MORE + "rsa-sha512", Family.RSA, hashes.SHA512()),
        ECDSA_SHA256,
        SignatureMethod(_MORE + "ecdsa-sha384", Family.ECDSA, hashes.SHA384()),
    )
}
DIGEST_METHODS: Final = {
    method.uri: method
    for method in (
        SHA256,
        DigestMethod(_MORE + "sha384", hashlib.sha384),
        DigestMethod(_ENC + "sha512", hashlib.sha512),
    )
}

"""Whether a certificate is strong enough for the line: what TLS itself would refuse, told beforehand."""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.trust.keys import RSA_MIN_BITS

_EC_MIN_BITS: Final = 256
_BROKEN_HASHES: Final = (hashes.MD5, hashes.SHA1)


def weakness_of(certificate: x509.Certificate) -> str | None:
    """Why a certificate is too weak for TLS, in words that follow "it"; None when it is not.

    The hash under a certificate that signs itself proves nothing, and is not looked at.
    """
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"has a key of an unknown kind ({certificate.public_key_algorithm_oid.dotted_string})"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_MIN_BITS:
        return f"has an RSA key of {key.key_size} bits; expected {RSA_MIN_BITS} or more"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _EC_MIN_BITS:
        return f"has an EC key of {key.key_size} bits; expected {_EC_MIN_BITS} or more"
    if certificate.issuer != certificate.subject and isinstance(_hash_of(certificate), _BROKEN_HASHES):
        return "is signed with SHA-1 or MD5; expected SHA-256 or better"
    return None


def _hash_of(certificate: x509.Certificate) -> hashes.HashAlgorithm | None:
    try:
        return certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None

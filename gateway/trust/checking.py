"""The arithmetic of a signature: does its value fit the key, and the signed bytes."""

from __future__ import annotations

from typing import Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.trust import faults
from gateway.trust.algorithms import SIGNATURE_METHODS, Family
from gateway.trust.evidence import Evidence
from gateway.trust.keys import PublicKey
from licencexml.rejection import Reason, Rejection

_ECDSA: Final = {
    method.uri: ec.ECDSA(method.hash)
    for method in SIGNATURE_METHODS.values()
    if method.family is Family.ECDSA
}


def misfit(evidence: Evidence, key: PublicKey) -> Rejection | None:
    """Why the value cannot be a signature by `key` at all: another kind of key, another length."""
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    if is_rsa != (evidence.signature_method.family is Family.RSA):
        kind = "RSA" if is_rsa else "ECDSA"
        return faults.KEY_MISFIT.reject(algorithm=evidence.signature_method.uri, key=kind)
    octets = (key.key_size + 7) // 8
    expected, found = octets if is_rsa else 2 * octets, len(evidence.signature_value)
    return None if found == expected else faults.SIGNATURE_LENGTH.reject(found=found, expected=expected)


def check(evidence: Evidence, key: PublicKey) -> list[Reason]:
    """What is cryptographically wrong, the content before the value; `misfit` has found nothing."""
    found = [] if evidence.digest_agrees else [faults.CONTENT_CHANGED]
    if not _value_agrees(evidence, key):
        found.append(faults.SIGNATURE_WRONG)
    return found


def _value_agrees(evidence: Evidence, key: PublicKey) -> bool:
    value, method = evidence.signature_value, evidence.signature_method
    try:
        if method.family is Family.RSA:
            # To ask a key what it is takes longer than all else here but the arithmetic.
            cast("rsa.RSAPublicKey", key).verify(value, evidence.signed_info, PKCS1v15(), method.hash)
        else:
            half = len(value) // 2
            pair = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            signature = encode_dss_signature(*pair)
            cast("ec.EllipticCurvePublicKey", key).verify(signature, evidence.signed_info, _ECDSA[method.uri])
    except InvalidSignature:
        return False
    return True

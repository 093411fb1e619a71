"""Signing: one fixed shape, by the thin path of `shape`."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from gateway.errors import ConfigurationFault
from gateway.trust import shape
from gateway.trust.algorithms import ECDSA_SHA256, RSA_SHA256, SHA256, SignatureMethod
from gateway.trust.canonical import canonical, parsed
from gateway.trust.keys import KnownCertificate, PrivateKey, load_certificate, load_private_key
from licencexml.names import SIGNATURE

_ECDSA: Final = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its certificate. Make one with `load` or `of`, and keep it."""

    participant: str
    certificate: KnownCertificate
    _key: PrivateKey
    _method: SignatureMethod
    _certificate_base64: str

    @classmethod
    def load(cls, key_path: Path, certificate_path: Path) -> Self:
        """From PEM files; raises ConfigurationFault for what cannot be read, is unfit, or does not belong."""
        certificate = load_certificate(certificate_path)
        try:
            return cls.of(load_private_key(key_path), certificate)
        except ValueError as error:
            raise ConfigurationFault(f"{certificate_path}: {error}") from error

    @classmethod
    def of(cls, key: PrivateKey, certificate: KnownCertificate) -> Self:
        """From values; raises ValueError if the certificate is unfit for signing or is of another key.

        ECDSA keys are on P-256: the shape has one hash, and it is SHA-256.
        """
        if certificate.faults or certificate.participant is None:
            raise ValueError(" ".join(fault.en for fault in certificate.faults))
        if certificate.key != key.public_key():
            raise ValueError("the certificate does not belong to the private key")
        if key.key_size == ec.SECP384R1.key_size:
            raise ValueError("messages are signed on P-256, not on P-384")
        method = RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else ECDSA_SHA256
        encoded = b64encode(certificate.der).decode()
        return cls(certificate.participant, certificate, key, method, encoded)

    def sign(self, element: etree._Element) -> bytes:
        """Appends the signature to `element`; otherwise as `signature`, whose digest it returns."""
        digest, signature = self.signature(element)
        element.append(parsed(signature))
        return digest

    def signature(self, element: etree._Element) -> tuple[bytes, bytes]:
        """The digest of what is signed, and the bytes of the signature, whose place is last in `element`.

        `element` has an `ID` that needs no escaping, and no signature yet. The digest is SHA-256 (32 bytes),
        and `Verified.digest` of whoever verifies it. Raises CanonicalisationError if the element cannot be
        signed (see `canonical`).
        """
        identity = element.get("ID") or ""
        assert shape.is_plain(identity), f"not an ID that can be signed: {identity!r}"
        assert element.find(SIGNATURE) is None, "the element is signed already"
        return self.signature_of(canonical(element), identity)

    def signature_of(self, content: bytes, identity: str) -> tuple[bytes, bytes]:
        """As `signature`, of an element whose ID is `identity` and whose canonical form is known."""
        assert shape.is_plain(identity), f"not an ID that can be signed: {identity!r}"
        digest = SHA256.digest(content)
        signed_info = shape.write_signed_info(self._method, identity, b64encode(digest).decode())
        value = b64encode(self._value(signed_info)).decode()
        return digest, shape.write_signature(signed_info, value, self._certificate_base64)

    def _value(self, signed_info: bytes) -> bytes:
        """The signature value: PKCS#1 v1.5, or r and s side by side (XML-DSig core 6.4.3)."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(signed_info, PKCS1v15(), hashes.SHA256())
        octets = (self._key.key_size + 7) // 8
        r, s = decode_dss_signature(self._key.sign(signed_info, _ECDSA))
        return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")

"""The RSA keys and certificates of the services for files, ours and a partner's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.errors import ConfigurationFault
from gateway.trust.keys import KnownCertificate, load_certificates, load_private_key


class Use(Enum):
    """What a certificate must allow, if it restricts its use at all (RFC 5280 section 4.2.1.3)."""

    ENCIPHERING = "enciphering keys (keyEncipherment)"
    SIGNING = "signing (digitalSignature)"

    def is_allowed_by(self, usage: x509.KeyUsage) -> bool:
        """Whether `usage` has it."""
        if self is Use.ENCIPHERING:
            return usage.key_encipherment
        return usage.digital_signature or usage.content_commitment


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A private key of ours, and the certificate by which partners know it."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: KnownCertificate

    @classmethod
    def load(cls, key: Path, certificate: Path, *uses: Use) -> Self:
        """From PEM files; ConfigurationFault for what is absent, weak, not RSA or not for those uses."""
        (known,) = load_partner(certificate, *uses, at_most=1)
        private = load_private_key(key)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ConfigurationFault(f"{key}: expected an RSA key")
        if private.public_key() != known.key:
            raise ConfigurationFault(f"{key}: this is not the key of {certificate}")
        return cls(private, known)


def load_partner(path: Path, *uses: Use, at_most: int = 2) -> tuple[KnownCertificate, ...]:
    """A partner's certificates of RSA keys: one, or two while it changes them. ConfigurationFault.

    Dates are not judged here: a certificate may end while we run.
    """
    certificates = load_certificates(path)
    if len(certificates) > at_most:
        raise ConfigurationFault(
            f"{path}: expected at most {at_most} certificates, found {len(certificates)}"
        )
    for known in certificates:
        if not isinstance(known.key, rsa.RSAPublicKey):
            raise ConfigurationFault(f"{path}: expected a certificate of an RSA key, 2048 bits up")
        _check_uses(path, known, uses)
    return certificates


def rsa_key(known: KnownCertificate) -> rsa.RSAPublicKey:
    """The key of a certificate that `load_partner` has let through."""
    assert isinstance(known.key, rsa.RSAPublicKey), "only certificates of RSA keys are loaded"
    return known.key


def _check_uses(path: Path, known: KnownCertificate, uses: tuple[Use, ...]) -> None:
    try:
        usage = known.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    for use in uses:
        if not use.is_allowed_by(usage):
            raise ConfigurationFault(f"{path}: expected a certificate for {use.value}")

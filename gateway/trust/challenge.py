"""Secure authentication (RFC 5024 sections 4.2.3 and 5.3.17): challenges sealed to a partner, and opened.

A challenge is 20 random octets in a CMS envelope. What is made here is AES-256 in CBC mode with the key under
RSA PKCS#1 1.5: the algorithms of cipher suite 02 (section 10.2). AES-128 is opened as well. Triple DES, suite
01, is neither made nor opened: the library has no envelopes of it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from gateway.errors import ConfigurationFault
from gateway.trust.keys import KnownCertificate, load_certificate, load_private_key
from oftp2.formats import CHALLENGE_BYTES


class ChallengeFault(Exception):
    """A challenge cannot be made, or not be opened; the text says why and holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the partner gets, and the answer that only it can read there."""

    envelope: bytes
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Our key, by which we prove who we are, and the certificate by which one partner does."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: KnownCertificate
    partner: KnownCertificate

    @classmethod
    def load(cls, key: Path, certificate: Path, partner: Path) -> Self:
        """From PEM files; ConfigurationFault for what is absent, weak, not RSA or not for enciphering keys.

        Dates are not judged here: a certificate may end while we run.
        """
        own, other = _for_enciphering(certificate), _for_enciphering(partner)
        private = load_private_key(key)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ConfigurationFault(f"{key}: secure authentication needs an RSA key")
        if private.public_key() != own.key:
            raise ConfigurationFault(f"{key}: this is not the key of {certificate}")
        if own.key == other.key:
            # Whoever sent us our own challenge back would have the answer from ourselves.
            raise ConfigurationFault(f"{partner}: expected a key other than our own in {certificate}")
        return cls(private, own, other)

    def challenge(self, now: datetime) -> Challenge:
        """A new challenge for the partner; ChallengeFault when its certificate does not hold at `now`."""
        partner = self.partner
        if now < partner.not_before:
            raise ChallengeFault("the partner's certificate for authentication is not valid yet")
        if now > partner.not_after:
            raise ChallengeFault("the partner's certificate for authentication has expired")
        answer = secrets.token_bytes(CHALLENGE_BYTES)
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(answer).add_recipient(partner.certificate)
        builder = builder.set_content_encryption_algorithm(algorithms.AES256)
        # Without Binary, line ends among the random octets would be changed.
        return Challenge(builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary]), answer)

    def respond(self, envelope: bytes) -> bytes:
        """The 20 octets in `envelope`; ChallengeFault, always the same, when it cannot be opened by us."""
        try:
            answer = pkcs7.pkcs7_decrypt_der(envelope, self.certificate.certificate, self.key, [])
        except (ValueError, TypeError, UnsupportedAlgorithm):
            answer = b""
        # Why is not told: that would be an oracle for whoever tries out envelopes.
        if len(answer) != CHALLENGE_BYTES:
            raise ChallengeFault("the challenge cannot be opened: expected AES-CBC and RSA, for our key")
        return answer


def _for_enciphering(path: Path) -> KnownCertificate:
    known = load_certificate(path)
    if not isinstance(known.key, rsa.RSAPublicKey):
        raise ConfigurationFault(
            f"{path}: secure authentication needs a certificate of an RSA key, 2048 bits up"
        )
    try:
        usage = known.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return known
    if not usage.key_encipherment:
        raise ConfigurationFault(f"{path}: expected a certificate for enciphering keys (keyEncipherment)")
    return known

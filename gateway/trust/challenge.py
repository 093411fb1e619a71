"""Secure authentication (RFC 5024 sections 4.2.3 and 5.3.17): challenges sealed to a partner, and opened.

A challenge is 20 random octets in a CMS envelope. What is made here is AES-256 in CBC mode with the key under
RSA PKCS#1 1.5: the algorithms of cipher suite 02 (section 10.2). Triple DES, suite 01, and AES-128 are opened
as well.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from gateway.errors import ConfigurationFault
from gateway.trust.cipher_suites import AES_128, AES_256, TRIPLE_DES
from gateway.trust.cms import CmsFault
from gateway.trust.cms_enveloped import decrypt, encrypt
from gateway.trust.cms_keys import OwnKey, Use, load_partner
from gateway.trust.keys import KnownCertificate
from oftp2.formats import CHALLENGE_BYTES

_OPENED: Final = (AES_256, AES_128, TRIPLE_DES)


class ChallengeFault(Exception):
    """A challenge cannot be made, or not be opened; the text says why and holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the partner gets, and the answer that only it can read there."""

    envelope: bytes
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Our key, by which we prove who we are, and the certificate by which one partner does.

    While the partner changes it there are two; a challenge can be opened with the key of either.
    """

    own: OwnKey
    partner: tuple[KnownCertificate, ...]

    @classmethod
    def load(cls, key: Path, certificate: Path, partner: Path) -> Self:
        """From PEM files; ConfigurationFault for what is absent, weak, not RSA or not for enciphering keys.

        Dates are not judged here: a certificate may end while we run.
        """
        own = OwnKey.load(key, certificate, Use.ENCIPHERING)
        others = load_partner(partner, Use.ENCIPHERING)
        if any(own.certificate.key == other.key for other in others):
            # Whoever sent us our own challenge back would have the answer from ourselves.
            raise ConfigurationFault(f"{partner}: expected a key other than our own in {certificate}")
        return cls(own, others)

    def challenge(self, now: datetime) -> Challenge:
        """A new challenge for the partner; ChallengeFault when no certificate of its holds at `now`."""
        holding = [one for one in self.partner if one.not_before <= now <= one.not_after]
        if holding:
            answer = secrets.token_bytes(CHALLENGE_BYTES)
            return Challenge(encrypt(answer, holding, AES_256), answer)
        if any(now < one.not_before for one in self.partner):
            raise ChallengeFault("the partner's certificate for authentication is not valid yet")
        raise ChallengeFault("the partner's certificate for authentication has expired")

    def respond(self, envelope: bytes) -> bytes:
        """The 20 octets in `envelope`; ChallengeFault, always the same, when it cannot be opened by us."""
        try:
            answer = decrypt(envelope, [self.own], _OPENED)
        except CmsFault:
            answer = b""
        # Why is not told: that would be an oracle for whoever tries out envelopes.
        if len(answer) != CHALLENGE_BYTES:
            raise ChallengeFault("the challenge cannot be opened: expected AES or 3DES, and RSA, for our key")
        return answer

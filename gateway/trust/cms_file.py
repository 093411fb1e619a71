"""A whole file through the services of RFC 5024 section 6: signed, then compressed, then encrypted.

Which of them a file went through is what its SFID says, never what is found within: so nothing can be nested
deeper than this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.trust.cipher_suites import CipherSuite
from gateway.trust.cms import CmsFault, CmsReason
from gateway.trust.cms_compressed import compress, decompress
from gateway.trust.cms_enveloped import decrypt, encrypt
from gateway.trust.cms_keys import OwnKey
from gateway.trust.cms_signed import sign, verify
from gateway.trust.keys import KnownCertificate

#: What an envelope may add to a signed file that is taken out of its compression.
_SIGNATURE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Services:
    """What is done to a file (SFIDSEC, SFIDCOMP, SFIDCIPH); `suite` is there if it is signed or encrypted."""

    signed: bool = False
    compressed: bool = False
    encrypted: bool = False
    suite: CipherSuite | None = None

    def __post_init__(self) -> None:
        assert self.suite is not None or not (self.signed or self.encrypted), "a suite tells the algorithms"

    @property
    def enveloped(self) -> bool:
        """Whether anything is done (SFIDENV)."""
        return self.signed or self.compressed or self.encrypted

    def __str__(self) -> str:
        done = {"signed": self.signed, "compressed": self.compressed, "encrypted": self.encrypted}
        words = ", ".join(word for word, is_done in done.items() if is_done) or "none"
        return words if self.suite is None else f"{words}; suite {self.suite}"


PLAIN = Services()


@dataclass(frozen=True, slots=True)
class FileKeys:
    """Our keys, the newest first, and the certificates that we have of the partner, the newest first."""

    own: tuple[OwnKey, ...]
    partner: tuple[KnownCertificate, ...]


class CannotEnvelope(Exception):
    """A file of ours cannot be signed or encrypted now; the text tells the operator why."""


def envelope(content: bytes, services: Services, keys: FileKeys | None, now: datetime) -> bytes:
    """`content` after `services`; CannotEnvelope when no certificate of the partner holds at `now`."""
    suite = services.suite
    if services.signed:
        assert suite is not None and keys is not None, "signing takes a suite and keys"
        content = sign(content, keys.own[:1], suite.digest)
    if services.compressed:
        content = compress(content)
    if services.encrypted:
        assert suite is not None and keys is not None, "encryption takes a suite and keys"
        content = encrypt(content, _recipients(keys.partner, now), suite.cipher)
    return content


def open_envelope(
    message: bytes, services: Services, keys: FileKeys | None, *, max_bytes: int, now: datetime
) -> bytes:
    """The content that `envelope` was given, at most `max_bytes`; CmsFault for whatever is not right."""
    suite = services.suite
    if services.encrypted:
        assert suite is not None and keys is not None, "decryption takes a suite and keys"
        message = decrypt(message, keys.own, (suite.cipher,))
    if services.compressed:
        message = decompress(message, max_bytes + (_SIGNATURE_BYTES if services.signed else 0))
    if services.signed:
        assert suite is not None and keys is not None, "verification takes a suite and keys"
        message = verify(message, keys.partner, suite.digest, now)
    if len(message) > max_bytes:
        raise CmsFault(CmsReason.PROCESSING, f"more than {max_bytes} bytes when opened")
    return message


def _recipients(certificates: Sequence[KnownCertificate], now: datetime) -> list[KnownCertificate]:
    """Those that are valid: whichever key the partner uses during a change, it can open the file."""
    valid = [known for known in certificates if known.not_before <= now <= known.not_after]
    if not valid:
        raise CannotEnvelope("no certificate of the partner for files is valid now")
    return valid

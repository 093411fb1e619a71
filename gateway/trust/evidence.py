"""What a signature states, read from the document but not yet judged."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from gateway.trust.algorithms import DigestMethod, SignatureMethod


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signature of a permitted shape, whose one reference is to the element that contains it.

    `payload` is the canonical form of that element without the signature, `signed_info` that of SignedInfo;
    `certificate` is the DER bytes in KeyInfo.
    """

    payload: bytes
    signed_info: bytes
    signature_method: SignatureMethod
    digest_method: DigestMethod
    digest_value: bytes
    signature_value: bytes
    certificate: bytes

    @property
    def digest_agrees(self) -> bool:
        """Whether the content is what was signed (in constant time)."""
        return hmac.compare_digest(self.digest_method.digest(self.payload), self.digest_value)

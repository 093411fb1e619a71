"""Signed end-to-end responses (RFC 5024 sections 5.3.13 and 5.3.14): made, and held against what was sent.

A signature is over the fields that name the file, and the file's hash as it was transmitted: so it proves who
has which file. What is signed must be within it, and be what the command says.
"""

from __future__ import annotations

from datetime import datetime

from gateway.trust.cipher_suites import CipherSuite
from gateway.trust.cms import CmsFault
from gateway.trust.cms_file import FileKeys
from gateway.trust.cms_signed import sign, verified
from gateway.trust.keys import KnownCertificate


class ReceiptFault(Exception):
    """A response does not prove what it should; the text says why."""


def sign_receipt(words: bytes, suite: CipherSuite, keys: FileKeys) -> bytes:
    """A CMS SignedData with `words` within, by our newest key."""
    return sign(words, keys.own[:1], suite.digest)


def check_receipt(
    words: bytes,
    signature: bytes,
    *,
    told_hash: bytes,
    sent_hash: bytes,
    suite: CipherSuite,
    keys: FileKeys,
    now: datetime,
) -> KnownCertificate:
    """Whose signature a response bears that proves that the partner has what we sent; else ReceiptFault.

    `words` are what the response says, `told_hash` among them; `sent_hash` is that of the file as it was
    transmitted.
    """
    if not signature:
        raise ReceiptFault("it is not signed, which was asked for")
    if told_hash != sent_hash:
        raise ReceiptFault("its hash is not that of the file that was sent")
    try:
        signed, signer = verified(signature, keys.partner, suite.digest, now)
    except CmsFault as fault:
        raise ReceiptFault(f"its signature is not in order: {fault.text}") from None
    if signed != words:
        raise ReceiptFault("what is signed is not what it says")
    return signer

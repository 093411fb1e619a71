"""The one shape of our own signatures: written as a byte template, recognised by the same template.

In an element signed so, the canonical form *is* the template with four holes: the ID, the digest, the
signature value and the certificate. So one canonicalisation of the whole element, in its place, gives all
that verification needs: cut at the signature it is the content, and the part cut out is the signature. Text
and attributes cannot imitate it, because a canonical form escapes every "<" in them; a processing
instruction cannot, because it would have to end ("?>") inside the template.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Final

from gateway.trust.algorithms import (
    ECDSA_SHA256,
    EXCLUSIVE_C14N,
    NAMESPACE,
    RSA_SHA256,
    SHA256,
    TRANSFORMS,
    SignatureMethod,
)
from gateway.trust.evidence import Evidence

#: An ID that stands in XML and in a URI as it is.
_PLAIN_ID: Final = r"[A-Za-z_][A-Za-z0-9._-]{0,127}"
_BASE64: Final = r"[A-Za-z0-9+/]+={0,2}"

_NAMESPACE_DECLARATION: Final = f' xmlns="{NAMESPACE}"'.encode()
_START: Final = b"<Signature" + _NAMESPACE_DECLARATION + b"><SignedInfo>"


def _signed_info(method: str, identity: str, digest: str) -> str:
    transforms = "".join(f'<Transform Algorithm="{uri}"></Transform>' for uri in TRANSFORMS)
    return (
        f'<CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{method}"></SignatureMethod>'
        f'<Reference URI="#{identity}"><Transforms>{transforms}</Transforms>'
        f'<DigestMethod Algorithm="{SHA256.uri}"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
    )


def _pattern() -> re.Pattern[bytes]:
    # The holes are marked by characters that XML has not.
    fixed = re.escape(_START.decode() + _signed_info("\0", "\1", "\2"))
    fixed = fixed.replace("\0", '(?P<method>[^"<>]+)')
    fixed = fixed.replace("\1", f"(?P<id>{_PLAIN_ID})").replace("\2", f"(?P<digest>{_BASE64})")
    return re.compile(
        (
            rf"{fixed}<SignatureValue>(?P<value>{_BASE64})</SignatureValue>"
            rf"<KeyInfo><X509Data><X509Certificate>(?P<certificate>{_BASE64})</X509Certificate>"
            r"</X509Data></KeyInfo></Signature>(?P<end>[ \t\n]*</[^<>?]+>)"
        ).encode()
    )


_SHAPE: Final = _pattern()
_METHODS: Final = {method.uri.encode(): method for method in (ECDSA_SHA256, RSA_SHA256)}
_ID: Final = re.compile(_PLAIN_ID)


def is_plain(identity: str) -> bool:
    """Whether an ID can stand in the template."""
    return _ID.fullmatch(identity) is not None


def write_signed_info(method: SignatureMethod, identity: str, digest: str) -> bytes:
    """SignedInfo in its canonical form; `digest` is base64."""
    assert is_plain(identity), "an ID that is not plain needs escaping"
    body = _signed_info(method.uri, identity, digest).encode()
    return b"<SignedInfo" + _NAMESPACE_DECLARATION + b">" + body


def write_signature(signed_info: bytes, value: str, certificate: str) -> bytes:
    """The whole signature; `signed_info` is what `write_signed_info` gave, the others are base64."""
    return b"".join(
        (
            b"<Signature",
            _NAMESPACE_DECLARATION,
            b">",
            signed_info.replace(_NAMESPACE_DECLARATION, b"", 1),
            b"<SignatureValue>",
            value.encode(),
            b"</SignatureValue><KeyInfo><X509Data><X509Certificate>",
            certificate.encode(),
            b"</X509Certificate></X509Data></KeyInfo></Signature>",
        )
    )


def read_shape(whole: bytes, identity: str) -> Evidence | None:
    """The evidence in `whole`, the canonical form of a signed element; None if it is not of our shape.

    `identity` is the element's own ID; a reference to anything else is not of our shape.
    """
    start = whole.rfind(_START)
    found = _SHAPE.fullmatch(whole, start) if start > 0 else None
    if found is None or found["id"] != identity.encode():
        return None
    method = _METHODS.get(found["method"])
    if method is None:
        return None
    try:
        digest, value, certificate = (_strict(found[hole]) for hole in ("digest", "value", "certificate"))
    except binascii.Error:
        return None
    return Evidence(
        payload=whole[:start] + found["end"],
        signed_info=write_signed_info(method, identity, found["digest"].decode()),
        signature_method=method,
        digest_method=SHA256,
        digest_value=digest,
        signature_value=value,
        certificate=certificate,
    )


def _strict(text: bytes) -> bytes:
    data = b64decode(text, validate=True)
    if binascii.b2a_base64(data, newline=False) != text:
        raise binascii.Error("stray bits")
    return data

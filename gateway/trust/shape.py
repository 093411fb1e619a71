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
from dataclasses import dataclass
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

_METHODS: Final = {method.uri: method for method in (ECDSA_SHA256, RSA_SHA256)}
_NAMESPACE_DECLARATION: Final = f' xmlns="{NAMESPACE}"'.encode()
_START: Final = b"<Signature" + _NAMESPACE_DECLARATION + b"><SignedInfo>"


_TRANSFORMS: Final = "".join(f'<Transform Algorithm="{uri}"></Transform>' for uri in TRANSFORMS)


def _signed_info(method: str, identity: str, digest: str) -> str:
    return (
        f'<CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{method}"></SignatureMethod>'
        f'<Reference URI="#{identity}"><Transforms>{_TRANSFORMS}</Transforms>'
        f'<DigestMethod Algorithm="{SHA256.uri}"></DigestMethod>'
        f"<DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
    )


def _pattern(*, written: bool) -> re.Pattern[bytes]:
    """Of the canonical form; or as `written`, where an empty element may be one tag."""
    # The holes are marked by characters that XML has not.
    fixed = re.escape(_START.decode() + _signed_info("\0", "\1", "\2"))
    fixed = fixed.replace("\0", f"(?P<method>{'|'.join(map(re.escape, _METHODS))})")
    fixed = fixed.replace("\1", f"(?P<id>{_PLAIN_ID})").replace("\2", f"(?P<digest>{_BASE64})")
    if written:
        fixed = re.sub(r'"></([A-Za-z]+)>', r'"(?:/>|></\1>)', fixed)
    space = "" if written else r"[ \t\n]*"
    return re.compile(
        (
            rf"{fixed}<SignatureValue>(?P<value>{_BASE64})</SignatureValue>"
            rf"<KeyInfo><X509Data><X509Certificate>(?P<certificate>{_BASE64})</X509Certificate>"
            rf"</X509Data></KeyInfo></Signature>(?P<end>{space}</[^<>?]+>)"
        ).encode()
    )


_SHAPE: Final = _pattern(written=False)
_WRITTEN: Final = _pattern(written=True)
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
    body = signed_info.removeprefix(b"<SignedInfo" + _NAMESPACE_DECLARATION + b">")
    return _signature(body, value.encode(), certificate.encode())


def _signature(signed_info_body: bytes, value: bytes, certificate: bytes) -> bytes:
    return b"".join(
        (
            _START,
            signed_info_body,
            b"<SignatureValue>",
            value,
            b"</SignatureValue><KeyInfo><X509Data><X509Certificate>",
            certificate,
            b"</X509Certificate></X509Data></KeyInfo></Signature>",
        )
    )


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes of a signed element with a signature of our shape: what comes before it, and what comes after."""

    before: bytes
    end: bytes
    identity: str
    _found: re.Match[bytes]

    @property
    def unsigned(self) -> bytes:
        """The element without the signature."""
        return self.before + self.end

    def canonical(self) -> bytes:
        """The canonical form of the element with the signature, if that of the unsigned one is its bytes."""
        found = self._found
        info = _signed_info(found["method"].decode(), self.identity, found["digest"].decode()).encode()
        return b"".join((self.before, _signature(info, found["value"], found["certificate"]), self.end))

    def evidence(self) -> Evidence | None:
        """The evidence, if the canonical form of the unsigned element is its bytes."""
        return _evidence(self._found, self.identity, self.unsigned)


def written(element: bytes) -> Written | None:
    """The parts of `element`, the bytes of a signed one as they stand; None if that cannot be our shape.

    What stands before the signature, and that it is the element's own, is for the caller to know.
    """
    start = element.rfind(_START)
    found = _WRITTEN.fullmatch(element, start) if start > 0 else None
    return None if found is None else Written(element[:start], found["end"], found["id"].decode(), found)


def read_shape(whole: bytes, identity: str) -> Evidence | None:
    """The evidence in `whole`, the canonical form of a signed element; None if it is not of our shape.

    `identity` is the element's own ID; a reference to anything else is not of our shape.
    """
    start = whole.rfind(_START)
    found = _SHAPE.fullmatch(whole, start) if start > 0 else None
    if found is None or found["id"] != identity.encode():
        return None
    return _evidence(found, identity, whole[:start] + found["end"])


def _evidence(found: re.Match[bytes], identity: str, payload: bytes) -> Evidence | None:
    method = _METHODS[found["method"].decode()]
    try:
        digest, value, certificate = (_strict(found[hole]) for hole in ("digest", "value", "certificate"))
    except binascii.Error:
        return None
    return Evidence(
        payload=payload,
        signed_info=write_signed_info(method, identity, found["digest"].decode()),
        signature_method=method,
        digest_method=SHA256,
        digest_value=digest,
        signature_value=value,
        certificate=certificate,
    )


def _strict(text: bytes) -> bytes:
    data = binascii.a2b_base64(text)
    if binascii.b2a_base64(data, newline=False) != text:
        raise binascii.Error("stray bits")
    return data

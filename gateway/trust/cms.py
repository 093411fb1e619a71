"""What all CMS messages have in common (RFC 5652): the frame around them, names of types, one kind of fault.

The messages themselves: `cms_signed`, `cms_enveloped`, `cms_compressed`; one within another: `cms_file`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.trust import ber
from gateway.trust.ber import CONSTRUCTED, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Element, Parts
from gateway.trust.keys import KnownCertificate

DATA: Final = ber.oid("1.2.840.113549.1.7.1")
SIGNED_DATA: Final = ber.oid("1.2.840.113549.1.7.2")
ENVELOPED_DATA: Final = ber.oid("1.2.840.113549.1.7.3")
COMPRESSED_DATA: Final = ber.oid("1.2.840.113549.1.9.16.1.9")
RSA_ENCRYPTION: Final = ber.oid("1.2.840.113549.1.1.1")
#: Context-specific identifiers; those of constructed elements with CONSTRUCTED.
TAG_0: Final = 0x80
TAG_1: Final = 0x81
NULL: Final = ber.encoded(ber.NULL)
#: So many signatures, or recipients, a message may have: two each while a certificate is being changed.
MAX_PARTIES: Final = 16


class CmsReason(IntEnum):
    """Why a file could not be opened: the codes of NERPREAS (RFC 5024 section 5.3.14)."""

    SIGNATURE = 31
    DECOMPRESSION = 32
    DECRYPTION = 33
    PROCESSING = 34


class CmsFault(Exception):
    """What a partner sent cannot be opened; the text says why, and holds nothing of content or keys."""

    def __init__(self, reason: CmsReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@contextmanager
def blamed_on(reason: CmsReason) -> Iterator[None]:
    """Turns what is no proper ASN.1 into a CmsFault of that reason."""
    try:
        yield
    except ber.BerFault as fault:
        raise CmsFault(reason, f"not in the form of CMS: {fault}") from None


def framed(content_type: bytes, content: bytes) -> bytes:
    """A ContentInfo (RFC 5652 section 3)."""
    return ber.encoded(SEQUENCE, object_identifier(content_type), ber.encoded(TAG_0 | CONSTRUCTED, content))


def unframed(data: bytes, content_type: bytes, what: str) -> Parts:
    """The parts of the content of a ContentInfo, which must be of that type; BerFault otherwise."""
    info = Parts(ber.read(data).need(SEQUENCE, "a ContentInfo"), "the ContentInfo")
    found = info.next("a content type", OBJECT_IDENTIFIER)
    content = Parts(info.next("content", TAG_0 | CONSTRUCTED), "the content")
    info.end()
    if bytes(found.content) != content_type:
        raise ber.BerFault(f"expected {what}, found {named(found.content)}")
    parts = Parts(content.next(what, SEQUENCE), what)
    content.end()
    return parts


def named(content_type: bytes | memoryview) -> str:
    """The name of a content type."""
    names = {
        DATA: "Data",
        SIGNED_DATA: "SignedData",
        ENVELOPED_DATA: "EnvelopedData",
        COMPRESSED_DATA: "CompressedData",
    }
    return names.get(bytes(content_type), "another type")


def object_identifier(content: bytes) -> bytes:
    """An OBJECT IDENTIFIER of encoded content."""
    return ber.encoded(OBJECT_IDENTIFIER, content)


def algorithm(oid: bytes, parameters: bytes = NULL) -> bytes:
    """An AlgorithmIdentifier."""
    return ber.encoded(SEQUENCE, object_identifier(oid), parameters)


def algorithm_of(element: Element) -> tuple[bytes, Element | None]:
    """Name and parameters in an AlgorithmIdentifier."""
    parts = Parts(element.need(SEQUENCE, "an algorithm"), "an algorithm")
    oid = parts.next("a name", OBJECT_IDENTIFIER)
    parameters = parts.optional(ber.NULL, OCTET_STRING, SEQUENCE)
    parts.end()
    return bytes(oid.content), parameters


def encapsulated(content: bytes) -> bytes:
    """An EncapsulatedContentInfo of type Data, which is all that files have (RFC 5024 section 6.1)."""
    octets = ber.encoded(TAG_0 | CONSTRUCTED, ber.encoded(OCTET_STRING, content))
    return ber.encoded(SEQUENCE, object_identifier(DATA), octets)


def encapsulated_in(element: Element) -> bytes:
    """The octets in an EncapsulatedContentInfo of type Data."""
    parts = Parts(element.need(SEQUENCE, "encapsulated content"), "the encapsulated content")
    found = parts.next("a content type", OBJECT_IDENTIFIER)
    if bytes(found.content) != DATA:
        raise ber.BerFault(f"expected content of type Data, found {named(found.content)}")
    explicit = Parts(parts.next("the content itself", TAG_0 | CONSTRUCTED), "the content")
    octets = explicit.next("an octet string")
    explicit.end()
    parts.end()
    if octets.tag & ~CONSTRUCTED != OCTET_STRING:
        raise ber.BerFault("expected an octet string as content")
    return octets.octets()


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """An IssuerAndSerialNumber, which names a certificate."""
    issuer = certificate.issuer.public_bytes(Encoding.DER)
    return ber.encoded(SEQUENCE, issuer, ber.number(certificate.serial_number))


def names(element: Element, known: KnownCertificate) -> bool:
    """Whether a SignerIdentifier or RecipientIdentifier names that certificate."""
    if element.tag == SEQUENCE:
        return element.der() == issuer_and_serial(known.certificate)
    if element.tag == TAG_0:
        return bytes(element.content) == _key_identifier(known.certificate)
    return False


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None

"""SignedData with its content within (RFC 5652 section 5): files, and the words of EERP and NERP.

What is made has the attributes content type and message digest and no certificates: the partner has them
(RFC 5024 section 6.2). What is read may hold certificates, which are not looked at: only those that were
configured count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from gateway.trust import ber, cms
from gateway.trust.ber import (
    CONSTRUCTED,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    Parts,
)
from gateway.trust.cipher_suites import Digest
from gateway.trust.cms import CmsFault, CmsReason, blamed_on
from gateway.trust.cms_keys import OwnKey, rsa_key
from gateway.trust.keys import KnownCertificate

_CONTENT_TYPE: Final = ber.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = ber.oid("1.2.840.113549.1.9.4")
_ATTRIBUTES: Final = cms.TAG_0 | CONSTRUCTED
_UNSIGNED_ATTRIBUTES: Final = cms.TAG_1 | CONSTRUCTED
_CERTIFICATES, _REVOCATIONS = cms.TAG_0 | CONSTRUCTED, cms.TAG_1 | CONSTRUCTED
_VERSION: Final = 1


def sign(content: bytes, signers: Iterable[OwnKey], digest: Digest) -> bytes:
    """`content` within SignedData, signed by each of `signers`; the same octets every time."""
    hashed = digest.of(content)
    infos = sorted(_signer_info(signer, hashed, digest) for signer in signers)
    assert infos, "somebody signs"
    signed = ber.encoded(
        SEQUENCE,
        ber.number(_VERSION),
        ber.encoded(SET, cms.algorithm(digest.oid)),
        cms.encapsulated(content),
        ber.encoded(SET, *infos),
    )
    return cms.framed(cms.SIGNED_DATA, signed)


def verify(message: bytes, certificates: Sequence[KnownCertificate], digest: Digest, now: datetime) -> bytes:
    """The content of SignedData that the owner of one of `certificates` signed; CmsFault otherwise."""
    content, _ = verified(message, certificates, digest, now)
    return content


def verified(
    message: bytes, certificates: Sequence[KnownCertificate], digest: Digest, now: datetime
) -> tuple[bytes, KnownCertificate]:
    """The content of SignedData, and the certificate by which it was signed; CmsFault as `verify`.

    There may be signatures by certificates that we do not know (a change of certificates goes on); each by
    one that we know must be right, and one of those must be valid at `now`.
    """
    with blamed_on(CmsReason.SIGNATURE):
        parts = cms.unframed(message, cms.SIGNED_DATA, "SignedData")
        parts.next("a version", INTEGER)
        parts.next("digest algorithms", SET)
        content = cms.encapsulated_in(parts.next("content"))
        parts.optional(_CERTIFICATES)
        parts.optional(_REVOCATIONS)
        infos = parts.next("signatures", SET).parts
        parts.end()
        if len(infos) > cms.MAX_PARTIES:
            raise ber.BerFault(f"expected at most {cms.MAX_PARTIES} signatures")
        hashed = digest.of(content)
        signers = [
            known for info in infos if (known := _checked(info, certificates, digest, hashed)) is not None
        ]
    if not signers:
        raise CmsFault(CmsReason.SIGNATURE, "not signed by a certificate that we have of the partner")
    valid = next((one for one in signers if one.not_before <= now <= one.not_after), None)
    if valid is None:
        raise CmsFault(CmsReason.SIGNATURE, "the signer's certificate has expired or is not valid yet")
    return content, valid


def _signer_info(signer: OwnKey, hashed: bytes, digest: Digest) -> bytes:
    attributes = (
        _attribute(_CONTENT_TYPE, cms.object_identifier(cms.DATA)),
        _attribute(_MESSAGE_DIGEST, ber.encoded(OCTET_STRING, hashed)),
    )
    in_order = sorted(attributes)
    value = signer.key.sign(ber.encoded(SET, *in_order), PKCS1v15(), digest.hash)
    return ber.encoded(
        SEQUENCE,
        ber.number(_VERSION),
        cms.issuer_and_serial(signer.certificate.certificate),
        cms.algorithm(digest.oid),
        ber.encoded(_ATTRIBUTES, *in_order),
        cms.algorithm(cms.RSA_ENCRYPTION),
        ber.encoded(OCTET_STRING, value),
    )


def _attribute(name: bytes, value: bytes) -> bytes:
    return ber.encoded(SEQUENCE, cms.object_identifier(name), ber.encoded(SET, value))


def _checked(
    info: Element, certificates: Sequence[KnownCertificate], digest: Digest, hashed: bytes
) -> KnownCertificate | None:
    """Who signed, None if we do not know him; CmsFault if we do and the signature is not right."""
    parts = Parts(info.need(SEQUENCE, "a signature"), "a signature")
    parts.next("a version", INTEGER)
    who = parts.next("a certificate's name")
    digest_name, _ = cms.algorithm_of(parts.next("a digest algorithm"))
    attributes = parts.optional(_ATTRIBUTES)
    signature_name, _ = cms.algorithm_of(parts.next("a signature algorithm"))
    value = parts.next("the signature itself", OCTET_STRING).octets()
    parts.optional(_UNSIGNED_ATTRIBUTES)
    parts.end()
    known = next((one for one in certificates if cms.names(who, one)), None)
    if known is None:
        return None
    if digest_name != digest.oid or signature_name not in {cms.RSA_ENCRYPTION, digest.with_rsa}:
        expected = f"expected {digest.name} and RSA PKCS#1 1.5"
        raise CmsFault(CmsReason.SIGNATURE, f"signed by other algorithms: {expected}")
    if attributes is None:
        signed = None
    else:
        _check_attributes(attributes, hashed)
        signed = attributes.der(SET)
    _check_value(known, value, signed, hashed, digest)
    return known


def _check_value(
    known: KnownCertificate, value: bytes, signed: bytes | None, hashed: bytes, digest: Digest
) -> None:
    """Without signed attributes it is the content's digest that is signed (RFC 5652 section 5.4)."""
    over = hashed if signed is None else digest.of(signed)
    try:
        rsa_key(known).verify(value, over, PKCS1v15(), Prehashed(digest.hash))
    except InvalidSignature:
        raise CmsFault(CmsReason.SIGNATURE, "the signature does not fit the content") from None


def _check_attributes(attributes: Element, hashed: bytes) -> None:
    """Content type and message digest, each once and with one value (RFC 5652 section 11)."""
    values: dict[bytes, Element] = {}
    for attribute in attributes.parts:
        parts = Parts(attribute.need(SEQUENCE, "a signed attribute"), "a signed attribute")
        name = bytes(parts.next("a name", OBJECT_IDENTIFIER).content)
        found = parts.next("values", SET).parts
        parts.end()
        if name not in {_CONTENT_TYPE, _MESSAGE_DIGEST}:
            continue
        if name in values or len(found) != 1:
            raise ber.BerFault("a signed attribute is there twice")
        values[name] = found[0]
    if len(values) != 2:  # noqa: PLR2004 - the two above
        raise ber.BerFault("expected content type and message digest among the signed attributes")
    content_type, message_digest = values[_CONTENT_TYPE], values[_MESSAGE_DIGEST]
    if bytes(content_type.need(OBJECT_IDENTIFIER, "a content type").content) != cms.DATA:
        raise ber.BerFault("expected content type Data among the signed attributes")
    if message_digest.need(OCTET_STRING, "a digest").octets() != hashed:
        raise CmsFault(CmsReason.SIGNATURE, "the content is not that which was signed")

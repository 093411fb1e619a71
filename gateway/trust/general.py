"""The general path: a signature of the profile however written, read strictly and verified by signxml."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Final, cast

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from gateway.trust import anatomy, checking, faults
from gateway.trust.algorithms import DIGEST_METHODS, SIGNATURE_METHODS
from gateway.trust.canonical import CanonicalisationError, canonical, standalone
from gateway.trust.evidence import Evidence
from gateway.trust.keys import KnownCertificate
from licencexml.place import where
from licencexml.rejection import Reason, Rejection

_DIGEST: Final = "SignedInfo/Reference/DigestValue"
_VALUE: Final = "SignatureValue"
_CERTIFICATE: Final = "KeyInfo/X509Data/X509Certificate"
_SPACE_REMOVED: Final = str.maketrans("", "", anatomy.XML_SPACE)


class _Verifier(XMLVerifier):
    """signxml copies trees by way of ASCII, which cannot write every name, and with the text behind them."""

    def _tostring(self, xml_node: etree._Element, **options: Any) -> bytes:
        return cast("bytes", etree.tostring(xml_node, encoding="utf-8", with_tail=False, **options))


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a signature: its faults, or evidence; the certificate, where there is exactly one."""

    faults: tuple[Rejection, ...]
    evidence: Evidence | None
    certificate: bytes | None


def read(element: etree._Element, signature: etree._Element, identity: str, *, well_placed: bool) -> Reading:
    """Reads `signature`, a child of `element`, whose ID is `identity`.

    There is no evidence unless the signature is `well_placed`: the last child of an element of which there is
    only one with that ID.
    """
    found = list(anatomy.examine(signature, identity))
    values = {}
    for path in (_DIGEST, _VALUE, _CERTIFICATE):
        nodes = anatomy.find_all(signature, path)
        if len(nodes) == 1 and (value := _base64(nodes[0])) is not None:
            values[path] = value
        elif len(nodes) == 1:
            name = anatomy.local_name(nodes[0])
            found.append(faults.NOT_BASE64.reject(where(nodes[0]), element=name))
    certificate = values.get(_CERTIFICATE)
    if found or not well_placed:
        return Reading(tuple(found), None, certificate)
    try:
        return Reading((), _evidence(element, signature, values), certificate)
    except CanonicalisationError as error:
        detail = faults.shown(str(error))
        return Reading((faults.NOT_CANONICAL.reject(where(element), detail=detail),), None, certificate)


def check(element: etree._Element, evidence: Evidence, known: KnownCertificate) -> list[Reason]:
    """What is cryptographically wrong. signxml's opinion and our own must be one, or the answer is no."""
    assert known.key is not None, "only accepted keys come here"
    found = checking.check(evidence, known.key)
    return found if _opinion(element, evidence, known) == found[-1:] else [*found, faults.UNDECIDED]


def _opinion(element: etree._Element, evidence: Evidence, known: KnownCertificate) -> list[Reason]:
    """What signxml finds; it looks at the value first, and at the content only if the value is good."""
    config = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod(evidence.signature_method.uri)}),
        digest_algorithms=frozenset({DigestAlgorithm(evidence.digest_method.uri)}),
        # Validity is judged by the trust store, at the instant that the caller names.
        verification_time=known.not_before,
    )
    try:
        # One reference is expected, so there is one result.
        result = cast(
            "VerifyResult",
            _Verifier().verify(
                standalone(element),
                x509_cert=known.certificate,
                id_attribute="ID",
                expect_config=config,
                # The anatomy is narrower than the schema.
                validate_schema=False,
            ),
        )
    except InvalidDigest:
        return [faults.CONTENT_CHANGED]
    except InvalidSignature:
        return [faults.SIGNATURE_WRONG]
    except (SignXMLException, etree.LxmlError, ValueError):
        return [faults.UNDECIDED]
    return [] if result.signed_data == evidence.payload else [faults.UNDECIDED]


def _evidence(element: etree._Element, signature: etree._Element, values: dict[str, bytes]) -> Evidence:
    (signed_info,) = anatomy.find_all(signature, "SignedInfo")
    (method,) = anatomy.find_all(signed_info, "SignatureMethod")
    (digest_method,) = anatomy.find_all(signed_info, "Reference/DigestMethod")
    return Evidence(
        payload=_payload(element),
        signed_info=canonical(signed_info),
        signature_method=SIGNATURE_METHODS[method.get("Algorithm", "")],
        digest_method=DIGEST_METHODS[digest_method.get("Algorithm", "")],
        digest_value=values[_DIGEST],
        signature_value=values[_VALUE],
        certificate=values[_CERTIFICATE],
    )


def _payload(element: etree._Element) -> bytes:
    """The canonical form without the signature, which is the last child; the text behind it stays."""
    copy = standalone(element)
    signature, tail = copy[-1], copy[-1].tail or ""
    before = signature.getprevious()
    copy.remove(signature)
    if before is None:
        copy.text = (copy.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    return canonical(copy)


def _base64(node: etree._Element) -> bytes | None:
    """The bytes in `node`; None if it is empty or not strict base64. White space is allowed."""
    text = anatomy.text_of(node).translate(_SPACE_REMOVED)
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return None
    return data if data and binascii.b2a_base64(data, newline=False).decode() == text else None

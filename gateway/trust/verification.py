"""Verifying one signed message, and handing out only what was signed.

`verify` proceeds so:

1. The signature stands where it must: exactly one, the last child of the message's own element.
2. The element has an ID, and no other element of the document has the same.
3. The signature is read. If the canonical form of the element shows exactly our own shape, that form is
   all that is needed (`shape`); any other permitted signature is read strictly and verified by signxml
   (`general`). Either way its one reference is to the element of step 1, by its ID, and every algorithm is
   on the list.
4. The certificate is judged: role, validity at the given instant, key, usage.
5. Content and signature value are checked against that certificate's key.
6. The content is parsed from the very bytes that were digested; the sender that it names must be the
   participant that the certificate names.

A fault does not stop the later steps where they still make sense: all that can be found is reported at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Self, cast

from lxml import etree

from gateway.trust import checking, faults, general, shape
from gateway.trust.algorithms import SHA256
from gateway.trust.anatomy import XML_SPACE
from gateway.trust.canonical import CanonicalisationError, canonical, is_comment, parsed
from gateway.trust.certificates import Endorsement, Role, TrustStore
from gateway.trust.evidence import Evidence
from gateway.trust.faults import shown
from gateway.trust.general import Reading
from gateway.trust.keys import KnownCertificate, PublicKey, known_certificate
from licencexml.names import SIGNATURE
from licencexml.place import where
from licencexml.rejection import NOWHERE, Reason, Rejection
from licencexml.travelling import travels

#: However it is written: "ID", "Id", "id" and "xml:id" all identify an element to some reader.
_IDENTIFIERS: Final = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']", smart_strings=False)
#: Lines above this are not kept: the cost would be a copy of the file's length for each message in it.
_MAX_FIRST_LINE: Final = 65_535
_KEPT_SIGNERS: Final = 1024
_SAME_IDENTIFIER: Final = etree.XPath(
    "count(//@*[. = $identity][translate(local-name(), 'ID', 'id') = 'id'])", smart_strings=False
)


@travels
@dataclass(frozen=True, slots=True)
class SignerInfo:
    """Who signed: participant (the certificate's common name), role, and the certificate.

    Fingerprint and serial number are hexadecimal; `not_after` is aware.
    """

    participant: str
    role: Role
    fingerprint_sha256: str
    serial: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What was signed, and by whom.

    `element` is a tree of its own, parsed from the canonical bytes that were digested; it has no signature,
    and its lines are those of the file as nearly as canonicalisation allows. `digest` is the SHA-256 of those
    bytes (32 bytes), the same wherever the message stands and whatever digest the signature uses.
    """

    element: etree._Element
    digest: bytes
    signer: SignerInfo


class Identities:
    """The IDs of a document, counted once: for documents with many signed messages in them."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts

    @classmethod
    def of(cls, root: etree._Element) -> Self:
        """All IDs in the document of `root`, which must not change while this is used."""
        return cls(Counter(cast("list[str]", _IDENTIFIERS(root))))

    def count(self, identity: str) -> int:
        """How many elements have this ID."""
        return self._counts[identity]


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the caller demands."""

    trust: TrustStore
    roles: frozenset[Role]
    at: datetime
    sender: str | None
    identities: Identities | None


def verify(
    element: etree._Element,
    *,
    trust: TrustStore,
    roles: frozenset[Role],
    at: datetime,
    sender: str | None = None,
    identities: Identities | None = None,
) -> Verified | tuple[Rejection, ...]:
    """Verifies the signature of `element`, wherever it stands in its document, or tells every fault.

    The signer must have one of `roles` at `at` (aware). If the signed content has a `Header/Sender`, it must
    be the signer, and so must `sender` if given. `identities` spares counting the IDs anew for each message
    of a large document. The document must come from the hardened parser, which bounds its size.
    """
    return _verify(element, _Terms(trust, roles, at, sender, identities), thin=True)


def verify_generally(
    element: etree._Element,
    *,
    trust: TrustStore,
    roles: frozenset[Role],
    at: datetime,
    sender: str | None = None,
    identities: Identities | None = None,
) -> Verified | tuple[Rejection, ...]:
    """As `verify`, by the general path alone: the second opinion that tests compare with."""
    return _verify(element, _Terms(trust, roles, at, sender, identities), thin=False)


@dataclass(frozen=True, slots=True)
class _Path:
    """What was read of a signature, and how to check its evidence."""

    reading: Reading
    check: Callable[[Evidence, KnownCertificate, PublicKey], list[Reason]]


def _verify(element: etree._Element, terms: _Terms, *, thin: bool) -> Verified | tuple[Rejection, ...]:
    signatures = list(element.iterchildren(SIGNATURE))
    if not signatures:
        return (faults.UNSIGNED.reject(where(element)),)
    if len(signatures) > 1:
        return (faults.SEVERAL_SIGNATURES.reject(where(signatures[1]), count=len(signatures)),)
    (signature,) = signatures
    identity = element.get("ID") or ""
    found = [*_standing_faults(signature), *_identity_faults(element, identity, terms.identities)]
    path = _thin_path(element, identity) if thin and not found else None
    if path is None:
        path = _general_path(element, signature, identity, well_placed=not found)
    found.extend(path.reading.faults)
    return _judge(element, signature, path, found, terms)


def _standing_faults(signature: etree._Element) -> Iterator[Rejection]:
    behind = signature.getnext()
    while behind is not None and is_comment(behind):
        behind = behind.getnext()
    if behind is not None:
        yield faults.SIGNATURE_NOT_LAST.reject(where(signature))


def _identity_faults(
    element: etree._Element, identity: str, identities: Identities | None
) -> Iterator[Rejection]:
    if not identity:
        yield faults.ID_MISSING.reject(where(element))
        return
    if identities is None:
        same = int(cast("float", _SAME_IDENTIFIER(element, identity=identity)))
    else:
        same = identities.count(identity)
    assert same >= 1, "the element itself has this ID"
    if same > 1:
        yield faults.ID_REPEATED.reject(where(element), id=shown(identity), count=same)


def _thin_path(element: etree._Element, identity: str) -> _Path | None:
    try:
        evidence = shape.read_shape(canonical(element), identity)
    except CanonicalisationError:
        return None  # the general path says why
    if evidence is None:
        return None
    reading = Reading((), evidence, evidence.certificate)
    return _Path(reading, lambda evidence, _, key: checking.check(evidence, key))


def _general_path(
    element: etree._Element, signature: etree._Element, identity: str, *, well_placed: bool
) -> _Path:
    reading = general.read(element, signature, identity, well_placed=well_placed)
    return _Path(reading, lambda evidence, known, _: general.check(element, evidence, known))


def _judge(
    element: etree._Element, signature: etree._Element, path: _Path, found: list[Rejection], terms: _Terms
) -> Verified | tuple[Rejection, ...]:
    known = _certificate(path.reading, found)
    endorsement = None
    if known is not None:
        verdict = terms.trust.check(known, terms.roles, terms.at)
        if isinstance(verdict, Endorsement):
            endorsement = verdict
        else:
            found.extend(verdict)
    content = None
    if path.reading.evidence is not None and known is not None:
        found.extend(_arithmetic_faults(path, path.reading.evidence, known))
        content = _content(element, path.reading.evidence, found)
    if content is not None and known is not None:
        found.extend(_sender_faults(content, known, terms.sender))
    if found:
        at = where(signature)
        return tuple(each if each.where != NOWHERE else replace(each, where=at) for each in found)
    assert content is not None, "content that cannot be read is a fault"
    assert known is not None, "a certificate that cannot be read is a fault"
    assert endorsement is not None, "a certificate that is not endorsed is a fault"
    return Verified(content, _content_digest(path.reading), signer_info(known, endorsement.role))


def _certificate(reading: Reading, found: list[Rejection]) -> KnownCertificate | None:
    if reading.certificate is None:
        return None
    try:
        return known_certificate(reading.certificate)
    except ValueError:
        found.append(faults.CERTIFICATE_UNREADABLE.reject())
        return None


def _arithmetic_faults(path: _Path, evidence: Evidence, known: KnownCertificate) -> list[Rejection]:
    """Nothing is computed with a key that is not accepted: its own fault is reported already."""
    if known.key is None:
        return []
    unfit = checking.misfit(evidence, known.key)
    if unfit is not None:
        changed = [] if evidence.digest_agrees else [faults.CONTENT_CHANGED.reject()]
        return [*changed, unfit]
    return [reason.reject() for reason in path.check(evidence, known, known.key)]


def _content(element: etree._Element, evidence: Evidence, found: list[Rejection]) -> etree._Element | None:
    line = cast("int | None", element.sourceline) or 1
    try:
        return parsed(evidence.payload, min(max(line, 1), _MAX_FIRST_LINE))
    except CanonicalisationError as error:
        found.append(faults.NOT_CANONICAL.reject(detail=shown(str(error))))
        return None


def _content_digest(reading: Reading) -> bytes:
    assert reading.evidence is not None, "what was verified has evidence"
    evidence = reading.evidence
    return evidence.digest_value if evidence.digest_method is SHA256 else SHA256.digest(evidence.payload)


def _sender_faults(
    content: etree._Element, known: KnownCertificate, expected: str | None
) -> Iterator[Rejection]:
    """The sender is read from the signed content: what another reader took from the file may differ."""
    namespace = etree.QName(content).namespace or ""
    named = content.findtext(f"{{{namespace}}}Header/{{{namespace}}}Sender")
    senders = dict.fromkeys(each.strip(XML_SPACE) for each in (named, expected) if each is not None)
    for sender in senders:
        if sender != known.participant and known.participant is not None:
            signer = shown(known.participant)
            yield faults.SENDER_MISMATCH.reject(sender=shown(sender), signer=signer)


@lru_cache(maxsize=_KEPT_SIGNERS)
def signer_info(known: KnownCertificate, role: Role) -> SignerInfo:
    """Who signs with this certificate, in a role that it was endorsed for."""
    assert known.participant is not None, "a certificate without a participant has a fault"
    return SignerInfo(known.participant, role, known.fingerprint_sha256, known.serial, known.not_after)

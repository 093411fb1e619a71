"""Examining what came in: parse, schema, signature, mapping; every fault that can be found, at once.

This is the work of a worker process (see `workers`): it takes bytes and returns values, holds keys,
anchors and compiled schemas, and keeps nothing between two documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.exchange import faults
from gateway.exchange.addressing import Addressee
from gateway.exchange.hints import mapping_faults, text, where
from gateway.trust import plain as plain_trust
from gateway.trust.certificates import Role, TrustStore
from gateway.trust.verification import Identities, SignerInfo, Verified, verify
from licencexml import parsing, plain, reading, writing
from licencexml.messages import Message, SealedLicence
from licencexml.rejection import Reason, Rejection
from licencexml.schema import Schemas
from licencexml.travelling import travels
from licencexml.values import LicenceKey

#: How many messages an interchange may carry (the schema's own bound).
MAX_MESSAGES = 1_000


@travels
@dataclass(frozen=True, slots=True)
class Examined:
    """A message that is well formed, valid, signed by who may sign it, and addressed to us.

    `message` was read from exactly what the signature covers; `digest` is that content's SHA-256; `xml` is
    the message's own bytes, signature and all.
    """

    message: Message
    digest: bytes
    signer: SignerInfo
    xml: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not taken, with every reason found.

    What identifies it is told as far as it could be read, and is not to be trusted. `readable` is False if
    the bytes are no message at all.
    """

    kind: str | None
    message_id: str | None
    sender: str | None
    licence: LicenceKey | None
    rejections: tuple[Rejection, ...]
    readable: bool
    xml: bytes


@dataclass(frozen=True, slots=True)
class ExaminedInterchange:
    """An interchange whose frame is good; each message in it stands or falls by itself."""

    control_reference: str
    sender: str
    receiver: str
    messages: tuple[Examined | Refused, ...]


@travels
@dataclass(frozen=True, slots=True)
class Document:
    """One job: the bytes, when they came (aware), and who may have sent them (None: anyone trusted)."""

    data: bytes
    received: datetime
    senders: frozenset[str] | None = None


class Examiner:
    """Examines for one participant: `accepts` says which roles may sign which kind of message."""

    def __init__(
        self,
        *,
        participant: str,
        schemas: Schemas,
        trust: TrustStore,
        accepts: Mapping[str, frozenset[Role]],
        max_bytes: int,
        wrong_sender: Reason = faults.WRONG_ISSUER,
    ) -> None:
        """`wrong_sender`: why a message is refused that is not from those who may have sent it here."""
        self._addressee = Addressee(participant, wrong_sender)
        self._schemas = schemas
        self._trust = trust
        self._accepts = accepts
        self._max_bytes = max_bytes

    def message(self, document: Document) -> Examined | Refused:
        """One message that is a document of its own."""
        return self.messages([document])[0]

    def messages(self, documents: Sequence[Document]) -> list[Examined | Refused]:
        """As `message`, of several: each step for all of them, as the processor's caches like it."""
        ready = [self._valid_plain(document) for document in documents]
        return [
            (signed and self._verified_plain(signed, document, document.data))
            or self.message_by_tree(document)
            for signed, document in zip(ready, documents, strict=True)
        ]

    def message_by_tree(self, document: Document) -> Examined | Refused:
        """As `message`, whatever its form; it alone tells faults."""
        try:
            root = parsing.parse(document.data, max_bytes=self._max_bytes)
        except parsing.Malformed as fault:
            return Refused(None, None, None, None, tuple(fault.rejections), readable=False, xml=document.data)
        return self._examine(root, document, document.data, Identities.of(root))

    def interchange(self, document: Document) -> ExaminedInterchange | Refused:
        """An interchange and every message in it."""
        return self._plain_interchange(document) or self.interchange_by_tree(document)

    def interchange_by_tree(self, document: Document) -> ExaminedInterchange | Refused:
        """As `interchange`, whatever its form; it alone tells faults."""
        try:
            root = parsing.parse(document.data, max_bytes=self._max_bytes)
            frame, elements = reading.read_interchange_frame(root)
        except parsing.Malformed as fault:
            return _no_interchange(tuple(fault.rejections), document)
        if len(elements) > MAX_MESSAGES:
            reason = faults.INTERCHANGE_TOO_LARGE
            rejection = reason.reject(where(root), count=len(elements), most=MAX_MESSAGES)
            return _no_interchange((rejection,), document)
        identities = Identities.of(root)
        messages = tuple(
            self._examine(element, document, writing.serialise(element), identities) for element in elements
        )
        return ExaminedInterchange(frame.control_reference, frame.sender, frame.receiver, messages)

    def _valid_plain(self, document: Document) -> plain_trust.PlainMessage | None:
        """The message, if it is in the plain form and the schema has nothing against it."""
        body = plain.body(document.data, self._max_bytes)
        signed = None if body is None else plain_trust.recognised(body)
        root = None if signed is None else parsing.parse_plain(signed.xml)
        return None if root is None or not self._schemas.is_valid(root) else signed

    def _plain_interchange(self, document: Document) -> ExaminedInterchange | None:
        """The interchange, if it and all in it is in the plain form and has no fault whatever."""
        body = plain.body(document.data, self._max_bytes)
        parts = None if body is None else plain.interchange(body)
        if body is None or parts is None or len(parts[1]) > MAX_MESSAGES:
            return None
        frame, members = parts
        signed = plain_trust.all_recognised(members)
        root = None if signed is None else parsing.parse_plain(body)
        if (
            signed is None
            or root is None
            or not all(map(self._schemas.is_valid, list(root)[-len(members) :]))
        ):
            return None
        messages = []
        for one in signed:
            examined = self._verified_plain(one, document, one.xml)
            if examined is None:
                return None
            messages.append(examined)
        return ExaminedInterchange(frame.control_reference, frame.sender, frame.receiver, tuple(messages))

    def _verified_plain(
        self, signed: plain_trust.PlainMessage, document: Document, xml: bytes
    ) -> Examined | None:
        """A valid message in the plain form; None if it has a fault, which `_examine` finds and tells."""
        roles = self._accepts.get(signed.unsigned.kind)
        if roles is None:
            return None
        found = plain_trust.verified(signed, trust=self._trust, roles=roles, at=document.received)
        if found is None or not self._addressee.accepts(
            found.message.header, document.received, document.senders
        ):
            return None
        return Examined(found.message, found.digest, found.signer, xml)

    def _examine(
        self, element: etree._Element, document: Document, xml: bytes, identities: Identities
    ) -> Examined | Refused:
        identity = _Identity.of(element)
        roles = self._accepts.get(identity.kind)
        if roles is None:
            rejection = faults.WRONG_KIND.reject(where(element), kind=identity.kind)
            return identity.refused((rejection,), xml, readable=False)
        schema_faults = self._schemas.check(element)
        verified = verify(
            element,
            trust=self._trust,
            roles=roles,
            at=document.received,
            sender=identity.sender,
            identities=identities,
        )
        if isinstance(verified, Verified) and not schema_faults:
            return self._read(element, verified, identity, document, xml)
        content_faults = schema_faults or mapping_faults(element)
        signature_faults = () if isinstance(verified, Verified) else verified
        return identity.refused((*content_faults, *signature_faults), xml)

    def _read(
        self, element: etree._Element, verified: Verified, identity: _Identity, document: Document, xml: bytes
    ) -> Examined | Refused:
        try:
            message = reading.read_message(verified.element)
        except parsing.Malformed as fault:
            # The verified tree has lost its place in the file; the same faults are there with their lines.
            return identity.refused(mapping_faults(element) or tuple(fault.rejections), xml)
        rejections = [
            *self._addressee.faults(element, message.header, document.received, document.senders),
            *self._inner(message, verified, document),
        ]
        if rejections:
            return identity.refused(tuple(rejections), xml)
        return Examined(message, verified.digest, verified.signer, xml)

    def _inner(self, message: Message, verified: Verified, document: Document) -> Sequence[Rejection]:
        """What is sealed carries the issuer's own signature, whatever its kind, which must hold by itself."""
        if not isinstance(message, SealedLicence):
            return ()
        inner = reading.sealed_content(verified.element)
        assert inner is not None, "what was read as a SealedLicence has a content"
        result = verify(
            inner,
            trust=self._trust,
            roles=frozenset({Role.ISSUER}),
            at=document.received,
            sender=message.content.header.sender,
        )
        return () if isinstance(result, Verified) else result


@dataclass(frozen=True, slots=True)
class _Identity:
    """What a message says of itself, read without trust: for answers and logs only."""

    element: etree._Element
    kind: str
    sender: str | None

    @classmethod
    def of(cls, element: etree._Element) -> _Identity:
        return cls(element, etree.QName(element).localname, text(element, "Header/Sender"))

    def refused(self, rejections: tuple[Rejection, ...], xml: bytes, *, readable: bool = True) -> Refused:
        message_id = text(self.element, "Header/MessageID")
        licence = reading.licence_key_hint(self.element)
        return Refused(self.kind, message_id, self.sender, licence, rejections, readable, xml)


def _no_interchange(rejections: tuple[Rejection, ...], document: Document) -> Refused:
    return Refused("Interchange", None, None, None, rejections, readable=False, xml=document.data)

"""The central seal put round a message, in a worker process: which must not load what it has no use for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.trust.canonical import canonical
from gateway.trust.plain import PlainMessage, recognised
from gateway.trust.signing import Signer
from licencexml import parsing, plain, writing
from licencexml.mapping_issuing import ISSUER_MESSAGES
from licencexml.messages import Header
from licencexml.names import NAMESPACE
from licencexml.travelling import travels

#: What is in the ledger was examined once; the bound on what is taken in may have been lowered since.
_MAX_BYTES = 64 * 1024 * 1024
#: libxml2 has bounds of its own, which nothing so short comes near.
_MAX_PLAIN_BYTES = 1024 * 1024
_NAMESPACE = f' xmlns="{NAMESPACE}"'.encode()

#: A message's identity that is longer than the name of any participant.
_HOLE = "x" * 64
#: It stands in the ID attribute and in the header.
_HOLES = 2
_KEPT_FRAMES = 64


@travels
@dataclass(frozen=True, slots=True)
class SealJob:
    """An accepted message's own bytes, and the header of the message that will carry it."""

    xml: bytes
    header: Header


@travels
@dataclass(frozen=True, slots=True)
class SealedDocument:
    """A sealed message's own bytes, and the SHA-256 (32 bytes) of exactly what the seal signed."""

    xml: bytes
    digest: bytes


def _frame(header: Header) -> tuple[bytes, bytes]:
    """The canonical form of a sealed message without its content: what comes before that, and after."""
    pieces = _frame_with_holes(replace(header, message_id=_HOLE))
    frame = header.message_id.encode().join(pieces)
    end = frame.rindex(b"</")
    return frame[:end], frame[end:]


@lru_cache(maxsize=_KEPT_FRAMES)
def _frame_with_holes(header: Header) -> tuple[bytes, ...]:
    """As the writer writes it, cut where the message's own identity stands: of a batch that alone differs."""
    pieces = tuple(canonical(writing.seal_frame(header)).split(header.message_id.encode()))
    assert len(pieces) == _HOLES + 1, "no name of a participant is so long"
    return pieces


class Sealer:
    """Puts the seal round an issuer's message, in a worker process."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def seal(self, job: SealJob) -> SealedDocument:
        """The sealed licence: the issuer's signed message untouched inside, the seal round it."""
        body = plain.body(job.xml, _MAX_PLAIN_BYTES)
        content = None if body is None else recognised(body)
        if content is None or content.unsigned.kind not in ISSUER_MESSAGES:
            return self.seal_by_tree(job)
        return self._seal_bytes(job.header, content)

    def _seal_bytes(self, header: Header, content: PlainMessage) -> SealedDocument:
        """What `seal_by_tree` makes, put together: the canonical form of all its parts is known."""
        identity = writing.message_id_attribute(header.message_id)
        start, end = _frame(header)
        # The frame declares the namespace, so in a canonical form the content does not.
        inside = content.written.canonical().replace(_NAMESPACE, b"", 1)
        digest, signature = self._signer.signature_of(b"".join((start, inside, end)), identity)
        return SealedDocument(b"".join((start, content.xml, signature, end)), digest)

    def seal_by_tree(self, job: SealJob) -> SealedDocument:
        """As `seal`, by way of a tree: for whatever an issuer may write, and for tests to compare with."""
        issue = parsing.parse(job.xml, max_bytes=_MAX_BYTES)
        sealed = writing.seal_envelope(job.header, issue)
        digest, signature = self._signer.signature(sealed)
        return SealedDocument(writing.with_last(sealed, signature), digest)

"""The central seal put round a message, in a worker process: which must not load what it has no use for."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.trust.signing import Signer
from licencexml import parsing, writing
from licencexml.messages import Header
from licencexml.travelling import travels

#: What is in the ledger was examined once; the bound on what is taken in may have been lowered since.
_MAX_BYTES = 64 * 1024 * 1024


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


class Sealer:
    """Puts the seal round an issuer's message, in a worker process."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def seal(self, job: SealJob) -> SealedDocument:
        """The sealed licence: the issuer's signed message untouched inside, the seal round it."""
        issue = parsing.parse(job.xml, max_bytes=_MAX_BYTES)
        sealed = writing.seal_envelope(job.header, issue)
        digest, signature = self._signer.signature(sealed)
        return SealedDocument(writing.with_last(sealed, signature), digest)

"""The gateway's bench in a worker process: it examines and seals, with keys and anchors loaded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from gateway.exchange.examination import Document, Examined, ExaminedInterchange, Examiner, Refused
from gateway.exchange.faults import WRONG_SENDER
from gateway.exchange.sealer import SealedDocument, Sealer, SealJob
from gateway.trust.certificates import Role, TrustStore
from gateway.trust.signing import Signer
from licencexml.messages import IssuerMessage
from licencexml.schema import Schemas

#: Who may sign what is dropped in the spool.
FROM_ISSUERS = {kind.__name__: frozenset({Role.ISSUER}) for kind in get_args(IssuerMessage)}
#: Who may sign what comes over the line.
FROM_CUSTOMS = {
    kind: frozenset({Role.CUSTOMS})
    for kind in (
        "WriteOff",
        "WriteOffAmendment",
        "WriteOffReversal",
        "LicenceQuery",
        "LicenceQueryReply",
        "Reconciliation",
        "ApplicationAck",
        "TechnicalAck",
    )
}


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """What a bench is built from; plain values, so that they travel to a worker process."""

    participant: str
    xsd_dir: Path
    anchors: Mapping[Role, Path]
    max_message_bytes: int
    max_interchange_bytes: int
    seal_key: Path
    seal_certificate: Path


class Bench:
    """Operations by name, each on a list of jobs: see `workers`."""

    def __init__(self, settings: BenchSettings) -> None:
        schemas = Schemas.load(settings.xsd_dir)
        trust = TrustStore.load(settings.anchors)
        self._spool = Examiner(
            participant=settings.participant,
            schemas=schemas,
            trust=trust,
            accepts=FROM_ISSUERS,
            max_bytes=settings.max_message_bytes,
        )
        self._line = Examiner(
            participant=settings.participant,
            schemas=schemas,
            trust=trust,
            accepts=FROM_CUSTOMS,
            max_bytes=settings.max_interchange_bytes,
            wrong_sender=WRONG_SENDER,
        )
        self._sealer = Sealer(Signer.load(settings.seal_key, settings.seal_certificate))

    def messages(self, documents: list[Document]) -> list[Examined | Refused]:
        """Examine files from the spool."""
        return self._spool.messages(documents)

    def interchanges(self, documents: list[Document]) -> list[ExaminedInterchange | Refused]:
        """Examine virtual files from the line."""
        return [self._line.interchange(document) for document in documents]

    def seals(self, jobs: list[SealJob]) -> list[SealedDocument]:
        """Seal accepted licences."""
        return [self._sealer.seal(job) for job in jobs]

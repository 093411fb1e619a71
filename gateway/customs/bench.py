"""The simulated customs' bench in a worker process: it verifies schema, seal and issuer's signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.exchange.examination import Document, ExaminedInterchange, Examiner, Refused
from gateway.exchange.faults import WRONG_SENDER
from gateway.trust.certificates import SIGNING_ROLES, Role, TrustStore
from licencexml.schema import Schemas

#: Who may sign what comes from the gateway.
FROM_GATEWAY = {
    kind: roles & {Role.SEAL, Role.GATEWAY}
    for kind, roles in SIGNING_ROLES.items()
    if roles & {Role.SEAL, Role.GATEWAY}
}


@dataclass(frozen=True, slots=True)
class CustomsBenchSettings:
    """What the bench is built from; plain values, so that they travel to a worker process."""

    participant: str
    xsd_dir: Path
    anchors: Mapping[Role, Path]
    max_interchange_bytes: int


class CustomsBench:
    """Operations by name, each on a list of jobs: see `gateway.exchange.workers`."""

    def __init__(self, settings: CustomsBenchSettings) -> None:
        self._line = Examiner(
            participant=settings.participant,
            schemas=Schemas.load(settings.xsd_dir),
            trust=TrustStore.load(settings.anchors),
            accepts=FROM_GATEWAY,
            max_bytes=settings.max_interchange_bytes,
            wrong_sender=WRONG_SENDER,
        )

    def interchanges(self, documents: list[Document]) -> list[ExaminedInterchange | Refused]:
        """Examine virtual files from the line."""
        return [self._line.interchange(document) for document in documents]

"""Who a session is with, and where what passes in it is told."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.line.journal import Journal
from gateway.line.office import OutgoingFile, Phase, PostOffice
from gateway.line.refusals import in_words
from gateway.line.status import Traffic
from oftp2.attributes import FileAttributes
from oftp2.identity import FileIdentity


@dataclass(frozen=True, slots=True)
class Party:
    """The partner of an identified session, by its configured name."""

    name: str
    office: PostOffice
    traffic: Traffic
    journal: Journal

    def sent(self, item: OutgoingFile) -> None:
        """Tell log and status of a file of ours that the partner has."""
        self.traffic.files_sent += 1
        self.traffic.last_file = _passed(item.identity, "sent", item.size_bytes, item.attributes)
        self.journal.file_sent(item.identity, item.size_bytes, services=item.attributes)

    def received(
        self, identity: FileIdentity, size_bytes: int, restarted_at_bytes: int, services: FileAttributes
    ) -> None:
        """Tell log and status of a file of the partner's that we have."""
        self.traffic.files_received += 1
        self.traffic.last_file = _passed(identity, "received", size_bytes, services)
        self.journal.file_received(identity, size_bytes, restarted_at_bytes, services=services)

    def refused(
        self, identity: FileIdentity, phase: Phase, reason: int, text: str, *, retry: bool, by_us: bool
    ) -> None:
        """Tell log and status of a file that one side refused."""
        self.journal.file_refused(identity, phase, reason, text, retry=retry)
        by = "us" if by_us else self.name
        self.traffic.refusals += 1
        self.traffic.last_refusal = in_words(identity, phase, reason, text, retry=retry, by=by)

    def receipt_not_taken(self, identity: FileIdentity, fault: str) -> None:
        """Tell log and status of an end-to-end response that is not taken for what it says."""
        self.journal.receipt_not_taken(identity, fault)
        self.traffic.last_refusal = f"{identity.dataset_name}: receipt by {self.name} not taken: {fault}"


def _passed(identity: FileIdentity, way: str, size_bytes: int, services: FileAttributes) -> str:
    return f"{identity.dataset_name} {way}, {size_bytes} bytes; services: {services}"

"""The papers of the load: signed licences by the thousand, customs' receipts, and what must be refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.clock import business_date, system_clock
from gateway.data import data_dir
from gateway.demo.samples import generate, issue_message
from gateway.exchange.correspondence import new_message_id
from gateway.operations.instance import ISSUER_CERTIFICATE, ISSUER_KEY, PARTICIPANTS
from gateway.operations.issuer import Issuer
from gateway.trust.certificates import Role
from gateway.trust.signing import Signer
from licencexml import writing
from licencexml.messages import AckStatus, AckSubject, ApplicationAck, Header, LicenceIssue
from licencexml.names import qualified
from tests.bench.floor import Material

_GATEWAY, _CUSTOMS = PARTICIPANTS[Role.GATEWAY], PARTICIPANTS[Role.CUSTOMS]
_MOST = 10_000_000


class Papers:
    """Documents for the instance in `folder`, each licence with `lines` goods lines; none ever twice."""

    def __init__(self, folder: Path, lines: int) -> None:
        self._folder = folder
        self._issuer = Issuer.of_instance(folder)
        self._licences = generate(7, _MOST, today=business_date(system_clock()), lines=lines)

    def licences(self, count: int) -> list[bytes]:
        """So many signed licences."""
        return [document for document, _ in self._issued(count)]

    def urgent(self, count: int) -> list[bytes]:
        """So many signed licences that are urgent (急证)."""
        return [self._issuer.issue(self._next(urgent=True)) for _ in range(count)]

    def material(self, count: int) -> Material:
        """Licences, and customs' receipt for each, for the floor."""
        keys = self._folder / "keys"
        customs = Signer.load(keys / "customs.key", keys / "customs.pem")
        documents, receipts = [], []
        for document, message in self._issued(count):
            identity = message.header.message_id
            header = Header(new_message_id(), _CUSTOMS, _GATEWAY, system_clock(), identity)
            receipt = writing.write_message(
                ApplicationAck(
                    header, AckSubject(identity, "SealedLicence"), AckStatus.ACCEPTED, message.licence.key
                )
            )
            customs.sign(receipt)
            documents.append(document)
            receipts.append(writing.serialise(receipt))
        schema = data_dir("xsd") / "messages.xsd"
        tls = self._folder / "tls"
        return Material(documents, receipts, schema, keys / "seal.key", keys / "seal.pem", tls)

    def broken(self) -> bytes:
        """One that its issuer signed, and that the schema refuses: a goods line without a name."""
        message = self._next()
        root = writing.write_message(message)
        name = next(root.iter(qualified("GoodsName")))
        name.getparent().remove(name)
        Signer.load(self._folder / ISSUER_KEY, self._folder / ISSUER_CERTIFICATE).sign(root)
        return writing.serialise(root)

    def tampered(self) -> bytes:
        """One whose content was changed after it was signed, to what the schema allows."""
        [document] = self.licences(1)
        start = document.index(b"<GoodsName>") + len(b"<GoodsName>")
        return document[:start] + "别的货物".encode() + document[document.index(b"</GoodsName>") :]

    def _issued(self, count: int) -> Iterator[tuple[bytes, LicenceIssue]]:
        for _ in range(count):
            message = self._next()
            yield self._issuer.issue(message), message

    def _next(self, *, urgent: bool = False) -> LicenceIssue:
        return issue_message(
            next(self._licences),
            sender=self._issuer.participant,
            receiver=_GATEWAY,
            message_id=new_message_id(),
            created=system_clock(),
            urgent=urgent,
        )

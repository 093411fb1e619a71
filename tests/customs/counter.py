"""A customs house at which a test stands: bench and desk on a ledger, with signed messages in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, select
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gateway.customs import register, tables, taking
from gateway.customs.bench import CustomsBench, CustomsBenchSettings
from gateway.customs.desk import Behaviour, CustomsDesk
from gateway.customs.scenario import Scenario
from gateway.data import data_dir
from gateway.demo.samples import generate
from gateway.exchange.correspondence import Correspondent, Secretary
from gateway.exchange.examination import Document, ExaminedInterchange
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.ledger.tables import message as messages
from gateway.ledger.tables import outbox
from gateway.trust.authority import Authority
from gateway.trust.certificates import Role
from gateway.trust.keys import known_certificate
from gateway.trust.signing import Signer
from licencexml import messages as m
from licencexml import parsing, reading, writing
from licencexml.rejection import NOWHERE, Rejection
from licencexml.values import LicenceKey, LicenceType, UsageMode

T = TypeVar("T")
M = TypeVar("M")
#: Noon in Asia/Shanghai.
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
DAY = NOON.date()
NAMES = {
    Role.ISSUER: "ISSUER-A",
    Role.SEAL: "CN-GATEWAY",
    Role.GATEWAY: "CN-GATEWAY",
    Role.CUSTOMS: "CN-CUSTOMS",
}


@lru_cache
def authority(role: Role) -> Authority:
    return Authority.create(f"CA {role}", at=NOON)


@lru_cache
def signer(role: Role) -> Signer:
    credential = authority(role).issue_signing(NAMES[role], at=NOON)
    return Signer.of(credential.key, known_certificate(credential.certificate.public_bytes(Encoding.DER)))


def anchors(folder: Path) -> dict[Role, Path]:
    """A folder of anchors for each role that signs what comes from the gateway."""
    folders = {role: folder / role for role in (Role.ISSUER, Role.SEAL, Role.GATEWAY)}
    for role, path in folders.items():
        path.mkdir(parents=True)
        (path / "ca.pem").write_bytes(authority(role).credential.certificate.public_bytes(Encoding.PEM))
    return folders


def licence(
    number: int = 1,
    usage: UsageMode = UsageMode.MULTI,
    kind: LicenceType = LicenceType.EXPORT,
    lines: int = 1,
) -> m.Licence:
    """A licence that is valid on `DAY`."""
    (made,) = generate(number, 1, today=DAY, types=(kind,), lines=lines)
    return replace(made, key=LicenceKey(kind, f"26-AA-{number:06d}"), usage_mode=usage)


def result_of(deferred: Deferred[T]) -> T:
    results: list[Any] = []
    deferred.addBoth(results.append)
    (found,) = results
    if isinstance(found, Failure):
        found.raiseException()
    result: T = found
    return result


class Counter:
    """One customs house; `gateway` sends what a test writes, as the gateway would sign and pack it."""

    def __init__(self, folder: Path, scenario: Scenario | None = None, **behaviour: Any) -> None:
        """By default no goods are released of themselves."""
        self.now = NOON
        self.notices: list[Notice] = []
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=lambda: self.now)
        settings = CustomsBenchSettings("CN-CUSTOMS", data_dir("xsd"), anchors(folder / "trust"), 2**24)
        self._bench = CustomsBench(settings)
        self._ids = count(1)
        self._seen = 0
        ours, theirs = Correspondent("customs", "CN-CUSTOMS"), Correspondent("gateway", "CN-GATEWAY")
        made = count(1)
        self._secretary = Secretary(
            signer(Role.CUSTOMS), us=ours, partner=theirs, new_id=lambda: f"C-{next(made)}"
        )
        self._desk = CustomsDesk(
            secretary=self._secretary,
            behaviour=Behaviour(scenario=scenario or idle(), seed=1, **behaviour),
            settled=lambda: None,
        )
        self.write(lambda uow: tables.metadata.create_all(uow.connection))

    def close(self) -> None:
        result_of(self.ledger.close())

    def write(self, work: Callable[[UnitOfWork], T]) -> T:
        return result_of(self.ledger.submit(work))

    def look(self, query: Callable[[Connection], T]) -> T:
        return result_of(self.ledger.read(query))

    def later(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def header(
        self, message_id: str | None = None, *, sender: str = "CN-GATEWAY", answers: str | None = None
    ) -> m.Header:
        receiver = "CN-CUSTOMS" if sender == "CN-GATEWAY" else "CN-GATEWAY"
        return m.Header(message_id or f"G-{next(self._ids)}", sender, receiver, self.now, answers)

    def from_issuer(self) -> m.Header:
        return self.header(sender="ISSUER-A")

    def sealed(self, content: m.IssuerMessage, message_id: str | None = None) -> bytes:
        """The issuer's message signed by the issuer, under the seal."""
        inner = writing.write_message(content)
        signer(Role.ISSUER).sign(inner)
        element = writing.seal_envelope(self.header(message_id), inner)
        signer(Role.SEAL).sign(element)
        return writing.serialise(element)

    def signed(self, message: m.Message) -> bytes:
        """A message by the gateway itself."""
        element = writing.write_message(message)
        signer(Role.GATEWAY).sign(element)
        return writing.serialise(element)

    def receive(self, *documents: bytes) -> list[m.Message]:
        """Settle one interchange of these; returns what customs answers, without the TechnicalAck."""
        frame = m.InterchangeFrame(
            f"I-{next(self._ids)}", "CN-GATEWAY", "CN-CUSTOMS", self.now, len(documents)
        )
        document = Document(writing.interchange(frame, documents), self.now)
        (examined,) = self._bench.interchanges([document])
        assert isinstance(examined, ExaminedInterchange)
        self.notices = self.write(lambda uow: self._desk.settle(uow, "gateway", examined))
        return [one for one in self.sent() if not isinstance(one, m.TechnicalAck)]

    def sent(self) -> list[m.Message]:
        """What customs has handed to the post since it was last asked, repeats too, in order."""
        query = (
            select(outbox.c.id, messages.c.xml)
            .join(messages, messages.c.message_id == outbox.c.message_id)
            .where(outbox.c.id > self._seen)
            .order_by(outbox.c.id)
        )
        rows = self.look(lambda connection: connection.execute(query).all())
        self._seen = max((row.id for row in rows), default=self._seen)
        return [reading.read_message(parsing.parse(row.xml, max_bytes=2**24)) for row in rows]

    def issue(self, issued: m.Licence, message_id: str | None = None) -> list[m.Message]:
        """Have customs take a licence."""
        return self.receive(self.sealed(m.LicenceIssue(self.from_issuer(), issued), message_id))

    def release(self, issued: m.Licence) -> list[m.Message]:
        """Have customs do what it has planned for a licence that it took before."""
        self.write(lambda uow: self._release(uow, issued))
        return self.sent()

    def _release(self, uow: UnitOfWork, issued: m.Licence) -> None:
        with Mail(uow, self._secretary) as mail:
            self._desk._release(mail, issued)

    def answer(
        self, told: m.Message, status: m.AckStatus = m.AckStatus.ACCEPTED, *codes: str, ack: str | None = None
    ) -> list[m.Message]:
        """The gateway's word on one message of customs."""
        return self.receive(self.ack(told, status, *codes, ack=ack))

    def ack(self, told: m.Message, status: m.AckStatus, *codes: str, ack: str | None = None) -> bytes:
        rejections = tuple(Rejection(code, NOWHERE, "中文。", "English.", "a", "b") for code in codes)
        subject = m.AckSubject(told.header.message_id, m.kind_of(told))
        header = self.header(ack, answers=told.header.message_id)
        return self.signed(m.ApplicationAck(header, subject, status, None, rejections))

    def ask(self, key: LicenceKey, message_id: str | None = None) -> m.LicenceQueryReply:
        """Customs' reply to a query."""
        (reply,) = self.receive(self.signed(m.LicenceQuery(self.header(message_id), key)))
        assert isinstance(reply, m.LicenceQueryReply)
        return reply

    def totals(self, key: LicenceKey) -> list[tuple[str, str]]:
        """Written off and left, by goods line."""
        rows = self.look(lambda connection: register.totals(connection, key))
        return [(row["written_off"], row["balance"]) for row in rows]

    def show(self, key: LicenceKey) -> dict[str, Any]:
        """`licence show`."""
        found = self.look(lambda connection: register.licence(connection, key, self.now))
        assert found is not None
        return found

    def upgrade(self) -> None:
        """What is done to a register of an earlier day when the daemon starts."""
        self.write(taking.list_earlier_licences)


def idle() -> Scenario:
    """Nothing is released."""
    return Scenario.model_validate({"single": {"declarations": 0}, "multi": {"declarations": 0}})


def of_kind(kind: type[M], sent: Sequence[m.Message]) -> list[M]:
    return [one for one in sent if isinstance(one, kind)]


def acks(sent: Sequence[m.Message]) -> list[tuple[m.AckStatus, list[str]]]:
    """The acknowledgements among what was sent: status and codes."""
    return [(one.status, [each.code for each in one.rejections]) for one in of_kind(m.ApplicationAck, sent)]

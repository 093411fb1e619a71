"""A ledger with both ends' words about it, for the tests of the daily duties: customs answers by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar

from lxml import etree
from sqlalchemy import Connection, select

from gateway.exchange import day
from gateway.exchange.correspondence import Correspondent, Secretary
from gateway.exchange.day_receipts import take_receipts
from gateway.exchange.examination import Examined
from gateway.exchange.mail import Mail
from gateway.exchange.offices import Offices
from gateway.ledger import book, daily_query, post
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.ledger.tables import message
from gateway.trust.certificates import Role
from gateway.trust.verification import SignerInfo
from licencexml import messages as m
from licencexml import parsing, reading, writing
from licencexml.reconciling import split
from licencexml.values import LicenceKey, Quantity
from tests.ledger.makers import (
    PARTNER,
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    identity,
    issue_received,
    now,
    sealed,
)
from tests.licences import makers as law
from tests.licences.acts import suspension

T = TypeVar("T")
#: The business day of `FakeClock`'s first instant.
DAY = date(2026, 6, 1)
SIGNER = SignerInfo("CN-CUSTOMS", Role.CUSTOMS, "", "", datetime(2030, 1, 1, tzinfo=UTC))


class Unsigned:
    """Signs nothing: signatures are not what is tested here."""

    def signature(self, element: etree._Element) -> tuple[bytes, bytes]:
        return b"\0" * 32, b""


class House:
    """A ledger, and both ends' words about it."""

    def __init__(self, ledger: Ledger, clock: FakeClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.expired_by: list[date] = []
        self._ids = count(1)
        self._answers = count(1)
        self.secretary = Secretary(
            Unsigned(),  # type: ignore[arg-type]  # see there
            us=Correspondent("self", "CN-GATEWAY"),
            partner=Correspondent(PARTNER, "CN-CUSTOMS"),
            new_id=lambda: f"G-{next(self._ids)}",
        )
        self.book = day.Daybook(self.secretary, Offices.only(self.secretary.partner), self._expire)

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        return now(self.ledger.submit(work))

    def look(self, question: Callable[[Connection], T]) -> T:
        return now(self.ledger.read(question))

    def issue(self, number: int, *, urgent: bool = False) -> LicenceKey:
        """A licence of 100 tonnes, taken in and not sealed."""
        key = law.key(number)
        received = issue_received(law.licence(key), f"i-{number}", urgent=urgent)
        [outcome] = self.run(lambda uow: book.accept_issues(uow, [received], law.POLICY))
        assert outcome.is_accepted
        return key

    def seal(self, number: int) -> str:
        name = f"s-{number}"
        one = sealed(law.key(number), name, f"i-{number}")
        self.run(lambda uow: book.record_seals(uow, [one]))
        return name

    def suspend(self, number: int) -> str:
        """An act on a licence, taken in and sealed."""
        act = suspension(licence=law.key(number), message_id=f"u-{number}")
        self.run(lambda uow: book.accept_acts(uow, [act_received(act)], law.POLICY))
        name = f"su-{number}"
        one = replace(sealed(law.key(number), name, f"u-{number}"), is_act=True)
        self.run(lambda uow: book.record_seals(uow, [one]))
        return name

    def send(self) -> None:
        def work(uow: UnitOfWork) -> None:
            made = post.gather(uow, PARTNER, 500, 10**6, identity)
            if made is not None:
                post.mark_sent(uow, made.id)

        self.run(work)

    def customs_answers(self, name: str, status: m.AckStatus = m.AckStatus.ACCEPTED) -> None:
        received = answer_received(name, f"ack-{name}-{status}", status)
        self.run(lambda uow: book.record_customs_answers(uow, [received]))

    def at_customs(self, number: int) -> LicenceKey:
        key = self.issue(number)
        name = self.seal(number)
        self.send()
        self.customs_answers(name)
        return key

    def write_off(self, number: int, amount: str, *, declaration: int = 1) -> None:
        one = law.write_off(
            law.drawn(amount),
            declaration=declaration,
            message_id=f"w-{number}-{declaration}",
            licence_key=law.key(number),
        )
        received = clearance_received(one)
        [outcome] = self.run(lambda uow: book.record_clearances(uow, [received], law.POLICY).outcomes)
        assert outcome.is_accepted, outcome

    def close(self, which: date = DAY) -> list[m.Reconciliation]:
        self.clock.instant = datetime(which.year, which.month, which.day, 16, 10, tzinfo=UTC)
        before = set(self._ours())
        self.run(lambda uow: self.book.close(uow, which))
        return [part for name, part in self._ours().items() if name not in before]

    def report(self, which: date = DAY) -> list[m.Reconciliation]:
        before = set(self._ours())
        self.run(lambda uow: self.book.report(uow, which))
        return [part for name, part in self._ours().items() if name not in before]

    def customs_reports(
        self,
        asked: m.Reconciliation,
        transfers: Sequence[m.Transfer] | None = None,
        licences: Sequence[m.LicenceFigures] | None = None,
    ) -> list[m.Reconciliation]:
        """Customs' answer to our report; by default it says the same."""
        self.clock.advance(minutes=1)
        at = self.clock()
        return split(
            lambda _number: m.Header(
                f"C-{next(self._answers)}", "CN-CUSTOMS", "CN-GATEWAY", at, asked.header.message_id
            ),
            asked.business_date,
            at,
            asked.transfers if transfers is None else transfers,
            asked.licences if licences is None else licences,
        )

    def take(self, *parts: m.Message) -> list[m.ApplicationAck]:
        """What customs sends comes in one interchange; returns our answers to it."""
        examined = [received(part) for part in parts]

        def work(uow: UnitOfWork) -> None:
            with Mail(uow, self.secretary) as mail:
                take_receipts(uow, examined, "customs:1")
                day.take_answers(mail, examined, "customs:1")

        before = set(self._acks())
        self.run(work)
        return [ack for name, ack in self._acks().items() if name not in before]

    def shown(self, which: date = DAY) -> dict[str, Any]:
        found = self.look(lambda connection: daily_query.report(connection, which))
        assert found is not None
        return found

    def found(self, which: date = DAY) -> list[str]:
        report = self.shown(which)["report"]
        return [row["class"] for row in report["differences"]]

    def _expire(self, uow: UnitOfWork, today: date) -> int:
        self.expired_by.append(today)
        return 3

    def _ours(self) -> dict[str, m.Reconciliation]:
        return self._sent("Reconciliation")

    def _acks(self) -> dict[str, m.ApplicationAck]:
        return self._sent("ApplicationAck")

    def _sent(self, kind: str) -> dict[str, Any]:
        wanted = (
            select(message.c.message_id, message.c.xml)
            .where(message.c.kind == kind, message.c.direction == "OUT")
            .order_by(message.c.id)
        )
        rows = self.look(lambda connection: connection.execute(wanted).all())
        return {row.message_id: read(row.xml) for row in rows}


def read(xml: bytes) -> m.Message:
    return reading.read_message(parsing.parse(xml, max_bytes=2**24))


def received(part: m.Message) -> Examined:
    xml = writing.serialise(writing.write_message(part))
    return Examined(part, hashlib.sha256(xml).digest(), SIGNER, xml)


def figures(key: LicenceKey, written_off: str, uses: int) -> m.LicenceFigures:
    line = m.GoodsLineBalance(
        1,
        law.GOODS_CODE,
        Quantity.of(100, law.TONNE),
        Quantity.of(written_off, law.TONNE),
        Quantity.of(100 - int(written_off), law.TONNE),
    )
    return m.LicenceFigures(key, uses, (line,))

"""Several customs offices: whose a licence is, who is answered, and that nothing crosses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from gateway.exchange.correspondence import Correspondent
from gateway.exchange.desk import GatewayDesk
from gateway.exchange.enquiry import ask_customs
from gateway.exchange.examination import ExaminedInterchange
from gateway.exchange.mail import Mail
from gateway.exchange.offices import Offices, office_of
from gateway.ledger import book, looking, post, query
from gateway.ledger.kinds import OutboxStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.ledger.tables import message
from licencexml import messages as m
from tests.exchange.house import House, read, received
from tests.ledger.makers import FakeClock, identity, issue_received, now, sealed
from tests.licences import makers as law

PREFIXES = {"53": "shenzhen", "5301": "huanggang", "22": "shanghai"}


@pytest.mark.parametrize(
    ("port", "office"),
    [
        ("5300", "shenzhen"),
        ("5301", "huanggang"),
        ("5302", "shenzhen"),
        ("2200", "shanghai"),
        ("2225", "shanghai"),
        ("0100", "centre"),
        ("0530", "centre"),
        ("", "centre"),
    ],
)
def test_the_longest_prefix_wins_and_the_centre_has_the_rest(port: str, office: str) -> None:
    assert office_of(port, PREFIXES, "centre") == office


@given(
    st.text("012", min_size=4, max_size=4),
    st.dictionaries(st.text("012", min_size=2, max_size=4), st.sampled_from("abc")),
)
def test_whoever_has_the_office_names_more_of_the_code_than_anybody_else(
    port: str, prefixes: dict[str, str]
) -> None:
    names = [prefixes[port[:length]] for length in (4, 3, 2) if port[:length] in prefixes]
    assert office_of(port, prefixes, "centre") == (names[0] if names else "centre")


@given(st.text("0123456789", min_size=4, max_size=4))
def test_with_one_customs_everything_is_its(port: str) -> None:
    assert office_of(port, {}, "customs") == "customs"


CENTRE, SHENZHEN = Correspondent("customs", "CN-CUSTOMS"), Correspondent("shenzhen", "CN-SHENZHEN")
OFFICES = Offices({one.name: one for one in (CENTRE, SHENZHEN)}, {"53": "shenzhen"}, CENTRE)


def test_who_is_not_configured_any_more_is_the_centre() -> None:
    assert OFFICES.of_licence("guangzhou", "5300") is CENTRE
    assert OFFICES.of_participant("CN-GUANGZHOU") is CENTRE
    assert OFFICES.of_licence("customs", "5300") is CENTRE
    assert OFFICES.of_licence(None, "5300") is SHENZHEN


class Desk:
    """The gateway's desk with two offices, on a ledger of its own."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._desk = GatewayDesk(
            secretary=house.secretary, offices=OFFICES, policy=lambda: law.POLICY, settled=lambda: None
        )
        self._seen = 0
        self._interchanges = 0

    def licence(self, number: int, partner: str) -> str:
        """A licence that is sealed for `partner` and sent."""
        key = law.key(number)
        issued = issue_received(law.licence(key), f"i-{number}")
        self.house.run(lambda uow: book.accept_issues(uow, [issued], law.POLICY))
        one = replace(sealed(key, f"s-{number}", f"i-{number}"), partner=partner)
        self.house.run(lambda uow: book.record_seals(uow, [one]))
        self.sent()
        return f"s-{number}"

    def says(self, partner: Correspondent, *messages: m.Message) -> list[tuple[str, str, m.Message]]:
        """One interchange of `partner`'s; returns what is written then: to whom, Receiver, message."""
        self._interchanges += 1
        signed = [replace(one, header=replace(one.header, sender=partner.participant)) for one in messages]
        interchange = ExaminedInterchange(
            f"{partner.name}-{self._interchanges}",
            partner.participant,
            "CN-GATEWAY",
            tuple(received(one) for one in signed),
        )
        self.house.clock.advance(seconds=1)
        self.house.run(lambda uow: self._desk.settle(uow, partner.name, interchange))
        return [one for one in self.sent() if not isinstance(one[2], m.TechnicalAck)]

    def asks(self, number: int) -> list[str]:
        """Have the gateway ask how a licence stands."""

        def work(uow: UnitOfWork) -> list[str]:
            with Mail(uow, self.house.secretary, OFFICES) as mail:
                return ask_customs(mail, [law.key(number)])

        return self.house.run(work)

    def queue(self, partner: str) -> list[dict[str, Any]]:
        """What waits for a partner, or is on its way."""

        def rows(connection: Connection) -> list[dict[str, Any]]:
            waiting = (OutboxStatus.DUE, OutboxStatus.ASSIGNED, OutboxStatus.HELD)
            return [row for one in waiting for row in query.queue(connection, one, partner=partner)]

        return self.house.look(rows)

    def sent(self) -> list[tuple[str, str, m.Message]]:
        wanted = (
            message.select()
            .where(message.c.direction == "OUT", message.c.id > self._seen)
            .where(message.c.kind != "SealedLicence")
            .order_by(message.c.id)
        )
        rows = self.house.look(lambda connection: connection.execute(wanted).all())
        self._seen = max((row.id for row in rows), default=self._seen)
        found = [(row.receiver, read(row.xml)) for row in rows]
        return [(to, one.header.receiver, one) for to, one in found]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield Desk(House(ledger, clock))
    now(ledger.close())


def acks(sent: list[tuple[str, str, m.Message]]) -> list[tuple[str, str, str, str]]:
    """The acknowledgements: to whom, Receiver, what is answered, and how."""
    return [
        (to, receiver, one.answers.message_id, one.status.value)
        for to, receiver, one in sent
        if isinstance(one, m.ApplicationAck)
    ]


def codes(sent: list[tuple[str, str, m.Message]]) -> list[str]:
    return [each.code for _, _, one in sent if isinstance(one, m.ApplicationAck) for each in one.rejections]


def accepts(name: str, ack: str) -> m.ApplicationAck:
    return m.ApplicationAck(
        law.header(ack, in_reply_to=name),
        m.AckSubject(name, "SealedLicence"),
        m.AckStatus.ACCEPTED,
        None,
    )


def transmission(desk: Desk, number: int) -> str:
    shown = desk.house.look(lambda connection: looking.show_licence(connection, law.key(number)))
    assert shown is not None
    return str(shown["transmission"])


def test_each_is_answered_by_name_and_later_too_when_a_verdict_changes(desk: Desk) -> None:
    """Shenzhen's release no longer fits when the centre tells of an earlier one: Shenzhen is told."""
    desk.says(SHENZHEN, accepts(desk.licence(1, "shenzhen"), "a-1"))
    later = law.RELEASED + timedelta(hours=1)
    first = law.write_off(law.drawn("80"), message_id="w-1", licence_key=law.key(1), release_time=later)
    assert acks(desk.says(SHENZHEN, first)) == [("shenzhen", "CN-SHENZHEN", "w-1", "ACCEPTED")]
    second = law.write_off(law.drawn("50"), declaration=2, message_id="w-2", licence_key=law.key(1))
    assert acks(desk.says(CENTRE, second)) == [
        ("customs", "CN-CUSTOMS", "w-2", "ACCEPTED"),
        ("shenzhen", "CN-SHENZHEN", "w-1", "REFUSED"),
    ]


def test_a_repeat_is_answered_to_who_sent_it(desk: Desk) -> None:
    desk.says(SHENZHEN, accepts(desk.licence(1, "shenzhen"), "a-1"))
    told = law.write_off(law.drawn("1"), message_id="w-1", licence_key=law.key(1))
    desk.says(SHENZHEN, told)
    same = law.write_off(law.drawn("1"), message_id="w-2", licence_key=law.key(1))
    assert acks(desk.says(CENTRE, same)) == [("customs", "CN-CUSTOMS", "w-2", "REPEATED")]


def test_whoever_tells_of_a_release_it_counts_if_the_law_allows_it(desk: Desk) -> None:
    """The law asks where goods were released, and not who tells it; the day's end shows what disagrees."""
    desk.says(SHENZHEN, accepts(desk.licence(1, "shenzhen"), "a-1"))
    assert acks(desk.says(CENTRE, law.write_off(message_id="w-1", licence_key=law.key(1)))) == [
        ("customs", "CN-CUSTOMS", "w-1", "ACCEPTED")
    ]


def test_no_office_answers_for_another(desk: Desk) -> None:
    name = desk.licence(1, "shenzhen")
    assert acks(desk.says(CENTRE, accepts(name, "a-1"))) == []
    assert transmission(desk, 1) == "SEALED"
    desk.says(SHENZHEN, accepts(name, "a-2"))
    assert transmission(desk, 1) == "RECEIVED"


def test_no_office_replies_to_what_another_was_asked(desk: Desk) -> None:
    """The query goes to whose the licence is, whoever withdrew its last use."""
    desk.says(SHENZHEN, accepts(desk.licence(1, "shenzhen"), "a-1"))
    [query_id] = desk.asks(1)
    [(to, receiver, asked)] = desk.sent()
    assert (to, receiver) == ("shenzhen", "CN-SHENZHEN")
    assert asked.header.message_id == query_id
    reply = m.LicenceQueryReply(
        law.header("r-1", in_reply_to=query_id), law.key(1), desk.house.clock(), m.StandingStatus.UNKNOWN
    )
    answered = desk.says(CENTRE, reply)
    assert acks(answered) == [("customs", "CN-CUSTOMS", "r-1", "REFUSED")]
    assert codes(answered) == ["NOT_SENT_TO_YOU"]


def test_no_office_says_of_anothers_interchange_that_it_could_not_be_read(desk: Desk) -> None:
    desk.licence(1, "shenzhen")
    made = desk.house.run(lambda uow: post.gather(uow, "shenzhen", 500, 10**6, identity))
    assert made is not None
    refusal = m.TechnicalAck(
        law.header("t-1", in_reply_to=made.control_reference),
        made.control_reference,
        m.TechnicalStatus.REFUSED,
        0,
    )
    desk.says(CENTRE, refusal)
    assert [row["status"] for row in desk.queue("shenzhen")] == ["ASSIGNED"]
    desk.says(SHENZHEN, replace(refusal, header=law.header("t-2", in_reply_to=made.control_reference)))
    assert [row["status"] for row in desk.queue("shenzhen")] == ["HELD"]


def test_what_was_sent_to_a_partner_of_an_earlier_name_is_answered_by_its_successor(desk: Desk) -> None:
    desk.says(SHENZHEN, accepts(desk.licence(1, "sz"), "a-1"))
    assert transmission(desk, 1) == "RECEIVED"

"""What customs asks and what it replies, on a ledger of its own: answered, held against ours, told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.enquiry import answer_queries, ask_customs, take_replies
from gateway.exchange.examination import Examined
from gateway.exchange.follow_up import follow_up
from gateway.exchange.mail import Mail
from gateway.exchange.notices import Notice
from gateway.ledger import feedback
from gateway.ledger.store import Ledger, UnitOfWork
from licencexml import messages as m
from licencexml.values import LicenceKey
from tests.exchange.house import House, received
from tests.ledger.makers import FakeClock, now
from tests.licences import makers as law


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield House(ledger, clock)
    now(ledger.close())


def query(key: LicenceKey, message_id: str = "CQ-1") -> m.LicenceQuery:
    return m.LicenceQuery(law.header(message_id), key)


def take(house: House, *messages: m.Message) -> list[Notice]:
    """What customs sends comes in one interchange."""
    examined: list[Examined] = [received(one) for one in messages]

    def work(uow: UnitOfWork) -> list[Notice]:
        with Mail(uow, house.secretary) as mail:
            return take_replies(mail, examined, "customs:1") + answer_queries(mail, examined, "customs:1")

    return house.run(work)


def ask(house: House, key: LicenceKey) -> str:
    def work(uow: UnitOfWork) -> str:
        with Mail(uow, house.secretary) as mail:
            [message_id] = ask_customs(mail, [key])
        return message_id

    return house.run(work)


def replies(house: House) -> list[m.LicenceQueryReply]:
    return list(house._sent("LicenceQueryReply").values())


def told(house: House) -> list[tuple[str, dict[str, Any]]]:
    rows = house.look(lambda connection: feedback.unwritten(connection, 100, "default"))
    return [(row.name, json.loads(row.content)) for row in rows]


def reply_of(house: House, key: LicenceKey, message_id: str = "CQ-9") -> m.LicenceQueryReply:
    """What customs would say if it knew just what we know: our own answer, turned round."""
    take(house, query(key, message_id))
    return replies(house)[-1]


def turned_round(reply: m.LicenceQueryReply, answers: str, message_id: str = "R-1") -> m.LicenceQueryReply:
    header = law.header(message_id, in_reply_to=answers)
    return m.LicenceQueryReply(
        header, reply.licence, reply.as_of, reply.status, reply.suspended, reply.standing
    )


def test_494_art_15_customs_query_is_answered_with_how_the_licence_stands(house: House) -> None:
    key = house.at_customs(1)
    house.write_off(1, "30")
    [notice] = take(house, query(key))
    assert (notice.refused, notice.facts["outcome"]) == (False, "PART_USED")
    [reply] = replies(house)
    assert reply.header.in_reply_to == "CQ-1"
    assert reply.as_of == house.clock()
    assert reply.standing is not None
    assert reply.standing.uses == 1
    assert reply.standing.lines[0].written_off.amount == 30


def test_of_an_unknown_licence_customs_is_told_that_it_is_unknown(house: House) -> None:
    take(house, query(law.key(7)))
    [reply] = replies(house)
    assert (reply.status, reply.standing) == (m.StandingStatus.UNKNOWN, None)


def test_a_query_that_comes_again_is_answered_anew_and_another_under_its_identity_is_refused(
    house: House,
) -> None:
    key = house.at_customs(1)
    take(house, query(key))
    house.write_off(1, "30")
    take(house, query(key))
    assert [reply.status for reply in replies(house)] == [
        m.StandingStatus.UNUSED,
        m.StandingStatus.PART_USED,
    ]
    [notice] = take(house, query(law.key(2)))
    assert notice.refused
    [ack] = [one for one in house._acks().values() if one.answers.message_id == "CQ-1"]
    assert [one.code for one in ack.rejections] == ["MESSAGE_ID_CONFLICT"]


def test_equal_figures_are_told_to_the_issuer(house: House) -> None:
    key = house.at_customs(1)
    reply = turned_round(reply_of(house, key), ask(house, key))
    [notice] = take(house, reply)
    assert notice.alert == (f"figures of {key}", None)
    [(name, content)] = told(house)
    assert name == "i-1.reconciled.json"
    assert (content["outcome"], content["lines"][0]["balance"]) == ("RECONCILED", "100.00000")


def test_other_figures_are_an_alert_and_told_to_the_issuer_too(house: House) -> None:
    key = house.at_customs(1)
    before = reply_of(house, key)
    house.write_off(1, "30")
    [notice] = take(house, turned_round(before, ask(house, key)))
    assert notice.refused
    assert notice.alert is not None
    assert "FIGURES_DIFFER" in str(notice.alert[1])
    [(name, content)] = told(house)
    assert name == "i-1.not-reconciled.json"
    assert [one["code"] for one in content["rejections"]] == ["FIGURES_DIFFER", "DECLARATIONS_DIFFER"]


def test_a_reply_to_what_was_not_asked_is_answered_with_the_reason(house: House) -> None:
    key = house.at_customs(1)
    reply = turned_round(reply_of(house, key), "never asked")
    [notice] = take(house, reply)
    assert (notice.refused, notice.alert) == (True, None)
    [ack] = [one for one in house._acks().values() if one.answers.message_id == "R-1"]
    assert (ack.status, ack.answers.kind) == (m.AckStatus.REFUSED, "LicenceQueryReply")
    assert told(house) == []


def answered(house: House, name: str, key: LicenceKey, status: m.AckStatus) -> list[Notice]:
    house.customs_answers(name, status)
    ack = m.ApplicationAck(
        law.header(f"x-{name}-{status}", in_reply_to=name), m.AckSubject(name, "SealedLicence"), status, key
    )

    def work(uow: UnitOfWork) -> list[Notice]:
        with Mail(uow, house.secretary) as mail:
            return follow_up(mail, [ack])

    return house.run(work)


def test_customs_is_asked_once_it_has_taken_a_suspension(house: House) -> None:
    key = house.at_customs(1)
    [notice] = answered(house, house.suspend(1), key, m.AckStatus.ACCEPTED)
    assert notice.alert == (f"LicenceSuspension u-1 of {key}", None)
    [asked] = house._sent("LicenceQuery").values()
    assert asked.licence == key


def test_a_suspension_that_customs_refuses_is_an_alert_and_nothing_is_asked(house: House) -> None:
    key = house.at_customs(1)
    [notice] = answered(house, house.suspend(1), key, m.AckStatus.REFUSED)
    assert notice.alert is not None
    assert notice.alert[1] is not None
    assert house._sent("LicenceQuery") == {}

"""Answers in their order: of several to one message the partner lets the one created last hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.exchange.mail import Mail
from gateway.ledger.store import Ledger, UnitOfWork
from licencexml.messages import AckStatus, AckSubject
from tests.exchange.house import House
from tests.ledger.makers import FakeClock, now
from tests.licences.makers import key

TICK = timedelta(microseconds=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "l", clock=clock)
    yield House(ledger, clock)
    now(ledger.close())


def answer(house: House, uow: UnitOfWork, *message_ids: str) -> None:
    with Mail(uow, house.secretary) as mail:
        for message_id in message_ids:
            mail.acknowledge(AckSubject(message_id, "WriteOff"), AckStatus.ACCEPTED, key())


def created(house: House) -> list[tuple[str, datetime]]:
    """Every answer in the order of its making: what it answers, and when it was created."""
    return [(ack.answers.message_id, ack.header.created) for ack in house._acks().values()]


def test_no_two_answers_of_one_unit_are_created_together(house: House) -> None:
    at = house.clock()
    house.run(lambda uow: answer(house, uow, "w-1", "w-2", "w-1"))
    assert created(house) == [("w-1", at), ("w-2", at + TICK), ("w-1", at + 2 * TICK)]


def test_a_further_answer_is_created_later_though_the_clock_was_set_back(house: House) -> None:
    at = house.clock()
    house.run(lambda uow: answer(house, uow, "w-1"))
    house.clock.advance(minutes=-2)
    house.run(lambda uow: answer(house, uow, "w-2", "w-1"))
    house.run(lambda uow: answer(house, uow, "w-1"))
    back = at - timedelta(minutes=2)
    assert created(house) == [("w-1", at), ("w-2", back), ("w-1", at + TICK), ("w-1", at + 2 * TICK)]


def test_two_units_committed_together_answer_one_message_in_their_order(house: House) -> None:
    """They have one time; the second counts its answers from the beginning again."""

    def both(uow: UnitOfWork) -> None:
        answer(house, uow, "w-1", "w-2", "w-3")
        answer(house, uow, "w-3")

    at = house.clock()
    house.run(both)
    assert created(house)[-2:] == [("w-3", at + 2 * TICK), ("w-3", at + 3 * TICK)]

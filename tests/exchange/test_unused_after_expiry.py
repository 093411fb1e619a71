"""A licence of which customs withdraws every use after its expiry: prompted for and asked about after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.exchange.desk import GatewayDesk
from gateway.exchange.examination import ExaminedInterchange
from gateway.exchange.expiry import expiring
from gateway.exchange.offices import Offices
from gateway.ledger.feedback import unwritten
from gateway.ledger.store import Ledger
from gateway.ledger.tables import outbox
from licencexml import messages as m
from tests.exchange.house import House, received
from tests.ledger.makers import PARTNER, FakeClock, now
from tests.licences import makers as law
from tests.licences.clearances import reversal, withdrawn

EXPIRY = date(2026, 7, 1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield House(ledger, clock)
    now(ledger.close())


class Customs:
    """Sends interchanges of one message to the house's desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._numbers = count(1)
        self._desk = GatewayDesk(
            secretary=house.secretary,
            offices=Offices.only(house.secretary.partner),
            policy=lambda: law.POLICY,
            settled=lambda: None,
        )

    def says(self, *messages: m.Message) -> None:
        interchange = ExaminedInterchange(
            control_reference=f"C-{next(self._numbers)}",
            sender="CN-CUSTOMS",
            receiver="CN-GATEWAY",
            messages=tuple(received(one) for one in messages),
        )
        self._house.run(lambda uow: self._desk.settle(uow, PARTNER, interchange))


def queries(house: House) -> int:
    kinds = house.look(lambda connection: list(connection.execute(select(outbox.c.kind)).scalars()))
    return kinds.count("LicenceQuery")


def prompts(house: House) -> list[dict[str, Any]]:
    files = house.look(lambda connection: unwritten(connection, 100, "default"))
    return [json.loads(file.content) for file in files if file.name.endswith(".expired.json")]


def expire(house: House) -> None:
    house.clock.instant = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)
    house.run(lambda uow: expiring(house.secretary, Offices.only(house.secretary.partner))(uow, EXPIRY))


def test_494_art_18_a_licence_that_is_unused_after_its_expiry_is_prompted_for_and_asked_about(
    house: House,
) -> None:
    customs, key = Customs(house), house.at_customs(1)
    house.write_off(1, "10")
    house.write_off(1, "5", declaration=2)
    expire(house)
    assert (prompts(house), queries(house)) == ([], 0)

    customs.says(reversal(withdrawn("10")))
    assert (prompts(house), queries(house)) == ([], 0)
    customs.says(reversal(withdrawn("5"), declaration=2))
    [told] = prompts(house)
    assert (told["licence"]["number"], told["prompt"]["article"]) == (
        key.number,
        "商办配函〔2015〕494号 art. 18",
    )
    assert queries(house) == 1
    customs.says(reversal(withdrawn("5"), declaration=2))
    assert (len(prompts(house)), queries(house)) == (1, 1)


def test_it_is_told_each_time_that_it_becomes_so(house: House) -> None:
    """Unused at expiry, used by a release of before that was told late, and withdrawn whole."""
    customs = Customs(house)
    house.at_customs(1)
    expire(house)
    assert (len(prompts(house)), queries(house)) == (1, 1)
    customs.says(law.write_off(law.drawn("10")))
    customs.says(reversal(withdrawn("10")))
    assert (len(prompts(house)), queries(house)) == (2, 2)


def test_a_licence_that_may_be_used_is_not_prompted_for(house: House) -> None:
    customs = Customs(house)
    house.at_customs(1)
    house.write_off(1, "10")
    customs.says(reversal(withdrawn("10")))
    assert (prompts(house), queries(house)) == ([], 0)

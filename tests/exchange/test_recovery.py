"""What a start tells of the run before it: found, redone, waits; its numbers are true wherever it was cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from act_messages import Acts
from conftest import MakeDocument, licence, licences
from memory import World
from test_acts import codes, show
from twisted.logger import formatEvent, globalLogPublisher

from gateway.ledger import runs
from gateway.ledger.store import UnitOfWork
from gateway.operations.issuer import Issuer
from gateway.service.recovery import ALIVE_SECONDS, STILL_SECONDS
from licencexml.values import UsageMode

Event = dict[str, Any]


@pytest.fixture
def told() -> Iterator[list[Event]]:
    """What the recovery says."""
    events: list[Event] = []

    def observer(event: Event) -> None:
        if event.get("log_namespace") == "gateway.recovery":
            events.append({**event, "text": formatEvent(event)})

    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def killed(world: World, *daemons: Any) -> World:
    """The same instance later on, after SIGKILL of these; nothing of them is left but what is on the disk."""
    for daemon in daemons:
        ledger = daemon._station.ledger
        ledger._writer.dispose()
        ledger._reader.dispose()
        ledger._lock.release()
    after = World(world.instance, world.clock())
    after._ids = world._ids
    return after


def stopped(world: World, *parts: Any) -> None:
    """These parts work no more: the run is cut off before them."""
    for part in parts:
        world.now(part.stop())


def test_a_kill_at_known_places_is_told_in_three_lines_with_true_numbers(
    instance: Path, document: MakeDocument, told: list[Event]
) -> None:
    before = World(instance)
    before.start_customs()
    before.start_gateway()
    gateway: Any = before.gateway
    drops = iter(document(one) for one in licences(12, lines=1))
    # One that customs has stored, and cannot settle: it is sent, and answered by nothing but its receipt.
    stopped(before, before.customs._station._reception.pump)  # type: ignore[union-attr]
    before.wire.tamper = lambda _: []
    before.drop("sent", next(drops))
    before.run(5)
    # Two are due, and one file with both is on its way when the line breaks; then three wait behind it.
    before.wire.cut_after_bytes = 2048
    for number in range(2):
        before.drop(f"cut{number}", next(drops))
    before.run(5)
    for number in range(3):
        before.drop(f"due{number}", next(drops))
    before.run(5)
    # From here on answers are not written: one is accepted and sealed.
    stopped(before, gateway._feedback)
    before.drop("unwritten", next(drops))
    before.run(5)
    # From here on nothing is sealed, and then nothing examined.
    stopped(before, gateway._sealing.pump)
    for number in range(2):
        before.drop(f"unsealed{number}", next(drops))
    before.run(5)
    stopped(before, gateway._intake)
    for number in range(3):
        before.drop(f"work{number}", next(drops))
        (before.spool / "in" / f"work{number}.xml").rename(before.spool / "work" / f"work{number}.xml")
    alive = before.clock()
    after = killed(before, before.gateway, before.customs)
    after.run(ALIVE_SECONDS * 10)

    after.wire.up = False
    told.clear()
    after.start_gateway()
    (found,) = told
    counts = {
        "files_in_work": 3,
        "half_received": 0,
        "to_settle": 0,
        "to_seal": 2,
        "due": 4,
        "under_way": 2,
        "files_under_way": 1,
        "without_receipt": 1,
        "held": 0,
        "receipts_owed": 0,
        "answers_not_written": 4,
    }
    assert {name: found[name] for name in counts} == counts
    assert "the last run did not end in order, and was last known alive at " in found["text"]
    assert found["text"].endswith(
        "; found: 3 files in work/, 2 accepted messages not sealed, 4 messages due, "
        "2 messages under way in 1 file, 1 message sent without a receipt, 4 answers not written"
    )
    last_alive = datetime.fromisoformat(found["last_alive"])
    assert timedelta(0) <= alive - last_alive <= timedelta(seconds=ALIVE_SECONDS)
    told.clear()
    after.run(STILL_SECONDS + 5)
    redone, waits = told
    # Four of two accepted (and so sealed) each, and two of each of the three that were in work/.
    assert redone["text"].split(": ", 1)[1] == (
        "3 files in work/ examined again, 2 accepted messages sealed, 4 answers written"
    )
    assert waits["text"] == (
        "waits: 1 message for the partner's receipt; "
        "9 messages due, 2 messages under way in 1 file for the line (ctl line status)"
    )
    shown = after.ask(after.gateway, "status")["recovery"]
    assert set(shown) == {"last_run", "found", "redone", "waits"}

    # The other end was killed with half of that file, and with one that it had not settled.
    told.clear()
    after.wire.up = True
    after.start_customs()
    (found,) = told
    assert (found["to_settle"], found["half_received"], found["receipts_owed"]) == (1, 1, 0)
    assert "1 half-received file (LX" in found["text"]
    assert "of gateway: 2048 of " in found["text"]
    told.clear()
    after.connect("customs")
    after.run(10)
    redone, waits = told
    assert redone["settled"] == 1
    assert redone["gone_on"].endswith("of gateway at 2048")
    assert float(redone["seconds"]) < 10
    after.stop()


def test_an_orderly_start_is_one_line(instance: Path, document: MakeDocument, told: list[Event]) -> None:
    world = World(instance)
    world.wire.up = False
    assert world.start_gateway() == "this is the first run"
    world.drop("one", document(licences(1)[0]))
    world.run(5)
    world.stop()
    ready = world.start_gateway()
    assert ready.startswith("the last run ended in order at ")
    assert ready.endswith("; left: 1 message due")
    world.run(60)
    assert told == []
    world.stop()


def test_a_recovery_that_is_stopped_half_way_is_gone_on_with(
    instance: Path, document: MakeDocument, told: list[Event]
) -> None:
    before = World(instance)
    before.wire.up = False
    before.start_gateway()
    stopped(before, before.gateway._sealing.pump)  # type: ignore[union-attr]
    before.drop("one", document(licences(1)[0]))
    before.run(5)
    after = killed(before, before.gateway)
    after.wire.up = False
    after.start_gateway()
    after.stop()
    told.clear()
    after.start_gateway()
    assert "before it had recovered from a crash" in told[0]["text"]
    after.run(2)
    assert told[2]["text"].startswith("waits: ")
    after.stop()
    assert after.start_gateway().startswith("the last run ended in order")
    after.stop()


def test_a_stop_in_the_middle_of_what_it_tells_is_no_fault(
    instance: Path, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = World(instance)
    before.start_gateway()
    after = killed(before, before.gateway)
    record = runs.recovered

    def told_to_stop_meanwhile(uow: UnitOfWork, number: int) -> None:
        record(uow, number)
        after.now(after.gateway._station.recovery.stop())  # type: ignore[union-attr]

    monkeypatch.setattr(runs, "recovered", told_to_stop_meanwhile)
    after.start_gateway()
    after.run(2)
    assert [event["text"].split(" ", 1)[0] for event in told][-2:] == ["redone", "waits:"]
    after.stop()


def test_what_was_refused_before_a_kill_stays_refused_after_it(
    instance: Path, document: MakeDocument, issuer: Issuer
) -> None:
    """By then the licence is there that the act is about: decided anew, it would be accepted as well."""
    one = licence(UsageMode.MULTI)
    before = World(instance)
    before.start_customs()
    before.start_gateway()
    gateway: Any = before.gateway
    with mock.patch.object(gateway._intake._putting_away, "put_away", nothing):
        Acts(before, issuer).suspend("act", one.key)
        before.run(5)
    assert codes(before, "act.rejected.json") == ["LICENCE_NOT_ISSUED"]
    before.drop("licence", document(one))
    before.run(5)
    assert before.spool.joinpath("work", "act.xml").exists()

    after = killed(before, before.gateway, before.customs)
    after.start_customs()
    after.start_gateway()
    after.run(60)
    assert [name for name in after.out() if name.startswith("act.")] == ["act.rejected.json"]
    [reasons] = (after.spool / "held").glob("act.*reason.json")
    [kept] = json.loads(reasons.read_bytes())
    assert kept["code"] == "LICENCE_NOT_ISSUED"
    assert not show(after, one)["suspensions"]
    after.stop()


async def nothing(*_: object) -> None:
    """In the place of what the kill comes before."""

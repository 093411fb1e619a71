"""Things that stand in the way: each costs itself, is told to the operators, and holds up nothing else."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import MakeDocument, licence, licences
from memory import World
from sqlalchemy import Connection, select

from gateway.exchange.post_office import LedgerPostOffice
from gateway.exchange.spool import SpoolTree
from gateway.ledger.tables import interchange
from gateway.line.office import Incoming, OfferedFile, Phase, RefusedOffer
from gateway.service.licence_gateway import LicenceGateway
from oftp2.identity import FileIdentity

pytestmark = pytest.mark.usefixtures("logged")

OLD_SECONDS = 3600


def gateway(world: World) -> LicenceGateway:
    return cast("LicenceGateway", world.gateway)


def office(world: World) -> LedgerPostOffice:
    return gateway(world)._station.post_office


def alerts(world: World) -> list[str]:
    return [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]


def offered(world: World, dataset: str, size_bytes: int, restart_bytes: int = 0) -> Incoming:
    identity = FileIdentity(dataset, "20260101", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")
    answer = world.now(office(world).offer("customs", OfferedFile(identity, size_bytes, restart_bytes)))
    assert not isinstance(answer, RefusedOffer)
    return cast("Incoming", answer)


def stored(world: World, dataset: str, content: bytes) -> Path:
    incoming: Any = offered(world, dataset, len(content))
    incoming.write(content)
    world.now(incoming.close(len(content)))
    return Path(incoming._file.name)


def no_reception(world: World) -> None:
    reception = gateway(world)._station._reception
    assert reception is not None
    world.now(reception.pump.stop())


def test_two_names_that_differ_in_punctuation_are_two_files(world: World) -> None:
    no_reception(world)
    one, other = stored(world, "A/B", b"A" * 1024), stored(world, "A.B", b"B" * 1024)
    assert one != other
    assert one.read_bytes() == b"A" * 1024


def test_a_received_file_that_vanished_holds_up_no_other(instance: Path, document: MakeDocument) -> None:
    world = World(instance)
    world.start_gateway()
    no_reception(world)
    lost = stored(world, "LOST", b"x" * 1024)
    lost.unlink()
    world.stop()
    world.start_customs()
    world.start_gateway()
    world.drop("good", document(licence()))
    world.run(10)
    assert "good.customs-accepted.json" in world.out()
    assert alerts(world) == [f"received file {lost.name}"]
    world.stop()


def test_the_restart_position_never_covers_what_is_being_overwritten(world: World) -> None:
    first: Any = offered(world, "T", 20_480)
    first.write(b"A" * 10_240)
    world.now(first.abandon())
    again: Any = offered(world, "T", 20_480, restart_bytes=4_096)
    again.write(b"B" * 6_144)
    again._file.close()
    path = Path(again._file.name)
    path.write_bytes(path.read_bytes()[:4_096] + b"\0" * 6_144)  # as a power cut may leave it
    office(world)._incoming._receiving.clear()
    last = offered(world, "T", 20_480, restart_bytes=20_480)
    assert last.position_bytes == 4_096
    world.now(last.abandon())


def test_a_name_that_cannot_be_claimed(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = SpoolTree.claim

    def denied(self: SpoolTree, name: str) -> bool:
        if name == "evil.xml":
            raise PermissionError(13, "Permission denied")
        return claim(self, name)

    monkeypatch.setattr(SpoolTree, "claim", denied)
    (world.spool / "in" / "evil.xml").mkdir()
    for number, one in enumerate(licences(3)):
        world.drop(f"good{number}", document(one))
    world.run(10)
    assert all(f"good{number}.customs-accepted.json" in world.out() for number in range(3))
    assert alerts(world) == ["file evil.xml in default"]
    (world.spool / "in" / "evil.xml").rmdir()
    world.run(5)
    assert alerts(world) == []


def test_a_settled_file_that_cannot_be_put_away_is_settled_once(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(self: SpoolTree, *_: object) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(SpoolTree, "set_aside", denied)
    path = world.spool / "in" / "junk.xml"
    path.write_bytes(b"junk")
    os.utime(path, (time.time() - OLD_SECONDS,) * 2)
    world.run(60)
    world.drop("good", document(licence()))
    world.run(10)
    assert "good.accepted.json" in world.out()
    assert [name for name in world.out() if name.startswith("junk")] == ["junk.rejected.json"]
    assert alerts(world) == ["file junk.xml in default"]


def test_acknowledgements_of_refused_acknowledgements_end(world: World, document: MakeDocument) -> None:
    """Both ends' certificates expire with files under way: each refuses the other's receipts, once.

    The days that went by meanwhile are reported, and refused too.
    """
    world.wire.up = False
    world.drop("a", document(licence()))
    world.run(3)
    world._epoch += timedelta(days=365 * 30)
    world.wire.up = True
    office(world).wake()
    world.run(60)
    after_a_minute = len(world.wire.sent)
    world.run(120)
    assert len(world.wire.sent) == after_a_minute < 20


@pytest.mark.parametrize("what", ["restart", "clock set back"])
def test_a_refused_file_is_offered_again(world: World, document: MakeDocument, what: str) -> None:
    theirs = cast("Any", world.customs)._station.post_office
    offer = theirs.offer

    async def refuse(*_: object) -> RefusedOffer:
        return RefusedOffer(99, "later", retry=True)

    theirs.offer = refuse
    world.drop("a", document(licence()))
    world.run(3)
    theirs.offer = offer
    if what == "restart":
        customs, world.customs = world.customs, None
        world.stop()
        world.customs = customs
        world.start_gateway()
    else:
        world._epoch -= timedelta(seconds=10)
    world.run(60)
    assert "a.customs-accepted.json" in world.out()


def test_a_hidden_file_is_nobodys_business_urgent_or_not(world: World) -> None:
    hidden = world.spool / "in" / ".a.urgent.xml"
    hidden.write_bytes(b"<LicenceIssue")
    gateway(world)._intake.noticed("default", hidden.name)
    world.run(20)
    assert hidden.exists()
    assert world.out() == []


def test_events_cost_no_memory(world: World) -> None:
    intake = gateway(world)._intake
    for _ in range(10_000):
        intake.noticed("default", "same.urgent.xml")
    assert len(intake.agenda) == 0


def test_a_lower_limit_for_new_files_does_not_touch_what_is_accepted(
    instance: Path, document: MakeDocument
) -> None:
    world = World(instance)
    world.start_gateway()
    world.now(gateway(world)._sealing.pump.stop())
    world.drop("big", document(licence()))
    world.run(3)
    world.stop()
    path = instance / "gateway.toml"
    path.write_text(path.read_text().replace("# [limits]", "[limits]\nmax_file_bytes = 1024"))
    world.start_customs()
    world.start_gateway()
    world.run(10)
    assert "big.customs-accepted.json" in world.out()
    world.stop()


def test_workers_that_fail_for_a_while_hold_up_nothing_for_long(world: World, document: MakeDocument) -> None:
    workers: Any = gateway(world)._workers
    run, broken = workers.run, [True]

    async def failing(operation: str, jobs: Any) -> Any:
        if operation == "seals" and broken:
            raise RuntimeError("the pool is broken")
        return await run(operation, jobs)

    workers.run = failing
    for number, one in enumerate(licences(3)):
        world.drop(f"l{number}", document(one))
    world.run(3)
    broken.clear()
    world.run(10 * 60)
    assert all(f"l{number}.sealed.xml" in world.out() for number in range(3))
    assert alerts(world) == []


def test_what_was_settled_just_before_a_crash_is_put_away(world: World, instance: Path) -> None:
    no_reception(world)
    path = stored(world, "X", b"no interchange at all")
    reception = cast("Any", gateway(world)._station._reception)
    reception._put_away = lambda *_: None
    world.now(reception._step())
    assert path.exists()
    customs, world.customs = world.customs, None
    world.stop()
    world.customs = customs
    world.start_gateway()
    assert not path.exists()
    assert (path.parent / "corrupt" / path.name).exists()


@pytest.mark.parametrize(
    ("originator", "destination", "reason"),
    [("CN-CUSTOMS", "CN-OTHER", 2), ("EVIL-CO", "CN-GATEWAY", 3), ("CN-GATEWAY", "CN-CUSTOMS", 2)],
)
def test_files_that_are_not_for_us_or_not_from_them(
    world: World, originator: str, destination: str, reason: int
) -> None:
    identity = FileIdentity("X", "20260101", "1200000001", originator, destination)
    answer = world.now(office(world).offer("customs", OfferedFile(identity, 1024, 0)))
    assert isinstance(answer, RefusedOffer)
    assert answer.reason == reason


def test_a_refusal_of_what_is_receipted_changes_nothing(world: World, document: MakeDocument) -> None:
    world.drop("a", document(licence()))
    world.run(10)
    names = [name for end, name in world.wire.sent if end == "gateway" and name != "EERP"]
    assert names
    for identity in _identities(world):
        world.now(office(world).file_refused("customs", identity, Phase.END, 7, "late", retry=False))
    assert world.ask(world.gateway, "status")["queues"]["HELD"] == 0


def _identities(world: World) -> list[FileIdentity]:
    """Every file that the gateway ever sent."""
    found: list[FileIdentity] = []

    def ask(connection: Connection) -> None:
        for row in connection.execute(select(interchange)):
            found.append(
                FileIdentity(row.dataset_name, row.file_date, row.file_time, row.originator, row.destination)
            )

    gateway(world)._station.ledger.read(ask)
    return found

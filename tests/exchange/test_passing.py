"""Small files pass large ones at the reception, where their order does not matter, and a few at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from act_messages import Acts
from conftest import MakeDocument, licence, licences
from memory import World
from twisted.internet.defer import Deferred

from gateway.exchange.examination import Document, Examined, ExaminedInterchange, Refused
from gateway.exchange.opening import Content
from gateway.exchange.passing import PASSING, SMALL_BYTES, ExaminedFile, Passing
from gateway.ledger import post
from gateway.ledger.store import Ledger
from gateway.operations.issuer import Issuer
from gateway.service.customs_station import CustomsStation
from gateway.service.licence_gateway import LicenceGateway
from licencexml.messages import ApplicationAck, Licence
from tests.ledger.makers import FakeClock, identity, now

PARTNER = "customs"


class Hall:
    """Stored files by name; those whose name has an "f" are free to pass, those with an "r" are refused."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=FakeClock())
        self.files: dict[str, post.InboundFile] = {}
        self.settled: list[str] = []
        self.examined: list[str] = []
        self.passing = Passing(
            ledger=self.ledger,
            may_pass=lambda _connection, found: "f" in found.control_reference,
            read=self._read,
            examine=self._examine,
            settle=self._settle,
        )

    def store(self, *names: str, size: int = 10) -> None:
        for name in names:

            def work(uow: Any, name: str = name) -> int:
                file = post.inbound_offer(uow, PARTNER, identity(len(self.files) + 1), size, name)
                post.inbound_stored(uow, file.id, size)
                return file.id

            number = now(self.ledger.submit(work))
            found = now(self.ledger.read(lambda c, number=number: post.inbound_get(c, number)))  # type: ignore[misc]
            assert found is not None
            self.files[name] = found

    def store_large(self, *names: str) -> None:
        self.store(*names, size=SMALL_BYTES + 1)

    def let_pass(self, *in_hand: str) -> list[str]:
        """What passes while these are in hand."""
        self.settled.clear()
        held = [self.files[name] for name in in_hand]
        now(Deferred.fromCoroutine(self.passing.let_pass(held)))
        return list(self.settled)

    async def _read(self, files: Sequence[post.InboundFile], _most: int) -> list[Content]:
        grown = b"x" * (SMALL_BYTES + 1)
        return [OSError() if "u" in one.path else grown if "g" in one.path else b"" for one in files]

    async def _examine(self, readable: Sequence[tuple[post.InboundFile, bytes]]) -> list[ExaminedFile]:
        self.examined += [file.path for file, _ in readable]
        return [(file, found(file.path)) for file, _ in readable]

    async def _settle(self, file: post.InboundFile, _result: ExaminedInterchange | Refused) -> None:
        self.settled.append(file.path)
        await self.ledger.submit(lambda uow: post.inbound_processed(uow, file.id, None))


def found(name: str) -> ExaminedInterchange | Refused:
    if "r" in name:
        return Refused(None, None, None, None, (), readable=False, xml=b"")
    return ExaminedInterchange(name, "A", "B", ())


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    now(hall.ledger.close())


def test_what_is_free_passes_a_large_file_and_all_else_waits(hall: Hall) -> None:
    hall.store_large("L1", "Lf2")
    hall.store("f1", "x2", "fr3", "f4")
    assert hall.let_pass("L1") == ["f1", "f4"]


def test_what_cannot_be_read_or_grows_as_it_is_opened_waits(hall: Hall) -> None:
    hall.store_large("L1")
    hall.store("fu1", "fg2", "f3")
    assert hall.let_pass("L1") == ["f3"]
    assert hall.examined == ["f3"]


def test_a_few_pass_at_a_time_and_each_is_looked_at_once(hall: Hall) -> None:
    hall.store_large("L1", "L2")
    hall.store(*(f"x{number}" for number in range(PASSING - 1)), "f1", "f2", "x9")
    assert hall.let_pass("L1", "L2") == ["f1"]
    assert hall.let_pass("L1", "L2") == ["f2"]
    assert hall.let_pass("L1", "L2") == []
    assert len(hall.examined) == len(set(hall.examined)) == PASSING + 2


def test_small_files_among_themselves_keep_their_order(hall: Hall) -> None:
    hall.store("x1", "f2")
    assert hall.let_pass("x1") == []
    assert hall.examined == [], "nothing is examined twice for nothing"


def test_what_is_in_hand_is_not_looked_at_and_may_go_first(hall: Hall) -> None:
    hall.store_large("L1")
    hall.store("x2", "f3", "f4")
    assert hall.let_pass("L1", "x2", "f3") == ["f4"]
    in_hand = [(hall.files[name], found(name)) for name in ("L1", "x2", "f3")]
    ordered = now(Deferred.fromCoroutine(hall.passing.in_order(in_hand)))
    assert [file.path for file, _ in ordered] == ["f3", "L1", "x2"]
    ordered = now(Deferred.fromCoroutine(hall.passing.in_order(in_hand[1:])))
    assert [file.path for file, _ in ordered] == ["x2", "f3"]


# With whole daemons: what the desks let pass.


def reception(world: World, *, of_customs: bool) -> Any:
    daemon = cast("CustomsStation | LicenceGateway", world.customs if of_customs else world.gateway)
    found = daemon._station._reception
    assert found is not None
    return found


def halted(world: World, *, of_customs: bool) -> Any:
    """A reception that works by hand only."""
    found = reception(world, of_customs=of_customs)
    world.now(found.pump.stop())
    return found


def work_off(world: World, found: Any) -> None:
    while world.now(found._step()):
        pass


def drop_a_large_file(world: World, document: MakeDocument, name: str = "l") -> list[Licence]:
    """So many licences as are not small in an interchange; they travel to customs."""
    many = licences(40)
    for number, one in enumerate(many):
        world.drop(f"{name}{number}", document(one))
    world.run(10)
    return many


def order_at_customs(world: World) -> list[str]:
    """What customs has settled, as "KIND number", in the order in which it did."""
    with closing(sqlite3.connect(world.instance / "customs-state" / "ledger.sqlite3")) as connection:
        rows = connection.execute("SELECT kind, licence_no FROM customs_received ORDER BY rowid").fetchall()
    return [f"{kind} {number}" for kind, number in rows]


def test_an_urgent_licence_passes_others_at_customs_and_so_does_its_answer(
    world: World, document: MakeDocument
) -> None:
    customs = halted(world, of_customs=True)
    drop_a_large_file(world, document)
    urgent = licence(seed=99)
    world.drop("now.urgent", document(urgent, urgent=True))
    world.run(10)
    assert order_at_customs(world) == []
    gateway = halted(world, of_customs=False)
    work_off(world, customs)
    assert order_at_customs(world)[0] == f"LicenceIssue {urgent.key.number}"
    world.run(10)
    with closing(sqlite3.connect(world.instance / "customs-state" / "ledger.sqlite3")) as connection:
        members = connection.execute(
            "SELECT interchange_id, licence_no FROM outbox WHERE kind = 'ApplicationAck' ORDER BY id"
        ).fetchall()
    alone = [number for number, licence_no in members if licence_no == urgent.key.number]
    assert [number for number, _ in members].count(alone[0]) == 1, "the answer has an interchange of its own"
    work_off(world, gateway)
    world.run(5)
    assert "now.customs-accepted.json" in world.out()
    assert "l39.customs-accepted.json" in world.out()


def test_an_act_passes_nothing_for_its_licence_may_be_there(
    world: World, document: MakeDocument, issuer: Issuer
) -> None:
    customs = halted(world, of_customs=True)
    many = drop_a_large_file(world, document)
    Acts(world, issuer).suspend("stop", many[-1].key)
    world.run(10)
    work_off(world, customs)
    settled = order_at_customs(world)
    assert settled[-1] == f"LicenceSuspension {many[-1].key.number}"
    assert len(settled) == len(many) + 1
    world.run(10)
    assert "stop.customs-accepted.json" in world.out()


def test_an_answer_to_what_was_sent_again_passes_nothing(world: World, document: MakeDocument) -> None:
    """The earlier answer to it may be in a file that it would pass, and issuers go by the last."""
    world.drop("one", document(licence()))
    world.run(10)
    desk = reception(world, of_customs=False)._desk
    ledger = cast("LicenceGateway", world.gateway)._station.ledger
    whole = came_from_customs(world)
    answer = replace(
        whole, messages=tuple(one for one in whole.messages if "SealedLicence" in answered_by(one))
    )

    def may_pass(interchange: ExaminedInterchange) -> bool:
        async def ask() -> bool:
            return bool(await ledger.read(lambda connection: desk.may_pass(connection, interchange)))

        return bool(world.now(ask()))

    assert may_pass(answer)
    assert not may_pass(whole), "write-offs keep their order"
    rows = world.ask(world.gateway, "queue list", status="DELIVERED")["rows"]
    world.ask(
        world.gateway, "queue requeue", ids=[row["id"] for row in rows if row["kind"] == "SealedLicence"]
    )
    assert not may_pass(answer)


def came_from_customs(world: World) -> ExaminedInterchange:
    """Customs' first interchange, as it is examined."""
    data = next(data for us, _, data in world.wire.offers if us == "customs")
    workers = reception(world, of_customs=False)._workers
    [result] = world.now(workers.run("interchanges", [Document(data, world.clock())]))
    assert isinstance(result, ExaminedInterchange)
    return result


def answered_by(one: Examined | Refused) -> str:
    """The kind of message that this answers."""
    is_answer = isinstance(one, Examined) and isinstance(one.message, ApplicationAck)
    return one.message.answers.kind if is_answer else ""  # type: ignore[union-attr]  # asked above

"""End-to-end responses between two whole daemons: one to a file, EERP or NERP, durable before it goes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import MakeDocument, licence
from memory import World

from gateway.exchange.examination import ExaminedInterchange
from gateway.exchange.post_office import LedgerPostOffice
from gateway.ledger import post
from gateway.line.office import IncomingReceipt, NotProcessed, OfferedFile, OutgoingReceipt
from gateway.operations.commands import CommandRefused
from gateway.service.licence_gateway import LicenceGateway
from oftp2.identity import FileIdentity

pytestmark = pytest.mark.usefixtures("logged")

CONTENT = b"x" * 1024


def identity(dataset: str) -> FileIdentity:
    return FileIdentity(dataset, "20260101", "1200000001", "CN-CUSTOMS", "CN-GATEWAY")


def station(daemon: Any) -> Any:
    return daemon._station


def office(world: World) -> LedgerPostOffice:
    return cast("LedgerPostOffice", station(world.gateway).post_office)


def no_reception(world: World, daemon: Any) -> None:
    world.now(station(daemon)._reception.pump.stop())


def stored(world: World, dataset: str) -> Path:
    """A file that customs sent, stored at the gateway, which does not work it off."""
    incoming: Any = world.now(office(world).offer("customs", OfferedFile(identity(dataset), len(CONTENT), 0)))
    incoming.write(CONTENT)
    world.now(incoming.close(len(CONTENT)))
    return Path(incoming._file.name)


def line_up(world: World) -> None:
    world.wire.up = True
    office(world).wake()
    world.run(5)


def listen(world: World) -> list[IncomingReceipt]:
    """All responses that go over the wire, whoever makes them."""
    heard: list[IncomingReceipt] = []

    def tamper(receipt: IncomingReceipt) -> list[IncomingReceipt]:
        heard.append(receipt)
        return [receipt]

    world.wire.tamper = tamper
    return heard


def refuse(world: World, number: int = 1) -> str:
    answer = world.ask(world.gateway, "inbound refuse", id=number, by="Li", why="the disk was lost")
    return str(answer["told_by"])


def alerts(world: World) -> dict[str, str]:
    return {row["name"]: row["trouble"] for row in world.ask(world.gateway, "status")["alerts"]}


def wait_unread(world: World, damage: Callable[[Path], object]) -> Path:
    """A stored file that the disk has lost or damaged, as the gateway finds it when it is started."""
    world.start_gateway()
    no_reception(world, world.gateway)
    world.wire.up = False
    path = stored(world, "LOST")
    damage(path)
    world.stop()
    world.start_customs()
    world.start_gateway()
    world.run(2)
    return path


def test_a_receipt_goes_as_soon_as_the_file_is_stored_however_long_its_messages_take(instance: Path) -> None:
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    world.run(1)
    no_reception(world, world.gateway)
    heard = listen(world)
    stored(world, "WAITS")
    world.run(0.5)
    assert [receipt.identity for receipt in heard] == [identity("WAITS")]
    world.stop()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"x" * 1000)])
def test_a_file_that_the_disk_lost_before_its_receipt_went_out_is_answered_by_nerp(
    instance: Path, damage: Callable[[Path], object]
) -> None:
    world = World(instance)
    path = wait_unread(world, damage)
    (name,) = alerts(world)
    assert name == f"received file {path.name}"
    assert "ctl inbound refuse 1" in alerts(world)[name]
    (row,) = world.ask(world.gateway, "inbound list")["rows"]
    assert (row["id"], row["dataset"], row["status"], row["receipt"]) == (1, "LOST", "STORED", "DUE")
    heard = listen(world)
    assert refuse(world) == "NERP"
    assert alerts(world) == {}
    assert world.ask(world.gateway, "inbound list")["rows"] == []
    (row,) = world.ask(world.gateway, "inbound list", refused=True)["rows"]
    assert (row["reason"], row["told_by"], row["receipt"]) == ("the disk was lost", "NERP 34", "DUE")
    line_up(world)
    (nerp,) = heard
    assert nerp.identity == identity("LOST")
    assert nerp.refusal == NotProcessed(34, "the disk was lost")
    assert nerp.creator == "CN-GATEWAY"
    world.stop()


def test_a_nerp_that_is_decided_goes_out_after_a_restart_once(instance: Path) -> None:
    world = World(instance)
    wait_unread(world, Path.unlink)
    refuse(world)
    world.stop()
    heard = listen(world)
    world.start_customs()
    world.start_gateway()
    line_up(world)
    assert [receipt.refusal for receipt in heard] == [NotProcessed(34, "the disk was lost")]
    world.stop()
    world.start_customs()
    world.start_gateway()
    world.run(5)
    assert len(heard) == 1
    world.stop()


def test_a_file_can_be_sent_again_once_its_sender_knows_that_it_was_not_processed(instance: Path) -> None:
    """Under the same identity too: that it is there already would be taken for a delivery."""
    world = World(instance)
    wait_unread(world, lambda path: path.write_bytes(b"torn"))
    refuse(world)
    too_early = world.now(office(world).offer("customs", OfferedFile(identity("LOST"), len(CONTENT), 0)))
    assert (too_early.reason, too_early.retry) == (99, True)
    line_up(world)
    no_reception(world, world.gateway)
    again = stored(world, "LOST")
    assert again.read_bytes() == CONTENT
    (row,) = world.ask(world.gateway, "inbound list")["rows"]
    assert (row["id"], row["status"], row["receipt"]) == (1, "STORED", "DUE")
    assert refuse(world) == "NERP"
    assert sorted(path.name for path in (again.parent / "corrupt").iterdir()) == [
        again.name,
        f"{again.name}~2",
    ]
    world.stop()


def test_a_nerp_that_was_cut_before_it_was_taken_is_sent_again(instance: Path) -> None:
    world = World(instance)
    wait_unread(world, Path.unlink)
    refuse(world)
    heard: list[IncomingReceipt] = []

    def cut_first(receipt: IncomingReceipt) -> list[IncomingReceipt]:
        heard.append(receipt)
        world.wire.up = len(heard) > 1
        return [receipt]

    world.wire.tamper = cut_first
    line_up(world)
    line_up(world)
    assert [receipt.refusal is not None for receipt in heard] == [True, True]
    world.stop()


def test_after_the_receipt_the_sender_is_told_by_a_technical_ack(
    world: World, document: MakeDocument
) -> None:
    """What arrived has arrived: an EERP is not followed by its opposite."""
    heard = listen(world)
    no_reception(world, world.gateway)
    world.drop("a", document(licence()))
    world.run(12)
    rows = world.ask(world.gateway, "inbound list")["rows"]
    assert rows
    assert {row["receipt"] for row in rows} == {"SENT"}
    for row in rows:
        assert refuse(world, row["id"]) == "TechnicalAck"
    world.run(5)
    assert all(receipt.refusal is None for receipt in heard)
    found: list[tuple[str, str]] = []
    station(world.customs).ledger.read(
        lambda connection: found.extend(
            connection.exec_driver_sql("SELECT status, last_reason FROM interchange ORDER BY id").all()
        )
    )
    assert found[: len(rows)] == [
        ("REFUSED", "FILE_NOT_PROCESSED: The file arrived, and cannot be processed (the disk was lost).")
    ] * len(rows)


def test_a_receipt_on_its_way_counts_as_sent(instance: Path) -> None:
    world = World(instance)
    world.start_gateway()
    no_reception(world, world.gateway)
    world.wire.up = False
    stored(world, "TOO-LATE")
    in_hand = world.now(office(world).next_to_send("customs", "a session"))
    assert in_hand == OutgoingReceipt(identity("TOO-LATE"))
    assert refuse(world) == "TechnicalAck"
    world.now(office(world).receipt_sent("customs", identity("TOO-LATE")))
    item = world.now(office(world).next_to_send("customs", "a session"))
    assert not isinstance(item, OutgoingReceipt)
    world.stop()


@pytest.mark.parametrize("receives", [False, True])
def test_only_what_waits_can_be_given_up(instance: Path, receives: bool) -> None:
    world = World(instance)
    world.start_gateway()
    world.wire.up = False
    if receives:
        incoming: Any = world.now(office(world).offer("customs", OfferedFile(identity("COMING"), 4096, 0)))
        world.now(incoming.abandon())
    else:
        stored(world, "JUNK")
        world.run(3)
        (row,) = world.ask(world.gateway, "inbound list", refused=True)["rows"]
        assert (row["reason"], row["told_by"], row["receipt"]) == ("XML_BINARY", "TechnicalAck", "DUE")
    with pytest.raises(CommandRefused, match="does not wait"):
        refuse(world)
    with pytest.raises(CommandRefused, match="no received file"):
        refuse(world, 7)
    world.stop()


def answer_with(world: World, *refusals: NotProcessed | None) -> None:
    """Have customs answer each file with these, one after the other: EERP for None, NERP for a refusal."""

    def tamper(receipt: IncomingReceipt) -> list[IncomingReceipt]:
        return [
            IncomingReceipt(receipt.identity, refusal, "CN-CUSTOMS" if refusal else "")
            for refusal in refusals
        ]

    world.wire.tamper = tamper


NO = NotProcessed(34, "the file could not be mapped")


@pytest.mark.parametrize("answers", [(NO,), (None, NO), (NO, None)])
def test_what_customs_does_not_process_is_held_and_can_be_sent_again(
    world: World, document: MakeDocument, answers: tuple[NotProcessed | None, ...]
) -> None:
    no_reception(world, world.customs)
    answer_with(world, *answers)
    world.drop("a", document(licence()))
    world.run(12)
    (row,) = world.ask(world.gateway, "queue list")["rows"]
    assert (row["status"], row["reason"]) == ("HELD", "NERP 34 the file could not be mapped")
    assert "post to customs" in alerts(world)
    told = world.ask(world.gateway, "message explain", message_id=row["message_id"])
    said = [one["kind"] for one in told["receipts"]]
    assert said == ["NERP" if one else "EERP" for one in answers]
    assert any(
        one["en"]
        == "Interchange 1 was not processed (NERP 34): the file could not be mapped, says CN-CUSTOMS."
        for one in told["receipts"]
    )
    world.wire.tamper = lambda receipt: [receipt]
    world.ask(world.gateway, "queue requeue", ids=[row["id"]])
    world.run(12)
    assert alerts(world) == {}
    (again,) = world.ask(world.gateway, "queue list", status="delivered")["rows"]
    assert (again["message_id"], again["interchange"], again["reason"]) == (row["message_id"], 2, None)


def test_a_refusal_stands_whatever_is_receipted_later(world: World, document: MakeDocument) -> None:
    no_reception(world, world.customs)
    answer_with(world, NO, None)
    world.drop("a", document(licence()))
    world.run(12)
    assert world.wire.faults == [
        "EERP changes nothing: it contradicts what the partner has said of the file before"
    ]


def test_a_nerp_after_the_partner_has_read_the_file_changes_nothing(
    world: World, document: MakeDocument
) -> None:
    world.drop("a", document(licence()))
    world.run(10)
    (ours, *_) = [name for end, name in world.wire.sent if end == "gateway" and name.startswith("LX")]
    found: list[Any] = []
    station(world.gateway).ledger.read(
        lambda connection: found.extend(
            connection.exec_driver_sql(
                f"SELECT dataset_name, file_date, file_time, originator, destination FROM interchange "
                f"WHERE dataset_name = '{ours}'"
            ).all()
        )
    )
    late = IncomingReceipt(FileIdentity(*found[0]), NO, "CN-CUSTOMS")
    told = world.now(office(world).receipt_received("customs", late))
    assert told == "NERP changes nothing: it contradicts what the partner has said of the file before"
    assert world.ask(world.gateway, "status")["queues"]["HELD"] == 0


def test_a_response_for_what_is_not_ours_is_told(world: World) -> None:
    stranger = IncomingReceipt(identity("NEVER-SENT"))
    told = world.now(office(world).receipt_received("customs", stranger))
    assert told == "EERP changes nothing: the file is not ours"


def test_responses_without_end_are_not_all_kept(world: World, document: MakeDocument) -> None:
    no_reception(world, world.customs)
    answer_with(world, NO, *(NotProcessed(50, f"number {number}") for number in range(50)))
    world.drop("a", document(licence()))
    world.run(12)
    (row,) = world.ask(world.gateway, "queue list")["rows"]
    kept = world.ask(world.gateway, "message show", message_id=row["message_id"])["receipts"]
    assert len(kept) == 16
    assert kept[0]["text"] == NO.text
    assert cast("LicenceGateway", world.gateway).healthy()


def test_a_file_that_is_given_up_just_before_it_is_settled_is_kept(instance: Path) -> None:
    world = World(instance)
    world.start_gateway()
    no_reception(world, world.gateway)
    world.wire.up = False
    path, gateway = stored(world, "LATE"), station(world.gateway)

    async def given_up_and_settled() -> None:
        file = await gateway.ledger.read(lambda connection: post.inbound_get(connection, 1))
        await gateway.ledger.submit(
            lambda uow: post.inbound_not_processed(uow, 1, 34, "it waits", by="Li", is_receipted=False)
        )
        examined = ExaminedInterchange("LATE", "CN-CUSTOMS", "CN-GATEWAY", ())
        await gateway._reception._settle(file, examined)

    world.now(given_up_and_settled())
    assert path.read_bytes() == CONTENT
    world.stop()

"""Signed end-to-end responses between two whole daemons: they prove delivery, or nothing is delivered."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from agreements import configure, rows, start
from conftest import MakeDocument, licence, licences
from memory import World

from gateway.line.office import IncomingReceipt, NotProcessed
from gateway.operations.commands import CommandRefused

pytestmark = pytest.mark.usefixtures("logged")

OPENSSL = shutil.which("openssl")
ASKED = "suites = [4]\nask_signed_receipts = true\n"
SENT = 'encryption = "allowed"\nsend = ["encrypted"]\n'
Tamper = Callable[[IncomingReceipt], list[IncomingReceipt]]


@pytest.fixture
def asked(instance: Path, papers: Path) -> Iterator[World]:
    """Both ends ask for signed receipts."""
    for us in ("gateway", "customs"):
        configure(instance, papers, us, ASKED)
    world = World(instance)
    yield world
    world.stop()


def station(daemon: Any) -> Any:
    return daemon._station


def no_reception(world: World, daemon: Any) -> None:
    world.now(station(daemon)._reception.pump.stop())


def sent(world: World, document: MakeDocument, tamper: Tamper) -> str:
    """A licence that customs stores and leaves; its receipt is tampered with. The id of the message."""
    start(world)
    no_reception(world, world.customs)
    world.wire.tamper = tamper
    world.drop("l", document(licence()))
    world.run(12)
    (row,) = (
        one
        for status in ("due", "assigned", "held", "delivered")
        for one in world.ask(world.gateway, "queue list", status=status)["rows"]
    )
    return str(row["message_id"])


def alerts(world: World) -> dict[str, str]:
    return {row["name"]: row["trouble"] for row in world.ask(world.gateway, "status")["alerts"]}


def status(world: World) -> list[str]:
    return [one for (one,) in rows(world, "state", "SELECT status FROM interchange ORDER BY id")]


def test_what_is_signed_is_kept_as_evidence(
    asked: World, document: MakeDocument, papers: Path, tmp_path: Path
) -> None:
    """OpenSSL reads from it, without us, which file it is about, its hash and who has it."""
    world = start(asked)
    for number, one in enumerate(licences(2)):
        world.drop(f"l{number}", document(one))
    world.run()
    assert alerts(world) == {}
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    for state in ("state", "customs-state"):
        kept = rows(world, state, "SELECT kind, signer IS NOT NULL, fault FROM end_response")
        assert set(kept) == {("EERP", 1, None)}
        assert status(world) == ["DELIVERED"] * len(status(world))
    ((message_id,),) = rows(
        world, "state", "SELECT message_id FROM outbox WHERE kind = 'SealedLicence' ORDER BY id LIMIT 1"
    )
    (receipt,) = world.ask(world.gateway, "message evidence", message_id=message_id)["rows"]
    assert receipt["signer"].startswith("CN=customs")
    assert "Signed by CN=customs" in receipt["en"]
    (us, offered, data) = world.wire.offers[0]
    assert us == "gateway"
    assert receipt["hash"] == hashlib.sha256(data).hexdigest()
    assert b64decode(receipt["content"]) == data
    assert (receipt["digest"], receipt["fits"]) == ("SHA-256", True)
    if OPENSSL is None:
        pytest.skip("the program openssl is not here")
    (tmp_path / "receipt.der").write_bytes(b64decode(receipt["signature"]))
    (tmp_path / "customs.der").write_bytes(b64decode(receipt["certificate"]))
    command = [OPENSSL, "cms", "-verify", "-binary", "-inform", "DER", "-in", "receipt.der", "-noverify"]
    signed = subprocess.run(
        [*command, "-certfile", "customs.der"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    name = offered.identity.dataset_name.ljust(26).encode()
    assert signed.startswith(name)
    assert signed.endswith(hashlib.sha256(data).digest())


def unsigned(receipt: IncomingReceipt) -> list[IncomingReceipt]:
    return [replace(receipt, hash=b"", signature=b"")]


def bit_flipped(receipt: IncomingReceipt) -> list[IncomingReceipt]:
    return [replace(receipt, signature=receipt.signature[:-1] + bytes([receipt.signature[-1] ^ 1]))]


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (unsigned, "it is not signed, which was asked for"),
        (bit_flipped, "its signature is not in order: the signature does not fit the content"),
    ],
)
def test_a_receipt_that_proves_nothing_delivers_nothing(
    asked: World, document: MakeDocument, tamper: Tamper, fault: str
) -> None:
    """It is told, the file is not sent again by itself, and the right receipt ends it."""
    good: list[IncomingReceipt] = []

    def keeping(receipt: IncomingReceipt) -> list[IncomingReceipt]:
        good.append(receipt)
        return tamper(receipt)

    message_id = sent(asked, document, keeping)
    assert asked.wire.faults == [fault]
    assert status(asked) == ["SENT"]
    told_of = alerts(asked)
    assert told_of["receipts from customs"] == f"EERP for LX0000000001: {fault}"
    assert told_of["deliveries to customs"].startswith(
        "files without the signed receipt that was asked for: 1"
    )
    with pytest.raises(CommandRefused, match="no signed receipt is kept"):
        asked.ask(asked.gateway, "message evidence", message_id=message_id)
    told = asked.ask(asked.gateway, "message explain", message_id=message_id)["receipts"]
    assert [one["en"] for one in told] == [f"Interchange 1 arrived (EERP). That is not proved: {fault}."]
    office = station(asked.gateway).post_office
    (identity,) = {receipt.identity for receipt in good}
    asked.now(office.file_already_there("customs", identity))
    assert status(asked) == ["SENT"], "that it has the file is what it was to prove"
    assert asked.now(office.receipt_received("customs", good[0])) is None
    asked.run(12)
    assert (status(asked), alerts(asked)) == (["DELIVERED"], {})
    assert len(asked.wire.offers) == 1


def test_a_signed_technical_ack_delivers_too(asked: World, document: MakeDocument) -> None:
    start(asked)
    asked.wire.tamper = unsigned
    asked.drop("l", document(licence()))
    asked.run(30)
    assert asked.wire.faults
    assert "l.customs-accepted.json" in asked.out()
    assert set(status(asked)) <= {"DELIVERED", "SENT"}
    assert status(asked)[0] == "DELIVERED"


def test_a_nerp_is_signed_as_well(asked: World, document: MakeDocument) -> None:
    start(asked)
    no_reception(asked, asked.customs)
    their_office = station(asked.customs).post_office
    receive, their_office.next_to_send = their_office.next_to_send, _nothing
    asked.drop("l", document(licence()))
    asked.run(8)
    their_office.next_to_send = receive
    assert asked.now(station(asked.customs).give_up(1, "Wang", "unknown mapping")) == "NERP"
    asked.run(8)
    (row,) = asked.ask(asked.gateway, "queue list")["rows"]
    assert (row["status"], row["reason"]) == ("HELD", "NERP 34 unknown mapping")
    (receipt,) = asked.ask(asked.gateway, "message show", message_id=row["message_id"])["receipts"]
    assert receipt["signer"].startswith("CN=customs")
    assert receipt["fault"] is None


async def _nothing(*_: object) -> None:
    return None


def test_an_unsigned_nerp_does_not_take_back_what_a_signature_proves(
    asked: World, document: MakeDocument
) -> None:
    def both(receipt: IncomingReceipt) -> list[IncomingReceipt]:
        return [receipt, IncomingReceipt(receipt.identity, NotProcessed(34, "never mind"), "CN-CUSTOMS")]

    sent(asked, document, both)
    assert status(asked) == ["DELIVERED"]
    assert asked.wire.faults == [
        "NERP changes nothing: it contradicts what the partner has said of the file before"
    ]


def test_the_hash_is_of_all_that_was_transmitted_and_survives_cut_and_restart(
    instance: Path, papers: Path, document: MakeDocument
) -> None:
    """Encrypted bytes are never the same again: they are kept with the receipt that is over them."""
    for us in ("gateway", "customs"):
        configure(instance, papers, us, ASKED + SENT)
    world = start(World(instance))
    no_reception(world, world.customs)
    world.wire.cut_after_bytes = 2000
    their_office = station(world.customs).post_office
    their_office.next_to_send = _nothing
    world.drop("l", document(licence()))
    world.run(8)
    world.wire.up = True
    station(world.gateway).post_office.wake()
    world.run(8)
    assert rows(world, "customs-state", "SELECT status, receipt_status FROM inbound_file") == [
        ("STORED", "NONE")
    ]
    world.stop()
    start(world)
    world.run(20)
    ((content, digest),) = rows(
        world, "state", "SELECT content, hash FROM outgoing_file WHERE interchange_id = 1"
    )
    assert hashlib.sha256(content).digest() == digest
    assert rows(world, "customs-state", "SELECT hash, receipt_status FROM inbound_file WHERE id = 1") == [
        (digest, "SENT")
    ]
    assert rows(world, "state", "SELECT kind, signer IS NOT NULL, fault FROM end_response")[0] == (
        "EERP",
        1,
        None,
    )
    assert b"Interchange" not in content
    world.stop()

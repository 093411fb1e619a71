"""A fault of this program, met by one item, holds up no other: it is told, kept, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeDocument, licences
from memory import World

from gateway.exchange import acceptance, desk
from gateway.exchange.sealer import Sealer, SealJob
from gateway.ledger import book
from gateway.ledger.store import UnitOfWork
from gateway.licences.policy import Policy

pytestmark = pytest.mark.usefixtures("logged")


def alerts(world: World) -> list[str]:
    return [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]


def test_one_file_that_cannot_be_settled(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = book.accept_issues

    def broken(uow: UnitOfWork, batch: Sequence[book.IssueReceived], policy: Any) -> Any:
        if any(one.source == "bad.xml" for one in batch):
            raise ZeroDivisionError("a fault of ours")
        return accept(uow, batch, policy)

    monkeypatch.setattr(acceptance.book, "accept_issues", broken)
    for name, one in zip(("before", "bad", "after"), licences(3), strict=True):
        world.drop(name, document(one))
    world.run(10)
    for name in ("before", "after"):
        assert f"{name}.customs-accepted.json" in world.out()
    found = json.loads((world.spool / "out" / "bad.rejected.json").read_text())
    assert [one["code"] for one in found["rejections"]] == ["POISONED"]
    assert (world.spool / "corrupt" / "bad.xml").exists()


def test_one_licence_that_cannot_be_sealed(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = Sealer.seal

    def broken(self: Sealer, job: SealJob) -> bytes:
        if b"M-BAD" in job.xml:
            raise ZeroDivisionError("a fault of ours")
        return seal(self, job)

    monkeypatch.setattr(Sealer, "seal", broken)
    for name, one in zip(("before", "bad", "after"), licences(3), strict=True):
        world.drop(name, document(one, message_id=f"M-{name.upper()}"))
    world.run(10)
    for name in ("before", "after"):
        assert f"{name}.customs-accepted.json" in world.out()
    assert "bad.sealed.xml" not in world.out()
    (alert,) = alerts(world)
    assert alert.startswith("seal of ")


def test_one_interchange_that_cannot_be_settled(
    world: World, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = book.record_clearances
    calls: list[int] = []

    def broken(uow: UnitOfWork, batch: Sequence[book.ClearanceReceived], policy: Policy) -> Any:
        if batch and not calls:
            calls.append(len(batch))
            raise ZeroDivisionError("a fault of ours")
        return apply(uow, batch, policy)

    monkeypatch.setattr(desk.book, "record_clearances", broken)
    first, second = licences(2)
    world.drop("first", document(first))
    world.run(10)
    world.drop("second", document(second))
    world.run(10)
    assert any(name.startswith("second.written-off-") for name in world.out())
    assert alerts(world), "an operator must look at the file that was set aside"
    assert list((world.instance / "state" / "inbound" / "corrupt").iterdir()), "and it is kept"


def test_a_spool_that_cannot_be_written_holds_up_no_other(
    instance: Path, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = instance / "gateway.toml"
    second = '[[spool]]\nname = "second"\npath = "spool-2"\n\n[[spool]]'
    path.write_text(path.read_text().replace("[[spool]]", second, 1))
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    blocked = instance / "spool-2" / "out"
    blocked.rmdir()
    blocked.write_text("in the way")
    one, other = licences(2)
    (instance / "spool-2" / "in" / "there.xml").write_bytes(document(one))
    default = instance / "spool"
    (default / "in" / "here.xml").write_bytes(document(other))
    world.run(10)
    assert (default / "out" / "here.customs-accepted.json").exists()
    assert "feedback to second" in alerts(world)
    blocked.unlink()
    blocked.mkdir()
    world.run(60)
    assert (blocked / "there.customs-accepted.json").exists()
    assert alerts(world) == []
    world.stop()

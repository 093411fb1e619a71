"""The whole way of a licence and of a write-off, between two whole daemons in memory (design 2 and 3)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeDocument, licence, licences
from memory import World

from gateway.clock import system_clock
from gateway.demo.samples import issue_message
from gateway.ledger.store import Ledger
from gateway.operations.instance import create_instance
from gateway.operations.issuer import Issuer
from gateway.trust.authority import KeyKind
from licencexml.messages import Licence
from licencexml.values import LicenceType, UsageMode


def answer(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.spool / "out" / name).read_text())
    return found


def show(world: World, one: Licence) -> dict[str, Any]:
    return world.ask(world.gateway, "licence show", licence=str(one.key))


def codes(rejections: list[dict[str, Any]]) -> list[str]:
    return [one["code"] for one in rejections]


def test_both_ends_have_one_digest_of_a_sealed_licence(world: World, document: MakeDocument) -> None:
    """What is reconciled is the content that the seal signed, and not a file's bytes."""
    for number, one in enumerate(licences(3)):
        world.drop(f"l{number}", document(one))
    world.run()

    def digests(state: str, query: str) -> set[tuple[str, bytes]]:
        with closing(sqlite3.connect(world.instance / state / "ledger.sqlite3")) as connection:
            return set(connection.execute(query))

    ours = digests("state", "SELECT message_id, digest FROM message WHERE kind = 'SealedLicence'")
    assert len(ours) == 3
    assert ours == digests("customs-state", "SELECT message_id, digest FROM customs_licence")


def scenario(instance: Path, text: str) -> None:
    (instance / "scenario.toml").write_text(text)
    path = instance / "customs.toml"
    path.write_text(path.read_text().replace('# scenario = "', 'scenario = "'))


def test_a_licence_reaches_customs_and_its_write_offs_come_back(world: World, document: MakeDocument) -> None:
    for number, one in enumerate(licences(12, lines=None)):
        world.drop(f"l{number}", document(one))
    world.run()
    status = world.ask(world.gateway, "status")
    assert sum(status["ledger"]["licences"].values()) == 12
    assert set(status["ledger"]["licences"]) <= {"PART_USED", "EXHAUSTED"}
    assert status["spool"]["default"] == {
        "path": str(world.spool),
        "in": 0,
        "work": 0,
        "held": 0,
        "corrupt": 0,
    }
    queues = status["queues"]
    assert not any(queues.values()), queues
    out = world.out()
    for number in range(12):
        for ending in ("accepted.json", "sealed.xml", "customs-accepted.json"):
            assert f"l{number}.{ending}" in out
        assert any(name.startswith(f"l{number}.written-off-") for name in out)
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    assert not list((world.instance / "state" / "inbound").iterdir())


def test_the_thirteenth_declaration_is_refused_with_its_article(
    instance: Path, document: MakeDocument
) -> None:
    one = licence(UsageMode.MULTI)
    scenario(instance, f'[[licence]]\nlicence = "{one.key}"\ndeclarations = 13\nshare = "0.65"\n')
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    world.drop("multi", document(one))
    world.run()
    shown = show(world, one)
    assert len(shown["declarations"]) == 12
    (refused,) = shown["discrepancies"]
    (rejection,) = refused["rejections"]
    assert rejection["code"] == "MULTI_USE_CAP_REACHED"
    assert "539" in rejection["article"]
    assert rejection["zh"]
    assert rejection["en"]
    name = f"multi.discrepancy-{refused['entry_id']}.json"
    assert codes(answer(world, name)["rejections"]) == ["MULTI_USE_CAP_REACHED"]
    world.stop()


def test_an_automatic_licence_is_capped_at_six(instance: Path, document: MakeDocument) -> None:
    one = licence(UsageMode.MULTI, LicenceType.AUTOMATIC_IMPORT)
    scenario(instance, f'[[licence]]\nlicence = "{one.key}"\ndeclarations = 7\nshare = "0.65"\n')
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    world.drop("auto", document(one))
    world.run()
    shown = show(world, one)
    assert len(shown["declarations"]) == 6
    assert codes(shown["discrepancies"][0]["rejections"]) == ["AUTOMATIC_USE_CAP_REACHED"]
    world.stop()


@pytest.mark.parametrize(
    ("mischief", "expected"),
    [
        ("excess", ["QUANTITY_EXCEEDS_BALANCE"]),
        ("wrong-unit", ["UNIT_MISMATCH"]),
        ("conflict", ["WRITE_OFF_CONFLICT"]),
        ("wrong-signature", ["CONTENT_CHANGED"]),
        ("repeat", []),
    ],
)
def test_what_customs_gets_wrong_is_answered(
    instance: Path, document: MakeDocument, mischief: str, expected: list[str]
) -> None:
    one = licence(UsageMode.MULTI)
    scenario(instance, f'[[licence]]\nlicence = "{one.key}"\ndeclarations = 2\nmischief = ["{mischief}"]\n')
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    world.drop("x", document(one))
    world.run()
    shown = show(world, one)
    assert len(shown["declarations"]) == 2
    at_customs = world.ask(world.customs, "licence show", licence=str(one.key))
    answers = [release["codes"] for release in at_customs["releases"]]
    assert answers == [[], [], *([expected] if expected else [])]
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    world.stop()


def test_a_message_dropped_twice_is_answered_twice_and_taken_once(
    world: World, document: MakeDocument
) -> None:
    data = document(licence())
    world.drop("first", data)
    world.run()
    world.drop("second", data)
    world.drop("first", data)
    world.run()
    assert answer(world, "second.accepted.json")["outcome"] == "REPEATED"
    assert answer(world, "first.accepted.json")["outcome"] == "ACCEPTED"
    (again,) = [name for name in world.out() if name.startswith("first.accepted~")]
    assert answer(world, again)["outcome"] == "REPEATED"
    assert world.ask(world.customs, "status")["register"]["licences"] == 1


def test_an_identity_with_other_content_is_a_conflict(world: World, document: MakeDocument) -> None:
    one, other = licences(2)
    world.drop("one", document(one, message_id="SAME"))
    world.run()
    world.drop("other", document(other, message_id="SAME"))
    world.run()
    assert codes(answer(world, "other.rejected.json")["rejections"]) == ["MESSAGE_ID_CONFLICT"]
    assert (world.spool / "held" / "other.xml").exists()


def test_a_refused_attempt_does_not_use_up_its_identity(world: World, document: MakeDocument) -> None:
    one = licence()
    good = document(one, message_id="AGAIN")
    world.drop("bad", good.replace(b"<LicenceDate>2026", b"<LicenceDate>2025", 1))
    world.run()
    assert "CONTENT_CHANGED" in codes(answer(world, "bad.rejected.json")["rejections"])
    world.drop("good", good)
    world.run()
    assert answer(world, "good.accepted.json")["outcome"] == "ACCEPTED"


def test_urgent_goes_before_all_that_wait(instance: Path, document: MakeDocument) -> None:
    path = instance / "gateway.toml"
    path.write_text(path.read_text() + "\n")
    world = World(instance)
    for number, one in enumerate(licences(200)):
        world.drop(f"l{number}", document(one))
    urgent = licence(seed=99)
    world.drop("now.urgent", document(urgent, urgent=True))
    order: list[str] = []
    world.start_customs()
    world.start_gateway()
    world.run()
    shown = world.ask(world.gateway, "licence history", licence=str(urgent.key))["rows"]
    order = [row["kind"] for row in shown]
    assert order[0] == "ISSUE_ACCEPTED"
    assert shown[0]["seq"] == 1, "it is the first batch, though it came last"
    world.stop()


def test_what_is_urgent_is_accepted_and_sealed_without_others_and_goes_first_in_the_ledger(
    instance: Path, document: MakeDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, seen = Ledger.submit, []

    def watched(self: Ledger, work: Any, *, messages: int = 1, first: bool | None = None) -> Any:
        seen.append((work.__qualname__.split(".")[0], messages, first))
        return submit(self, work, messages=messages, first=first)

    monkeypatch.setattr(Ledger, "submit", watched)
    world = World(instance)
    for number, one in enumerate(licences(20)):
        world.drop(f"l{number}", document(one))
    world.drop("now.urgent", document(licence(seed=99), urgent=True))
    world.start_gateway()
    world.run()
    for step in ("Intake", "Sealing"):
        assert [(messages, first) for name, messages, first in seen if name == step] == [
            (1, True),
            (20, False),
        ], step
    world.stop()


def test_hold_and_release(world: World, document: MakeDocument) -> None:
    world.now(world.gateway._station.line.down("customs"))  # type: ignore[union-attr]
    one = licence()
    world.drop("held", document(one))
    world.run(5)
    (row,) = world.ask(world.gateway, "queue list")["rows"]
    assert (row["kind"], row["status"]) == ("SealedLicence", "DUE")
    world.ask(world.gateway, "queue hold", ids=[row["id"]])
    world.wire.up = True
    world.run(5)
    assert world.ask(world.gateway, "status")["queues"]["HELD"] == 1
    assert show(world, one)["status"] == "SEALED"
    world.ask(world.gateway, "queue release", ids=[row["id"]])
    world.run(5)
    assert show(world, one)["status"] in ("PART_USED", "EXHAUSTED")


def test_a_file_cut_on_the_line_goes_on_where_it_is_durable(world: World, document: MakeDocument) -> None:
    world.wire.cut_after_bytes = 5000
    one = licences(1, lines=20)[0]
    world.drop("long", document(one))
    world.run(5)
    assert not world.wire.up
    (waiting,) = (world.instance / "customs-state" / "inbound").iterdir()
    assert 4096 <= waiting.stat().st_size <= 5000
    world.wire.up = True
    world.gateway._station.post_office.wake()  # type: ignore[union-attr]
    world.run(10)
    assert show(world, one)["status"] in ("PART_USED", "EXHAUSTED")


def test_customs_may_refuse_a_licence(instance: Path, document: MakeDocument) -> None:
    path = instance / "customs.toml"
    text = (
        path.read_text().replace("# [faults]", "[faults]").replace("# refuse_every = 0", "refuse_every = 1")
    )
    path.write_text(text)
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    one = licence()
    world.drop("no", document(one))
    world.run()
    assert show(world, one)["status"] == "CUSTOMS_REFUSED"
    assert codes(answer(world, "no.customs-rejected.json")["rejections"]) == ["REFUSED_ON_PURPOSE"]
    world.stop()


@pytest.mark.parametrize("fault", ["repeat_every = 0", "reorder = false"])
def test_repeats_and_reversals_of_order_change_nothing(
    instance: Path, document: MakeDocument, fault: str
) -> None:
    path = instance / "customs.toml"
    on = fault.replace("= 0", "= 1").replace("= false", "= true")
    path.write_text(path.read_text().replace("# [faults]", "[faults]").replace(f"# {fault}", on))
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    for number, one in enumerate(licences(6)):
        world.drop(f"l{number}", document(one))
    world.run()
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    assert world.ask(world.gateway, "status")["ledger"]["discrepancies_open"] == 0
    world.stop()


def test_restarted_at_any_moment_it_ends_in_the_same(instance: Path, document: MakeDocument) -> None:
    """Both daemons are dropped where they stand, again and again, and started on what is on the disk."""
    world = World(instance)
    for number, one in enumerate(licences(20)):
        world.drop(f"l{number}", document(one))
    for step in range(12):
        world.start_customs()
        world.start_gateway()
        for _ in range(step):
            world.reactor.advance(0.01)
        world.stop()
    world.start_customs()
    world.start_gateway()
    world.run()
    assert sum(world.ask(world.gateway, "status")["ledger"]["licences"].values()) == 20
    assert world.ask(world.gateway, "totals") == world.ask(world.customs, "totals")
    assert not [name for name in world.out() if "~" in name]
    world.stop()


def test_with_rsa_keys_too(tmp_path: Path) -> None:
    instance = tmp_path / "rsa"
    create_instance(instance, at=system_clock(), key_kind=KeyKind.RSA2048)
    issuer = Issuer.of_instance(instance)
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    (one,) = licences(1)
    message = issue_message(
        one,
        sender=issuer.participant,
        receiver="CN-GATEWAY",
        message_id="RSA-1",
        created=world.clock(),
    )
    world.drop("rsa", issuer.issue(message))
    world.run()
    assert show(world, one)["status"] in ("PART_USED", "EXHAUSTED")
    world.stop()

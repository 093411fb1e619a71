"""One gateway and two customs offices, all in memory: each has its own licences, and nothing crosses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any, cast

import pytest
from act_messages import Acts, renumbered
from conftest import MakeDocument, licence, licences
from memory import World

from gateway.clock import BUSINESS_ZONE, business_date, system_clock
from gateway.ledger.check import Difference, differences
from gateway.operations.commands import CommandRefused
from gateway.operations.issuer import Issuer
from licencexml import parsing, reading
from licencexml.messages import Licence
from licencexml.values import UsageMode
from tests.offices import add_office


@pytest.fixture
def two(instance: Path) -> Iterator[World]:
    """The centre, and Shenzhen, which has 53."""
    add_office(instance, "shenzhen", "53", at=system_clock())
    world = World(instance, offices=["shenzhen"])
    world.start_customs()
    world.start_office("shenzhen")
    world.start_gateway()
    yield world
    world.stop()


def idle(instance: Path) -> None:
    """No customs releases anything."""
    (instance / "scenario.toml").write_text("[single]\ndeclarations = 0\n\n[multi]\ndeclarations = 0\n")
    for name in ("customs", "shenzhen"):
        path = instance / f"{name}.toml"
        if path.exists():
            path.write_text(path.read_text().replace('# scenario = "', 'scenario = "'))


def at(port: str, one: Licence) -> Licence:
    return replace(one, clearance_port=port)


def key(one: Licence) -> str:
    return str(one.key)


def known(world: World, name: str) -> set[str]:
    """The licences in the register of the customs of this name."""
    daemon = world.customs if name == "customs" else world.offices[name]
    return {row["licence"] for row in world.ask(daemon, "totals")["rows"]}


def show(world: World, one: Licence) -> dict[str, Any]:
    return world.ask(world.gateway, "licence show", licence=key(one))


def answer(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.spool / "out" / name).read_text())
    return found


def sound(world: World) -> bool:
    """Whether the ledger's entries tell the same, of the partners of licences too."""

    async def found() -> list[Difference]:
        ledger = cast("Any", world.gateway)._station.ledger
        return await ledger.read(lambda connection: list(differences(connection)))  # type: ignore[no-any-return]

    return world.now(found()) == []


def receivers(instance: Path) -> set[tuple[str, str]]:
    """Of all that the gateway has written: to which partner it goes, and whom it names as Receiver."""
    with closing(connect(instance / "state" / "ledger.sqlite3")) as connection:
        rows = connection.execute("SELECT receiver, xml FROM message WHERE direction = 'OUT'").fetchall()
    return {
        (partner, reading.read_message(parsing.parse(xml, max_bytes=2**24)).header.receiver)
        for partner, xml in rows
    }


def test_each_office_gets_its_licences_and_its_write_offs_come_back(
    two: World, document: MakeDocument
) -> None:
    ports = ("2200", "5300", "5301", "0100")
    made = [at(ports[number % 4], one) for number, one in enumerate(licences(16))]
    for number, one in enumerate(made):
        two.drop(f"l{number:02}", document(one))
    two.run(10)
    southern = {key(one) for one in made if one.clearance_port.startswith("53")}
    assert known(two, "shenzhen") == southern
    assert known(two, "customs") == {key(one) for one in made} - southern
    status = two.ask(two.gateway, "status")
    assert sum(status["ledger"]["licences"].values()) == 16
    assert set(status["ledger"]["licences"]) <= {"PART_USED", "EXHAUSTED"}
    assert not any(status["queues"].values())
    theirs = [
        row for daemon in (two.customs, two.offices["shenzhen"]) for row in two.ask(daemon, "totals")["rows"]
    ]
    ours = two.ask(two.gateway, "totals")["rows"]
    assert sorted(theirs, key=str) == sorted(ours, key=str)
    assert receivers(two.instance) == {("customs", "CN-CUSTOMS"), ("shenzhen", "CN-SHENZHEN")}
    assert status["alerts"] == []
    for daemon in (two.customs, two.offices["shenzhen"]):
        register = two.ask(daemon, "status")["register"]
        assert not register.get("releases_waiting")


def test_one_office_that_is_down_delays_no_other(two: World, document: MakeDocument) -> None:
    two.wires["shenzhen"].up = False
    north, south = (at(port, one) for port, one in zip(("2200", "5300"), licences(2), strict=True))
    two.drop("south", document(south))
    two.drop("north", document(north))
    two.run(10)
    assert "north.customs-accepted.json" in two.out()
    assert show(two, south)["transmission"] == "SEALED"
    waiting = two.ask(two.gateway, "queue list")["rows"]
    assert {(row["partner"], row["licence"]) for row in waiting} == {("shenzhen", key(south))}
    assert [
        (row["partner"], row["offices"], row["DUE"] + row["ASSIGNED"])
        for row in two.ask(two.gateway, "status")["partners"]
    ] == [("customs", "all others", 0), ("shenzhen", "53", 1)]
    told = two.ask(two.gateway, "licence explain", licence=key(south))
    assert told["partner"] == "shenzhen"
    assert any("for shenzhen" in step["en"] for step in told["steps"])
    two.connect("shenzhen")
    two.run(10)
    assert "south.customs-accepted.json" in two.out()


def test_a_licence_stays_with_its_office_when_the_prefixes_are_changed(
    instance: Path, two: World, document: MakeDocument, issuer: Issuer
) -> None:
    two.stop()
    idle(instance)
    two.start_customs()
    two.start_office("shenzhen")
    two.start_gateway()
    one = at("5300", licence(UsageMode.MULTI))
    two.drop("old", document(one))
    two.run(10)
    assert show(two, one)["partner"] == "shenzhen"

    two.stop()
    path = instance / "gateway.toml"
    path.write_text(path.read_text().replace("offices = ['53']", "offices = ['5399']"))
    two.start_customs()
    two.start_office("shenzhen")
    two.start_gateway()
    acts = Acts(two, issuer)
    acts.suspend("stop", one.key)
    two.run(10)
    assert {"stop.customs-accepted.json", "old.reconciled.json"} <= set(two.out())
    again = two.ask(two.gateway, "licence query", licence=key(one))
    assert again["partner"] == "shenzhen"
    two.run(10)
    assert two.ask(two.gateway, "message show", message_id=again["query"])["receiver"] == "shenzhen"
    other = at("2200", renumbered(one))
    acts.replace("new", one.key, other)
    two.run(10)
    assert "new.customs-accepted.json" in two.out()
    assert (show(two, one)["status"], show(two, other)["partner"]) == ("REPLACED", "shenzhen")
    assert sound(two)
    assert known(two, "customs") == set()


def test_messages_of_another_sender_are_refused_with_reasons(
    instance: Path, two: World, document: MakeDocument
) -> None:
    """Shenzhen's line brings what the centre has signed: none of it counts, and Shenzhen is told why."""
    two.stop()
    path = instance / "shenzhen.toml"
    forged = path.read_text().replace('participant = "CN-SHENZHEN"', 'participant = "CN-CUSTOMS"')
    forged = forged.replace("keys/shenzhen", "keys/customs")
    path.write_text(forged)
    two.start_customs()
    two.start_gateway()
    daemon = two.start_office("shenzhen")
    assert daemon
    one = at("5300", licence())
    two.drop("one", document(one))
    two.run(10)
    # It takes nothing that is meant for Shenzhen; that refusal is in the centre's name, and is refused too.
    assert show(two, one)["transmission"] == "SENT"
    history = two.ask(two.gateway, "licence history", licence=key(one))["rows"]
    refused = [row for row in history if row["kind"] == "MESSAGE_REFUSED"]
    assert refused
    assert {each["code"] for row in refused for each in row["data"]["rejections"]} == {"WRONG_SENDER"}
    assert not any(name.startswith("one.customs-") for name in two.out())


def test_what_waits_for_a_partner_that_was_taken_out_is_an_alert(
    instance: Path, two: World, document: MakeDocument
) -> None:
    two.wires["shenzhen"].up = False
    one = at("5300", licence())
    two.drop("one", document(one))
    two.run(10)
    two.stop()
    path = instance / "gateway.toml"
    whole = path.read_text()
    path.write_text(whole[: whole.index('[[partner]]\nname = "shenzhen"')])
    two.start_gateway()
    (alert,) = two.ask(two.gateway, "status")["alerts"]
    assert alert["name"] == "partner shenzhen"
    assert "1 messages wait" in alert["trouble"]
    assert two.ask(two.gateway, "licence show", licence=key(one))["partner"] == "shenzhen"

    path.write_text(whole)
    assert two.gateway is not None
    two.now(two.gateway.reload())
    assert two.ask(two.gateway, "status")["alerts"] == []
    path.write_text(whole[: whole.index('[[partner]]\nname = "shenzhen"')])
    two.now(two.gateway.reload())
    assert [one["name"] for one in two.ask(two.gateway, "status")["alerts"]] == ["partner shenzhen"]


def next_morning(world: World) -> str:
    """Let time pass until some minutes after the close of the day; the day that is over."""
    today = business_date(world.clock())
    morning = datetime(today.year, today.month, today.day, 0, 10, tzinfo=BUSINESS_ZONE) + timedelta(days=1)
    world.reactor.advance((morning - world.clock()).total_seconds())
    world.run(40)
    return today.isoformat()


def test_each_office_reconciles_its_own_licences(two: World, document: MakeDocument) -> None:
    made = [at(("2200", "5300", "5301")[number % 3], one) for number, one in enumerate(licences(6))]
    for number, one in enumerate(made):
        two.drop(f"l{number}", document(one))
    two.run(10)
    day = next_morning(two)
    rows = two.ask(two.gateway, "reconcile list")["rows"]
    assert [
        (row["day"], row["partner"], row["licences"], bool(row["answered_at"]), row["differences_open"])
        for row in rows
        if row["day"] == day
    ] == [(day, "customs", 2, True, 0), (day, "shenzhen", 4, True, 0)]
    with pytest.raises(CommandRefused, match=r"say which \(--partner\): customs, shenzhen"):
        two.ask(two.gateway, "reconcile show", date=day)
    with pytest.raises(CommandRefused, match="'guangzhou', but to: customs, shenzhen"):
        two.ask(two.gateway, "reconcile show", date=day, partner="guangzhou")
    report = two.ask(two.gateway, "reconcile show", date=day, partner="shenzhen", compared=True)["report"]
    assert {row["licence"] for row in report["compared"]} == {
        key(one) for one in made if one.clearance_port.startswith("53")
    }
    assert two.ask(two.gateway, "status")["alerts"] == []
    files = {path.name for path in (two.instance / "state" / "reports").iterdir()}
    assert {f"{day}.json", f"{day}.shenzhen.json", f"{day}.shenzhen.csv", f"{day}.shenzhen.xml"} <= files


def test_an_office_that_does_not_answer_or_lies_is_told_by_its_name(
    instance: Path, two: World, document: MakeDocument
) -> None:
    two.stop()
    path = instance / "shenzhen.toml"
    path.write_text(path.read_text().replace("# [faults]", "[faults]\nlose_every = 1"))
    two.start_customs()
    two.start_office("shenzhen")
    two.start_gateway()
    for name, port in (("north", "2200"), ("south", "5300")):
        two.drop(name, document(at(port, licences(1, seed=len(name) + int(port))[0])))
    two.run(10)
    two.wires["customs"].up = False
    day = next_morning(two)
    two.reactor.advance(3_700)
    two.run(20)
    alerts = {one["name"]: one["trouble"] for one in two.ask(two.gateway, "status")["alerts"]}
    assert set(alerts) == {
        f"reconciliation of {day} with shenzhen",
        f"answer to the reconciliation of {day} with customs",
    }
    assert f"reconcile show {day} --partner shenzhen" in alerts[f"reconciliation of {day} with shenzhen"]

    two.connect("customs")
    two.run(10)
    again = two.ask(two.gateway, "reconcile run", date=day, partner="shenzhen")
    assert (again["partner"], again["transfers"]) == ("shenzhen", 1)
    both = two.ask(two.gateway, "reconcile run", date=day)
    assert [row["partner"] for row in both["rows"]] == ["customs", "shenzhen"]
    two.run(10)
    assert [one["name"] for one in two.ask(two.gateway, "status")["alerts"]] == [
        f"reconciliation of {day} with shenzhen"
    ]

"""A day's end between two whole daemons: reported, answered, compared; what customs gets wrong is found."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeDocument, licences
from lxml import etree
from memory import World

from gateway.clock import BUSINESS_ZONE, business_date


def faults(instance: Path, text: str) -> None:
    path = instance / "customs.toml"
    path.write_text(path.read_text().replace("# [faults]", f"[faults]\n{text}"))


def next_morning(world: World) -> str:
    """Let time pass until some minutes after the close of the day; the day that is over."""
    today = business_date(world.clock())
    morning = datetime(today.year, today.month, today.day, 0, 10, tzinfo=BUSINESS_ZONE) + timedelta(days=1)
    world.reactor.advance((morning - world.clock()).total_seconds())
    world.run(40)
    return today.isoformat()


def shown(world: World, **arguments: Any) -> dict[str, Any]:
    return world.ask(world.gateway, "reconcile show", **arguments)


def classes(answer: dict[str, Any]) -> set[str]:
    return {row["class"] for row in answer["report"]["differences"]}


@pytest.fixture
def lying(instance: Path, request: pytest.FixtureRequest) -> World:
    faults(instance, request.param)
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    request.addfinalizer(world.stop)
    return world


def test_both_sides_say_the_same_at_the_end_of_a_day(world: World, document: MakeDocument) -> None:
    for number, one in enumerate(licences(9, lines=None)):
        world.drop(f"l{number}", document(one))
    world.run()
    day = next_morning(world)
    answer = shown(world, compared=True)
    assert answer["day"] == day
    assert answer["answered_at"] is not None
    assert answer["report"]["differences"] == []
    subjects = [row["subject"] for row in answer["report"]["compared"]]
    assert subjects.count("TRANSFER") == subjects.count("USES") == 9
    used = [row for row in answer["report"]["compared"] if row["subject"] == "USES"]
    assert any(row["ours"]["uses"] for row in used), "there is something to compare"
    status = world.ask(world.gateway, "status")
    assert status["alerts"] == []
    assert status["daily"] == {"day_differences": 0, "days_unanswered": 0, "calls": 0}
    assert not any(status["queues"].values())


def test_a_day_without_business_is_reconciled_too(world: World) -> None:
    next_morning(world)
    answer = shown(world)
    assert (answer["transfers"], answer["licences"], answer["report"]["totals"]["compared"]) == (0, 0, 0)
    assert answer["answered_at"] is not None


@pytest.mark.parametrize("lying", ["lose_every = 1"], indirect=True)
def test_messages_that_customs_does_not_list_are_told(lying: World, document: MakeDocument) -> None:
    for number, one in enumerate(licences(3)):
        lying.drop(f"l{number}", document(one))
    lying.run()
    day = next_morning(lying)
    assert classes(shown(lying)) == {"NOT_RECEIVED"}
    [alert] = lying.ask(lying.gateway, "status")["alerts"]
    assert alert["name"] == f"reconciliation of {day}"
    assert alert["trouble"].startswith("3 differences")
    assert "no contact is configured for customs-hotline" in alert["trouble"]


@pytest.mark.parametrize("lying", ["wrong_figures_every = 1"], indirect=True)
def test_figures_that_differ_by_the_smallest_unit_are_told(lying: World, document: MakeDocument) -> None:
    for number, one in enumerate(licences(2)):
        lying.drop(f"l{number}", document(one))
    lying.run()
    next_morning(lying)
    answer = shown(lying)
    assert classes(answer) == {"QUANTITY_DIFFERS"}
    for row in answer["report"]["differences"]:
        assert row["ours"]["issued"] == row["customs"]["issued"]
        assert row["ours"]["written_off"] != row["customs"]["written_off"]


@pytest.mark.parametrize("lying", ["refuse_every = 1"], indirect=True)
def test_what_customs_refused_and_said_so_is_no_difference(lying: World, document: MakeDocument) -> None:
    lying.drop("l", document(licences(1)[0]))
    lying.run()
    next_morning(lying)
    answer = shown(lying, compared=True)
    assert classes(answer) == set()
    [transfer] = [row for row in answer["report"]["compared"] if row["subject"] == "TRANSFER"]
    assert (transfer["ours"]["status"], transfer["customs"]["status"]) == ("REFUSED", "REFUSED")


def test_what_was_issued_while_the_line_was_down_is_late_and_not_sent(
    world: World, document: MakeDocument
) -> None:
    world.wire.up = False
    world.drop("l", document(licences(1)[0], urgent=True))
    world.run(5)
    day = next_morning(world)
    assert shown(world)["answered_at"] is None
    world.reactor.advance(3_600)
    world.run(20)
    alerts = {alert["name"] for alert in world.ask(world.gateway, "status")["alerts"]}
    assert alerts == {f"answer to the reconciliation of {day}", "telephone calls"}
    world.wire.up = True
    for line in (world.gateway, world.customs):
        world.ask(line, "line up", partner="customs" if line is world.gateway else "gateway")
    world.run(60)
    answer = shown(world, date=day)
    assert answer["answered_at"] is not None
    assert classes(answer) == set()
    [late] = answer["report"]["late"]
    assert late["issued_at"] < late["sent_at"]
    [call] = world.ask(world.gateway, "call list")["rows"]
    world.ask(world.gateway, "call done", id=call["id"], by="值班员")
    world.run(20)
    assert world.ask(world.gateway, "status")["alerts"] == []


def test_a_day_is_reconciled_again_on_request(world: World, document: MakeDocument) -> None:
    world.drop("l", document(licences(1)[0]))
    world.run()
    day = next_morning(world)
    first = shown(world)
    world.reactor.advance(3_600)
    again = world.ask(world.gateway, "reconcile run")
    assert again["day"] == day
    world.run(20)
    second = shown(world)
    assert second["sent_at"] > first["sent_at"]
    assert second["answered_at"] > first["answered_at"]
    assert second["report"]["differences"] == []


def test_the_report_lies_in_the_state_folder(world: World, document: MakeDocument) -> None:
    world.drop("l", document(licences(1)[0]))
    world.run()
    day = next_morning(world)
    folder = world.instance / "state" / "reports"
    told = json.loads((folder / f"{day}.json").read_text("utf-8"))
    assert told["business_date"] == day
    with (folder / f"{day}.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["class"] for row in csv.DictReader(file)} == {"AGREES"}
    assert etree.parse(folder / f"{day}.xml").getroot().tag.endswith("}ReconciliationReport")


def test_a_gateway_that_was_away_closes_what_it_missed(world: World, document: MakeDocument) -> None:
    world.drop("l", document(licences(1)[0]))
    world.run()
    gateway, world.gateway = world.gateway, None
    assert gateway is not None
    for _name, duty in gateway.duties():
        world.now(duty())
    world.reactor.advance(3 * 86_400)
    world.start_gateway()
    world.run(60)
    rows = world.ask(world.gateway, "reconcile list")["rows"]
    assert len(rows) == 3
    assert all(row["answered_at"] is not None and row["differences_open"] == 0 for row in rows)


def test_contacts_are_read_again_on_reload(world: World, document: MakeDocument) -> None:
    world.drop("l", document(licences(1)[0], urgent=True))
    world.run(15)
    [alert] = world.ask(world.gateway, "status")["alerts"]
    assert "no contact is configured for exchange-hub-duty" in alert["trouble"]
    row = '\n[[contact]]\nrole = "exchange-hub-duty"\nname = "值班室"\nphone = "12345"\n'
    path = world.instance / "gateway.toml"
    path.write_text(path.read_text("utf-8") + row, "utf-8")
    assert world.gateway is not None
    assert "contacts" in world.now(world.gateway.reload()).read
    world.run(15)
    [alert] = world.ask(world.gateway, "status")["alerts"]
    assert "call exchange-hub-duty: 值班室, 12345 (at any time)" in alert["trouble"]

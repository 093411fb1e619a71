"""Issuers' acts between two whole daemons in memory: dropped, decided, sealed, taken by customs, told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from act_messages import Acts, for_the_rest, renumbered, scenario
from conftest import MakeDocument, licence
from memory import World

from gateway.exchange.mail import Mail
from gateway.ledger.check import differences
from gateway.operations.issuer import Issuer
from licencexml.messages import (
    AckStatus,
    AckSubject,
    Licence,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SealedLicence,
    SuspensionGround,
)
from licencexml.values import UsageMode

UNUSED = "[single]\ndeclarations = 0\n\n[multi]\ndeclarations = 0\n"


def answer(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((world.spool / "out" / name).read_text())
    return found


def codes(world: World, name: str) -> list[str]:
    return [one["code"] for one in answer(world, name)["rejections"]]


def show(world: World, one: Licence) -> dict[str, Any]:
    return world.ask(world.gateway, "licence show", licence=str(one.key))


def at_customs(world: World, one: Licence) -> dict[str, Any]:
    return world.ask(world.customs, "licence show", licence=str(one.key))


def sound(world: World) -> bool:
    gateway: Any = world.gateway
    found = world.now(_once(gateway._station.ledger.read(lambda connection: list(differences(connection)))))
    return found == []


def faults(instance: Path, text: str) -> None:
    """Have the simulated customs commit these faults from its next start on, and no others."""
    path = instance / "customs.toml"
    before, _, rest = path.read_text().partition("[faults]")
    _, _, after = rest.partition("[log]")
    path.write_text(f"{before.removesuffix('# ')}[faults]\n{text}\n\n[log]{after}")


async def _once(deferred: Any) -> Any:
    return await deferred


@pytest.fixture
def start(instance: Path) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(play: str = UNUSED, started: datetime | None = None) -> World:
        scenario(instance, play)
        world = World(instance, started)
        world.start_customs()
        world.start_gateway()
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.stop()


def issued(world: World, document: MakeDocument, usage: UsageMode = UsageMode.MULTI) -> Licence:
    one = licence(usage)
    world.drop("old", document(one))
    world.run()
    assert "old.customs-accepted.json" in world.out()
    return one


def test_suspended_reconciled_and_replaced(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.replace("early", old.key, renumbered(old))
    world.run()
    assert codes(world, "early.rejected.json") == ["CUSTOMS_NOT_RECONCILED"]

    acts.suspend("stop", old.key)
    world.run()
    assert answer(world, "stop.accepted.json")["act"] == "SUSPEND"
    assert {"stop.sealed.xml", "stop.customs-accepted.json"} <= set(world.out())
    assert at_customs(world, old)["status"] == "suspended"
    told = answer(world, "old.reconciled.json")
    assert (told["outcome"], told["suspended"]) == ("RECONCILED", True)

    acts.replace("new", old.key, renumbered(old))
    world.run()
    assert answer(world, "new.accepted.json")["replaces"] == str(old.key)
    assert {"new.sealed.xml", "new.customs-accepted.json"} <= set(world.out())
    assert show(world, old)["status"] == "REPLACED"
    assert show(world, renumbered(old))["status"] == "RECEIVED"
    assert at_customs(world, old)["status"] == "replaced"
    assert at_customs(world, renumbered(old))["status"] == "taken"
    assert sound(world)


def test_of_a_used_licence_what_is_left_moves(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.stop()
    world = start(f'{UNUSED}\n[[licence]]\nlicence = "{old.key}"\ndeclarations = 2\nshare = "0.5"\n')
    acts = Acts(world, issuer)
    issued(world, document)
    acts.suspend("stop", old.key)
    world.run()
    told = answer(world, "old.reconciled.json")
    assert told["uses"] == 2
    left = {line["line"]: line["balance"] for line in told["lines"]}
    acts.replace("wrong", old.key, for_the_rest(renumbered(old), left))
    acts.replace("more", old.key, renumbered(old), mode=ReplacementMode.WRITE_OFF)
    world.run()
    assert codes(world, "wrong.rejected.json") == ["REVOKE_OF_USED"]
    assert codes(world, "more.rejected.json") == ["MORE_THAN_IS_LEFT"]

    new = for_the_rest(renumbered(old), left)
    acts.replace("rest", old.key, new, mode=ReplacementMode.WRITE_OFF)
    world.run()
    assert "rest.customs-accepted.json" in world.out()
    assert show(world, old)["status"] == "REPLACED"
    assert show(world, new)["lines"][0]["issued"] == left[1]
    assert sound(world)


def test_a_lost_licence_is_reported_then_reissued(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.suspend("flight", old.key)
    world.run()
    acts.replace("early", old.key, renumbered(old), kind=ReplacementKind.LOSS)
    world.run()
    assert codes(world, "early.rejected.json") == ["LOSS_NOT_REPORTED"]
    acts.suspend("lost", old.key, ground=SuspensionGround.LOSS_REPORT)
    world.run()
    acts.replace("again", old.key, renumbered(old), kind=ReplacementKind.LOSS)
    world.run()
    assert "again.customs-accepted.json" in world.out()


def test_use_goes_on_after_a_resumption(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.suspend("stop", old.key)
    world.run()
    acts.resume("go", old.key)
    world.run()
    assert answer(world, "go.accepted.json")["act"] == "RESUME"
    assert "go.customs-accepted.json" in world.out()
    assert at_customs(world, old)["status"] == "taken"
    acts.replace("new", old.key, renumbered(old))
    world.run()
    assert codes(world, "new.rejected.json") == ["CUSTOMS_NOT_RECONCILED"]
    assert sound(world)


def test_an_unused_licence_is_revoked(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.suspend("stop", old.key)
    world.run()
    acts.revoke("end", old.key, old.operator)
    world.run()
    assert answer(world, "end.accepted.json")["ground"] == "NOT_TO_BE_USED"
    assert {"end.sealed.xml", "end.customs-accepted.json"} <= set(world.out())
    assert show(world, old)["status"] == "REVOKED"
    assert at_customs(world, old)["status"] == "revoked"
    acts.suspend("late", old.key)
    world.run()
    assert codes(world, "late.rejected.json") == ["REVOKED_ALREADY"]
    assert sound(world)


def test_a_used_licence_is_not_revoked(world: World, document: MakeDocument, issuer: Issuer) -> None:
    old, acts = issued(world, document), Acts(world, issuer)
    acts.revoke("end", old.key, old.operator)
    world.run()
    assert codes(world, "end.rejected.json") == ["REVOCATION_OF_USED", "CUSTOMS_NOT_RECONCILED"]
    assert (world.spool / "held" / "end.xml").exists()


def test_an_unused_licence_expires_is_prompted_for_and_revoked(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    one = licence(UsageMode.MULTI)
    midnight = datetime.combine(one.valid_to, datetime.min.time(), UTC) + timedelta(hours=16)
    world.drop("old", document(one))
    world.run()
    # A clock that leaps is not believed: the daemons were away until then.
    world.stop()
    world.at(midnight - timedelta(minutes=1))
    world.start_customs()
    world.start_gateway()
    world.run()
    assert show(world, one)["status"] == "RECEIVED"
    world.at(midnight + timedelta(minutes=10))
    world.run(60)
    assert show(world, one)["status"] == "EXPIRED"
    told = answer(world, "old.expired.json")
    assert told["prompt"]["article"] == "商办配函〔2015〕494号 art. 18"
    assert told["prompt"]["zh"]
    assert answer(world, "old.reconciled.json")["status"] == "EXPIRED"

    acts = Acts(world, issuer)
    acts.revoke("not", one.key, one.operator)
    acts.revoke("end", one.key, one.operator, RevocationGround.EXPIRED_UNUSED)
    world.run()
    assert codes(world, "not.rejected.json") == ["GROUND_AFTER_EXPIRY"]
    assert "end.customs-accepted.json" in world.out()
    assert show(world, one)["status"] == "REVOKED"
    assert sound(world)


def test_what_customs_refuses_is_told_and_an_alert(
    instance: Path, start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.suspend("stop", old.key)
    world.run()
    world.stop()
    faults(instance, "refuse_every = 1")
    world.start_customs()
    world.start_gateway()
    acts.replace("new", old.key, renumbered(old))
    acts.resume("go", old.key)
    world.run()
    assert codes(world, "new.customs-rejected.json") == ["REFUSED_ON_PURPOSE"]
    assert show(world, renumbered(old))["status"] == "CUSTOMS_REFUSED"
    assert show(world, old)["status"] == "REPLACED"
    alerts = [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]
    assert [name for name in alerts if name.startswith("LicenceReplacement")]
    assert sound(world)


def test_different_figures_are_a_discrepancy_until_they_are_equal(
    instance: Path, start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    world.stop()
    faults(instance, "wrong_figures_every = 1")
    world.start_customs()
    world.start_gateway()
    acts.suspend("stop", old.key)
    world.run()
    assert codes(world, "old.not-reconciled.json") == ["FIGURES_DIFFER"]
    [found] = show(world, old)["discrepancies"]
    assert found["status"] == "OPEN"
    alerts = [row["name"] for row in world.ask(world.gateway, "status")["alerts"]]
    assert f"figures of {old.key}" in alerts

    world.stop()
    faults(instance, "")
    world.start_customs()
    world.start_gateway()
    world.ask(world.gateway, "licence query", licence=str(old.key))
    world.run()
    assert "old.reconciled.json" in world.out()
    assert [one["status"] for one in show(world, old)["discrepancies"]] == ["SETTLED"]
    assert sound(world)


def test_issue_and_suspension_may_come_together(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer
) -> None:
    world = start()
    one, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    acts.suspend("b", one.key)
    world.drop("a", document(one))
    world.run()
    assert {"a.customs-accepted.json", "b.customs-accepted.json"} <= set(world.out())
    assert at_customs(world, one)["status"] == "suspended"
    assert sound(world)


def test_a_licence_that_customs_refused_is_replaced_by_a_better_one(
    instance: Path, document: MakeDocument, issuer: Issuer
) -> None:
    scenario(instance, UNUSED)
    faults(instance, "refuse_every = 1")
    world = World(instance)
    world.start_customs()
    world.start_gateway()
    old, acts = licence(UsageMode.MULTI), Acts(world, issuer)
    world.drop("old", document(old))
    world.run()
    assert show(world, old)["status"] == "CUSTOMS_REFUSED"
    world.stop()
    faults(instance, "")
    world.start_customs()
    world.start_gateway()
    acts.replace("new", old.key, renumbered(old))
    world.run()
    assert "new.customs-accepted.json" in world.out()
    assert show(world, old)["status"] == "REPLACED"
    assert sound(world)
    world.stop()


def test_customs_need_not_name_the_licence_in_its_answers(
    start: Callable[..., World], document: MakeDocument, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledge = Mail.acknowledge

    def briefly(
        mail: Mail, answers: AckSubject, status: AckStatus, licence: Any, *more: Any, **options: Any
    ) -> None:
        sealed = answers.kind == SealedLicence.__name__
        acknowledge(mail, answers, status, None if sealed else licence, *more, **options)

    monkeypatch.setattr(Mail, "acknowledge", briefly)
    world = start()
    old, acts = issued(world, document), Acts(world, issuer)
    acts.suspend("stop", old.key)
    world.run()
    assert {"stop.customs-accepted.json", "old.reconciled.json"} <= set(world.out())
    assert sound(world)


def test_restarted_at_any_moment_acts_end_in_the_same(
    instance: Path, document: MakeDocument, issuer: Issuer
) -> None:
    """Both daemons are dropped where they stand, again and again, and started on what is on the disk."""
    scenario(instance, UNUSED)
    world = World(instance)
    old, acts = licence(UsageMode.MULTI), Acts(world, issuer)

    def restart_often() -> None:
        for step in range(8):
            world.start_customs()
            world.start_gateway()
            for _ in range(step):
                world.reactor.advance(0.01)
            world.stop()
        world.start_customs()
        world.start_gateway()
        world.run()
        world.stop()

    world.drop("old", document(old))
    acts.suspend("stop", old.key)
    restart_often()
    assert "old.reconciled.json" in world.out()
    acts.replace("new", old.key, renumbered(old))
    restart_often()
    world.start_customs()
    world.start_gateway()
    assert "new.customs-accepted.json" in world.out()
    assert not [name for name in world.out() if "~" in name]
    assert (show(world, old)["status"], at_customs(world, old)["status"]) == ("REPLACED", "replaced")
    assert sound(world)
    world.stop()

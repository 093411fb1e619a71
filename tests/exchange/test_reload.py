"""`ctl reload`: the law is read again while the gateway runs; what is faulty changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from twisted.internet.defer import Deferred

from gateway.errors import ConfigurationFault
from gateway.exchange.file_services import Demand
from gateway.line.settings import LineSettings
from gateway.service.licence_gateway import LicenceGateway
from tests.exchange.conftest import MakeDocument, licences
from tests.exchange.memory import World


def say(instance: Path, law: str) -> None:
    path = instance / "gateway.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"\n[law]\n{law}\n", encoding="utf-8")


def running(world: World) -> LicenceGateway:
    assert isinstance(world.gateway, LicenceGateway)
    return world.gateway


def test_a_table_that_was_changed_holds_after_a_reload(world: World, document: MakeDocument) -> None:
    """With nothing in the scope of electronic licences, none is taken."""
    shipped, mine = Path("conf/tables"), world.instance / "tables"
    mine.mkdir()
    for table in shipped.glob("*.toml"):
        (mine / table.name).write_text(table.read_text(encoding="utf-8"), encoding="utf-8")
    (mine / "electronic-scope.toml").write_text("row = []\n", encoding="utf-8")
    before, after = licences(2)
    world.drop("before", document(before))
    world.run(5)

    say(world.instance, 'tables = "tables"')
    assert "law" in world.now(running(world).reload()).read
    world.drop("after", document(after))
    world.run(5)

    assert "before.accepted.json" in world.out()
    assert "ELECTRONIC_OUT_OF_SCOPE" in (world.spool / "out" / "after.rejected.json").read_text("utf-8")


def test_a_law_that_cannot_be_read_leaves_the_one_that_holds(world: World, document: MakeDocument) -> None:
    say(world.instance, 'tables = "nowhere"')

    with pytest.raises(ConfigurationFault, match="nowhere"):
        world.now(running(world).reload())
    world.drop("still", document(licences(1)[0]))
    world.run(5)
    assert "still.accepted.json" in world.out()


def change(instance: Path, before: str, after: str) -> None:
    path = instance / "gateway.toml"
    written = path.read_text(encoding="utf-8")
    assert before in written
    path.write_text(written.replace(before, after), encoding="utf-8")


PARTNER = """
[[partner]]
name = "shenzhen"
participant = "CN-SHENZHEN"
identification = "CN-SHENZHEN"
offices = ["53"]
password_ours_file = "secrets/line-gateway"
password_theirs_file = "secrets/line-customs"
tls_anchor = "tls/customs.pem"
"""


def test_a_partner_that_was_added_has_its_licences_from_then_on(world: World, document: MakeDocument) -> None:
    change(world.instance, "\n[log]\n", f"{PARTNER}\n[log]\n")
    world.now(running(world).reload())
    rows = world.ask(world.gateway, "status")["partners"]
    assert [row["partner"] for row in rows] == ["customs", "shenzhen"]
    assert running(world)._offices.for_port("5301").name == "shenzhen"

    change(world.instance, PARTNER, "")
    world.now(running(world).reload())
    assert running(world)._offices.for_port("5301").name == "customs"


def signing(papers: Path) -> str:
    names = {"key": "gateway.key", "certificate": "gateway.pem", "partner_certificates": "stranger.pem"}
    files = "".join(f'{key} = "{papers / name}"\n' for key, name in names.items())
    agreed = f'suites = [4]\nsigning = "required"\nsend = ["signed"]\n{files}'
    return f"{PARTNER}level_min = 5\n[partner.services]\n{agreed}"


def watch_renewal(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What holds for the partner once its line is renewed, and the lines of others may not be."""
    station = running(world)._station
    seen: list[tuple[object, ...]] = []
    renew = station.line.renew

    async def watched(settings: LineSettings) -> list[str]:
        changed = await renew(settings)
        agreed = station.services.of("shenzhen")
        answered = running(world)._offices.named("shenzhen").name
        seen.append((agreed.signing, agreed.wraps, station._senders.get("shenzhen"), answered))
        return cast("list[str]", changed)

    monkeypatch.setattr(station.line, "renew", watched)
    return seen


def test_what_is_agreed_with_a_new_partner_holds_from_its_first_session(
    world: World, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch_renewal(world, monkeypatch)
    change(world.instance, "\n[log]\n", f"{signing(papers)}\n[log]\n")
    world.now(running(world).reload())
    assert seen == [(Demand.REQUIRED, True, frozenset({"CN-SHENZHEN"}), "shenzhen")]


def test_what_was_agreed_with_a_partner_holds_to_the_end_of_its_last_session(
    world: World, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(world.instance, "\n[log]\n", f"{signing(papers)}\n[log]\n")
    world.now(running(world).reload())
    seen = watch_renewal(world, monkeypatch)
    change(world.instance, signing(papers), "")
    world.now(running(world).reload())
    assert [one[:3] for one in seen] == [(Demand.REQUIRED, True, frozenset({"CN-SHENZHEN"}))]
    assert running(world)._station.services.of("shenzhen").signing is Demand.NONE


def test_two_reloads_at_once_come_one_after_the_other(
    world: World, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the first is not the end of what the second has begun."""
    station = running(world)._station
    waiting: list[Deferred[list[str]]] = []

    async def slow(_: LineSettings) -> list[str]:
        waiting.append(Deferred())
        return await waiting[-1]

    monkeypatch.setattr(station.line, "renew", slow)
    first = Deferred.fromCoroutine(running(world).reload())
    change(world.instance, "\n[log]\n", f"{signing(papers)}\n[log]\n")
    second = Deferred.fromCoroutine(running(world).reload())
    waiting[0].callback([])
    assert first.called
    assert station.services.of("shenzhen").signing is Demand.REQUIRED
    waiting[1].callback([])
    assert second.called
    assert station.services.of("shenzhen").signing is Demand.REQUIRED


def test_a_line_that_cannot_be_renewed_leaves_what_was_agreed(
    world: World, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = running(world)._station

    async def refused(_: LineSettings) -> list[str]:
        raise ConfigurationFault("line.listen: in use")

    monkeypatch.setattr(station.line, "renew", refused)
    change(world.instance, "\n[log]\n", f"{signing(papers)}\n[log]\n")
    with pytest.raises(ConfigurationFault, match="in use"):
        world.now(running(world).reload())
    assert station.services.of("shenzhen").signing is Demand.NONE
    assert not {"shenzhen"} & {*station._senders, *station._addresses}
    assert "shenzhen" not in running(world)._offices


def test_what_is_read_at_the_start_alone_is_told(world: World) -> None:
    change(world.instance, "\n[log]\n", "\n[limits]\nworkers = 3\n[daily]\nclose_at = '00:20'\n[log]\n")
    reloaded = world.now(running(world).reload())
    assert set(reloaded.needs_restart) == {"limits.workers", "daily.close_at"}
    assert reloaded.changed == ()


def test_a_centre_that_would_be_another_waits_for_a_restart(world: World) -> None:
    change(world.instance, 'participant = "CN-CUSTOMS"', 'participant = "CN-CUSTOMS-2"')
    assert "partner: another one is the centre" in world.now(running(world).reload()).needs_restart


def test_a_partner_at_fault_changes_nothing(world: World) -> None:
    broken = PARTNER.replace("secrets/line-customs", "secrets/none")
    change(world.instance, "\n[log]\n", f"{broken}\n[log]\n")
    with pytest.raises(ConfigurationFault, match="secrets/none"):
        world.now(running(world).reload())
    assert [row["partner"] for row in world.ask(world.gateway, "status")["partners"]] == ["customs"]

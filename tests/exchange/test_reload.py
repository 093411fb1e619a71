"""`ctl reload`: the law is read again while the gateway runs; what is faulty changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationFault
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

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
    assert "law" in world.now(running(world).reload())
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

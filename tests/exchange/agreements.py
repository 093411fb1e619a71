"""What two daemons in memory have agreed about services for files, and their keys."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from memory import World

from tests.trust.enciphering import authentication_paper

ENDS = {"gateway": "customs", "customs": "gateway"}


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys that are valid by the real clock, which the worlds start from."""
    folder = tmp_path_factory.mktemp("papers")
    today = datetime.now(UTC)
    for name in ("gateway", "customs", "stranger"):
        authentication_paper(folder, name, today - timedelta(days=1), today + timedelta(days=200), signs=True)
    return folder


def configure(instance: Path, papers: Path, us: str, services: str, partner: str | None = None) -> None:
    """Append what `us` has agreed with the other end, whose certificate is that of `partner`."""
    files = {
        "key": papers / f"{us}.key",
        "certificate": papers / f"{us}.pem",
        "partner_certificates": papers / f"{partner or ENDS[us]}.pem",
    }
    path = instance / f"{us}.toml"
    head = path.read_text().split("\n[partner.services]")[0].replace("level_min = 5\n", "")
    head = head.replace("[[partner]]\n", "[[partner]]\nlevel_min = 5\n")
    named = "".join(f'{key} = "{value}"\n' for key, value in files.items())
    path.write_text(f"{head}\n[partner.services]\n{services}{named if 'suites' in services else ''}")


def start(world: World) -> World:
    world.start_customs()
    world.start_gateway()
    return world


def rows(world: World, state: str, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.instance / state / "ledger.sqlite3")) as connection:
        return connection.execute(query).fetchall()

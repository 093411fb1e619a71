"""The migrations make what the tables say; entries are never changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from gateway.errors import ConfigurationFault
from gateway.ledger.migrations import upgrade
from gateway.ledger.sqlite import writer_engine
from gateway.ledger.store import Ledger
from gateway.ledger.tables import metadata
from tests.ledger.makers import FakeClock, now

POSTGRESQL_NAME_BYTES = 63
SCHEMA = text("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")


def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    migrated, declared = writer_engine(tmp_path / "migrated"), create_engine("sqlite://")
    upgrade(migrated)
    metadata.create_all(declared)
    with migrated.connect() as one, declared.connect() as other:
        made, wanted = definitions(one), definitions(other)
    migrated.dispose()
    declared.dispose()

    made.pop("alembic_version")
    assert made == wanted


def definitions(connection: Connection) -> dict[str, list[str]]:
    """Each table and index with the words of its definition; the order of constraints has no meaning."""
    return {
        name: sorted(sql.replace(",", " ").split())
        for name, sql in connection.execute(SCHEMA)
        if not name.startswith("sqlite_")
    }


def test_another_database_can_have_the_same_tables() -> None:
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        assert CreateTable(table).compile(dialect=dialect).string
        for index in table.indexes:
            assert CreateIndex(index).compile(dialect=dialect).string
            assert len(str(index.name)) < POSTGRESQL_NAME_BYTES


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    engine = writer_engine(tmp_path / "l")
    upgrade(engine)
    upgrade(engine)
    assert "entry" in inspect(engine).get_table_names()
    engine.dispose()


def test_a_ledger_from_the_future_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    ledger = Ledger.open(tmp_path / "l", clock=clock)
    now(
        ledger.submit(
            lambda uow: uow.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        )
    )
    now(ledger.close())
    with pytest.raises(ConfigurationFault, match="another version"):
        Ledger.open(tmp_path / "l", clock=clock)


@pytest.mark.parametrize("change", ["UPDATE entry SET kind = 'OTHER'", "DELETE FROM entry"])
def test_an_entry_is_never_changed(ledger: Ledger, change: str) -> None:
    now(
        ledger.submit(
            lambda uow: uow.connection.execute(
                text("INSERT INTO entry (at, kind, data) VALUES ('', 'SENT', '{}')")
            )
        )
    )
    with pytest.raises(IntegrityError, match="never changed"):
        now(ledger.submit(lambda uow: uow.connection.execute(text(change))))

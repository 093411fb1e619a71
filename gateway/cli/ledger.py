"""`ledger check`: does the current state follow from the entries alone?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, func, select

from gateway.cli.group import REFUSED, Group
from gateway.cli.place import gateway_config, takes_place
from gateway.cli.render import show
from gateway.errors import EnvironmentFault
from gateway.ledger.check import Difference, differences
from gateway.ledger.sqlite import as_environment_fault, reader_engine
from gateway.ledger.store import LEDGER_FILE
from gateway.ledger.tables import entry, licence

_MAX_SHOWN = 1_000


@click.group(cls=Group)
def ledger() -> None:
    """The ledger's own file."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@takes_place
def check(as_json: bool, config: Path | None, instance: Path | None) -> None:
    """Rebuild the current state from the entries, and compare. The daemon may run meanwhile.

    Exit status 0: no difference; 1: some. At most 1000 are shown.
    """
    path = gateway_config(config, instance).gateway.state / LEDGER_FILE
    with _snapshot(path) as connection:
        found = [_told(one) for one in islice(differences(connection), _MAX_SHOWN)]
        answer = {
            "ledger": str(path),
            "entries": connection.scalar(select(func.count()).select_from(entry)),
            "licences": connection.scalar(select(func.count()).select_from(licence)),
            "differences": found,
        }
    show(answer, as_json=as_json)
    if found:
        raise SystemExit(REFUSED)


def _told(difference: Difference) -> dict[str, Any]:
    return {
        "licence": str(difference.licence),
        "table": difference.table,
        "by_the_entries": repr(difference.expected),
        "in_the_table": repr(difference.found),
    }


@contextmanager
def _snapshot(path: Path) -> Iterator[Connection]:
    """A read-only connection that sees one state of the ledger throughout."""
    if not path.is_file():
        raise EnvironmentFault(f"{path}: there is no ledger yet; the gateway makes it when it first runs")
    engine = reader_engine(path)
    try:
        with engine.connect() as connection:
            yield connection
    except Exception as error:
        fault = as_environment_fault(error)
        if fault is None:
            raise
        raise fault from error
    finally:
        engine.dispose()

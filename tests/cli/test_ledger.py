"""`ledger check`: a sound ledger passes, one that somebody wrote into does not."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.ledger import book
from gateway.ledger.store import Ledger
from gateway.operations.instance import create_instance
from licencexml import writing
from tests.cli.conftest import Gatewayd
from tests.licences.makers import POLICY
from tests.operations.issues import an_issue


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An instance whose ledger holds one licence."""
    folder = tmp_path / "own"
    create_instance(folder, at=datetime.now(UTC))
    issue = an_issue()
    received = book.IssueReceived(
        issue, b"\0" * 32, writing.serialise(writing.write_message(issue)), "default", "one.xml"
    )
    ledger = Ledger.open(folder / "state/ledger.sqlite3", clock=lambda: datetime.now(UTC))
    accepted = ledger.submit(lambda uow: book.accept_issues(uow, [received], POLICY))
    assert accepted.result[0].rejections == ()
    ledger.close()
    return folder


def test_a_sound_ledger_has_no_difference(gatewayd: Gatewayd, own: Path) -> None:
    checked = gatewayd("ledger", "check", "--json", "--instance", own)
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout) == {
        "ledger": str(own / "state/ledger.sqlite3"),
        "entries": 1,
        "licences": 1,
        "differences": [],
    }


def test_a_balance_that_somebody_changed_is_found(gatewayd: Gatewayd, own: Path) -> None:
    with sqlite3.connect(own / "state/ledger.sqlite3") as connection:
        connection.execute("UPDATE licence_line SET balance = '1.00000'")
    connection.close()
    checked = gatewayd("ledger", "check", "--instance", own)
    assert checked.exit_code == 1
    assert "IMPORT/26-AA-123456" in checked.stdout
    assert "licence_line" in checked.stdout


def test_without_a_ledger_it_says_so(gatewayd: Gatewayd, instance: Path) -> None:
    checked = gatewayd("ledger", "check", "--instance", instance)
    assert checked.exit_code == 2
    assert "there is no ledger yet" in checked.stderr


def test_what_is_no_data_base_is_a_fault_of_the_machine(gatewayd: Gatewayd, own: Path) -> None:
    for path in (own / "state").glob("ledger.sqlite3*"):
        path.write_bytes(b"not a data base at all, but long enough to be looked at by one" * 100)
    checked = gatewayd("ledger", "check", "--instance", own)
    assert checked.exit_code == 2
    assert "the ledger's database failed" in checked.stderr

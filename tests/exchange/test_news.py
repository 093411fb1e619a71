"""What the issuing system learns when a verdict changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.exchange.news import tell_of_changes, tell_of_clearances
from gateway.ledger import book
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.ledger.tables import feedback
from gateway.licences.facts import Clearance
from tests.ledger.makers import FakeClock, clearance_received, issue_received, now, sealed
from tests.licences.clearances import again, amendment
from tests.licences.makers import POLICY, drawn, key, write_off


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.sqlite3", clock=FakeClock())
    now(opened.submit(lambda uow: book.accept_issues(uow, [issue_received()], POLICY)))
    now(opened.submit(lambda uow: book.record_seals(uow, [sealed(key(), "s-1")])))
    yield opened
    now(opened.close())


def tell(ledger: Ledger, *messages: Clearance) -> None:
    def take(uow: UnitOfWork) -> None:
        received = [clearance_received(one) for one in messages]
        cleared = book.record_clearances(uow, received, POLICY)
        tell_of_clearances(uow, list(zip(received, cleared.outcomes, strict=True)))
        tell_of_changes(uow, cleared.changes)

    now(ledger.submit(take))


def told(ledger: Ledger) -> list[tuple[str, str, bool]]:
    """Message, outcome, and whether it is told as a change, in order."""
    rows: Any = now(ledger.read(lambda c: c.execute(select(feedback).order_by(feedback.c.id)).all()))
    files = [json.loads(row.content) for row in rows]
    return [(one["message_id"], one["outcome"], one.get("changed", False)) for one in files]


def test_a_release_that_another_message_said_first_is_not_told_as_written_off_twice(ledger: Ledger) -> None:
    tell(ledger, again(write_off(), "told-first", 1))
    tell(ledger, again(write_off(), "created-first", 0))

    assert told(ledger) == [
        ("told-first", "WRITTEN_OFF", False),
        ("created-first", "WRITTEN_OFF", False),
        ("told-first", "REPEATED", True),
    ]


def test_a_correction_that_waited_is_told_when_it_counts(ledger: Ledger) -> None:
    tell(ledger, amendment("12"))
    tell(ledger, write_off())

    assert told(ledger) == [
        ("a-1-1-1", "PARKED", False),
        ("w-1", "WRITTEN_OFF", False),
        ("a-1-1-1", "AMENDED", True),
    ]


def test_other_content_under_a_refused_messages_identity_is_told_too_and_once(ledger: Ledger) -> None:
    tell(ledger, write_off(drawn("101")))
    tell(ledger, write_off(drawn("7")))
    tell(ledger, write_off(drawn("7")))

    rows: Any = now(ledger.read(lambda c: c.execute(select(feedback).order_by(feedback.c.id)).all()))
    reasons = [[each["code"] for each in json.loads(row.content)["rejections"]] for row in rows]
    assert ["MESSAGE_ID_CONFLICT"] not in reasons[:1]
    assert reasons[1:] == [["MESSAGE_ID_CONFLICT"]]
    assert {row.name for row in rows} == {rows[0].name}

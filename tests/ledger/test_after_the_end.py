"""A licence that has ended stays as it was; what was equal at both ends is not, once more is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.projection import load_states
from gateway.ledger.tables import discrepancy
from gateway.licences.policy import PortMatch
from gateway.licences.state import LicenceState
from licencexml.messages import AckStatus, ReplacementMode
from tests.ledger.makers import (
    act_received,
    answer_received,
    clearance_received,
    issue_received,
    sealed,
)
from tests.licences.acts import replacement
from tests.licences.clearances import again
from tests.licences.makers import POLICY, drawn, goods, key, licence, write_off

Run = Callable[..., Any]
DISTRICT = replace(POLICY, port_match=PortMatch.DISTRICT, replacement_needs_reconciliation=False)


@pytest.fixture(autouse=True)
def at_customs(run: Run) -> None:
    run(book.accept_issues, [issue_received(licence())], POLICY)
    run(book.record_seals, [sealed(key(), "s-1")])


def state(look: Run) -> LicenceState:
    found: LicenceState = look(load_states, [key()])[key()]
    return found


def replaced(run: Run, left: str) -> None:
    new = licence(key(2), goods(1, left))
    [outcome] = run(
        book.accept_acts, [act_received(replacement(new, mode=ReplacementMode.WRITE_OFF))], DISTRICT
    )
    assert not outcome.rejections


def elsewhere(port: str) -> book.ClearanceReceived:
    message = write_off(drawn("10"))
    return clearance_received(replace(message, declaration=replace(message.declaration, port=port)))


def test_what_an_option_allowed_then_counts_when_the_licence_has_ended(run: Run, look: Run) -> None:
    """Its remainder has moved: nothing that is settled later may bring any of it back."""
    run(book.record_clearances, [elsewhere("2225")], DISTRICT)
    replaced(run, "90")
    before = state(look)

    late = write_off(drawn("1"), declaration=9, message_id="w-9")
    cleared = run(book.record_clearances, [clearance_received(late)], POLICY)

    assert [one.code for one in cleared.outcomes[0].rejections] == ["LICENCE_REPLACED"]
    assert cleared.changes == ()
    assert state(look) == before
    assert look(lambda connection: list(differences(connection))) == []


def test_customs_refusing_an_ended_licence_afterwards_gives_nothing_back(run: Run, look: Run) -> None:
    run(book.record_clearances, [clearance_received(write_off(drawn("10")))], POLICY)
    replaced(run, "90")
    before = state(look)
    run(book.record_customs_answers, [answer_received("s-1", "a-1", AckStatus.REFUSED, key())])

    assert run(book.resettle, {key(): "a-1"}, POLICY) == ()
    assert state(look).lines == before.lines


def test_a_repeat_of_a_refusal_is_no_discrepancy_of_its_own(run: Run, look: Run) -> None:
    excess = write_off(drawn("500"))
    [first] = run(book.record_clearances, [clearance_received(excess)], POLICY).outcomes
    [second] = run(book.record_clearances, [clearance_received(again(excess, "w-again", 1))], POLICY).outcomes

    assert [one.code for one in second.rejections] == [one.code for one in first.rejections]
    assert len(look(lambda connection: connection.execute(select(discrepancy)).all())) == 1
    assert look(lambda connection: list(differences(connection))) == []

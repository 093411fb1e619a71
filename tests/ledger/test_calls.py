"""An urgent licence is told by telephone: the call is recorded with it, and open until someone has made it.

外经贸配管发〔2000〕539号 art. 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.ledger import book, calls, looking
from tests.ledger.makers import issue_received
from tests.licences import makers as law

Run = Callable[..., Any]


def test_an_urgent_licence_needs_a_call_and_no_other_does(run: Run, look: Run) -> None:
    urgent, other = law.licence(law.key(1)), law.licence(law.key(2))
    batch = [issue_received(urgent, "i-1", urgent=True), issue_received(other, "i-2")]
    run(book.accept_issues, batch, law.POLICY)
    (call,) = look(calls.open_calls)
    assert (call["licence"], call["message_id"]) == (str(urgent.key), "i-1")
    assert (call["subject"], call["role"], call["made_at"]) == ("URGENT_LICENCE", "exchange-hub-duty", None)
    assert look(calls.count_open) == 1


def test_a_repeat_or_a_refusal_needs_no_call(run: Run, look: Run) -> None:
    run(book.accept_issues, [issue_received(urgent=True)], law.POLICY)
    run(book.accept_issues, [issue_received(urgent=True)], law.POLICY)
    run(book.accept_issues, [issue_received(law.licence(), "i-9", urgent=True)], law.POLICY)
    assert look(calls.count_open) == 1


def test_who_made_the_call_and_when_is_an_entry(run: Run, look: Run) -> None:
    run(book.accept_issues, [issue_received(urgent=True)], law.POLICY)
    (call,) = look(calls.open_calls)
    assert run(calls.call_made, call["id"], "值班员", "转告海关")
    assert look(calls.open_calls) == []
    made = look(calls.call, call["id"])
    assert (made["made_by"], made["note"]) == ("值班员", "转告海关")
    entry = look(looking.licence_history, law.key())[-1]
    assert entry["kind"] == "CALL_MADE"
    assert entry["data"]["by"] == "值班员"


def test_a_call_is_made_once(run: Run, look: Run) -> None:
    run(book.accept_issues, [issue_received(urgent=True)], law.POLICY)
    (call,) = look(calls.open_calls)
    assert run(calls.call_made, call["id"], "甲", None)
    assert not run(calls.call_made, call["id"], "乙", None)
    assert not run(calls.call_made, 99, "乙", None)
    assert look(calls.call, call["id"])["made_by"] == "甲"
    assert look(calls.call, 99) is None

"""Entries and messages in words: every kind has its sentence, the same in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gateway.ledger import looking, message_sentences
from gateway.ledger.entry_sentences import SENTENCES, said_of
from gateway.ledger.explaining_messages import explain_message
from gateway.ledger.kinds import EntryKind
from gateway.licences.sentences import Sentence
from tests.ledger.lives import HOUR, Life, released, withdrawn
from tests.ledger.makers import FakeClock
from tests.ledger.test_looking_back import eventful

Run = Callable[..., Any]


@pytest.fixture
def life(run: Run, look: Run, clock: FakeClock) -> Life:
    one = Life(run, look, clock)
    one.issue()
    return one


def _asked(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_kind_of_entry_has_a_sentence() -> None:
    assert set(SENTENCES) == set(EntryKind)


def test_both_languages_tell_the_same_facts() -> None:
    of_messages = [one for one in vars(message_sentences).values() if isinstance(one, Sentence)]
    assert len(of_messages) > 10
    for one in (*SENTENCES.values(), *of_messages):
        assert _asked(one.zh) == _asked(one.en), one


def test_a_whole_life_is_told_line_by_line(life: Life, look: Run) -> None:
    eventful(life)
    told = [
        said_of(EntryKind(one["kind"]), one["data"], one["message_id"]).en
        for one in look(looking.licence_history, life.key)
    ]
    assert told[:3] == [
        "Issue accepted: ISSUER-BEIJING, file i-26-AA-000001.xml.",
        "Sealed; to be sent to customs.",
        "Received by customs.",
    ]
    for part in (
        "Declaration 220020260000000001: 60.00000 [070] of line 1 written off.",
        "parked: its write-off has not come.",
        "not applied: QUANTITY_EXCEEDS_BALANCE.",
        "number 1, of line 1 (sequence 1), to 30.00000 [070].",
        "is now applied, because of message c-1-1, with 45.00000 [070] of line 1 written off.",
        "Suspended from 2026-06-01 19:00:00",
        "Discrepancy resolved by operator: settled with customs.",
        "Replaced by EXPORT/26-AA-000002: write-off-and-replace.",
    ):
        assert any(part in one for one in told), part


def test_a_message_tells_what_it_changed_of_others(life: Life, look: Run) -> None:
    start = life.clock()
    life.clock.advance(hours=3)
    life.tell(released("60", start, declaration=1))
    life.tell(released("60", start + HOUR, declaration=2))
    life.tell(withdrawn("60", life.clock(), declaration=1))

    told = look(explain_message, "b-1-1")
    assert [one["message_id"] for one in told["changed"]] == ["w-1", "w-2", "w-2"]
    assert told["changed"][-1]["en"] == "Discrepancy 1 (message w-2) is settled by it."
    healed = look(explain_message, "w-2")
    assert [(one["verdict"], one["codes"], one["because_of"]) for one in healed["verdicts"]] == [
        ("REFUSED", "QUANTITY_EXCEEDS_BALANCE", None),
        ("APPLIED", "–", "b-1-1"),
    ]
    assert (healed["outcome"], healed["rejections"]) == ("ACCEPTED", [])
    assert look(explain_message, "nothing") is None

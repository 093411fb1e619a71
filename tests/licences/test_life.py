"""The life of a licence: the tables are whole, and late events do no harm."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.life import (
    ENDED,
    TRANSITIONS,
    LicenceEvent,
    LicenceStatus,
    Life,
    Standing,
    Transmission,
    Usage,
)

TRANSMISSION = list(Transmission)
STANDING = [Standing.IN_FORCE, Standing.EXPIRED]
CUSTOMS_WORDS = [LicenceEvent.CUSTOMS_ACCEPT, LicenceEvent.CUSTOMS_REFUSE]
events = st.lists(st.sampled_from(LicenceEvent), max_size=20)


def lived(*happened: LicenceEvent) -> Life:
    life = Life()
    for event in happened:
        life = life.after(event)
    return life


def reachable() -> set[Life]:
    found, todo = {Life()}, deque([Life()])
    while todo:
        life = todo.popleft()
        for after in {life.after(event) for event in LicenceEvent} - found:
            found.add(after)
            todo.append(after)
    return found


def test_every_event_moves_exactly_one_region() -> None:
    moving = [event for moves in TRANSITIONS.values() for event in moves]

    assert sorted(moving) == sorted(LicenceEvent)


def test_every_combination_of_states_is_reached_and_has_a_word() -> None:
    lives = reachable()

    assert len(lives) == len(Transmission) * len(Usage) * len(Standing)
    assert {life.status for life in lives} == set(LicenceStatus)


@pytest.mark.parametrize("usage", [LicenceEvent.USE_PART, LicenceEvent.USE_ALL])
def test_494_art_17_what_was_withdrawn_is_unused_again(usage: LicenceEvent) -> None:
    assert lived(usage, LicenceEvent.USE_NONE).usage is Usage.UNUSED


@given(happened=events)
def test_494_art_16_18_what_has_ended_stays_ended(happened: list[LicenceEvent]) -> None:
    life = Life()
    for event in happened:
        after = life.after(event)
        assert after.standing is life.standing or life.standing not in ENDED
        assert TRANSMISSION.index(after.transmission) >= TRANSMISSION.index(life.transmission) or (
            life.transmission is Transmission.CUSTOMS_REFUSED
        )
        assert after.after(event) == after
        life = after


@given(words=st.lists(st.sampled_from(CUSTOMS_WORDS), min_size=1, max_size=6))
def test_customs_words_in_any_order_come_to_the_same(words: list[LicenceEvent]) -> None:
    """Accepted once is accepted, whatever else was said before or after."""
    sent = lived(LicenceEvent.SEAL, LicenceEvent.SEND)
    for word in words:
        sent = sent.after(word)

    accepted = LicenceEvent.CUSTOMS_ACCEPT in words
    assert sent.transmission is (Transmission.RECEIVED if accepted else Transmission.CUSTOMS_REFUSED)


def test_an_expired_licence_is_not_replaced_but_revoked() -> None:
    expired = lived(LicenceEvent.EXPIRE)

    assert expired.after(LicenceEvent.REPLACE) == expired
    assert expired.after(LicenceEvent.REVOKE).standing is Standing.REVOKED

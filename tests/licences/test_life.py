"""The life of a licence: the table is whole, and late events do no harm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.life import TRANSITIONS, USABLE, LicenceEvent, LicenceStatus, advance

PROGRESS = [
    LicenceStatus.ACCEPTED,
    LicenceStatus.SEALED,
    LicenceStatus.SENT,
    LicenceStatus.CUSTOMS_REFUSED,
    LicenceStatus.RECEIVED,
    LicenceStatus.PART_USED,
    LicenceStatus.EXHAUSTED,
]


def test_every_event_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(LicenceEvent)


def test_every_status_but_the_first_is_reached() -> None:
    reached = {after for moves in TRANSITIONS.values() for after in moves.values()}

    assert reached == set(LicenceStatus) - {LicenceStatus.ACCEPTED}


def test_a_usable_licence_moves_when_it_is_used() -> None:
    for status in USABLE - {LicenceStatus.EXHAUSTED}:
        assert advance(status, LicenceEvent.USE_PART) is LicenceStatus.PART_USED
        assert advance(status, LicenceEvent.USE_ALL) is LicenceStatus.EXHAUSTED


@given(events=st.lists(st.sampled_from(LicenceEvent), max_size=20))
def test_no_order_of_events_leads_backwards(events: list[LicenceEvent]) -> None:
    status = LicenceStatus.ACCEPTED
    for event in events:
        after = advance(status, event)
        assert PROGRESS.index(after) >= PROGRESS.index(status)
        assert advance(after, event) is after
        status = after

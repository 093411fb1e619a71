"""The identities of our own messages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from uuid import UUID

import pytest

from gateway.exchange import correspondence
from gateway.exchange.correspondence import new_message_id


@pytest.fixture
def milliseconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    times = count(1_790_000_000_000)
    monkeypatch.setattr(correspondence.time, "time_ns", lambda: next(times) * 1_000_000)
    return times


@pytest.mark.usefixtures("milliseconds")
def test_an_identity_is_a_uuid_of_version_7_and_later_ones_sort_behind() -> None:
    made = [new_message_id() for _ in range(1_000)]
    assert made == sorted(made)
    ids = [UUID(one) for one in made]
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert [one.int >> 80 for one in ids] == list(range(1_790_000_000_000, 1_790_000_001_000))


def test_in_one_millisecond_there_is_room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correspondence.time, "time_ns", lambda: 1_790_000_000_000_000_000)
    assert len({new_message_id() for _ in range(10_000)}) == 10_000
    changing = [0] * 128
    for one in {new_message_id() for _ in range(200)}:
        bits = UUID(one).int
        changing = [
            seen | (bits >> place & 1) << 1 | (1 - (bits >> place & 1)) for place, seen in enumerate(changing)
        ]
    # Of 128 bits 48 tell the time, four the version and two the variant.
    assert sum(seen == 3 for seen in changing) == 74

"""A few seeds of the simulation; `make simulate` plays as many as wanted."""

from __future__ import annotations

import struct

import pytest

from tests.simulation.campaign import find
from tests.simulation.disk import committed_bytes
from tests.simulation.run import simulate

#: Planted faults that so few seeds find; `make simulate PLANTED=1` finds them all.
SOON = {"wake-ups-are-lost": 3}


@pytest.mark.parametrize("seed", range(1, 5))
def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    assert simulate(seed).verdict.faults == ()


def test_a_seed_tells_the_same_story_each_time() -> None:
    first, second = simulate(7), simulate(7)
    assert first.story == second.story
    assert first.digest == second.digest


@pytest.mark.parametrize(("name", "seeds"), SOON.items())
def test_a_planted_fault_is_found(name: str, seeds: int) -> None:
    seed, what = find(name, seeds)
    assert seed is not None, what


def test_a_log_ends_for_certain_where_its_last_transaction_ends() -> None:
    salts, page = b"saltsalt", bytes(512)

    def frame(pages: int, salt: bytes = salts) -> bytes:
        return struct.pack(">II", 1, pages) + salt + bytes(8) + page

    header = bytes(8) + struct.pack(">I", 512) + bytes(4) + salts + bytes(8)
    whole = header + frame(0) + frame(2)
    assert committed_bytes(header) == len(header)
    assert committed_bytes(header + frame(0)) == len(header)
    assert committed_bytes(whole + frame(0)) == len(whole)
    assert committed_bytes(whole + frame(3)[:-1]) == len(whole)
    assert committed_bytes(whole + frame(3, b"old salt")) == len(whole)

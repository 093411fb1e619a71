"""How large files are while more wait: found from how long they take, on any line, and with no spiral."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from gateway.exchange.pace import LEAST_MESSAGES, TARGET_SECONDS, Pace

MOST = 500
#: How long a file with so many messages takes.
Line = Callable[[int], float]


def settled(line: Line, files: int = 60, *, pace: Pace | None = None) -> tuple[Pace, list[int]]:
    """A pace after so many full files, and the sizes of the last ones."""
    pace, sizes = pace or Pace(MOST), []
    for _ in range(files):
        sizes.append(pace.messages)
        pace.took(pace.messages, line(pace.messages))
    return pace, sizes[files // 2 :]


def test_on_a_fast_line_files_are_soon_as_large_as_they_may_be() -> None:
    _, sizes = settled(lambda count: 0.02 + count * 0.0002, files=8)
    assert sizes == [MOST] * 4


def test_where_messages_take_the_time_a_file_takes_the_target() -> None:
    def line(count: int) -> float:
        return 0.01 + count * 0.002

    _, sizes = settled(line)
    assert all(0.5 * TARGET_SECONDS < line(size) < 1.5 * TARGET_SECONDS for size in sizes), sizes


def test_on_a_slow_line_files_are_small_and_not_smaller_than_that() -> None:
    _, sizes = settled(lambda count: 0.05 + count * 0.025)
    assert set(sizes) == {LEAST_MESSAGES}


def test_where_round_trips_take_the_time_files_are_large() -> None:
    """Over a satellite a small file takes as long as a large one: smaller ones would carry a part of it."""
    _, sizes = settled(lambda count: 4.0 + count * 0.001)
    assert set(sizes) == {MOST}


def test_most_of_the_time_is_for_messages_where_the_line_is_what_they_wait_for() -> None:
    """2 Mbit/s with 30 ms there and back, and what queues in the line on top."""

    def line(count: int) -> float:
        return 0.2 + count * 0.025

    _, sizes = settled(line)
    assert all(size * 0.025 / line(size) > 0.93 for size in sizes), sizes
    assert max(sizes) < MOST / 2


@pytest.mark.parametrize("seed", range(5))
def test_so_they_are_however_the_round_trips_differ(seed: int) -> None:
    chance = Random(seed)
    _, sizes = settled(lambda count: 4.0 + count * 0.001 + chance.random(), files=100)
    assert sum(sizes) / len(sizes) > 0.9 * MOST


@pytest.mark.parametrize("seed", range(5))
def test_what_holds_files_up_now_and_then_makes_no_spiral(seed: int) -> None:
    """Commits that wait for others hold up files of any size; the line is good all the time."""
    chance = Random(seed)

    def line(count: int) -> float:
        return TARGET_SECONDS * (0.16 + count * 0.002 + chance.choice((0.0, 0.2, 0.4, 1.2)))

    _, sizes = settled(line, files=200)
    assert sum(sizes) / len(sizes) > 1.25 * LEAST_MESSAGES


def test_a_line_that_gets_slow_gets_smaller_files_and_larger_ones_again_later() -> None:
    pace, before = settled(lambda count: 0.02 + count * 0.0003)
    pace, slow = settled(lambda count: 0.01 + count * 0.01, pace=pace)
    pace, after = settled(lambda count: 0.02 + count * 0.0003, pace=pace)
    assert (before[-1], slow[-1], after[-1]) == (MOST, LEAST_MESSAGES, MOST)


@pytest.mark.parametrize("most", [1, 10])
def test_what_is_configured_bounds_it(most: int) -> None:
    pace, sizes = settled(lambda count: count * 1.0, pace=Pace(most))
    assert (set(sizes), pace.messages) == ({most}, most)


@pytest.mark.parametrize("times", [[0.0] * 20, [5.0, 0.0] * 10, [0.0, 1e9]])
def test_clocks_that_jump_do_it_no_harm(times: Sequence[float]) -> None:
    pace = Pace(MOST)
    for number, seconds in enumerate(times):
        pace.took(1 + number % 7, seconds)
        assert LEAST_MESSAGES <= pace.messages <= MOST

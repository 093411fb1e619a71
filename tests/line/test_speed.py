"""The targets of the line, over one of 30 ms and 2 Mbit/s in memory: no machine is too slow for them."""

from __future__ import annotations

from gateway.exchange.terms import PostOfficeLimits
from tests.campaigns.speed_in_memory import busy, idle


def test_a_thousand_licences_get_nine_tenths_of_the_line() -> None:
    result = busy(1_000)
    assert result.fraction > 0.9, result
    assert result.files == 2, "as many as wait go together"


def test_a_window_that_is_too_small_costs_a_round_trip_each_time() -> None:
    wide, narrow = busy(200), busy(200, window=1, buffer_bytes=2_048)
    assert narrow.fraction < 0.25 < wide.fraction


def test_files_of_one_licence_wait_for_each_other() -> None:
    assert busy(100, limits=PostOfficeLimits(max_messages=1)).fraction < 0.35


def test_one_licence_is_receipted_within_120_ms_when_customs_calls_as_well() -> None:
    assert idle() < 0.120


def test_a_customs_that_never_calls_answers_when_it_is_given_the_turn() -> None:
    assert idle(customs_calls=False) < 0.180

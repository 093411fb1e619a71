"""The arithmetic of the bench."""

from pathlib import Path

import pytest

from tests.bench import urgent
from tests.bench.figures import median_of_ratios, middle, middles, quantile, ratio_of_medians, spread
from tests.bench.house import URGENT_STEPS
from tests.bench.page import END, START, with_generated
from tests.bench.stages import shares, stage_of
from tests.bench.syncs import calls
from tests.bench.targets import Comparison, Target

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile(values, 1) == 100
    assert quantile([7.0], 0.01) == 7


def test_ratios_are_those_of_medians_so_that_one_bad_measurement_does_nothing() -> None:
    assert ratio_of_medians([4, 4, 40], [2, 2, 0.1]) == 2
    assert median_of_ratios([4, 6, 40], [2, 3, 0.1]) == 2
    assert middle([3, 1, 2]) == 2
    assert spread([1, 2, 3]) == 1


def test_a_stage_that_was_not_seen_in_one_measurement_counts_as_none_there() -> None:
    assert middles([{"a": 1, "b": 2}, {"a": 3}, {"a": 2}]) == {"a": 2, "b": 0}


def test_a_target_is_met_at_its_bound_and_says_by_how_much_it_is_missed() -> None:
    at_most = Target("t", Comparison.AT_MOST, 4.0, "times")
    at_least = Target("t", Comparison.AT_LEAST, 0.9, "of it")
    assert at_most.judge(4.0) == "met"
    assert at_most.judge(6.0) == "missed by 50 %"
    assert at_least.judge(0.95) == "met"
    assert at_least.judge(0.45) == "missed by 50 %"
    assert at_most.judge(None) == "not measured"


def test_the_generated_part_of_a_page_is_replaced_and_nothing_else() -> None:
    page = f"above\n{START}\nold\n{END}\nbelow\n"
    assert with_generated(page, "new\n") == f"above\n{START}\nnew\n{END}\nbelow\n"


def test_the_page_has_its_place_for_the_tables_and_its_picture() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_generated(page, "") != page
    assert PAGE.with_suffix(".svg").exists()


def test_threads_that_wait_have_no_part_in_the_stages() -> None:
    raw = (
        "process 1;main (a.py:1);write (gateway/exchange/publication.py:7) 3\n"
        "process 1;main (a.py:1);wait (threading.py:9) 500\n"
        "process 1;main (a.py:1);startLogging (twisted/logger/_x.py:9) 1\n"
    )
    assert shares(raw) == {"feedback: files in out/": 0.75, "log": 0.25}


def test_syncs_are_counted_by_licence() -> None:
    table = (
        "% time     seconds  usecs/call     calls    errors syscall\n"
        "------ ----------- ----------- --------- --------- ----------------\n"
        " 97.00    0.100000          50       150           fdatasync\n"
        "  3.00    0.003000          30        10         1 fsync\n"
        "------ ----------- ----------- --------- --------- ----------------\n"
        "100.00    0.103000                   160         1 total\n"
    )
    assert calls(table, 50) == pytest.approx({"fdatasync": 3, "fsync": 0.2})


def test_a_stack_belongs_to_the_innermost_stage_that_it_shows() -> None:
    stack = [
        "Bench.messages (gateway/exchange/bench.py)",
        "verify (gateway/trust/verification.py)",
        "x (y.py)",
    ]
    assert stage_of(stack) == "examine: verify"
    assert stage_of(["main (somewhere.py)"]) == "other"


def test_urgent_licences_are_told_step_by_step_with_the_worst_and_may_be_none() -> None:
    found = [dict.fromkeys(URGENT_STEPS, seconds) for seconds in (0.5, 3.0, 0.75)]
    seconds = urgent.by_step(found)
    assert urgent.answered(seconds) == 0.75
    what, how = urgent.told(seconds)
    assert "median of 3" in what
    assert how == (
        "accepted 0.75 s, sealed 0.75 s, sent 0.75 s, receipt of customs 0.75 s, answer in out/ 0.75 s"
        " (at worst 3.00 s)"
    )
    assert urgent.answered(urgent.by_step([])) is None
    assert "not measured" in urgent.told(urgent.by_step([]))[1]

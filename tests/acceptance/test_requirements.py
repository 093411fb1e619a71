"""Every requirement is shown by a test or a worked case, or says why not; the page says the same."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.requirements import PAGE, Row, all_tests, numbers, page, rows
from tests.acceptance.test_cases import CASES

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_no_row_is_empty(row: Row) -> None:
    assert row.is_answered


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_every_test_that_is_named_exists(row: Row) -> None:
    assert set(row.tests) <= all_tests()


def test_every_article_has_its_row_once() -> None:
    listed = Counter(row.number for row in ROWS)

    assert max(listed.values()) == 1
    assert {f"A{n}" for n in range(1, 28)} | {f"C{n}" for n in range(1, 22)} <= listed.keys()


def test_every_worked_case_is_of_a_requirement() -> None:
    stated = {number for case in CASES for number in numbers(case["requirement"])}

    assert stated <= {row.number for row in ROWS}


def test_the_page_of_requirements_is_up_to_date() -> None:
    """If not: `python -m tests.acceptance.requirements > docs/requirements.md`."""
    assert PAGE.read_text("utf-8") == page()

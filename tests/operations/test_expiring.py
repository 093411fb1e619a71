"""How long files last: what ends first in them, and lists as well as certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.operations.expiring import Expiring, expiry_trouble, term_of, terms
from tests.line.papers import DAY, bundle, issue

NOW = datetime.now(UTC)


def days_left(path: Path) -> int:
    return round((term_of(Expiring("x", path)).ends - NOW).total_seconds() / 86_400)


def test_while_one_takes_the_place_of_another_the_later_one_counts(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old, new = issue(tmp_path, "same", ends=3 * DAY), issue(tmp_path / "new", "same", ends=300 * DAY)
    other = issue(tmp_path, "other", ends=40 * DAY)
    assert days_left(bundle(tmp_path / "both.pem", old, new)) == 300
    assert days_left(bundle(tmp_path / "three.pem", new, other, old)) == 40


def test_a_file_that_was_changed_is_read_again(tmp_path: Path) -> None:
    path = issue(tmp_path, "same", ends=3 * DAY).path
    assert days_left(path) == 3
    issue(tmp_path, "same", ends=300 * DAY)
    assert days_left(path) == 300
    path.write_text("nothing")
    assert "no certificate" in (expiry_trouble(Expiring("x", path), NOW) or "")


@pytest.mark.parametrize(
    ("lives", "left", "is_told"),
    [
        (40 * DAY, 8 * DAY, False),
        (40 * DAY, 6 * DAY, True),
        (4 * DAY, 2 * DAY, False),
        (4 * DAY, DAY / 2, True),
    ],
)
def test_a_list_is_told_of_in_the_last_quarter_of_its_time(
    tmp_path: Path, lives: timedelta, left: timedelta, is_told: bool
) -> None:
    path = issue(tmp_path, "root", authority=True).crl("root", begins=left - lives, ends=left)
    trouble = expiry_trouble(Expiring("lists for customs", path, is_crl=True), NOW)
    assert ("fetch the new one, then gatewayd ctl reload" in (trouble or "")) is is_told
    later = expiry_trouble(Expiring("lists for customs", path, is_crl=True), NOW + left + DAY)
    assert "nobody of its issuer is let in" in (later or "")


def test_what_cannot_be_read_has_no_term_and_is_told(tmp_path: Path) -> None:
    absent = Expiring("x", tmp_path / "absent.crl", is_crl=True)
    assert list(terms([absent])) == []
    assert "absent.crl" in (expiry_trouble(absent, NOW) or "")

"""Settlement at its limits: lines with one code, repeats, the end of a licence, days, older codes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.clock import BUSINESS_ZONE
from gateway.licences.life import LicenceEvent
from gateway.licences.settlement import Verdict
from gateway.licences.state import Suspension
from licencexml.messages import SuspensionGround
from licencexml.values import Party
from tests.licences.clearances import MAIZE, MINUTE, again, amendment, created, reversal, withdrawn
from tests.licences.makers import (
    RELEASED,
    drawn,
    fact,
    goods,
    key,
    state,
    write_off,
)
from tests.licences.told import Told, released, told

# ── Two goods lines with one code ────────────────────────────────────────────────────────────────


def test_configured_of_two_lines_with_one_code_the_one_that_is_stated_is_drawn_on() -> None:
    of = state(goods(1, "100"), goods(2, "50"))
    stated = write_off(drawn("10", licence_line=2))

    assert told(stated, of=of).left == ["100", "40"]
    assert told(write_off(), of=of).codes("w-1") == ["LICENCE_LINE_UNCLEAR"]
    assert told(stated, amendment("10", licence_line=1), of=of).left == ["90", "50"]
    assert told(write_off(), amendment("10", licence_line=2), of=of).left == ["100", "40"]
    assert told(stated, reversal(withdrawn("4")), of=of).left == ["100", "44"]


def test_configured_over_shipment_is_reckoned_line_by_line() -> None:
    of = state(goods(1, "100", MAIZE), goods(2, "50", MAIZE))
    both = write_off(
        drawn("105", goods_code=MAIZE, licence_line=1),
        drawn("52.50001", line_number=2, goods_code=MAIZE, licence_line=2),
    )
    assert told(both, of=of).codes("w-1") == ["OVER_SHIPMENT_EXCEEDS_TOLERANCE"]
    assert told(both, reversal(withdrawn("0.00001", line_number=2)), of=of).left == ["-5", "-2.5"]


# ── Known, repeated, in conflict, late ───────────────────────────────────────────────────────────


def test_configured_of_two_contents_what_was_created_first_holds() -> None:
    first, other = released("10"), released("20")
    first = dataclasses.replace(first, header=created("first", 1))
    other = dataclasses.replace(other, header=created("other", 2))
    found = told(first, other, again(first, "again", 3))

    assert found.left == ["90"]
    assert found.verdicts("first", "other", "again") == ["APPLIED", "CONFLICT", "REPEATED"]


def test_a_release_that_was_refused_is_repeated_as_refused() -> None:
    found = told(released("101"), again(released("101"), "again", 1))

    assert found.verdicts("w-1", "again") == ["REFUSED", "REPEATED"]


@pytest.mark.parametrize("event", [LicenceEvent.REPLACE, LicenceEvent.REVOKE])
def test_494_art_17_18_what_comes_after_the_end_is_told_and_changes_nothing(event: LicenceEvent) -> None:
    of = state().after(event)
    code = "LICENCE_REVOKED"
    if event is LicenceEvent.REPLACE:
        of, code = dataclasses.replace(of, replaced_by=key(2)), "LICENCE_REPLACED"
    facts = [
        fact(released("10")),
        fact(released("5", 2), late=True),
        fact(amendment("12"), late=True),
        fact(reversal(withdrawn("10")), late=True),
        fact(again(released("10"), "again", 1), late=True),
    ]
    found = Told(of, facts)

    assert (found.left, found.uses) == (["90"], [1])
    for late in ("w-2", "a-1-1-1", "r-1-1"):
        assert found.codes(late) == [code]
    assert found.verdicts("again") == ["REPEATED"]


def test_494_art_17_what_came_in_time_is_never_displaced_by_what_came_late() -> None:
    of = dataclasses.replace(state().after(LicenceEvent.REPLACE), replaced_by=key(2))
    earlier = fact(released("60", 2, minutes=-5), late=True)
    found = Told(of, [fact(released("60")), earlier])

    assert (found.left, found.uses) == (["40"], [1])


# ── When ─────────────────────────────────────────────────────────────────────────────────────────


def beijing(*when: int) -> datetime:
    return datetime(*when, tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    ("when", "lawful"),
    [
        (beijing(2025, 12, 31, 23, 59, 59), False),
        (beijing(2026, 1, 1), True),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), True),
        (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), False),
        (beijing(2026, 6, 1, 12, 5), True),
        (beijing(2026, 6, 1, 12, 5, 1), False),
    ],
)
def test_494_art_14_the_days_of_the_validity_begin_and_end_in_shanghai(when: datetime, lawful: bool) -> None:
    one = write_off(release_time=when)
    assert (told(one)["w-1"].verdict is Verdict.APPLIED) is lawful


@pytest.mark.parametrize(
    ("last", "when", "lawful"),
    [
        (date(2024, 2, 29), beijing(2024, 2, 29, 23, 59, 59), True),
        (date(2024, 2, 29), beijing(2024, 3, 1), False),
        (date(2024, 2, 28), beijing(2024, 2, 29), False),
        (date(2025, 12, 31), beijing(2025, 12, 31, 23, 59, 59), True),
        (date(2025, 12, 31), beijing(2026, 1, 1), False),
    ],
)
def test_494_art_14_leap_days_and_ends_of_years_are_days_like_others(
    last: date, when: datetime, lawful: bool
) -> None:
    of = dataclasses.replace(
        state(), licence_date=date(2024, 1, 2), valid_from=date(2024, 1, 2), valid_to=last
    )
    assert (told(write_off(release_time=when), of=of)["w-1"].verdict is Verdict.APPLIED) is lawful


@pytest.mark.parametrize(("minutes", "lawful"), [(-1, True), (0, False), (1, False), (2, True)])
def test_configured_a_suspension_is_from_its_first_instant_to_before_its_last(
    minutes: int, lawful: bool
) -> None:
    stopped = Suspension(SuspensionGround.LOSS_REPORT, RELEASED, RELEASED + 2 * MINUTE)
    of = dataclasses.replace(state(), suspensions=(stopped,))
    found = told(released("10", minutes=minutes), of=of)

    assert found.codes("w-1") == ([] if lawful else ["LICENCE_SUSPENDED"])


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────


def test_539_art_8_an_older_code_of_13_digits_is_the_same_enterprise() -> None:
    """Four digits of the region, then the nine of the organisation."""
    older, another = Party("旧代码", "1100600037341"), Party("旧代码", "1100600037342")
    found = []
    for unit in (older, another):
        made = released("10")
        declared = dataclasses.replace(made.declaration, operating_unit=unit)
        found.append(told(dataclasses.replace(made, declaration=declared)))

    assert found[0].left == ["90"]
    assert found[1].codes("w-1") == ["OPERATING_UNIT_NOT_EXPORTER"]


def test_quantities_are_exact_to_the_last_place() -> None:
    parts = [released("33.33333", 1), released("33.33333", 2), released("33.33334", 3)]

    assert told(*parts).left == ["0"]
    assert told(*parts[:2], released("33.33335", 3)).codes("w-3") == ["QUANTITY_EXCEEDS_BALANCE"]
    assert told(*parts).state.lines[0].balance == Decimal(0)

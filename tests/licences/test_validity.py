"""How long a licence may be valid, at the edges of months, years and leap years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.issue import decide_issue
from gateway.licences.tables import BEGINNING, DatedTable, Period, Row
from gateway.licences.validity import Term, YearDay, months_after
from licencexml.values import LicenceType
from tests.licences.makers import POLICY, key, licence

IMPORT, EXPORT, AUTOMATIC = LicenceType.IMPORT, LicenceType.EXPORT, LicenceType.AUTOMATIC_IMPORT
DAY = timedelta(days=1)


def codes(
    licence_type: LicenceType, licence_date: date, valid_from: date, valid_to: date, policy=POLICY
) -> list[str]:
    """Why a licence of these dates is not issued on its licence date."""
    value = licence(key(licence_type=licence_type), valid_from=valid_from, valid_to=valid_to)
    value = replace(value, licence_date=licence_date)
    return [one.code for one in decide_issue(value, None, policy, licence_date).rejections]


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2026, 1, 15), 6, date(2026, 7, 15)),
        (date(2026, 1, 1), 6, date(2026, 7, 1)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 6, date(2028, 8, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
    ],
)
def test_months_end_with_the_same_day_or_the_last_of_the_month(first: date, months: int, last: date) -> None:
    assert months_after(first, months) == last


@given(st.dates(date(2000, 1, 1), date(2098, 12, 31)), st.integers(0, 12))
def test_months_never_run_past_the_month_they_lead_to(day: date, months: int) -> None:
    later = months_after(day, months)

    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + DAY).day == 1)


def test_export_art_13_six_months_at_most() -> None:
    first = date(2026, 2, 28)

    assert codes(EXPORT, first, first, date(2026, 8, 28)) == []
    assert codes(EXPORT, first, first, date(2026, 8, 29)) == ["VALIDITY_TOO_LONG"]


def test_export_art_13_six_months_from_a_leap_day() -> None:
    leap = date(2028, 2, 29)

    assert codes(EXPORT, leap, leap, date(2028, 8, 29)) == []
    assert codes(EXPORT, leap, leap, date(2028, 8, 30)) == ["VALIDITY_TOO_LONG"]


def test_export_art_13_the_months_count_from_the_first_day_of_validity() -> None:
    assert codes(EXPORT, date(2026, 1, 5), date(2026, 2, 1), date(2026, 8, 1)) == []
    assert codes(EXPORT, date(2026, 1, 5), date(2026, 2, 1), date(2026, 8, 2)) == ["VALIDITY_TOO_LONG"]


def test_export_art_13_not_past_the_year_of_the_licence_date() -> None:
    first = date(2026, 9, 1)

    assert codes(EXPORT, first, first, date(2026, 12, 31)) == []
    assert codes(EXPORT, first, first, date(2027, 1, 1)) == ["VALIDITY_PAST_YEAR"]
    assert codes(EXPORT, date(2026, 12, 31), date(2026, 12, 31), date(2026, 12, 31)) == []


@pytest.mark.parametrize(
    ("issued", "first", "last", "expected"),
    [
        (date(2026, 12, 9), date(2027, 1, 1), date(2027, 6, 30), ["VALIDITY_PAST_YEAR"]),
        (date(2026, 12, 10), date(2027, 1, 1), date(2027, 6, 30), []),
        (date(2026, 12, 10), date(2027, 1, 1), date(2027, 7, 1), []),
        (date(2026, 12, 10), date(2027, 1, 1), date(2027, 7, 2), ["VALIDITY_TOO_LONG"]),
        (date(2026, 12, 31), date(2027, 1, 1), date(2027, 7, 1), []),
        (date(2026, 12, 10), date(2026, 12, 10), date(2026, 12, 31), []),
        (date(2026, 12, 10), date(2026, 12, 10), date(2027, 1, 1), ["VALIDITY_PAST_YEAR"]),
        (date(2026, 12, 10), date(2026, 12, 31), date(2027, 6, 30), ["VALIDITY_PAST_YEAR"]),
        (date(2026, 12, 10), date(2027, 1, 2), date(2027, 6, 30), ["VALIDITY_PAST_YEAR"]),
        (date(2027, 1, 1), date(2027, 1, 1), date(2027, 7, 1), []),
        (date(2027, 12, 10), date(2028, 1, 1), date(2028, 7, 1), []),
    ],
)
def test_export_art_14_licences_for_the_next_year_are_issued_from_10_december(
    issued: date, first: date, last: date, expected: list[str]
) -> None:
    assert codes(EXPORT, issued, first, last) == expected


def test_import_art_21_the_year_and_exceptionally_to_31_march() -> None:
    first = date(2026, 1, 1)

    assert codes(IMPORT, first, first, date(2026, 12, 31)) == []
    assert codes(IMPORT, first, first, date(2027, 3, 31)) == []
    assert codes(IMPORT, first, first, date(2027, 4, 1)) == ["VALIDITY_PAST_YEAR"]
    assert codes(IMPORT, date(2026, 12, 31), date(2027, 1, 1), date(2027, 3, 31)) == []


def test_configured_an_automatic_import_licence_has_six_months_within_its_year() -> None:
    first, autumn = date(2026, 3, 31), date(2026, 10, 1)

    assert codes(AUTOMATIC, first, first, date(2026, 9, 30)) == []
    assert codes(AUTOMATIC, first, first, date(2026, 10, 1)) == ["AUTOMATIC_VALIDITY_TOO_LONG"]
    assert codes(AUTOMATIC, autumn, autumn, date(2026, 12, 31)) == []
    assert codes(AUTOMATIC, autumn, autumn, date(2027, 1, 1)) == ["AUTOMATIC_VALIDITY_PAST_YEAR"]
    new_year, june = date(2027, 1, 1), date(2027, 6, 30)
    assert codes(AUTOMATIC, date(2026, 12, 24), new_year, june) == ["AUTOMATIC_VALIDITY_PAST_YEAR"]
    assert codes(AUTOMATIC, date(2026, 12, 25), new_year, june) == []


@pytest.mark.parametrize("licence_type", LicenceType)
def test_configured_the_validity_begins_with_the_licence_date_or_later(licence_type: LicenceType) -> None:
    issued, last = date(2026, 5, 15), date(2026, 6, 30)

    assert codes(licence_type, issued, issued, last) == []
    assert codes(licence_type, issued, issued + DAY, last) == []
    assert codes(licence_type, issued, issued - DAY, last) == ["VALIDITY_BEFORE_ISSUE"]


def test_every_fault_of_the_dates_is_told_at_once() -> None:
    assert codes(EXPORT, date(2026, 9, 2), date(2026, 9, 1), date(2027, 3, 2)) == [
        "VALIDITY_BEFORE_ISSUE",
        "VALIDITY_TOO_LONG",
        "VALIDITY_PAST_YEAR",
    ]


def test_what_holds_on_the_licence_date_counts() -> None:
    until, later = date(2026, 5, 31), date(2026, 6, 1)
    rows = [
        Row(which, "", period, Term(months, YearDay(12, 31)), "a test")
        for which in LicenceType
        for period, months in ((Period(BEGINNING, until), 6), (Period(later), 3))
    ]
    policy = replace(
        POLICY, tables=replace(POLICY.tables, validity=DatedTable("v", tuple(rows), gapless=True))
    )

    assert codes(EXPORT, until, until, date(2026, 11, 30), policy) == []
    assert codes(EXPORT, later, later, date(2026, 9, 1), policy) == []
    assert codes(EXPORT, later, later, date(2026, 9, 2), policy) == ["VALIDITY_TOO_LONG"]


@pytest.mark.parametrize("text", ["02-29", "13-01", "00-10", "12-32", "1-1", "12/31", "12-31 ", ""])
def test_what_is_no_day_of_every_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        YearDay.parse(text)


def test_a_term_is_told_in_words() -> None:
    assert str(Term(6, YearDay(12, 31), early_from=YearDay(12, 10))) == (
        "6 months; to 12-31; next year's from 12-10"
    )
    assert str(Term(None, YearDay(3, 31), next_year=True)) == "to 03-31 of the next year"

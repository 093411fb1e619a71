"""From when on a licence counts as not collected."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.config.calendar import in_library
from gateway.licences.calendar import AnnouncedYear, CalendarUnknown, WorkingDays
from gateway.licences.deadlines import not_collected_from
from licencexml.values import LicenceType, Medium
from tests.licences.makers import POLICY

UP_TO_2026 = replace(
    POLICY.tables, calendar=WorkingDays(otherwise=lambda day: in_library(day) if day.year < 2027 else None)
)


@pytest.mark.parametrize("licence_type", LicenceType)
@pytest.mark.parametrize(
    ("licence_date", "first"),
    [
        (date(2026, 5, 20), date(2026, 6, 18)),
        (date(2026, 2, 6), date(2026, 3, 13)),
        (date(2026, 12, 3), date(2027, 1, 1)),
    ],
)
def test_rules_on_forms_art_26_paper_waits_twenty_working_days(
    licence_type: LicenceType, licence_date: date, first: date
) -> None:
    assert not_collected_from(licence_type, Medium.PAPER, licence_date, UP_TO_2026) == first


@pytest.mark.parametrize(
    ("licence_date", "first"),
    [
        (date(2026, 5, 20), date(2026, 6, 21)),
        (date(2026, 1, 31), date(2026, 3, 1)),
        (date(2028, 1, 31), date(2028, 3, 1)),
        (date(2026, 12, 31), date(2027, 2, 1)),
    ],
)
def test_configured_automatic_import_licences_wait_one_month_of_calendar_days(
    licence_date: date, first: date
) -> None:
    found = not_collected_from(LicenceType.AUTOMATIC_IMPORT, Medium.ELECTRONIC, licence_date, UP_TO_2026)
    assert found == first


def test_what_is_not_collected_has_no_deadline() -> None:
    for licence_type in (LicenceType.IMPORT, LicenceType.EXPORT):
        assert not_collected_from(licence_type, Medium.ELECTRONIC, date(2026, 5, 20), UP_TO_2026) is None


def test_a_deadline_in_a_year_of_which_nothing_is_announced_is_not_told() -> None:
    with pytest.raises(CalendarUnknown) as caught:
        not_collected_from(LicenceType.EXPORT, Medium.PAPER, date(2026, 12, 4), UP_TO_2026)
    assert caught.value.year == 2027

    year = AnnouncedYear(2027, frozenset({date(2027, 1, 1)}), frozenset(), True, "a test")
    known = replace(UP_TO_2026, calendar=WorkingDays((year,), in_library))
    first = not_collected_from(LicenceType.EXPORT, Medium.PAPER, date(2026, 12, 4), known)
    assert first == date(2027, 1, 5)

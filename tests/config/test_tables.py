"""The dated tables: what they answer, and that one that contradicts itself never gets past the start."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from gateway.config.tables import load_tables, shipped_tables
from gateway.errors import ConfigurationFault
from gateway.licences.tables import DatedTable, Period, Row, TableFault
from licencexml.values import LicenceType

IMPORT, EXPORT = LicenceType.IMPORT, LicenceType.EXPORT
DAY = date(2026, 6, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_tables(), tmp_path / "tables"))


def row(prefix: str, first: date, last: date | None, value: int) -> Row[int]:
    return Row(IMPORT, prefix, Period(first, last), value, "a test")


def test_the_shipped_tables_say_what_the_domain_says() -> None:
    tables = load_tables(shipped_tables())

    assert [tables.caps.value(each, "", DAY, 0) for each in LicenceType] == [12, 12, 6]
    terms = [str(row.value) for each in LicenceType if (row := tables.validity.row(each, "", DAY))]
    assert terms == [
        "to 03-31 of the next year",
        "6 months; to 12-31; next year's from 12-10",
        "6 months; to 12-31; next year's from 12-25",
    ]
    assert tables.tolerances.value(EXPORT, "2709000000", DAY, 0) == 3
    assert tables.tolerances.value(EXPORT, "1005900001", DAY, 0) == 5
    assert tables.tolerances.value(LicenceType.AUTOMATIC_IMPORT, "7208100000", DAY, 0) == 3
    assert tables.tolerances.value(EXPORT, "8703234110", DAY, 0) == 0
    assert tables.electronic_scope.value(IMPORT, "8439200000", DAY, default=False)
    assert not tables.electronic_scope.value(IMPORT, "2903710000", DAY, default=False)
    assert tables.textile_quota.row(EXPORT, "6109100021", date(2004, 12, 31)) is not None
    assert tables.textile_quota.row(EXPORT, "6109100021", date(2005, 1, 1)) is None


def test_the_longest_beginning_wins() -> None:
    table = DatedTable("t", (row("27", date(2020, 1, 1), None, 5), row("2709", date(2020, 1, 1), None, 3)))

    assert table.value(IMPORT, "2709000000", DAY, 0) == 3
    assert table.value(IMPORT, "2701000000", DAY, 0) == 5
    assert table.value(IMPORT, "2601000000", DAY, 0) == 0
    assert table.value(EXPORT, "2709000000", DAY, 0) == 0


def test_a_value_holds_from_its_first_day_to_its_last() -> None:
    table = DatedTable(
        "t",
        (row("", date(2026, 1, 1), date(2026, 5, 31), 12), row("", date(2026, 6, 1), None, 6)),
        gapless=True,
    )

    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1), date(2099, 1, 1))
    assert [table.value(IMPORT, "", day, 0) for day in days] == [0, 12, 12, 6, 6]


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ((date(2026, 1, 1), None), (date(2026, 6, 1), None), "overlap"),
        ((date(2026, 1, 1), date(2026, 6, 1)), (date(2026, 6, 1), None), "overlap"),
        ((date(2026, 1, 1), date(2026, 5, 30)), (date(2026, 6, 1), None), "nothing is said between"),
        ((date(2026, 5, 1), date(2026, 4, 30)), (date(2026, 6, 1), None), "ends before it begins"),
    ],
)
def test_periods_that_overlap_or_leave_days_out_are_faults(
    first: tuple[date, date | None], second: tuple[date, date | None], fault: str
) -> None:
    with pytest.raises(TableFault, match=fault):
        DatedTable("t", (row("", *first, 1), row("", *second, 2)), gapless=True)


def test_a_list_may_take_goods_out_and_in_again() -> None:
    rows = (row("27", date(2026, 1, 1), date(2026, 5, 30), 1), row("27", date(2026, 6, 2), None, 1))

    assert DatedTable("t", rows).row(IMPORT, "2701", DAY) is None


def test_every_fault_of_every_file_is_told_at_once(folder: Path) -> None:
    (folder / "multi-use.toml").unlink()
    (folder / "caps.toml").write_text('[[row]]\nlicence_types = ["VISA"]\ndeclarations = 0\n', "utf-8")
    (folder / "tolerance.toml").write_text(
        '[[row]]\nlicence_types = ["IMPORT"]\ngoods = "27x"\npercent = 5.0\nvalid_from = "?"\nsource = ""\n',
        "utf-8",
    )
    with pytest.raises(ConfigurationFault) as caught:
        load_tables(folder)

    told = str(caught.value)
    for part in (
        "multi-use.toml: cannot be read",
        "row #1.licence_types #1: expected one of",
        "row #1.declarations: expected a whole number",
        "row #1.valid_from: missing",
        "row #1.source: missing",
        "row #1.goods: expected the first digits",
        "row #1.percent: expected a whole number",
        "row #1.valid_from: expected a date",
        "row #1.source: expected where this is laid down",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('"IMPORT", "EXPORT"', '"IMPORT"'), "EXPORT (all): nothing is said on 2000-01-01"),
        (("declarations = 6", "declarations = 6\nvalid_to = 2026-12-31"), "the last period has an end"),
    ],
)
def test_there_is_a_cap_for_every_type_and_day(folder: Path, change: tuple[str, str], fault: str) -> None:
    path = folder / "caps.toml"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(ConfigurationFault) as caught:
        load_tables(folder)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            ("valid_from = 2000-01-01", "valid_from = 2000-01-02"),
            "EXPORT (all): nothing is said on 2000-01-01",
        ),
        (
            ('last_day = "12-31"', 'last_day = "02-29"'),
            'row #2.last_day: expected month and day such as "12-31"',
        ),
        (("months = 6", "months = 0"), "row #2.months: expected a whole number from 1 to 120"),
        (('last_day = "03-31"\n', ""), "row #1.last_day: missing"),
    ],
)
def test_there_is_a_term_of_validity_for_every_type_and_day(
    folder: Path, change: tuple[str, str], fault: str
) -> None:
    path = folder / "validity.toml"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(ConfigurationFault) as caught:
        load_tables(folder)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("working_days = 20\n", ""), "row #1: expected either working_days or months"),
        (
            ("working_days = 20", "working_days = 20\nmonths = 1"),
            "row #1: expected either working_days or months",
        ),
        (('"PAPER"', '"STONE"'), 'row #1.medium: expected one of "ELECTRONIC", "PAPER"'),
    ],
)
def test_a_period_for_collection_is_in_working_days_or_in_months(
    folder: Path, change: tuple[str, str], fault: str
) -> None:
    path = folder / "collection.toml"
    path.write_text(path.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(ConfigurationFault) as caught:
        load_tables(folder)
    assert fault in str(caught.value)

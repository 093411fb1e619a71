"""The dated tables of the law, from a folder of TOML files: one file a table, one `[[row]]` a rule.

Every row says its `source`: the announcement that it is taken from, or that we only remember or infer it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from gateway.config.calendar import CALENDAR_FILE, load_calendar
from gateway.config.kinds import Day, Flag, Kind, Source, one_of, text, whole
from gateway.config.loading import load
from gateway.config.section import Section
from gateway.data import data_dir
from gateway.errors import ConfigurationFault
from gateway.licences.periods import MonthPeriod, WorkingDayPeriod
from gateway.licences.tables import DatedTable, LawTables, Period, Row, TableFault
from gateway.licences.validity import Term, YearDay
from licencexml.values import LicenceType, Medium

_MAX_ROWS = 10_000
_MAX_MONTHS = 120
_MAX_WORKING_DAYS = 250


def _read_year_day(value: Any, _folder: Path | None) -> YearDay:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    return YearDay.parse(value)


_YearDay = Annotated[YearDay, Kind('month and day such as "12-31", not 29 February', _read_year_day)]
_Type = Annotated[str, one_of(*LicenceType)]
_Goods = Annotated[str, text(r"[0-9]{0,10}", 'the first digits of goods codes; "" for all goods')]
_Trade = Annotated[str, text(r"\S.{0,63}", "a trade mode (贸易方式) as it stands on licences")]


class _Row(Section):
    """What every row says; `begins` and `value` are what the table makes of it."""

    licence_types: tuple[_Type, ...] = Field(min_length=1, max_length=len(LicenceType))
    valid_from: Day
    valid_to: Day | None = None
    source: Source

    @property
    def begins(self) -> str:
        """What texts that the row is about begin with."""
        return ""

    @property
    def value(self) -> Any:
        """What holds for them; of a list, that they are in it."""
        return True


class _CapRow(_Row):
    declarations: Annotated[int, whole(1, 999)]

    @property
    def value(self) -> int:
        return self.declarations


class _ValidityRow(_Row):
    months: Annotated[int, whole(1, _MAX_MONTHS)] | None = None
    last_day: _YearDay
    next_year: Flag = False
    early_from: _YearDay | None = None

    @property
    def value(self) -> Term:
        return Term(self.months, self.last_day, self.next_year, self.early_from)


class _CollectionRow(_Row):
    medium: Annotated[str, one_of(*Medium)]
    working_days: Annotated[int, whole(1, _MAX_WORKING_DAYS)] | None = None
    months: Annotated[int, whole(1, _MAX_MONTHS)] | None = None

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if (self.working_days is None) == (self.months is None):
            raise ValueError("expected either working_days or months")
        return self

    @property
    def begins(self) -> str:
        return self.medium

    @property
    def value(self) -> WorkingDayPeriod | MonthPeriod:
        return WorkingDayPeriod(self.working_days) if self.working_days else MonthPeriod(self.months or 0)


class _GoodsRow(_Row):
    goods: _Goods

    @property
    def begins(self) -> str:
        return self.goods


class _ToleranceRow(_GoodsRow):
    percent: Annotated[int, whole(0, 100)]

    @property
    def value(self) -> int:
        return self.percent


class _ScopeRow(_GoodsRow):
    in_scope: Flag = True

    @property
    def value(self) -> bool:
        return self.in_scope


class _TradeRow(_Row):
    terms_of_trade: _Trade

    @property
    def begins(self) -> str:
        return self.terms_of_trade


class _Table(Section):
    """A file; a table without rows speaks of nothing."""

    row: tuple[_Row, ...] = Field(default=(), max_length=_MAX_ROWS)


class _Caps(_Table):
    row: tuple[_CapRow, ...] = Field(min_length=1, max_length=_MAX_ROWS)


class _Validity(_Table):
    row: tuple[_ValidityRow, ...] = Field(min_length=1, max_length=_MAX_ROWS)


class _Tolerances(_Table):
    row: tuple[_ToleranceRow, ...] = Field(default=(), max_length=_MAX_ROWS)


class _GoodsList(_Table):
    row: tuple[_GoodsRow, ...] = Field(default=(), max_length=_MAX_ROWS)


class _TradeList(_Table):
    row: tuple[_TradeRow, ...] = Field(default=(), max_length=_MAX_ROWS)


class _Collection(_Table):
    row: tuple[_CollectionRow, ...] = Field(default=(), max_length=_MAX_ROWS)


class _Scope(_Table):
    row: tuple[_ScopeRow, ...] = Field(default=(), max_length=_MAX_ROWS)


#: Each table: its file, what that holds, and whether a gap between periods is a fault.
_FILES: dict[str, tuple[str, type[_Table], bool]] = {
    "caps": ("caps.toml", _Caps, True),
    "validity": ("validity.toml", _Validity, True),
    "tolerances": ("tolerance.toml", _Tolerances, True),
    "multi_use": ("multi-use.toml", _GoodsList, False),
    "multi_use_trades": ("multi-use-trades.toml", _TradeList, False),
    "unified_operation": ("unified-operation.toml", _GoodsList, False),
    "electronic_scope": ("electronic-scope.toml", _Scope, False),
    "textile_quota": ("textile-quota.toml", _GoodsList, False),
    "collection": ("collection.toml", _Collection, False),
}


def shipped_tables() -> Path:
    """The folder of the tables that come with the gateway."""
    return data_dir("conf") / "tables"


def load_tables(folder: Path) -> LawTables:
    """The tables in `folder`; ConfigurationFault with every fault of every file."""
    tables: dict[str, DatedTable[Any]] = {}
    faults: list[str] = []
    for name, (file, model, gapless) in _FILES.items():
        try:
            rows = tuple(_rows(load(model, folder / file).row))
            tables[name] = DatedTable(str(folder / file), rows, gapless)
        except (ConfigurationFault, TableFault) as fault:
            faults.append(str(fault))
    try:
        calendar = load_calendar(folder / CALENDAR_FILE)
    except ConfigurationFault as fault:
        faults.append(str(fault))
    if faults:
        raise ConfigurationFault("\n".join(faults))
    try:
        return LawTables(**tables, calendar=calendar)
    except TableFault as fault:
        raise ConfigurationFault(str(fault)) from None


def _rows(rows: Iterable[_Row]) -> Iterable[Row[Any]]:
    for row in rows:
        period = Period(row.valid_from, row.valid_to)
        for licence_type in row.licence_types:
            yield Row(LicenceType(licence_type), row.begins, period, row.value, row.source)

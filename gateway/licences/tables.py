"""What announcements change, as dated tables: looked up by a day, never built into a rule.

A table says, for a licence type and the beginning of a text (a goods code, a trade mode), what holds from one
day to another. The longest beginning wins. Tables are made by `gateway.config.tables` from files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Generic, TypeVar

from gateway.licences.calendar import WorkingDays
from gateway.licences.periods import MonthPeriod, WorkingDayPeriod
from gateway.licences.validity import Term
from licencexml.values import LicenceType

Value = TypeVar("Value")

#: The first day that a message can carry: what must always have a value has one from here on.
BEGINNING = date(2000, 1, 1)
_DAY = timedelta(days=1)


class TableFault(ValueError):
    """A table contradicts itself or leaves something unsaid; the message has a line a fault."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both days included; without `last`, until further notice."""

    first: date
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        return f"{self.first} to {self.last or 'further notice'}"


@dataclass(frozen=True, slots=True)
class Row(Generic[Value]):
    """`value` holds in `period` for texts that begin with `prefix`; `source` says where that is laid down."""

    licence_type: LicenceType
    prefix: str
    period: Period
    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class DatedTable(Generic[Value]):
    """Rows that never overlap. `gapless`: nor do those of one licence type and prefix leave a day out.

    Raises TableFault, with every fault.
    """

    name: str
    rows: tuple[Row[Value], ...] = ()
    gapless: bool = False
    _rows: Mapping[tuple[LicenceType, str], tuple[Row[Value], ...]] = field(init=False, repr=False)
    _lengths: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found: defaultdict[tuple[LicenceType, str], list[Row[Value]]] = defaultdict(list)
        for row in self.rows:
            found[row.licence_type, row.prefix].append(row)
        ordered = {key: tuple(sorted(rows, key=lambda row: row.period.first)) for key, rows in found.items()}
        object.__setattr__(self, "_rows", ordered)
        lengths = sorted({len(prefix) for _, prefix in ordered}, reverse=True)
        object.__setattr__(self, "_lengths", tuple(lengths))
        if faults := list(self._faults()):
            raise TableFault("\n".join(faults))

    def row(self, licence_type: LicenceType, text: str, day: date) -> Row[Value] | None:
        """The row that holds on `day` for the longest beginning of `text`; None if there is none."""
        for length in self._lengths:
            # Of a text that is shorter than that it is the whole: its longest beginning.
            for row in self._rows.get((licence_type, text[:length]), ()):
                if day in row.period:
                    return row
        return None

    def value(self, licence_type: LicenceType, text: str, day: date, default: Value) -> Value:
        """The value of that row, or `default`."""
        row = self.row(licence_type, text, day)
        return default if row is None else row.value

    def speaks_of(self, licence_type: LicenceType, day: date) -> bool:
        """Whether any row is about this licence type on that day."""
        return any(row.licence_type is licence_type and day in row.period for row in self.rows)

    def _faults(self) -> Iterator[str]:
        for (licence_type, prefix), rows in self._rows.items():
            what = f"{self.name}: {licence_type} {prefix or '(all)'}"
            for row in rows:
                if row.period.last is not None and row.period.last < row.period.first:
                    yield f"{what}: the period {row.period} ends before it begins"
            for earlier, later in pairwise(rows):
                if earlier.period.last is None or later.period.first <= earlier.period.last:
                    yield f"{what}: the periods {earlier.period} and {later.period} overlap"
                elif self.gapless and later.period.first > earlier.period.last + _DAY:
                    yield f"{what}: nothing is said between {earlier.period} and {later.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawTables:
    """Every value that changes by announcement.

    `caps`: declarations on a multi-use licence, and `validity`: the longest validity, both for every type
    and day. `tolerances`: over-shipment in per cent, of the goods that are bulk goods (大宗散装); what is not
    in it is not bulk. `multi_use`: goods, and `multi_use_trades`: trade modes, that may have multi-use
    licences; a type that neither speaks of may use both modes for everything. `unified_operation`: goods
    under unified operation (国家组织统一联合经营). `electronic_scope`: what electronic licences are announced
    for. `textile_quota`: textiles under quota. `collection`: how long licences of a type and medium wait to
    be collected; what is not in it is not collected. `calendar`: the working days.
    """

    caps: DatedTable[int]
    validity: DatedTable[Term]
    tolerances: DatedTable[int]
    multi_use: DatedTable[bool]
    multi_use_trades: DatedTable[bool]
    unified_operation: DatedTable[bool]
    electronic_scope: DatedTable[bool]
    textile_quota: DatedTable[bool]
    collection: DatedTable[WorkingDayPeriod | MonthPeriod]
    calendar: WorkingDays

    def __post_init__(self) -> None:
        faults = [*_unsaid(self.caps), *_unsaid(self.validity)]
        if faults:
            raise TableFault("\n".join(faults))


def _unsaid(table: DatedTable[Any]) -> Iterator[str]:
    """What a gapless table leaves unsaid at its ends."""
    for licence_type in LicenceType:
        if table.row(licence_type, "", BEGINNING) is None:
            yield f"{table.name}: {licence_type} (all): nothing is said on {BEGINNING}"
        if table.row(licence_type, "", date.max) is None:
            yield f"{table.name}: {licence_type} (all): the last period has an end"

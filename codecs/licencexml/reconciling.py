"""A day's report in parts: split into messages within the schema's bounds, and put together again.

A report is known by its sender, its business date and its as-of time; its parts by their numbers. A part that
comes twice counts once. Both sides use this, so that both split and count alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from licencexml.header import Header
from licencexml.standing import LicenceFigures, Reconciliation, ReconciliationTotals, Transfer

#: How many entries of each list a message holds, and a whole report (the schema's own bounds).
MAX_TRANSFERS = 500
MAX_LICENCES = 250
MAX_COUNT = 999_999

_Entry = TypeVar("_Entry")


def split(
    header_for_part: Callable[[int], Header],
    business_date: date,
    as_of: datetime,
    transfers: Sequence[Transfer],
    licences: Sequence[LicenceFigures],
) -> list[Reconciliation]:
    """The report as messages, in order; one that holds nothing if there is nothing to report.

    `header_for_part` is asked once for each part number, from 1 upwards. Raises ValueError if there is more
    than a report can count, or if something stands in it twice.
    """
    day = ReconciliationTotals(len(transfers), len(licences))
    if max(day.transfers, day.licences) > MAX_COUNT:
        raise ValueError(f"a report counts to {MAX_COUNT}: {day}")
    if again := _repeated(transfers, licences):
        raise ValueError(f"in the report twice: {', '.join(again)}")
    count = max(1, _parts(day.transfers, MAX_TRANSFERS), _parts(day.licences, MAX_LICENCES))
    parts = []
    for number in range(1, count + 1):
        sent = tuple(_slice(transfers, number, MAX_TRANSFERS))
        used = tuple(_slice(licences, number, MAX_LICENCES))
        part = ReconciliationTotals(len(sent), len(used))
        header = header_for_part(number)
        parts.append(
            Reconciliation(header, business_date, as_of, number, count, day, part, sent, used),
        )
    return parts


class Contradiction(StrEnum):
    """How parts of one report can disagree; each by itself may be in order."""

    PART_COUNT = "PART_COUNT"
    """They state different numbers of parts."""
    DAY_TOTALS = "DAY_TOTALS"
    """They state different totals of the day."""
    PART_TWICE = "PART_TWICE"
    """Two contents under one part number."""
    ENTRY_TWICE = "ENTRY_TWICE"
    """A transfer or a licence in more than one part."""
    SUM = "SUM"
    """All parts are there, and do not come to the totals of the day."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What is there of one report, in the order of its parts.

    `first` is the header of part 1, whose MessageID an answer names, once it is there. `missing` are the
    numbers of the parts that are not; `contradictions` is empty where the parts agree.
    """

    business_date: date
    as_of: datetime
    first: Header | None
    missing: tuple[int, ...]
    contradictions: tuple[Contradiction, ...]
    transfers: tuple[Transfer, ...]
    licences: tuple[LicenceFigures, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every part is there."""
        return not self.missing

    @property
    def is_sound(self) -> bool:
        """Whether every part is there, and they agree."""
        return self.is_whole and not self.contradictions


def join(parts: Iterable[Reconciliation]) -> Collected:
    """One report from its parts, in any order, some perhaps twice, some perhaps not there yet.

    There is at least one, and all have one sender, business date and as-of time. Of two contents under one
    part number the message created earliest, then that of the lowest MessageID, is read.
    """
    came = sorted(parts, key=lambda one: (one.part_number, one.header.created, one.header.message_id))
    assert came, "a report has a part"
    assert len({_report(one) for one in came}) == 1, "these are parts of several reports"
    by_number: dict[int, Reconciliation] = {}
    for one in came:
        by_number.setdefault(one.part_number, one)
    held = list(by_number.values())
    count = max(max(one.part_count, one.part_number) for one in came)
    missing = tuple(number for number in range(1, count + 1) if number not in by_number)
    return Collected(
        business_date=held[0].business_date,
        as_of=held[0].as_of,
        first=by_number[1].header if 1 in by_number else None,
        missing=missing,
        contradictions=tuple(_contradictions(came, held, whole=not missing)),
        transfers=tuple(transfer for one in held for transfer in one.transfers),
        licences=tuple(figures for one in held for figures in one.licences),
    )


def _report(part: Reconciliation) -> tuple[str, date, datetime]:
    return part.header.sender, part.business_date, part.as_of


def _contradictions(
    came: Sequence[Reconciliation], held: Sequence[Reconciliation], *, whole: bool
) -> Iterable[Contradiction]:
    if len({one.part_count for one in came}) > 1:
        yield Contradiction.PART_COUNT
    if len({one.day for one in came}) > 1:
        yield Contradiction.DAY_TOTALS
    if len({(one.part_number, _content(one)) for one in came}) > len(held):
        yield Contradiction.PART_TWICE
    transfers = [transfer for one in held for transfer in one.transfers]
    licences = [figures for one in held for figures in one.licences]
    if _repeated(transfers, licences):
        yield Contradiction.ENTRY_TWICE
    found = ReconciliationTotals(len(transfers), len(licences))
    if whole and any(one.day != found for one in held):
        yield Contradiction.SUM


def _content(part: Reconciliation) -> Reconciliation:
    """All but what tells one message from another."""
    return replace(part, header=Header("", part.header.sender, "", part.as_of))


def _repeated(transfers: Iterable[Transfer], licences: Iterable[LicenceFigures]) -> list[str]:
    known = Counter([one.message_id for one in transfers])
    known_licences = Counter([one.licence for one in licences])
    return [
        *(message_id for message_id, times in known.items() if times > 1),
        *(str(licence) for licence, times in known_licences.items() if times > 1),
    ]


def _parts(entries: int, most: int) -> int:
    return -(-entries // most)


def _slice(entries: Sequence[_Entry], number: int, most: int) -> Sequence[_Entry]:
    return entries[(number - 1) * most : number * most]

"""The page of the law, made from the rulebooks, the shipped tables and the options of `[law]`.

python -m gateway.cli.law_page > docs/law.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from gateway.cli import life_diagram
from gateway.config import LawConfig
from gateway.config.tables import load_tables, shipped_tables
from gateway.licences import settlement
from gateway.licences.calendar import WorkingDays
from gateway.licences.catalogue import BOOKS
from gateway.licences.tables import DatedTable

_INTRODUCTION = """\
# The law of the gateway 本网关执行的规则

Made from the rules by `python -m gateway.cli.law_page > docs/law.md`; do not edit. `gatewayd law list` and
`gatewayd law show CODE` tell the same. "configured" means: no text that we could read lays this down; it is
an option or a table below, with a stated default. What stands in `{braces}` is filled in with the facts.
"""
_TABLES = """\
## Dated tables 按日期生效的表

Values that change by announcement. A row holds from its first day to its last, both included; of several
that fit, the one with the longest beginning of the goods code (or trade mode) wins. A licence keeps what
holds on its licence date. Operators put their own folder in `tables` of `[law]`.
"""
_CALENDAR = """\
### `calendar.toml`

Working days (工作日): what stands in this table goes before the library chinesecalendar, which knows the
years that were announced when it was made. A period of working days that runs into a year of which neither
knows anything is not guessed. Other periods (次日, 每日, months) are of calendar days.
"""
_OPTIONS_INTRODUCTION = "## Options of `[law]` 选项\n"

#: What each option of `[law]` decides.
OPTIONS = MappingProxyType(
    {
        "tables": "The folder of the dated tables; none: the shipped ones",
        "port_match": 'Clearance port: "exact" code, or "district": its first two digits',
        "release_ahead_seconds": "How far after our own clock a release may be dated",
        "replacement_needs_reconciliation": (
            "A licence that customs has is replaced or revoked only after its use stood still and the figures"
            " agreed"
        ),
        "count_restored_on_withdrawal": (
            "A declaration that is withdrawn whole (退关) no longer counts against the cap"
        ),
    }
)


def page() -> str:
    """`docs/law.md`, whole."""
    return "\n".join([_INTRODUCTION, *_order(), *life_diagram.section(), *_rules(), *_options(), *_tables()])


def _order() -> Iterator[str]:
    yield "## The order of the decision about a write-off 核销判定顺序\n"
    _, _, order = (settlement.__doc__ or "").partition("The order of the decision:\n\n")
    yield order


def _rules() -> Iterator[str]:
    for book in BOOKS:
        yield f"## Rules: {book.theme}\n"
        for rule in book.rules:
            reason = rule.reason
            yield f"### `{reason.code}`\n"
            yield f"{rule.checks}\n"
            yield f"- article 依据: {reason.article}"
            yield f"- {_text(reason.zh)}"
            yield f"- {_text(reason.en)}"
            yield f"- remedy 处理办法: {_text(reason.remedy)}\n"


def _options() -> Iterator[str]:
    yield _OPTIONS_INTRODUCTION
    yield from _head("option", "default", "what it decides")
    for name, field in LawConfig.model_fields.items():
        default = "–" if field.default is None else f"`{field.default}`"
        yield _row((f"`{name}`", default, OPTIONS[name]))
    yield ""


def _tables() -> Iterator[str]:
    yield _TABLES
    tables = load_tables(shipped_tables())
    for field in fields(tables):
        value = getattr(tables, field.name)
        if isinstance(value, DatedTable):
            yield from _table(value)
    yield from _calendar(tables.calendar)


def _table(table: DatedTable[Any]) -> Iterator[str]:
    yield f"### `{Path(table.name).name}`\n"
    yield from _head("type", "beginning with", "value", "from", "to", "source")
    for row in table.rows:
        period = (row.period.first, row.period.last or "–")
        value = {True: "yes", False: "no"}[row.value] if isinstance(row.value, bool) else row.value
        yield _row(map(str, (row.licence_type, row.prefix or "(all)", value, *period, row.source)))
    yield ""


def _calendar(calendar: WorkingDays) -> Iterator[str]:
    yield _CALENDAR
    yield from _head("year", "days off", "days worked", "complete", "source")
    for year in calendar.announced:
        days = (", ".join(map(str, sorted(some))) or "–" for some in (year.days_off, year.days_worked))
        yield _row((str(year.year), *days, "yes" if year.complete else "no", year.source))
    yield ""


def _head(*names: str) -> Iterator[str]:
    yield _row(names)
    yield _row("---" for _ in names)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_text(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _text(text: str) -> str:
    return text.replace("<", "&lt;")


if __name__ == "__main__":
    click.echo(page(), nl=False)

"""Answers on paper: colour and tables on a terminal, aligned plain lines elsewhere, JSON when asked for.

On a terminal nothing is cut off: a table that is too wide for it is shown row by row, a line a value.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich import cells
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text as RichText

from gateway.cli.blocks import NOTHING, Block, Facts, Table, Text, blocks
from gateway.cli.fitting import GAP_COLUMNS, fitting

_STYLES = {
    "green": ("yes", "up", "ready", "in session", "accepted", "delivered", "genuine", "received", "sealed"),
    "yellow": ("held", "due", "waiting", "calling", "listening", "repeated", "part used", "open"),
    "red": ("no", "down", "refused", "corrupt", "conflict", "customs refused", "not genuine", "failed"),
}
_STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}


def show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Write `answer` to standard output."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=str))
    elif sys.stdout.isatty():
        _show_rich(blocks(answer))
    else:
        click.echo("\n\n".join(_plain(block) for block in blocks(answer)))


def show_line(item: Mapping[str, Any]) -> None:
    """Write one item of a stream to standard output as a line of JSON."""
    click.echo(json.dumps(item, ensure_ascii=False, default=str))


def _show_rich(shown: Iterable[Block]) -> None:
    console = Console(highlight=False, soft_wrap=False)
    for block in shown:
        if block.title:
            console.print(RichText(block.title, style="bold"))
        match block:
            case Facts():
                console.print(_facts(block.pairs))
            case Table(rows=()):
                console.print(RichText("  none", style="dim"))
            case Table():
                widths = fitting(block, console.width)
                if widths:
                    console.print(_table(block, widths))
                else:
                    _show_records(block, console)
            case Text():
                console.print(RichText("\n".join(block.lines)))
        console.print()


def _facts(pairs: Iterable[tuple[str, str]]) -> RichTable:
    table = RichTable(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(RichText(name), _styled(value))
    return table


def _table(block: Table, widths: Sequence[int]) -> RichTable:
    table = RichTable(box=None, pad_edge=False, padding=(0, GAP_COLUMNS, 0, 0), header_style="bold cyan")
    for name, width in zip(block.columns, widths, strict=True):
        table.add_column(RichText(name), overflow="fold", width=width)
    for row in block.rows:
        table.add_row(*(_styled(value) for value in row))
    return table


def _show_records(block: Table, console: Console) -> None:
    """Each row as facts, without what it does not have."""
    for number, row in enumerate(block.rows):
        if number:
            console.print()
        console.print(_facts(pair for pair in zip(block.columns, row, strict=True) if pair[1] != NOTHING))


def _styled(value: str) -> RichText:
    return RichText(value, style=_STYLE_OF.get(value.lower().replace("_", " "), ""))


def _plain(block: Block) -> str:
    match block:
        case Facts():
            lines = _aligned([(f"{name}:", value) for name, value in block.pairs])
        case Table(rows=()):
            lines = ["none"]
        case Table():
            lines = _aligned([tuple(name.upper() for name in block.columns), *block.rows])
        case Text():
            lines = list(block.lines)
    return "\n".join([f"{block.title}:", *lines] if block.title else lines)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side, two spaces apart; a Chinese character is two columns wide."""
    widths = [max(map(cells.cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            value + " " * (width - cells.cell_len(value)) for value, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]

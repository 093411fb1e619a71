"""How wide each column of a table is on a terminal, so that nothing in it is cut off."""

from __future__ import annotations

from rich.cells import cell_len

from gateway.cli.blocks import Table

GAP_COLUMNS = 2
#: A longer text may be broken, but not into narrower lines than this.
_TEXT_COLUMNS = 18


def fitting(table: Table, room: int) -> list[int] | None:
    """The width of each column where the table has `room`; None if it needs more.

    Texts are broken to make it fit, the one with most to spare first; numbers, codes and identities never.
    """
    columns = list(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    widths = [max(map(cell_len, (name, *values))) for name, values in columns]
    needs = [max(_longest_word(name), *map(_need, values)) for name, values in columns]
    excess = sum(widths) + GAP_COLUMNS * (len(widths) - 1) - room
    if excess > sum(widths) - sum(needs):
        return None
    for _ in range(excess):
        spare = [width - need for width, need in zip(widths, needs, strict=True)]
        widths[spare.index(max(spare))] -= 1
    return widths


def _need(value: str) -> int:
    length = cell_len(value)
    if not value.isascii():
        return min(length, _TEXT_COLUMNS)
    return _longest_word(value) if length <= 2 * _TEXT_COLUMNS else max(_longest_word(value), _TEXT_COLUMNS)


def _longest_word(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=1)

"""The generated part of docs/performance.md: the tables of the last run, between two markers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import summary

START = "<!-- from here to the end marker: written by make bench -->"
END = "<!-- end of what make bench wrote -->"


def refresh(path: Path, found: dict[str, Any]) -> None:
    """Put what was found into the page at `path`."""
    path.write_text(with_generated(path.read_text(encoding="utf-8"), written(found)), encoding="utf-8")


def with_generated(page: str, part: str) -> str:
    """`page` with `part` between its markers."""
    before, _, rest = page.partition(START)
    _, marker, after = rest.partition(END)
    assert marker, "the page has both markers"
    return f"{before}{START}\n{part}{END}{after}"


def written(found: dict[str, Any]) -> str:
    """All tables of a run, in Markdown."""
    machine = found["machine"]
    parts = [
        f"Measured on {found['when']}: {machine['cores']} cores of {machine['processor']},"
        f" {machine['memory']} of memory, {machine['kernel']}, {found['file_system']},"
        f" Python {machine['python']}, {machine['openssl']}, SQLite {machine['sqlite']},"
        f" lxml {machine['lxml']}, cryptography {machine['cryptography']}."
        f" Load average before: {machine['load_average']}."
        + (f" {found['note']}" if found["note"] else "")
        + (" A short run (`QUICK=1`)." if found["quick"] else ""),
        "### Targets",
        _table(("what", "wanted", "found", "verdict"), summary.judged(found)),
        "### Loads",
        _table(summary.LOAD_HEADINGS, summary.loads(found)),
        "### What else was measured",
        _table(("what", "found"), summary.others(found)),
    ]
    if stages := summary.stages(found):
        rows = [(name, f"{value:,.0f}") for name, value in stages.items()]
        parts += ["### By stage (P-256, one goods line, one worker)", _table(("stage", "µs a licence"), rows)]
    if found["left_out"]:
        parts += ["Left out:", "\n".join(f"- {one}" for one in found["left_out"])]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])

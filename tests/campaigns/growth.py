"""What looking and deciding cost as the ledger grows: from ten thousand licences to a million.

    make growth [LICENCES=1000000]

The ledger is filled by copying one licence that was issued, sealed, received and written off in part, row by
row, so that every index has its size. Then, at each size, medians of: showing a licence with 12 declarations
and 20 goods lines (with what SQLite has read before, and in a connection that has read nothing), and of one
batch each of licences accepted and of write-offs settled. All in this process; nothing else should run.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.ledger import book, looking
from gateway.ledger.store import Ledger
from tests.ledger.makers import FakeClock, answer_received, clearance_received, issue_received, now, sealed
from tests.licences.makers import POLICY, drawn, goods, key, licence, write_off

SIZES = (10_000, 100_000, 1_000_000)
DECLARATIONS, LINES = 12, 20
BATCH = 64
REPEATS = 15
CHUNK = 50_000
#: The target: what showing the largest licence may take in the largest ledger.
SHOWN_WITHIN_SECONDS = 0.05

#: The licence that everyone looks at, and the one that is copied.
SHOWN, COPIED = key(900_001), key(900_002)
#: Tables of which a licence has rows, and the columns that differ from copy to copy.
_COPIED = {
    "message": ("message_id", "licence_no"),
    "entry": ("message_id", "licence_no"),
    "licence": ("issue_message_id", "licence_no"),
    "licence_line": ("licence_no",),
    "clearance": ("message_id", "licence_no"),
    "declaration_use": ("licence_no",),
    "write_off_line": ("message_id", "licence_no"),
}


def main() -> int:
    """Measure at each size; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--licences", type=int, default=max(SIZES))
    options = parser.parse_args()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    try:
        rows = _measure_all(folder / "ledger.sqlite3", options.licences, console)
    finally:
        shutil.rmtree(folder)
    names = list(rows[0])
    table = Table(*names)
    for row in rows:
        table.add_row(*(str(row[name]) for name in names))
    console.print(table)
    worst = max(float(str(row["shown cold, ms"])) for row in rows) / 1000
    console.print(
        f"the slowest showing took {worst * 1000:.1f} ms; allowed {SHOWN_WITHIN_SECONDS * 1000:g} ms"
    )
    return 0 if worst <= SHOWN_WITHIN_SECONDS else 1


def _measure_all(path: Path, most: int, console: Console) -> list[dict[str, Any]]:
    ledger = Ledger.open(path, clock=FakeClock())
    _issue(ledger, SHOWN, DECLARATIONS, LINES)
    _issue(ledger, COPIED, 2, 1)
    now(ledger.close())
    rows, filled = [], 0
    with Progress(console=console) as progress:
        task = progress.add_task("copying licences", total=most)
        for size in [*(size for size in SIZES if size < most), most]:
            while filled < size:
                count = min(CHUNK, size - filled)
                _copy(path, filled, count)
                filled += count
                progress.update(task, completed=filled)
            rows.append({"licences": f"{size:,}", **_measure(path, size)})
    return rows


def _issue(ledger: Ledger, which: Any, declarations: int, lines: int) -> None:
    """One licence, all the way to customs and back."""
    number = which.number
    wanted = [goods(line, "1000") for line in range(1, lines + 1)]
    _do(ledger, book.accept_issues, [issue_received(licence(which, *wanted), f"i-{number}")], POLICY)
    _do(ledger, book.record_seals, [sealed(which, f"s-{number}", f"i-{number}")])
    _do(ledger, book.record_customs_answers, [answer_received(f"s-{number}", f"a-{number}")])
    for declaration in range(1, declarations + 1):
        drawing = [drawn("1", line_number=line, licence_line=line) for line in range(1, lines + 1)]
        message = write_off(
            *drawing, declaration=declaration, licence_key=which, message_id=f"w-{number}-{declaration}"
        )
        _do(ledger, book.record_clearances, [clearance_received(message)], POLICY)


def _do(ledger: Ledger, work: Callable[..., Any], *arguments: Any) -> Any:
    return now(ledger.submit(lambda uow: work(uow, *arguments)))


def _copy(path: Path, first: int, count: int) -> None:
    """Copies number `first` and on: the same rows under other numbers."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-400000")
    with connection:
        for name, own in _COPIED.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            wanted = [column for column in columns if column not in {"id", "seq"}]
            said = ", ".join(_value(column) if column in own else column for column in wanted)
            connection.execute(
                f"WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
                f"INSERT INTO {name} ({', '.join(wanted)}) SELECT {said} FROM n CROSS JOIN {name}"
                " WHERE licence_type = ? AND licence_no = ?",
                (first, first + count, COPIED.type.value, COPIED.number),
            )
    connection.close()


def _value(column: str) -> str:
    if column == "licence_no":
        return "'26-ZZ-' || printf('%06X', i)"
    return f"{column} || '-' || i"


def _measure(path: Path, size: int) -> dict[str, Any]:
    ledger = Ledger.open(path, clock=FakeClock())
    warm = _time(lambda _: now(ledger.read(lambda connection: looking.show_licence(connection, SHOWN))))
    accepted = _time(lambda number: _accept(ledger, size, number))
    settled = _time(lambda number: _settle(ledger, size, number))
    now(ledger.close())
    return {
        "shown, ms": f"{warm * 1000:.1f}",
        "shown cold, ms": f"{median(_cold(path) for _ in range(REPEATS)) * 1000:.1f}",
        f"{BATCH} accepted, ms": f"{accepted * 1000:.1f}",
        f"{BATCH} settled, ms": f"{settled * 1000:.1f}",
        "ledger, MiB": f"{path.stat().st_size / 2**20:,.0f}",
    }


def _cold(path: Path) -> float:
    """How long the first showing takes after a start."""
    ledger = Ledger.open(path, clock=FakeClock())
    began = time.perf_counter()
    now(ledger.read(lambda connection: looking.show_licence(connection, SHOWN)))
    taken = time.perf_counter() - began
    now(ledger.close())
    return taken


def _numbers(size: int, number: int) -> list[Any]:
    start = size % 899_000 + number * BATCH
    return [key(start + index) for index in range(BATCH)]


def _accept(ledger: Ledger, size: int, number: int) -> None:
    batch = [issue_received(licence(one), f"i-{size}-{one.number}") for one in _numbers(size, number)]
    _do(ledger, book.accept_issues, batch, POLICY)
    _do(ledger, book.record_seals, [sealed(one.issue.licence.key, f"s-{one.source}") for one in batch])


def _settle(ledger: Ledger, size: int, number: int) -> None:
    batch = [
        clearance_received(write_off(licence_key=one, message_id=f"w-{size}-{one.number}"))
        for one in _numbers(size, number)
    ]
    _do(ledger, book.record_clearances, batch, POLICY)


def _time(work: Callable[[int], Any]) -> float:
    """The median of several runs, in seconds."""
    taken = []
    for number in range(REPEATS):
        began = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - began)
    return median(taken)


if __name__ == "__main__":
    sys.exit(main())

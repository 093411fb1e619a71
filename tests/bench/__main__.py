"""What a licence costs: the real system under load, its floor and its peers, all in one run.

    make bench [QUICK=1] [JSON=FILE] [PAGE=1] [ON=FOLDER] [ONLY="load backlog …"] [MINUTES=45] [NOTE=TEXT]

Tells a table of targets at the end; with PAGE=1 it also refreshes docs/performance.md and its picture.
Instances are made below ON, a folder on the disk that is to be measured, else where temporary files go.
See docs/performance.md for how to read it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.clock import business_date, system_clock
from tests.bench import machine, page, picture, summary
from tests.bench.campaign import STEPS, Campaign
from tests.bench.environment import Environment
from tests.bench.plan import FULL, QUICK

_TOP = Path(__file__).resolve().parents[2]
_ENVIRONMENT = _TOP / "build" / "bench-environment"
#: Columns of the tables where no terminal says how wide it is.
_WIDE = 150
_PAGE, _PICTURE = _TOP / "docs" / "performance.md", _TOP / "docs" / "performance.svg"


def main() -> int:
    """Run it; 0 if all that was measured did all its work, whatever the targets say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two minutes")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    parser.add_argument("--page", action="store_true", help="refresh docs/performance.md and its picture")
    parser.add_argument("--on", type=Path, help="a folder on the disk that is to be measured")
    parser.add_argument("--only", nargs="+", choices=STEPS, default=(), help="these measurements alone")
    parser.add_argument("--minutes", type=float, help="what has not begun after so long is left out")
    parser.add_argument("--note", default="", help="what else must be known of the machine, for the page")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    if options.minutes is not None:
        plan = replace(plan, minutes=options.minutes)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=options.on))
    frame = {
        "quick": options.quick,
        "when": business_date(system_clock()).isoformat(),
        "file_system": machine.file_system(folder),
        "note": options.note,
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            found = Campaign(plan, folder, Environment(_ENVIRONMENT), progress).run(
                options.only, lambda found: _keep(found | frame, options.json)
            )
        found |= frame
    finally:
        shutil.rmtree(folder)
    _tell(found, console)
    if options.page:
        page.refresh(_PAGE, found)
        _PICTURE.write_text(picture.drawn(found), encoding="utf-8")
    return 0


def _keep(found: dict[str, Any], path: Path | None) -> None:
    """After each step, so that a run that is broken off leaves what it found."""
    if path is not None:
        path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _tell(found: dict[str, Any], console: Console) -> None:
    for headings, rows in (
        (summary.LOAD_HEADINGS, summary.loads(found)),
        (("what", "found"), summary.others(found)),
        (("target", "wanted", "found", "verdict"), summary.judged(found)),
    ):
        table = Table(*headings)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for one in found["left_out"]:
        console.print(f"left out: {one}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())

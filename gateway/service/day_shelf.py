"""Where the reports of days are put as files: `state/reports/DATE.json`, `.csv` and `.xml`.

Those of customs offices beside the centre are `DATE.PARTNER.json` and so on.
"""

from __future__ import annotations

import codecs
import json
import os
from datetime import date
from pathlib import Path

from gateway.exchange.day_files import WRITERS
from gateway.service.directory import Directory


class DayShelf:
    """A folder of reports, each file written whole or not at all."""

    def __init__(self, folder: Path, directory: Directory, centre: str) -> None:
        self._folder = folder
        self._directory = directory
        self._centre = centre

    def path(self, day: date, partner: str, kind: str) -> Path:
        """The file of `day` with `partner` in the format `kind` ("json", "csv", "xml")."""
        name = day.isoformat() if partner == self._centre else f"{day.isoformat()}.{partner}"
        return self._folder / f"{name}.{kind}"

    def put(self, day: date, partner: str, content: bytes) -> None:
        """Write a day's report (JSON as the ledger has it) in every format; blocks on the disk."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        report = json.loads(content) | {"contacts": self._directory.of_all()}
        for kind, write in WRITERS.items():
            # Spreadsheets take a file for UTF-8 if it says so at its beginning.
            mark = codecs.BOM_UTF8 if kind == "csv" else b""
            self._write(self.path(day, partner, kind), mark + write(report))
        self._sync_folder()

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.tmp")
        with temporary.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

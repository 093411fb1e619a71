"""The log file: appended to, found again after a rotation by rename, and never a cause of failure."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from pydantic_core import to_json

from gateway.operations.records import Record


class LogFile:
    """One JSON object a line in the file at `path`.

    When the file was renamed or removed, the next record goes to a new one of the old name. While it cannot
    be written (disk full, folder gone) records are dropped and counted, and the count is told afterwards.
    Usable from any thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # The collector may find something to tell of while a line is being written.
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        self._opened = (0, 0)
        self._is_torn = False
        self.dropped = 0

    def write(self, *records: Record) -> None:
        """Append these together; never raises."""
        with self._lock:
            try:
                if self.dropped:
                    self._append(_line(self._told_as_dropped(records[0])))
                    self.dropped = 0
                self._append(b"".join([_line(record) for record in records]))
            except _Cut as cut:
                self.dropped += len(records) - cut.whole_lines
                self._close()
            except (OSError, MemoryError):
                self.dropped += len(records)
                self._close()

    def reopen(self) -> None:
        """Let go of the file; the next record opens it anew by its name."""
        with self._lock:
            self._close()

    close = reopen

    def _append(self, lines: bytes) -> None:
        if self._descriptor is None or self._was_renamed():
            self._close()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o640)
            opened = _identity(os.fstat(self._descriptor))
            self._is_torn &= opened == self._opened
            self._opened = opened
        if self._is_torn:
            self._is_torn = not os.write(self._descriptor, b"\n")
        written = os.write(self._descriptor, lines)
        self._is_torn = written > 0 and not lines[:written].endswith(b"\n")
        if written != len(lines):
            raise _Cut(lines[:written].count(b"\n"))

    def _was_renamed(self) -> bool:
        try:
            return _identity(os.stat(self._path)) != self._opened  # noqa: PTH116 - with each line: it is cheaper
        except FileNotFoundError:
            return True

    def _told_as_dropped(self, record: Record) -> Record:
        head = {name: record[name] for name in ("time", "business_time")}
        told = f"{self.dropped} log records could not be written and were dropped"
        return head | {"level": "error", "source": "gateway.operations.log", "event": told}

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _Cut(Exception):
    """Of several lines so many were written whole, and the next in part or not at all."""

    def __init__(self, whole_lines: int) -> None:
        super().__init__(whole_lines)
        self.whole_lines = whole_lines


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _line(record: Record) -> bytes:
    return to_json(record) + b"\n"

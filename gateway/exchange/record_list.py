"""The list of the records of a received file, beside it: where they end, so that a restart is exact."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BufferedRandom
from pathlib import Path

from oftp2.records import lengths_between, read, written

_SUFFIX = ".records"


def list_beside(path: Path) -> Path:
    """Where the list of the file at `path` is, if it has records."""
    return path.with_name(path.name + _SUFFIX)


def kept_records(path: Path) -> list[int]:
    """The lengths in the list of the file at `path`; none when there is no list, or none that can be read."""
    try:
        return read(list_beside(path).read_bytes())
    except (FileNotFoundError, ValueError):
        return []


class RecordList:
    """Writes the list of one incoming file (`oftp2.records`), after the records that are kept of it.

    A record costs a line, whatever it holds: beyond `max_bytes` of lines nothing is kept, and `is_full`.
    """

    def __init__(self, path: Path, kept: Sequence[int], *, max_bytes: int) -> None:
        """`path` is the file's own; `kept` is where its list begins, and what follows there is given up."""
        self._size_bytes = len(written(kept))
        self._max_bytes = max_bytes
        self._end = sum(kept)
        self._file = open_at(list_beside(path), self._size_bytes)

    @property
    def end(self) -> int:
        """Where in the file the last whole record ends."""
        return self._end

    @property
    def is_full(self) -> bool:
        """Whether there were too many records."""
        return self._size_bytes > self._max_bytes

    def add(self, ends: Sequence[int]) -> None:
        """Records that end at these offsets in the file; OSError."""
        lines = written(lengths_between(self._end, ends))
        self._size_bytes += len(lines)
        if ends and not self.is_full:
            self._file.write(lines)
            self._end = ends[-1]

    def flush_and_sync(self) -> None:
        """What was added is on disk; OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more is added."""
        self._file.close()


def open_at(path: Path, position_bytes: int) -> BufferedRandom:
    """The file at `path`, made if need be, to be written on from there; OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    file = path.open("r+b")
    file.truncate(position_bytes)
    file.seek(position_bytes)
    return file

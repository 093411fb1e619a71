"""A folder of received files: names that are safe and never overwritten, parts that wait for a restart."""

from __future__ import annotations

import os
from io import BufferedWriter
from pathlib import Path

from oftp2 import events as e
from oftp2.commands import BLOCK_BYTES
from oftp2.identity import FileIdentity
from oftp2.records import held, lengths_between, read, written

_PART = ".part"
#: The list of the lengths of records (`oftp2.records`), beside a file that has some.
_LIST = ".records"
#: What a name may hold on the line and not in a folder; neither stand-in may be in a name itself.
_STAND_INS = str.maketrans({"/": "_", " ": "+"})


def file_name(identity: FileIdentity) -> str:
    """One name for each identity: it begins with a digit, and has no separator of folders in it."""
    parts = (
        identity.date + identity.time,
        identity.dataset_name,
        identity.originator,
        identity.destination,
    )
    return ",".join(parts).translate(_STAND_INS)


class Arrival:
    """A file on its way in, appended to `part`; the lengths of its records, if it has some, go to a list."""

    def __init__(self, part: Path, final: Path, offer: e.StartFileIndication) -> None:
        self.identity = offer.identity
        self._part = part
        self._final = final
        self._fault: OSError | None = None
        self.restart, self.size_bytes = 0, 0
        held_bytes = part.stat().st_size if part.exists() else 0
        lengths: list[int] = []
        self._list: BufferedWriter | None = None
        if offer.is_structured:
            lengths = _read_list(_list_of(part))
            self.restart, self.size_bytes = held(lengths, held_bytes, offer.sfid.restart)
            self._list = _list_of(part).open("wb")
            self._list.write(written(lengths[: self.restart]))
        else:
            _list_of(part).unlink(missing_ok=True)
            self.restart = min(held_bytes // BLOCK_BYTES, offer.sfid.restart)
            self.size_bytes = self.restart * BLOCK_BYTES
        self.record_count = self.restart
        self._record_start = self.size_bytes
        self._file = part.open("ab")
        self._file.truncate(self.size_bytes)

    def write(self, data: bytes, record_ends: tuple[int, ...] = ()) -> None:
        """Append; a failure is told by `keep`. `record_ends` are offsets in `data`."""
        before = self.size_bytes
        self.size_bytes += len(data)
        try:
            self._file.write(data)
            self._end_records([before + end for end in record_ends])
        except OSError as error:
            self._fault = self._fault or error

    def keep(self) -> Path:
        """The whole file under its name, on disk; OSError when that cannot be, or the name is taken."""
        with self._file:
            if self._fault is not None:
                raise self._fault
            if self.size_bytes > self._record_start:
                # The end of the last record was not marked.
                self._end_records([self.size_bytes])
            _flush(self._file)
        # The list first: a file that is there has its list.
        if self._list is not None:
            with self._list:
                _flush(self._list)
            _list_of(self._final).unlink(missing_ok=True)
            _move(_list_of(self._part), _list_of(self._final))
        _move(self._part, self._final)
        _sync(self._final.parent)
        return self._final

    def abandon(self) -> None:
        """Leave what came for a restart."""
        self._file.close()
        if self._list is not None:
            self._list.close()

    def discard(self) -> None:
        """Forget what came: it is not what it should be."""
        self.abandon()
        self._part.unlink()
        _list_of(self._part).unlink(missing_ok=True)

    def _end_records(self, ends: list[int]) -> None:
        if self._list is not None and ends:
            self._list.write(written(lengths_between(self._record_start, ends)))
            self._record_start = ends[-1]
            self.record_count += len(ends)


class Folder:
    """Where files go; OSError when it cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def has(self, identity: FileIdentity) -> bool:
        """Whether the file is here, whole."""
        return os.path.lexists(self._path / file_name(identity))

    def open(self, offer: e.StartFileIndication) -> Arrival:
        """Take the file from the last whole block or record that is here, or from where it is offered."""
        final = self._path / file_name(offer.identity)
        return Arrival(final.with_name(final.name + _PART), final, offer)


def _list_of(path: Path) -> Path:
    return path.with_name(path.name + _LIST)


def _read_list(path: Path) -> list[int]:
    try:
        return read(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return []


def _move(source: Path, target: Path) -> None:
    # A link, for a renaming would replace what is there.
    os.link(source, target)
    source.unlink()


def _flush(file: BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

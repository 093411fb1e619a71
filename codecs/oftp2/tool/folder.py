"""A folder of received files: names that are safe and never overwritten, parts that wait for a restart."""

from __future__ import annotations

import os
from pathlib import Path

from oftp2.commands import BLOCK_BYTES
from oftp2.identity import FileIdentity

_PART = ".part"
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
    """A file on its way in, appended to `part`."""

    def __init__(self, identity: FileIdentity, part: Path, final: Path, size_bytes: int) -> None:
        self.identity = identity
        self.size_bytes = size_bytes
        self._part = part
        self._final = final
        self._fault: OSError | None = None
        self._file = part.open("ab")
        self._file.truncate(size_bytes)

    def write(self, data: bytes) -> None:
        """Append; a failure is told by `keep`."""
        try:
            self._file.write(data)
        except OSError as error:
            self._fault = self._fault or error
        self.size_bytes += len(data)

    def keep(self) -> Path:
        """The whole file under its name, on disk; OSError when that cannot be, or the name is taken."""
        with self._file:
            if self._fault is not None:
                raise self._fault
            self._file.flush()
            os.fsync(self._file.fileno())
        # A link, for a renaming would replace what is there.
        os.link(self._part, self._final)
        self._part.unlink()
        _sync(self._final.parent)
        return self._final

    def abandon(self) -> None:
        """Leave what came for a restart."""
        self._file.close()

    def discard(self) -> None:
        """Forget what came: it is not what it should be."""
        self._file.close()
        self._part.unlink()


class Folder:
    """Where files go; OSError when it cannot be made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def has(self, identity: FileIdentity) -> bool:
        """Whether the file is here, whole."""
        return os.path.lexists(self._path / file_name(identity))

    def open(self, identity: FileIdentity, offered_blocks: int) -> Arrival:
        """Take the file from the last whole block that is here, at most from `offered_blocks`."""
        final = self._path / file_name(identity)
        part = final.with_name(final.name + _PART)
        held = part.stat().st_size if part.exists() else 0
        return Arrival(identity, part, final, min(held // BLOCK_BYTES, offered_blocks) * BLOCK_BYTES)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

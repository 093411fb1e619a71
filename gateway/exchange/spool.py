"""One issuer's spool tree: directories as queues, renames as transitions.

    in/ --claim--> work/ --finish-----> gone: its bytes are in the ledger
                        --set_aside--> corrupt/ or held/, whole, beside NAME.reason.json
    out/ <--publication-- answers (`gateway.exchange.publication`)

Whoever writes into `in/` may be careless or hostile: nothing there is followed, opened for writing or
waited for. Only a regular file is read, only up to a limit, and only once it is in `work/`.
"""

from __future__ import annotations

import errno
import heapq
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.exchange.names import MAX_NAME_BYTES, is_handed_over, is_urgent, marked
from gateway.exchange.publication import (
    HALF_WRITTEN,
    TEMPORARY,
    clear_half_written,
    same_content,
    sync_folder,
)
from licencexml.rejection import Rejection

FOLDERS = ("in", "work", "out", "held", "corrupt")
_LEAST_READ_BYTES = 16_384


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A file that waits in `in/`; the order is the order of claiming: urgent first, then oldest."""

    rank: int
    modified_ns: int
    name: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a claimed file held when it was read: its bytes, and the stamp that tells a later change."""

    data: bytes
    stamp: tuple[int, int]
    modified_seconds: float


class NotReadable(Exception):
    """A name in `work/` that cannot be read as a file: `what` says what it is instead."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class SpoolTree:
    """The folders of one issuer's spool. All methods block on the file system; none keeps state."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.root = root
        self.incoming, self.work, self.out, self.held, self.corrupt = (root / folder for folder in FOLDERS)
        # As text too: to put paths together costs more than most calls that they are for.
        self._incoming, self._work = str(self.incoming), str(self.work)

    def prepare(self) -> int:
        """Make the folders that are missing; clear away what a crash left half-written of ours, so many."""
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        return sum(clear_half_written(folder) for folder in (self.out, self.held, self.corrupt))

    def tidy(self) -> bool:
        """Clear away what is half-written in `out/`, while nobody writes there; whether all of it is gone."""
        clear_half_written(self.out)
        return not any(self.out.glob(HALF_WRITTEN))

    def waiting(self, limit: int) -> list[Waiting]:
        """The first `limit` files to claim, in order; memory is bounded by `limit`, not by the backlog."""
        return self._first(limit, is_handed_over)

    def urgent(self, limit: int) -> list[Waiting]:
        """The first `limit` of those that ask to be read first; no other file is touched for this."""
        return self._first(limit, lambda name: is_urgent(name) and is_handed_over(name))

    def _first(self, limit: int, wanted: Callable[[str], bool]) -> list[Waiting]:
        return [Waiting(*one) for one in heapq.nsmallest(limit, self._handed_over(wanted))]

    def _handed_over(self, wanted: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
        """What `Waiting` is made of, of as many names as there may be."""
        with os.scandir(self.incoming) as entries:
            for entry in entries:
                name = entry.name
                if wanted(name):
                    with suppress(FileNotFoundError):
                        modified_ns = entry.stat(follow_symlinks=False).st_mtime_ns
                        yield 0 if is_urgent(name) else 1, modified_ns, name

    def count_waiting(self) -> int:
        """How many files wait in `in/`."""
        with os.scandir(self.incoming) as entries:
            return sum(is_handed_over(entry.name) for entry in entries)

    def claim(self, name: str) -> bool:
        """Move `name` from `in/` to `work/`; False if it is gone, or its name is still being worked on."""
        if self.has_claimed(name):
            return False
        try:
            os.rename(f"{self._incoming}/{name}", f"{self._work}/{name}")  # noqa: PTH104 - so often that it counts
        except FileNotFoundError:
            return False
        return True

    def has_claimed(self, name: str) -> bool:
        """Whether `name` is in `work/`."""
        return os.path.lexists(f"{self._work}/{name}")

    def has(self, name: str) -> bool:
        """Whether `name` is in `in/` or in `work/`."""
        return os.path.lexists(self.incoming / name) or self.has_claimed(name)

    def claimed(self) -> list[str]:
        """What is in `work/`: after a crash, what has to be examined again."""
        return sorted(os.listdir(self.work))

    def read(self, name: str, max_bytes: int) -> Contents:
        """The bytes of a claimed file, at most `max_bytes` + 1 (one more tells that it is too large).

        Raises `NotReadable` for a link, a directory, a device, a pipe, or a file that may not be read.
        """
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(f"{self._work}/{name}", flags)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENODEV):
                raise NotReadable(_what_it_is(self.work / name, error)) from error
            raise
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NotReadable(_kind(status.st_mode))
            data = _read(descriptor, max_bytes + 1, expected=status.st_size)
            return Contents(data, _stamp(status), status.st_mtime)
        finally:
            os.close(descriptor)

    def changed(self, name: str, contents: Contents) -> bool:
        """Whether a claimed file has been written to since it was read."""
        try:
            return _stamp((self.work / name).lstat()) != contents.stamp
        except FileNotFoundError:
            return False

    def finish(self, names: Sequence[str]) -> None:
        """Remove claimed files whose transaction is durable."""
        for name in names:
            with suppress(FileNotFoundError):
                os.unlink(f"{self._work}/{name}")  # noqa: PTH108 - as above

    def set_aside(self, name: str, folder: Path, rejections: Sequence[Rejection]) -> Path:
        """Move a claimed file, whole, to `folder` beside `NAME.reason.json`; returns where it is.

        `corrupt` is for what is no message, `held` for a message that was refused.
        """
        content = json.dumps([rejection.to_dict() for rejection in rejections], ensure_ascii=False, indent=1)
        reason = (content + "\n").encode()
        claimed = self.work / name
        status = claimed.lstat()
        for target_name in (name, marked(name, f"{status.st_ino:x}-{status.st_mtime_ns:x}")):
            target, beside = folder / target_name, folder / _reason_name(target_name)
            if not os.path.lexists(target) and (not os.path.lexists(beside) or same_content(beside, reason)):
                self._write(folder, beside.name, reason)
                claimed.rename(target)
                sync_folder(folder)
                return target
        raise FileExistsError(f"{target} is in the way of what is to be set aside")

    def _write(self, folder: Path, name: str, content: bytes) -> None:
        temporary = folder / f"{TEMPORARY}{hash(name) & 0xFFFFFFFF:08x}.tmp"
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640
        )
        with _removed_on_error(temporary), os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fdatasync(descriptor)
        temporary.rename(folder / name)


def _read(descriptor: int, limit: int, *, expected: int) -> bytes:
    """What there is, up to `limit` bytes. No more room is taken for it than is `expected` to be needed."""
    parts = []
    at_once = max(expected + 1, _LEAST_READ_BYTES)
    while limit and (part := os.read(descriptor, min(limit, at_once))):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _reason_name(name: str) -> str:
    """`NAME.reason.json` for `NAME.xml`; never longer than a name may be."""
    stem = name[:-4] if name.lower().endswith(".xml") else name
    ending = ".reason.json"
    return os.fsdecode(os.fsencode(stem)[: MAX_NAME_BYTES - len(ending)]) + ending


def _what_it_is(path: Path, error: OSError) -> str:
    mode = path.lstat().st_mode
    return (error.strerror or str(error)).lower() if stat.S_ISREG(mode) else _kind(mode)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "not a regular file")

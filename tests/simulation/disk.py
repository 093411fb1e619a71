"""The disk under a process: what is on it when the process is killed, and what when the power fails.

Files are real. What differs is what is left: after a kill everything that was written, after a power failure
only what was synced for certain, and of the rest what chance leaves. Calls that change or sync files are
points at which a process can be killed, or told of a fault of the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.timeline import Timeline

_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24

_rename, _replace, _unlink, _fsync, _fdatasync = os.rename, os.replace, os.unlink, os.fsync, os.fdatasync


@dataclass
class Step:
    """A change of names that no sync of its folder has made certain yet."""

    folder: Path
    undo: Callable[[Path, Path], None]


@dataclass
class Disk:
    """The folders of one process. `point` is asked at every change and sync; it may raise.

    `named` and `removed` are told of a name just before it comes or goes.
    """

    roots: tuple[Path, ...]
    chance: Random
    point: Callable[[str], None]
    keep: Path
    named: Callable[[Path], None] = lambda _: None
    removed: Callable[[Path], None] = lambda _: None
    synced: dict[int, bytes] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    _kept: int = 0

    def __post_init__(self) -> None:
        """What is there when a process starts is certain: it was read back from the disk."""
        for root in self.roots:
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink() and _is_ours(root, path):
                    self.synced[path.stat().st_ino] = path.read_bytes()

    def holds(self, path: Path) -> bool:
        """Whether `path` is on this disk."""
        return any(root in path.parents or root == path for root in self.roots)

    def is_certain(self, path: Path) -> bool:
        """Whether all that `path` holds would be there after a power failure."""
        return self.synced.get(path.stat().st_ino) == path.read_bytes()

    # Changes, as the process makes them

    def rename(self, source: Path, target: Path) -> None:
        """Atomic; certain once the folder is synced."""
        self.point(f"rename {target.name}")
        self.named(target)
        self.removed(source)
        before = self._keep(target) if target.exists() else None
        _rename(source, target)

        def undo(source: Path, target: Path) -> None:
            if target.exists():
                _rename(target, source)
            if before is not None:
                shutil.copy2(before, target)

        self._undone(target, lambda old, new: undo(_moved(source, old, new), _moved(target, old, new)))
        self.point(f"renamed {target.name}")

    def unlink(self, path: Path) -> None:
        """Atomic; certain once the folder is synced."""
        self.point(f"unlink {path.name}")
        self.removed(path)
        before = self._keep(path) if path.is_file() and not path.is_symlink() else None
        _unlink(path)
        if before is not None:

            def undo(old: Path, new: Path) -> None:
                shutil.copy2(before, _moved(path, old, new))

            self._undone(path, undo)

    def sync(self, path: Path, descriptor: int, call: Callable[[int], None]) -> None:
        """What `path` holds is certain from now on."""
        self.point(f"sync {path.name}")
        call(descriptor)
        if path.is_dir():
            self.steps = [step for step in self.steps if step.folder != path]
        else:
            self.synced[os.fstat(descriptor).st_ino] = path.read_bytes()
        self.point(f"synced {path.name}")

    def _undone(self, path: Path, undo: Callable[[Path, Path], None]) -> None:
        self.steps.append(Step(path.parent, undo))

    def _keep(self, path: Path) -> Path:
        self._kept += 1
        kept = self.keep / f"{self._kept}"
        shutil.copy2(path, kept)
        return kept

    # The end

    def image(self, target: Path, *, power_fails: bool, commits_are_certain: bool = True) -> None:
        """What is left on the disk now, copied below `target` by the folders' names.

        `commits_are_certain` tells whether the database syncs with each commit.
        """
        for root in self.roots:
            shutil.copytree(root, target / root.name, symlinks=True, ignore=shutil.ignore_patterns("*-shm"))
        if power_fails:
            self._lose_names(target)
            self._lose_contents(target, commits_are_certain)

    def _lose_names(self, target: Path) -> None:
        """Of the changes of names that are not certain the last are lost: a journal keeps their order."""
        lost = self.chance.randint(0, len(self.steps))
        for step in reversed(self.steps[len(self.steps) - lost :]):
            root = next(one for one in self.roots if one == step.folder or one in step.folder.parents)
            step.undo(root, target / root.name)

    def _lose_contents(self, target: Path, commits_are_certain: bool) -> None:
        for root in self.roots:
            for path in [one for one in root.rglob("*") if one.is_file() and not one.is_symlink()]:
                copy = target / root.name / path.relative_to(root)
                if not copy.exists() or not _is_ours(root, path):
                    continue
                certain = self.synced.get(path.stat().st_ino)
                if certain is None and self.chance.random() < 0.5:
                    certain = b""
                if certain is not None:
                    copy.write_bytes(_torn(self.chance, certain, path.read_bytes()))
            for wal in (target / root.name).glob("*-wal"):
                if commits_are_certain:
                    _tear_wal(self.chance, wal)
                else:
                    _cut(wal, self.chance.randint(0, wal.stat().st_size))


def _is_ours(root: Path, path: Path) -> bool:
    """Whether the process wrote the file itself: what issuing systems hand over was synced by them."""
    if ".sqlite3" in path.name:
        return False
    return root.name != "spool" or path.parent.name == "out" or path.suffix == ".json"


def _moved(path: Path, old: Path, new: Path) -> Path:
    return new / path.relative_to(old)


def _torn(chance: Random, certain: bytes, written: bytes) -> bytes:
    """What was synced, then as much of the rest as chance leaves, perhaps with nonsense at its end."""
    if not written.startswith(certain):
        return written if chance.random() < 0.5 else certain
    end = chance.randint(len(certain), len(written))
    return written[:end] + bytes(chance.randint(0, len(written) - end))


def committed_bytes(wal: bytes) -> int:
    """The end of the last transaction in a write-ahead log (SQLite file format, section 4)."""
    if len(wal) < _WAL_HEADER_BYTES:
        return 0
    page_bytes, salts = struct.unpack(">I", wal[8:12])[0], wal[16:24]
    end, position = 0, _WAL_HEADER_BYTES
    while position + _FRAME_HEADER_BYTES + page_bytes <= len(wal):
        _, pages, *_ = struct.unpack(">II", wal[position : position + 8])
        if wal[position + 8 : position + 16] != salts:
            break
        position += _FRAME_HEADER_BYTES + page_bytes
        if pages:
            end = position
    return max(end, _WAL_HEADER_BYTES)


def _tear_wal(chance: Random, wal: Path) -> None:
    """SQLite syncs with each commit; what comes after the last one is as chance leaves it."""
    data = wal.read_bytes()
    end = committed_bytes(data)
    kept = chance.randint(end, len(data)) if len(data) > end else end
    wal.write_bytes(data[:kept] + chance.randbytes(min(len(data) - kept, 64)))


def _cut(path: Path, size_bytes: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size_bytes)


class Disks:
    """Has all changes of files go through the disk that they are on, while it is `mounted`."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.disks: list[Disk] = []

    def _of(self, path: Path) -> Disk | None:
        if self._timeline.running is None:
            return None
        return next((disk for disk in self.disks if disk.holds(path)), None)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Within, `os.rename`, `os.replace`, `os.unlink`, `os.fsync` and `os.fdatasync` are the disk's."""

        def rename(source: Any, target: Any, **more: Any) -> None:
            disk = self._of(Path(target))
            if disk is None:
                _rename(source, target, **more)
            else:
                disk.rename(Path(source), Path(target))

        def unlink(path: Any, **more: Any) -> None:
            disk = self._of(Path(path)) if isinstance(path, str | os.PathLike) else None
            if disk is None or not os.path.lexists(path):
                _unlink(path, **more)
            else:
                disk.unlink(Path(path))

        def syncing(call: Callable[[int], None]) -> Callable[[int], None]:
            def sync(descriptor: int) -> None:
                path = Path(f"/proc/self/fd/{descriptor}").readlink()
                disk = self._of(path)
                if disk is None:
                    call(descriptor)
                else:
                    disk.sync(path, descriptor, call)

            return sync

        patches = {
            "rename": rename,
            "replace": rename,
            "unlink": unlink,
            "fsync": syncing(_fsync),
            "fdatasync": syncing(_fdatasync),
        }
        before = {name: getattr(os, name) for name in patches}
        for name, patched in patches.items():
            setattr(os, name, patched)
        try:
            yield
        finally:
            for name, one in before.items():
                setattr(os, name, one)


def full() -> OSError:
    """No space left."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken() -> OSError:
    """The disk does not answer."""
    return OSError(errno.EIO, os.strerror(errno.EIO))

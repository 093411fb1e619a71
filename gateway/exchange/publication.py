"""Answers on their way into a folder: a batch is written, then synced, then named, then the folder is synced.

Whoever reads the folder sees an answer whole or not at all, and what is `published` is durable. The syncs of
a batch cost little more than one: the kernel is told to write all files before the first of them is waited
for, and syncs that are under way at the same time share the disk's flushes, so that the parts of a batch are
best synced in several threads.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from gateway.exchange.names import marked

#: How the names of files begin that are not whole yet.
TEMPORARY = ".gateway-"
HALF_WRITTEN = f"{TEMPORARY}*.tmp"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC

#: Syncs are in so many parts at most, and fewer than this are not worth one of their own.
MOST_PARTS, LEAST_A_PART = 6, 8

#: Does all of these, at the same time if it can; raises what one of them raised, once all are over.
Together = Callable[[Sequence[Callable[[], None]]], object]


def in_turn(works: Sequence[Callable[[], None]]) -> None:
    """One after the other (`Together`)."""
    for work in works:
        work()


class Publication:
    """Answers (name, content) for one folder, into which nobody else writes answers meanwhile.

    An answer that is there already is not written again; one of the same name that says something else is
    kept, and the new one is marked with a digest of what it says.

    What goes wrong with one answer keeps no other back: `failures` has it by the answer's place in the batch.
    """

    def __init__(self, folder: Path, answers: Sequence[tuple[str, bytes]]) -> None:
        self._folder = str(folder)
        self._answers = answers
        self._names: dict[int, str] = {}
        self._descriptors: dict[int, int] = {}
        self._synced: set[int] = set()
        self.failures: dict[int, OSError] = {}
        self.published: list[int] = []

    def publish(self, together: Together = in_turn) -> None:
        """Write all under names that nobody reads, sync them, name them, and make the names durable.

        Blocks on the disk. `published` has what is durable then.
        """
        try:
            for place in range(len(self._answers)):
                with self._failing(place):
                    self._begin(place)
            self._sync_all(together)
        except BaseException:
            # Nothing of it will have a name.
            self._synced.clear()
            raise
        finally:
            for descriptor in self._descriptors.values():
                # What it could still say of the content, the sync has said.
                with suppress(OSError):
                    os.close(descriptor)
            for place in self._descriptors.keys() - self._synced:
                self._remove(place)
        self._give_names()

    def _sync_all(self, together: Together) -> None:
        places = [place for place in self._descriptors if place not in self.failures]
        parts = max(1, min(MOST_PARTS, len(places) // LEAST_A_PART))
        together([partial(self._sync, places[part::parts]) for part in range(parts)])

    def _sync(self, places: Sequence[int]) -> None:
        for place in places:
            with self._failing(place):
                os.fdatasync(self._descriptors[place])
                self._synced.add(place)

    def _give_names(self) -> None:
        given: set[str] = set()
        named = []
        for place in sorted(self._names):
            if place in self.failures:
                continue
            with self._failing(place):
                if place in self._synced:
                    self._give_name(place, given)
                named.append(place)
            if place in self.failures:
                self._remove(place)
        sync_folder(self._folder)
        self.published = named

    def _begin(self, place: int) -> None:
        """Write an answer that is not there yet, and have the kernel bring it to the disk meanwhile."""
        content = self._answers[place][1]
        self._names[place], is_there = self._free_name(place)
        if is_there:
            return
        self._descriptors[place] = descriptor = os.open(self._temporary(place), _FLAGS, 0o640)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        # Asks for the pages to be let go, for which they are written first: nobody waits for that here.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def _give_name(self, place: int, given: set[str]) -> None:
        name = self._names[place]
        if name in given:
            # The batch has another answer of the name, and that is there by now.
            name, is_there = self._free_name(place)
            if is_there:
                self._remove(place)
                return
        os.rename(self._temporary(place), f"{self._folder}/{name}")  # noqa: PTH104 - so often that it counts
        given.add(name)

    def _free_name(self, place: int) -> tuple[str, bool]:
        """The name for an answer, and whether it is there under it."""
        name, content = self._answers[place]
        path = f"{self._folder}/{name}"
        if not os.path.lexists(path):
            return name, False
        if not same_content(path, content):
            name = marked(name, hashlib.sha256(content).hexdigest()[:12])
            return name, same_content(f"{self._folder}/{name}", content)
        return name, True

    def _temporary(self, place: int) -> str:
        # By the process too: one that was given up may still be writing, and names what it synced itself.
        return f"{self._folder}/{TEMPORARY}{os.getpid():x}-{place:x}.tmp"

    def _remove(self, place: int) -> None:
        with suppress(OSError):
            os.unlink(self._temporary(place))  # noqa: PTH108 - as above

    @contextmanager
    def _failing(self, place: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failures[place] = error


def clear_half_written(folder: Path) -> int:
    """Remove from `folder` what was left half-written under names that nobody reads; so many went."""
    cleared = 0
    for leftover in folder.glob(HALF_WRITTEN):
        # Who may write there may have made anything of that name; it does no harm.
        with suppress(OSError):
            leftover.unlink()
            cleared += 1
    return cleared


def same_content(path: str | Path, content: bytes) -> bool:
    """Whether a file is there, no link, that holds just this."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size != len(content):
            return False
        return Path(path).read_bytes() == content
    except OSError:
        return False


def sync_folder(folder: str | Path) -> None:
    """Have the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""How much room there is on a file system, and how much the gateway wants to be left before it takes work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
#: Of names: what is in hand makes some hundred files.
MIN_FREE_FILES = 1_000
#: A small file system keeps less: this part of it.
_LEAST_PART = 10
#: What was too little must be exceeded by this part before it is enough again.
_MARGIN_PART = 4


@dataclass(frozen=True, slots=True)
class Room:
    """Of a file system: bytes and files that this user may still make, and how many there can be in all.

    `max_files` is 0 where there is no such bound.
    """

    free_bytes: int
    size_bytes: int
    free_files: int = 0
    max_files: int = 0


#: Looks at the file system that a folder is on; OSError if it cannot be had.
LookAtRoom = Callable[[Path], Room]


def room_of(folder: Path) -> Room:
    """`LookAtRoom` by the kernel's word."""
    status = os.statvfs(folder)
    return Room(
        status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize, status.f_favail, status.f_files
    )


@dataclass(frozen=True, slots=True)
class Reserve:
    """What is to be left free of a file system; `enough_...` is what it takes to go on once it was less."""

    bytes: int
    files: int

    @classmethod
    def of(cls, room: Room, min_free_bytes: int) -> Reserve:
        """For this file system; 0 bytes configured means that none is kept."""
        if not min_free_bytes:
            return cls(0, 0)
        return cls(
            min(min_free_bytes, room.size_bytes // _LEAST_PART),
            min(MIN_FREE_FILES, room.max_files // _LEAST_PART),
        )

    @property
    def enough(self) -> Reserve:
        """More than the reserve itself, so that nobody stops and goes on with every file."""
        return Reserve(self.bytes + self.bytes // _MARGIN_PART, self.files + self.files // _MARGIN_PART)

    def missing(self, room: Room) -> str | None:
        """What of it is not there, in words; None if all is."""
        if room.free_bytes < self.bytes:
            return f"{mib(room.free_bytes)} free, {mib(self.bytes)} needed"
        if room.free_files < self.files:
            return f"room for {room.free_files} more files (inodes), {self.files} needed"
        return None


def mib(number_of_bytes: int) -> str:
    """In MiB, to a tenth."""
    return f"{number_of_bytes / MIB:.1f} MiB"


def mount_point(folder: Path) -> Path:
    """Where the file system of `folder` begins."""
    found = folder.resolve()
    while not found.is_mount() and found != found.parent:
        found = found.parent
    return found

"""Room on the disk: below a reserve nothing new is taken, so that what is in hand can be finished.

What is asked is asked of the file systems themselves, once a batch; it is told when it begins and when it is
over. Work goes on by itself once there has been more than the reserve for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from gateway.operations.free_space import MIB, LookAtRoom, Reserve, Room, mib, mount_point

_log = Logger(namespace="gateway.space")

ROUND_SECONDS = 1.0
#: So long there must be room without a break before new work is taken again.
LASTING_SECONDS = 5.0


@dataclass(slots=True)
class _FileSystem:
    """One that is written to. `is_short` from when there is too little until there was enough for a while."""

    name: str
    folder: Path
    holds: list[str] = field(default_factory=list)
    is_short: bool = False
    enough_since_seconds: float | None = None


class Space:
    """The file systems of some folders, each looked at once however many of the folders are on it."""

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        min_free_bytes: int,
        reactor: IReactorTime,
        look: LookAtRoom,
        alarm: Callable[[str, str | None], None],
    ) -> None:
        """`folders`, which exist, by what is in them."""
        self._min_free_bytes = min_free_bytes
        self._reactor = reactor
        self._look = look
        self._alarm = alarm
        found: dict[int, _FileSystem] = {}
        for name, folder in folders.items():
            one = found.setdefault(folder.stat().st_dev, _FileSystem(str(mount_point(folder)), folder))
            one.holds.append(name)
        self._file_systems = tuple(found.values())
        self._rounds = LoopingCall(self.has_room)
        self._rounds.clock = reactor

    def start(self) -> None:
        """Look at once, and then and again, so that its end is noticed when nobody asks."""
        self._rounds.start(ROUND_SECONDS).addErrback(
            lambda failure: _log.failure("the watch over the disks has stopped", failure)
        )

    async def stop(self) -> None:
        """Look no more by itself."""
        if self._rounds.running:
            self._rounds.stop()

    def has_room(self) -> bool:
        """Whether new work may be taken: asked before each batch. Costs a call of the system or two."""
        return not sum([self._is_short(one) for one in self._file_systems])

    def rows(self) -> list[dict[str, Any]]:
        """For operators: each file system with what is free."""
        return [
            {
                "file_system": one.name,
                "holds": ", ".join(one.holds),
                "free_mib": round(room.free_bytes / MIB, 1),
                "needed_mib": round(reserve.bytes / MIB, 1),
                "takes_new_work": not one.is_short,
            }
            for one, room, reserve in self.readings()
        ]

    def readings(self) -> Iterator[tuple[_FileSystem, Room, Reserve]]:
        """Each file system that can be looked at, with its room and its reserve."""
        for one in self._file_systems:
            try:
                room = self._look(one.folder)
            except OSError:
                continue
            yield one, room, Reserve.of(room, self._min_free_bytes)

    def _is_short(self, one: _FileSystem) -> bool:
        try:
            room = self._look(one.folder)
        except OSError:
            # Whoever works there finds out, and tells.
            return one.is_short
        reserve = Reserve.of(room, self._min_free_bytes)
        if one.is_short:
            self._see_whether_over(one, room, reserve)
        elif (missing := reserve.missing(room)) is not None:
            one.is_short, one.enough_since_seconds = True, None
            self._alarm(_name(one), _trouble(one, missing, reserve))
        return one.is_short

    def _see_whether_over(self, one: _FileSystem, room: Room, reserve: Reserve) -> None:
        if reserve.enough.missing(room) is not None:
            one.enough_since_seconds = None
            return
        now_seconds = self._reactor.seconds()
        if one.enough_since_seconds is None:
            one.enough_since_seconds = now_seconds
        if now_seconds - one.enough_since_seconds >= LASTING_SECONDS:
            one.is_short = False
            _log.info(
                "{file_system} has room again ({free} free): new work is taken",
                file_system=one.name,
                free=mib(room.free_bytes),
            )
            self._alarm(_name(one), None)


def _name(one: _FileSystem) -> str:
    return f"space on {one.name}"


def _trouble(one: _FileSystem, missing: str, reserve: Reserve) -> str:
    return (
        f"{missing} ({', '.join(one.holds)}): no new licences and no new files of partners are taken; what is"
        f" in hand goes on. Make room: it goes on by itself at {mib(reserve.enough.bytes)}"
    )

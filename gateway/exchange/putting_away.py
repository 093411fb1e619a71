"""Putting away: what is settled leaves `work/`. What cannot be moved now is told, and tried again by and by.

It is settled, and need not be examined again; a disk that was full has room some day, and a folder that was
in the way is taken out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from gateway.exchange.acceptance import Settled
from gateway.exchange.agenda import Agenda, Name
from gateway.exchange.threads import InThread
from licencexml.rejection import Rejection

#: How long what could not be moved is left alone.
AGAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class _Leaving:
    """A settled file in `work/`, and where it goes: away, or aside with its reasons."""

    name: Name
    accepted: bool
    corrupt: bool
    rejections: tuple[Rejection, ...]

    def go(self) -> None:
        """Blocks on the disk; OSError if it cannot be moved."""
        spool, name = self.name.tree.spool, self.name.name
        if self.accepted:
            spool.finish([name])
        elif spool.has_claimed(name):
            spool.set_aside(name, spool.corrupt if self.corrupt else spool.held, self.rejections)


class PuttingAway:
    """Takes what is settled out of `work/`; keeps in memory only what could not be moved."""

    def __init__(self, agenda: Agenda, *, in_thread: InThread, clock: IReactorTime) -> None:
        self._agenda = agenda
        self._in_thread = in_thread
        self._clock = clock
        self._stuck: dict[tuple[str, str], _Leaving] = {}
        self._again_seconds = 0.0

    async def put_away(self, settled: Iterable[Settled]) -> None:
        """These are settled, by a transaction that is durable."""
        leaving = [_Leaving(one.drop.name, one.accepted, one.corrupt, one.rejections) for one in settled]
        await self._move(leaving)

    async def again(self) -> None:
        """What was stuck is tried again, if it is time."""
        if self._stuck and self._clock.seconds() >= self._again_seconds:
            await self._move(list(self._stuck.values()))

    async def _move(self, leaving: Sequence[_Leaving]) -> None:
        self._again_seconds = self._clock.seconds() + AGAIN_SECONDS
        stuck = {one.name.key: trouble for one, trouble in await self._in_thread(_go, leaving)}
        for one in leaving:
            trouble = stuck.get(one.name.key)
            if trouble is not None:
                self._stuck[one.name.key] = one
                self._agenda.leave_alone(one.name, f"cannot be put away: {trouble}")
            elif self._stuck.pop(one.name.key, None) is not None:
                self._agenda.is_gone(one.name)


def _go(leaving: Iterable[_Leaving]) -> list[tuple[_Leaving, OSError]]:
    """Those that cannot be moved, and why. Blocks on the disk."""
    stuck = []
    for one in leaving:
        try:
            one.go()
        except OSError as error:
            stuck.append((one, error))
    return stuck

"""Whether there may be a session with a partner now: maintenance, and the windows agreed for calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.clock import BUSINESS_ZONE
from gateway.config.hours import between, laid_out
from gateway.line.settings import LineSettings, PartnerSettings


class Phase(StrEnum):
    """Drained is what stands shortly before there may be no more sessions."""

    OPEN = "open"
    DRAINED = "drained"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closure:
    """No sessions from `begin` until `end`. `state` is the word for it in the status of the line."""

    begin: datetime
    end: datetime
    state: str

    @property
    def detail(self) -> str:
        """When it is over, for operators and partners: Asia/Shanghai, by the minute."""
        until = f" until {self.end.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}"
        return until if self.state == MAINTENANCE else f"{until}: outside the call windows"


MAINTENANCE = "maintenance"
CLOSED = "closed"


class Timetable:
    """What the periods of the line and of one partner say about an instant."""

    def __init__(self, line: LineSettings, partner: PartnerSettings) -> None:
        self._maintenance = (*line.maintenance, *partner.maintenance)
        self._windows = partner.call_windows
        self._drain = timedelta(seconds=line.drain_seconds)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it, so that sessions are always possible."""
        return not self._maintenance and not self._windows

    def at(self, now: datetime) -> tuple[Phase, Closure | None]:
        """The phase that `now` is in, with its closure: the one that holds, or the one that comes."""
        coming = sorted(self._closures(now), key=lambda one: one.begin)
        for closure in coming:
            if closure.begin <= now < closure.end:
                return Phase.CLOSED, closure
        for closure in coming:
            if now < closure.begin <= now + self._drain:
                return Phase.DRAINED, closure
        return Phase.OPEN, None

    def next_change(self, now: datetime) -> datetime | None:
        """When the phase may be another one, if that is known."""
        edges = (
            edge
            for closure in self._closures(now)
            for edge in (closure.begin - self._drain, closure.begin, closure.end)
            if edge > now
        )
        return min(edges, default=None)

    def _closures(self, now: datetime) -> Iterator[Closure]:
        for begin, end in laid_out(self._maintenance, now):
            yield Closure(begin, end, MAINTENANCE)
        for begin, end in between(self._windows, now) if self._windows else ():
            yield Closure(begin, end, CLOSED)

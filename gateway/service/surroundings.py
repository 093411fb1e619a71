"""What a daemon stands on: reactor, clock, threads, processes, identifiers. Tests put in others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.threads import deferToThreadPool

from gateway.clock import Clock, system_clock
from gateway.exchange.correspondence import new_message_id
from gateway.exchange.scribe import Scribe, scribe_with_threads
from gateway.exchange.threads import InThread
from gateway.exchange.workers import ProcessWorkers, Workers
from gateway.ledger.runners import Runners, ThreadRunners
from gateway.line.office import PostOffice
from gateway.line.probing import Prober
from gateway.line.service import LineService
from gateway.line.settings import LineSettings
from gateway.line.tracing import Tracing
from gateway.operations.free_space import LookAtRoom, room_of
from gateway.service.spool_watch import SpoolWatch


class RenewableWorkers(Workers, Protocol):
    """Workers whose benches can be built anew, with other anchors and keys."""

    async def renew(self, arguments: tuple[Any, ...]) -> None:
        """Go on with benches built from `arguments`."""


class MakeWorkers(Protocol):
    """Starts workers: `count` of them, each at a bench of its own, `build(*arguments)`."""

    def __call__(
        self, *, count: int, timeout_seconds: float, build: Callable[..., object], arguments: tuple[Any, ...]
    ) -> RenewableWorkers:
        """The workers, running."""


class Line(Protocol):
    """The line as daemons and their operators use it. `tracing` has what passed on it, `prober` tries it."""

    tracing: Tracing
    prober: Prober

    async def start(self) -> None:
        """Listen, and call."""

    async def stop(self) -> None:
        """End all sessions properly."""

    async def renew(self, settings: LineSettings) -> list[str]:
        """Go on by other settings; what changed, in words. ConfigurationFault: nothing has changed."""

    def partners(self) -> Sequence[str]:
        """The configured partners."""

    def up(self, partner: str) -> None:
        """Call the partner, and accept its calls."""

    async def down(self, partner: str) -> None:
        """End the sessions with the partner, and neither call nor accept."""

    async def drain(self, partner: str) -> None:
        """Finish the file in hand, then as `down`."""

    def status(self) -> Sequence[Any]:
        """One value a line, with `to_dict`."""


class MakeLine(Protocol):
    """Makes a line of its settings, between the house and the wire."""

    def __call__(
        self, settings: LineSettings, office: PostOffice, wrap_protocol: Callable[[Any], Any] | None
    ) -> Line:
        """The line, not yet started."""


class Watch(Protocol):
    """Something that watches folders."""

    def start(self) -> None:
        """Begin to watch."""

    def stop(self) -> None:
        """Watch no more."""


class WatchFolders(Protocol):
    """Watches folders by name for files that come in; `noticed` is told folder and file."""

    def __call__(self, folders: Mapping[str, Path], noticed: Callable[[str, str], None]) -> Watch:
        """The watch, not yet started."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that differs between a daemon and a daemon in a test."""

    reactor: Any
    clock: Clock
    in_thread: InThread
    runners: Callable[[], Runners]
    make_workers: MakeWorkers
    make_line: MakeLine
    watch_folders: WatchFolders
    new_id: Callable[[], str]
    look_at_room: LookAtRoom = room_of
    make_scribe: Callable[[], Scribe] = Scribe

    @classmethod
    def real(cls, reactor: Any, clock: Clock = system_clock) -> Surroundings:
        """Those of a running daemon."""

        def make_line(
            settings: LineSettings, office: PostOffice, wrap_protocol: Callable[[Any], Any] | None
        ) -> Line:
            return LineService(reactor, settings, office, wrap_protocol=wrap_protocol, clock=clock)

        return cls(
            reactor=reactor,
            clock=clock,
            in_thread=partial(deferToThreadPool, reactor, reactor.getThreadPool()),
            runners=partial(ThreadRunners, reactor),
            make_workers=partial(ProcessWorkers, reactor),
            make_line=make_line,
            watch_folders=partial(SpoolWatch, reactor),
            new_id=new_message_id,
            make_scribe=scribe_with_threads,
        )

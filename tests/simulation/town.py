"""The simulated town: the gateway and customs as processes that can be killed, a network, clocks, a calendar.

Both daemons are the real ones, with their real ledgers, intake, delivery, reception and OFTP2 line; what they
stand on is simulated (`gateway.service.surroundings`).
"""

from __future__ import annotations

import hashlib
import shutil
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred

from gateway.config import CustomsConfig, GatewayConfig
from gateway.errors import EnvironmentFault
from gateway.line.service import LineService
from gateway.operations.commands import CommandRefused, Commands
from gateway.operations.free_space import Room
from gateway.operations.stopping import perform
from gateway.service.customs_station import CustomsStation
from gateway.service.daemon import STOP_SECONDS, Daemon
from gateway.service.licence_gateway import LicenceGateway
from gateway.service.surroundings import Surroundings
from tests.simulation.disk import Disk, Disks
from tests.simulation.house import Pace, SimulatedRunners, SimulatedThreads, SimulatedWorkers
from tests.simulation.network import Network
from tests.simulation.timeline import Killed, Life, Timeline
from tests.simulation.witness import Witness

#: SQLite's own bound, as good as none.
_PAGES_MAX = 2**31 - 2
#: SQLite's `synchronous` from which on each commit is synced.
_FULL = 2
_LINES_KEPT = 400
PLENTY_BYTES = 2**40


@dataclass
class Doom:
    """When a process ends: after so many of its points; with what it runs on, or alone."""

    points: int
    power_fails: bool


@dataclass
class Trouble:
    """A fault of the disk: it strikes at each point with this chance, with what `error` makes."""

    chance: float
    error: Callable[[], OSError]


@dataclass
class House:
    """One end: its folders, its clock, and its daemon while it runs."""

    name: str
    folders: tuple[str, ...]
    build: Callable[[Path, Surroundings], Daemon]
    skew_seconds: float = 0.0
    life: Life | None = None
    daemon: Daemon | None = None
    disk: Disk | None = None
    pace: Pace | None = None
    doom: Doom | None = None
    trouble: Trouble | None = None
    worker_death: float = 0.0
    free_bytes: int = PLENTY_BYTES
    kills: int = 0
    commands: Commands = field(default_factory=Commands)


class _Unread:
    """Takes what a command tells meanwhile."""

    def send(self, item: dict[str, Any]) -> None:
        """Nobody reads it."""

    def send_all(self, items: Iterable[dict[str, Any]]) -> None:
        """Nobody reads it."""
        list(items)

    def when_closed(self) -> Deferred[None]:
        """Nobody goes."""
        return Deferred()


class NoWatch:
    """Nobody tells of new files: intake looks by itself."""

    def __init__(self, folders: object, noticed: object) -> None: ...

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class Town:
    """Both houses on one time line. `say` keeps what happened, for whoever reads a failure."""

    def __init__(self, folder: Path, template: Path, seed: int, began: datetime) -> None:
        self.folder = folder
        self.instance = Path(shutil.copytree(template, folder / "instance"))
        self.chance = Random(f"town {seed}")
        self.timeline = Timeline()
        self.network = Network(self.timeline, Random(f"network {seed}"))
        self.disks = Disks(self.timeline)
        self.houses = {
            "gateway": House("gateway", ("state", "spool"), _gateway),
            "customs": House("customs", ("customs-state",), _customs),
        }
        self.story: deque[str] = deque(maxlen=_LINES_KEPT)
        self.faults: list[str] = []
        self.is_over = False
        self.witness = self.network.witness = Witness(self.instance, self._wrong, self._is_certain)
        self._digest = hashlib.sha256()
        self._began = began
        self._graves = count(1)
        self._ids = count(1)
        self._is_steady = False

    # Time

    def now(self, skew_seconds: float = 0.0) -> datetime:
        """What an exact clock on the wall shows."""
        return self._began + timedelta(seconds=self.timeline.seconds() + skew_seconds)

    def pass_over(self, seconds: float) -> None:
        """The clocks on the wall go forward; nothing runs meanwhile, as when all machines are asleep."""
        self._began += timedelta(seconds=seconds)

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let time pass."""
        self.timeline.run_until(self.timeline.seconds() + seconds, done)

    def say(self, what: str) -> None:
        """Write down what happened."""
        line = f"{self.timeline.seconds():9.3f} {what}"
        self.story.append(line)
        self._digest.update(line.encode())

    def _wrong(self, what: str) -> None:
        self.say(f"the witness: {what}")
        self.faults.append(what)

    def _is_certain(self, name: str, path: Path) -> bool:
        disk = self.houses[name].disk
        return disk is not None and disk.is_certain(path)

    @property
    def digest(self) -> str:
        """What tells this story from all others."""
        return self._digest.hexdigest()

    # Processes

    def start(self, name: str) -> None:
        """Start the daemon of a house; one that cannot start tries again, as under a service manager."""
        house = self.houses[name]
        if house.life is not None and house.life.is_alive:
            return
        life = house.life = Life(self.timeline, name, self.network)
        house.pace = house.pace or Pace(Random(f"pace {name}"))
        house.commands = Commands()
        disk = Disk(
            tuple(self.instance / one for one in house.folders),
            self.chance,
            lambda what: self._point(house, life, what),
            self._grave("kept"),
            named=lambda path: self.witness.named(name, path),
            removed=lambda path: self.witness.removed(name, path),
        )
        house.disk = disk
        self.disks.disks = [one for one in self.disks.disks if one.roots != disk.roots] + [disk]
        life.at_death.append(lambda: self._bury(house, disk))
        self.say(f"{name} starts")
        life.run(self._begin, house, life)

    def _begin(self, house: House, life: Life) -> None:
        house.daemon = None
        try:
            daemon = house.daemon = house.build(self.instance, self._surroundings(house, life))
        except Killed:
            raise
        except Exception as error:
            self._cannot_start(house, life, error)
            return
        daemon.register(house.commands)
        Deferred.fromCoroutine(self._starting(house, life, daemon))

    async def _starting(self, house: House, life: Life, daemon: Daemon) -> None:
        try:
            self.say(f"{house.name} is ready: {await daemon.start()}")
        except (Exception, Killed) as error:
            self._cannot_start(house, life, error)

    def _cannot_start(self, house: House, life: Life, error: BaseException) -> None:
        if not life.is_alive:
            return
        self.say(f"{house.name} cannot start: {type(error).__name__}: {error}")
        house.doom = None
        life.die()
        self.timeline.call_later(5.0, self.start, house.name)

    def stop(self, name: str) -> None:
        """End the daemon as `ctl stop` does; it is over when its life is."""
        house = self.houses[name]
        daemon, life = house.daemon, house.life
        if daemon is None or life is None or not life.is_alive:
            return
        self.say(f"{name} is told to stop")

        def over(_: object) -> None:
            if life.is_alive:
                house.doom = None
                life.die()

        life.run(lambda: perform(life, daemon.duties(), STOP_SECONDS).addBoth(over))

    def kill(self, name: str, *, power_fails: bool) -> None:
        """End the process now, between two things that it does."""
        house = self.houses[name]
        if house.life is not None and house.life.is_alive:
            house.doom = Doom(0, power_fails)
            house.life.die()

    def calm(self) -> None:
        """From now on nothing goes wrong any more, and everybody is at work."""
        self._is_steady = True
        weather = self.network.weather
        weather.is_down, weather.cut_after_bytes, weather.stalls_until_seconds = False, None, 0.0
        weather.latency_seconds, weather.piece_bytes = 0.01, 65_536
        for house in self.houses.values():
            house.doom = house.trouble = None
            house.worker_death = 0.0
            house.free_bytes = PLENTY_BYTES
            if house.pace is not None:
                house.pace.slowness = 1.0
            self.limit_database(house.name, full=False)
            self.start(house.name)

    def ask(self, name: str, command: str, **arguments: Any) -> None:
        """Give the daemon a control command; its answer is written down."""
        house = self.houses[name]
        if house.life is None or not house.life.is_alive or house.daemon is None:
            return

        async def asked() -> None:
            try:
                answer = await house.commands.answer(command, arguments, _Unread())
                self.say(f"operator at {name}: {command} {arguments}: {len(str(answer))} characters")
            except CommandRefused as refused:
                self.say(f"operator at {name}: {command} {arguments} refused: {refused}")
            except (OSError, EnvironmentFault) as error:
                self.say(f"operator at {name}: {command} {arguments} failed: {error!r}")
            except Exception as error:
                self._wrong(f"{command} {arguments} failed: {error!r}")

        house.life.run(lambda: Deferred.fromCoroutine(asked()))

    def reload(self, name: str) -> None:
        """Have the daemon read again what may change."""
        house = self.houses[name]
        daemon, life = house.daemon, house.life
        if daemon is None or life is None or not life.is_alive:
            return

        async def reloading() -> None:
            try:
                self.say(f"{name} read again: {await daemon.reload()}")
            except (OSError, EnvironmentFault) as error:
                self.say(f"{name} could not reload: {error!r}")
            except Exception as error:
                self._wrong(f"{name} could not reload: {error!r}")

        life.run(lambda: Deferred.fromCoroutine(reloading()))

    def limit_database(self, name: str, *, full: bool) -> None:
        """Leave the daemon's database no room to grow, or all the room there is."""
        house = self.houses[name]
        if house.daemon is None or house.life is None or not house.life.is_alive:
            return
        self.say(f"the database of {name} {'is full' if full else 'has room'}")
        ledger: Any = house.daemon._station.ledger  # type: ignore[attr-defined]
        connection = ledger._writer.raw_connection()
        cursor = connection.cursor()
        pages = cursor.execute("PRAGMA page_count").fetchone()[0] if full else _PAGES_MAX
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        cursor.close()
        connection.close()

    # Inside

    def _surroundings(self, house: House, life: Life) -> Surroundings:
        pace = house.pace
        assert pace is not None

        def point(what: str) -> None:
            self._point(house, life, what)

        def sound_point(what: str) -> None:
            self._point(house, life, what, sound=True)

        def make_line(settings: Any, office: Any, wrap_protocol: Any) -> LineService:
            return LineService(
                life, settings, office, wrap_protocol=wrap_protocol, chance=self.chance.random, clock=clock
            )

        def clock() -> datetime:
            return self.now(house.skew_seconds)

        return Surroundings(
            reactor=life,
            clock=clock,
            in_thread=SimulatedThreads(life, pace, point),
            runners=lambda: SimulatedRunners(life, pace, sound_point),
            make_workers=lambda *, count, timeout_seconds, build, arguments: SimulatedWorkers(
                life, pace, lambda: self.chance.random() < house.worker_death, build, arguments
            ),
            make_line=make_line,
            watch_folders=NoWatch,
            new_id=lambda: f"{house.name}-{next(self._ids):06d}",
            look_at_room=lambda _folder: Room(free_bytes=house.free_bytes, size_bytes=2 * PLENTY_BYTES),
        )

    def _point(self, house: House, life: Life, what: str, *, sound: bool = False) -> None:
        """A process does something that lasts: it may end here, or (unless `sound`) be told that it failed.

        The database's own faults are its own to tell (`limit_database`).
        """
        if not life.is_alive:
            raise Killed
        if self._is_steady:
            return
        doom, trouble = house.doom, house.trouble
        if doom is not None:
            doom.points -= 1
            if doom.points <= 0:
                self.say(f"{house.name} ends at: {what}")
                life.die()
                raise Killed
        if trouble is not None and not sound and self.chance.random() < trouble.chance:
            error = trouble.error()
            self.say(f"{house.name}: {error.strerror} at: {what}")
            raise error

    def _grave(self, what: str) -> Path:
        folder = self.folder / f"{what}-{next(self._graves)}"
        folder.mkdir()
        return folder

    def _bury(self, house: House, disk: Disk) -> None:
        """The kernel takes back what the process had; what is on its disk is as the end left it."""
        power_fails = house.doom is not None and house.doom.power_fails
        house.kills += house.doom is not None
        house.doom = None
        self.say(f"{house.name} is gone{', and so is the power' if power_fails else ''}")
        image = self._grave("image")
        disk.image(image, power_fails=power_fails, commits_are_certain=_syncs(house.daemon))
        _release(house.daemon)
        house.daemon = None
        for root in disk.roots:
            shutil.rmtree(root)
            shutil.move(image / root.name, root)
        shutil.rmtree(image)
        shutil.rmtree(disk.keep)


def _syncs(daemon: Daemon | None) -> bool:
    """Whether the daemon's database syncs with each commit."""
    if daemon is None:
        return True
    connection = daemon._station.ledger._writer.raw_connection()  # type: ignore[attr-defined]
    try:
        return bool(connection.cursor().execute("PRAGMA synchronous").fetchone()[0] >= _FULL)
    finally:
        connection.close()


def _release(daemon: Daemon | None) -> None:
    """What ends with a process: open databases, and the lock of its ledger."""
    if daemon is None:
        return
    ledger: Any = daemon._station.ledger  # type: ignore[attr-defined]
    ledger._writer.dispose()
    ledger._reader.dispose()
    # One that ended in order has given it back.
    with suppress(OSError):
        ledger._lock.release()


def _gateway(instance: Path, surroundings: Surroundings) -> Daemon:
    return LicenceGateway(GatewayConfig.load(instance / "gateway.toml"), surroundings)


def _customs(instance: Path, surroundings: Surroundings) -> Daemon:
    return CustomsStation(CustomsConfig.load(instance / "customs.toml"), surroundings)

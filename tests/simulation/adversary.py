"""What goes wrong, and when: drawn from the seed, then done to the town at its time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation import disk
from tests.simulation.business import Issuers
from tests.simulation.town import PLENTY_BYTES, Doom, Town, Trouble

#: How far a clock may be out: beyond it messages are refused for that, and rightly.
SKEW_SECONDS = 60.0
HOUR_SECONDS = 3600.0
#: Below what a daemon needs to take anything new.
LITTLE_BYTES = 2**20


class Adversary:
    """Acts at random moments; each act says what it does."""

    def __init__(self, town: Town, issuers: Issuers, chance: Random) -> None:
        self._town = town
        self._issuers = issuers
        self._chance = chance
        self._acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (6, self._doom),
            (2, self._kill),
            (1, self._stop),
            (4, self._cut),
            (2, self._stall),
            (2, self._outage),
            (2, self._pieces),
            (2, self._disk_fails),
            (2, self._disk_fills),
            (1, self._database_fills),
            (2, self._room_runs_out),
            (1, self._slow),
            (1, self._workers_die),
            (1, self._clock_is_out),
            (1, self._clock_drifts),
            (1, self._reload),
            (2, self._operator_holds),
            (1, self._operator_requeues),
            (1, self._operator_flushes),
            (1, self._operator_at_the_line),
        )

    def strike(self) -> None:
        """Do one thing."""
        weights = [weight for weight, _ in self._acts]
        [(_, act)] = self._chance.choices(self._acts, weights)
        act()

    def _house(self) -> str:
        return self._chance.choice(("gateway", "gateway", "customs"))

    def _later(self, seconds: float, function: Callable[..., object], *args: object) -> None:
        self._town.timeline.call_later(seconds * self._chance.random(), function, *args)

    def _doom(self) -> None:
        name = self._house()
        points = int(self._chance.expovariate(1 / 40)) + 1
        doom = Doom(points, power_fails=self._chance.random() < 0.5)
        self._town.say(f"{name} is doomed to end in {points} points")
        self._town.houses[name].doom = doom
        self._later(20, self._revive, name)

    def _kill(self) -> None:
        name = self._house()
        self._town.kill(name, power_fails=False)
        self._later(10, self._town.start, name)

    def _revive(self, name: str) -> None:
        house = self._town.houses[name]
        if house.life is not None and not house.life.is_alive:
            self._town.start(name)
        else:
            self._later(20, self._revive, name)

    def _stop(self) -> None:
        name = self._house()
        self._town.stop(name)
        self._later(40, self._revive, name)

    def _cut(self) -> None:
        octets = int(self._chance.expovariate(1 / 4000))
        self._town.say(f"the line will be cut after {octets} octets")
        self._town.network.weather.cut_after_bytes = octets

    def _stall(self) -> None:
        seconds = self._chance.choice((2.0, 30.0, 400.0)) * self._chance.random()
        self._town.say(f"the line stalls for {seconds:.1f} s")
        self._town.network.weather.stalls_until_seconds = self._town.timeline.seconds() + seconds

    def _outage(self) -> None:
        weather = self._town.network.weather
        weather.is_down = True
        self._town.say("nobody can be called")

        def over() -> None:
            weather.is_down = False

        self._later(60, over)

    def _pieces(self) -> None:
        weather = self._town.network.weather
        weather.piece_bytes = self._chance.choice((40, 500, 4096, 65_536))
        weather.latency_seconds = self._chance.choice((0.001, 0.03, 0.3))

    def _disk_fails(self) -> None:
        self._trouble(disk.broken, 5)

    def _disk_fills(self) -> None:
        self._trouble(disk.full, 20)

    def _trouble(self, error: Callable[[], OSError], seconds: float) -> None:
        house = self._town.houses[self._house()]
        house.trouble = Trouble(self._chance.choice((0.1, 0.5, 1.0)), error)
        self._town.say(f"the disk of {house.name}: {error().strerror}")

        def over() -> None:
            house.trouble = None

        self._later(seconds, over)

    def _database_fills(self) -> None:
        name = self._house()
        self._town.limit_database(name, full=True)
        self._later(20, lambda: self._town.limit_database(name, full=False))

    def _room_runs_out(self) -> None:
        house = self._town.houses[self._house()]
        house.free_bytes = self._chance.choice((0, LITTLE_BYTES))
        self._town.say(f"{house.name} has {house.free_bytes} bytes left on its disk")

        def over() -> None:
            house.free_bytes = PLENTY_BYTES

        self._later(90, over)

    def _slow(self) -> None:
        pace = self._town.houses[self._house()].pace
        assert pace is not None
        pace.slowness = self._chance.choice((1.0, 20.0, 500.0))

    def _workers_die(self) -> None:
        house = self._town.houses[self._house()]
        house.worker_death = 0.5

        def over() -> None:
            house.worker_death = 0.0

        self._later(15, over)

    def _clock_is_out(self) -> None:
        house = self._town.houses[self._house()]
        house.skew_seconds = self._chance.uniform(-SKEW_SECONDS, SKEW_SECONDS)
        self._town.say(f"the clock of {house.name} is out by {house.skew_seconds:.1f} s")

    def _clock_drifts(self) -> None:
        house = self._town.houses[self._house()]
        rate = self._chance.uniform(-0.05, 0.05)
        self._town.say(f"the clock of {house.name} goes wrong by {rate:.3f} s a second")

        def tick(times: int) -> None:
            out = house.skew_seconds + rate
            house.skew_seconds = max(-SKEW_SECONDS, min(SKEW_SECONDS, out))
            if times:
                self._town.timeline.call_later(1.0, tick, times - 1)

        tick(self._chance.randint(10, 60))

    def _reload(self) -> None:
        name = self._house()
        self._town.reload(name)

    def _operator_holds(self) -> None:
        rows = [self._chance.randint(1, 30) for _ in range(3)]
        self._town.ask("gateway", "queue hold", ids=rows)
        self._later(30, lambda: self._town.ask("gateway", "queue release", ids=rows))

    def _operator_requeues(self) -> None:
        self._town.ask("gateway", "queue requeue", ids=[self._chance.randint(1, 30)])

    def _operator_flushes(self) -> None:
        self._town.ask("gateway", "queue flush")

    def _operator_at_the_line(self) -> None:
        command = self._chance.choice(("line down", "line drain", "line up"))
        self._town.ask("gateway", command, partner="customs")
        self._later(30, lambda: self._town.ask("gateway", "line up", partner="customs"))

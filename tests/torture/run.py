"""One run: load, kills and faults from a seed; then peace, and what must be true in the end."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from gateway.errors import EnvironmentFault
from gateway.operations.commands import CommandRefused
from tests.simulation.judge import held_rows, is_settled, judge, what_waits
from tests.torture.faults import FAULTS, Fault
from tests.torture.findings import Finding, Strike, findings_of
from tests.torture.load import PatientIssuers
from tests.torture.machine import Machine
from tests.torture.process import Daemon

#: All must be settled so long after the last fault: what a round of backoff takes besides two minutes.
SETTLE_SECONDS = 180.0
IDLE_SECONDS = 4.0
#: So often operators have tried at once what waits for its next try.
FLUSH_SECONDS = 30.0
_TICK_SECONDS = 0.03
_FAULTS_AT_ONCE = 2
_READY_SECONDS = 40.0
#: A pause in which a fault may be noticed: of one in so many rounds, and of all where there are no kills.
_QUIET_SECONDS, _WITHOUT_KILL = 8.0, 0.1
_DROPS_MOST = 6
#: What a drop takes on the small file systems, in all, generously; and what they have besides.
_DROP_BYTES, _ROOM_BYTES = 120_000, 12_000_000


@dataclass
class Active:
    """A fault that lasts, until when, and what is kept of it."""

    fault: Fault
    until_seconds: float
    strike: Strike


@dataclass
class Run:
    """The run of a seed; `play` it once. A round has a kill, if `kills_too`; `advance` is told of each."""

    machine: Machine
    chance: Random
    issuers: PatientIssuers
    rounds: int
    most_seconds: float
    names: Sequence[str]
    kills_too: bool
    story_file: Path
    advance: Callable[[], object]
    strikes: list[Strike] = field(default_factory=list)
    active: list[Active] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=lambda: {"gateway": 0, "customs": 0, "worker": 0})
    released: int = 0
    asked: int = 0
    silent: int = 0
    settled_after_seconds: float | None = None

    def play(self) -> list[Finding]:
        """Everything, to the judgement."""
        self.machine.story = self.say
        self._wait(_READY_SECONDS, self._is_ready)
        done = 0
        ends_at_seconds = time.monotonic() + self.most_seconds
        while done < self.rounds and time.monotonic() < ends_at_seconds:
            kills = sum(self.killed.values())
            self._round()
            happened = not self.kills_too or sum(self.killed.values()) > kills
            done += happened
            if happened:
                self.advance()
            self._ask()
        self.say("peace")
        while self.active:
            self._end(self.active[0])
        return self._judged()

    def say(self, what: str) -> None:
        """Write down what happens, as it happens."""
        with self.story_file.open("a", encoding="utf-8") as story:
            story.write(f"{time.strftime('%H:%M:%S')} {what}\n")

    def _round(self) -> None:
        for _ in range(self.chance.randint(0, _DROPS_MOST)):
            self.issuers.drop_something()
        if self.names and self.chance.random() < 0.6 and len(self.active) < _FAULTS_AT_ONCE:
            self._begin(self.chance.choice(self.names))
        if not self.kills_too:
            self._wait(_QUIET_SECONDS * self.chance.random())
            return
        if self.chance.random() < _WITHOUT_KILL:
            self._wait(_QUIET_SECONDS * self.chance.random())
        self._wait(self.chance.choice((0.05, 0.5, 2.0)) * self.chance.random())
        victim = self.chance.choice(("gateway", "customs", "worker"))
        if victim == "worker":
            self._kill_worker()
        else:
            self._kill(self.machine.daemons[victim])

    def _kill(self, daemon: Daemon) -> None:
        """Most often when it works, now and then while it starts."""
        if self.chance.random() < 0.75:
            self._wait(_READY_SECONDS, lambda: daemon.is_ready)
            self._wait(self.chance.uniform(0.0, 1.5))
        if daemon.pid is not None:
            self.say(f"{daemon.name} is killed")
            daemon.kill(self.chance.choice((0.0, 0.0, 1.0)))
            self.killed[daemon.name] += 1

    def _kill_worker(self) -> None:
        gateway = self.machine.gateway
        self._wait(_READY_SECONDS, lambda: bool(gateway.is_ready and gateway.workers()))
        workers = gateway.workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(workers), signal.SIGKILL)
                self.say("a worker is killed")
                self.killed["worker"] += 1

    def _ask(self) -> None:
        """Whoever is ready, with nothing wrong, says how it is."""
        for name, daemon in self.machine.daemons.items():
            if daemon.is_ready and daemon.pid is not None and not self.active:
                self.asked += 1
                if self._status(daemon) is None:
                    self.say(f"{name} does not say how it is")
                    self.silent += 1

    # Faults

    def _begin(self, name: str) -> None:
        if any(one.strike.name == name for one in self.active):
            return
        fault = FAULTS[name](self.machine, self.chance)
        said = fault.begin()
        if said is None:
            return
        self.say(said)
        seconds = self.chance.uniform(*fault.seconds)
        strike = Strike(name, said, fault.told, time.time(), self.machine.gateway.starts)
        self.strikes.append(strike)
        self.active.append(Active(fault, time.monotonic() + seconds, strike))

    def _end(self, one: Active) -> None:
        self.active.remove(one)
        one.fault.end()
        one.strike.ended = time.time()
        one.strike.gateway_lived = one.strike.gateway_starts == self.machine.gateway.starts
        self.say(f"over: {one.strike.what}")

    def _wait(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let time pass: the manager tends, issuers push, faults end when they are to."""
        until = time.monotonic() + seconds
        while True:
            self.machine.tend()
            self.issuers.push()
            now_seconds = time.monotonic()
            for one in [one for one in self.active if one.until_seconds <= now_seconds]:
                self._end(one)
            if now_seconds >= until or done():
                return
            time.sleep(_TICK_SECONDS)

    # The end

    def _judged(self) -> list[Finding]:
        began = time.monotonic()
        instance = self.machine.instance
        flush_at_seconds = began + FLUSH_SECONDS
        while time.monotonic() < began + SETTLE_SECONDS:
            self._wait(0.5)
            if time.monotonic() > flush_at_seconds:
                flush_at_seconds += FLUSH_SECONDS
                self._flush()
            if not self.issuers.waiting and self._is_ready() and self._is_settled(instance):
                self.settled_after_seconds = time.monotonic() - began
                break
        waits = None if self.settled_after_seconds is not None else self._told_what_waits(instance)
        idle = self._idle()
        leftover = {name: (len(one.workers()), one.descriptors()) for name, one in self._up()}
        answered = {name: self._status(daemon) for name, daemon in self.machine.daemons.items()}
        statuses = {name: daemon.stop() for name, daemon in self.machine.daemons.items()}
        self.say(f"ended with {statuses}")
        return findings_of(
            self.machine,
            verdict=judge(instance, self.issuers.drops) if waits is None else None,
            waits=waits,
            idle=idle,
            leftover=leftover,
            answered=answered,
            silent=(self.silent, self.asked),
            statuses=statuses,
            strikes=self.strikes,
        )

    def _is_ready(self) -> bool:
        return all(daemon.is_ready for daemon in self.machine.daemons.values())

    def _is_settled(self, instance: Path) -> bool:
        """Whether all is done; what operators are to let go they let go meanwhile."""
        held = held_rows(instance)
        if held:
            with suppress(EnvironmentFault, CommandRefused):
                self.machine.gateway.control.call("queue release", ids=held)
                self.released += len(held)
                self.say(f"operators released {held}")
            return False
        return is_settled(instance)

    def _flush(self) -> None:
        """Files that were refused for want of room wait for up to a quarter of an hour, or for operators."""
        for name, daemon in self.machine.daemons.items():
            with suppress(EnvironmentFault, CommandRefused):
                self.say(f"operators flush at {name}: {daemon.control.call('queue flush')['due_now']}")

    def _told_what_waits(self, instance: Path) -> str:
        alerts = {}
        with suppress(EnvironmentFault, CommandRefused):
            status = self.machine.gateway.control.call("status")
            alerts = {"alerts": status["alerts"], "lines": status["lines"]}
        return f"{what_waits(instance)}; to be handed over {len(self.issuers.waiting)}; {json.dumps(alerts)}"

    def _idle(self) -> dict[str, float]:
        """The share of a processor that each takes with nothing to do."""
        before = {name: one.cpu_seconds() for name, one in self._up()}
        self._wait(IDLE_SECONDS)
        return {name: (one.cpu_seconds() - before[name]) / IDLE_SECONDS for name, one in self._up()}

    def _up(self) -> list[tuple[str, Daemon]]:
        return [(name, one) for name, one in self.machine.daemons.items() if one.pid is not None]

    def _status(self, daemon: Daemon) -> list[str] | None:
        """The alerts of a daemon that is asked how it is; None if it does not answer."""
        try:
            answer = daemon.control.call("status")
        except (EnvironmentFault, CommandRefused):
            return None
        return [f"{one['name']}: {one['trouble']}" for one in answer.get("alerts", ())]


def room_bytes(kills: int) -> int:
    """How large the small file systems are for so many kills."""
    return _ROOM_BYTES + kills * _DROPS_MOST // 2 * _DROP_BYTES

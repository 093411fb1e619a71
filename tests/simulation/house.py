"""What a simulated daemon stands on: threads, workers and the ledger's runners that take their time.

Nothing happens at once: each piece of work is done later, and its result comes later still, so that all that
can happen in between does. Each is a point at which the process can be killed, or a fault can strike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gateway.errors import EnvironmentFault
from gateway.exchange.workers import InlineWorkers
from tests.simulation.timeline import Killed, Life


class Pace:
    """How long things take, by chance; `slowness` multiplies it."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.slowness = 1.0

    def seconds(self) -> float:
        """The next pause."""
        return self._chance.choice((0.0, 0.001, 0.004)) * self.slowness * self._chance.random()


class Later:
    """Runs work in order, one after the other, each some time later."""

    def __init__(self, life: Life, pace: Pace, point: Callable[[str], None], what: str) -> None:
        self._life = life
        self._pace = pace
        self._point = point
        self._what = what
        self._waiting: deque[tuple[Callable[[], Any], Deferred[Any]]] = deque()
        self._is_busy = False

    def do(self, work: Callable[[], Any]) -> Deferred[Any]:
        """The result of `work`, later."""
        done: Deferred[Any] = Deferred()
        self._waiting.append((work, done))
        if not self._is_busy:
            self._is_busy = True
            self._life.callLater(self._pace.seconds(), self._next)
        return done

    def finish(self) -> None:
        """Do at once what waits."""
        while self._waiting:
            self._do_one()

    def _next(self) -> None:
        if self._waiting:
            self._do_one()
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            self._life.callLater(self._pace.seconds(), self._next)

    def _do_one(self) -> None:
        work, done = self._waiting.popleft()
        result: Any
        try:
            self._point(f"before {self._what}")
            result = work()
            self._point(f"after {self._what}")
        except Killed:
            raise
        except Exception:
            result = Failure()
        self._life.callLater(self._pace.seconds(), done.callback, result)


class SimulatedThreads:
    """Work in threads (`InThread`): one of it at a time, later."""

    def __init__(self, life: Life, pace: Pace, point: Callable[[str], None]) -> None:
        self._later = Later(life, pace, point, "work on the disk")

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """`function(*args, **kwargs)`, later."""
        return self._later.do(lambda: function(*args, **kwargs))


class SimulatedRunners:
    """The ledger's two threads (`Runners`)."""

    def __init__(self, life: Life, pace: Pace, point: Callable[[str], None]) -> None:
        self._writes = Later(life, pace, point, "commit")
        self._reads = Later(life, pace, lambda _: None, "query")

    def write(self, work: Callable[[], Any]) -> Deferred[Any]:
        """See `Runners.write`."""
        return self._writes.do(work)

    def read(self, work: Callable[[], Any]) -> Deferred[Any]:
        """See `Runners.read`."""
        return self._reads.do(work)

    def stop(self) -> None:
        """See `Runners.stop`."""
        self._writes.finish()
        self._reads.finish()


class SimulatedWorkers(InlineWorkers):
    """Workers that take their time, and some of which die with what they have in hand."""

    def __init__(
        self, life: Life, pace: Pace, dies: Callable[[], bool], build: Callable[..., object], arguments: Any
    ) -> None:
        super().__init__(build(*arguments))
        self._build = build
        self._later = Later(life, pace, lambda _: None, "work in a worker")
        self._dies = dies

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """See `Workers.run`."""
        results: list[Any] = await self._later.do(lambda: self._work(operation, jobs))
        return results

    async def renew(self, arguments: tuple[Any, ...]) -> None:
        """See `RenewableWorkers.renew`."""
        self._bench = await self._later.do(lambda: self._build(*arguments))

    def _work(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        if self._dies():
            raise EnvironmentFault("the worker processes do not run: one was killed")
        results: list[Any] = getattr(self._bench, operation)(list(jobs))
        if self._dies():
            raise EnvironmentFault("the worker processes do not run: one was killed before it could tell")
        return results

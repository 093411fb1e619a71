"""One time line for everything that is simulated, and the lives of processes on it.

A life is what a process is between its start and its end: a reactor of its own, on which nothing happens any
more once it was killed. Whatever was under way then is dropped where it stood, as the kernel drops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTime,
)
from zope.interface import implementer

#: More calls than any seed needs: a loop that does not let time pass is a failure, not a hang.
CALLS_MAX = 2_000_000


class Killed(BaseException):
    """The process that runs this ends here. Nobody handles it: there is nobody left."""


class NeverQuiet(AssertionError):
    """More happened than can be: something goes round in circles."""


class Timeline:
    """Seconds since the start, and what happens when. One for all processes.

    A heap, where `twisted.internet.task.Clock` sorts all calls at each new one; and one thing at a time, with
    the time in between.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._heap: list[tuple[float, int, DelayedCall]] = []
        self._numbers = count()
        self._calls = 0
        self.running: Life | None = None

    def seconds(self) -> float:
        """Now."""
        return self._seconds

    def call_later(self, seconds: float, function: Callable[..., object], *args: object) -> DelayedCall:
        """Have `function` called, by nobody in particular."""
        call = DelayedCall(
            self._seconds + seconds, function, args, {}, lambda _: None, self._put, self.seconds
        )
        self._put(call)
        return call

    def run_until(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let everything happen up to then, one thing at a time; or until `done`, asked after each."""
        while not done():
            call = self._next(seconds)
            if call is None:
                self._seconds = max(self._seconds, seconds)
                return
            self._calls += 1
            if self._calls > CALLS_MAX:
                raise NeverQuiet(f"{CALLS_MAX} calls by {self._seconds:.1f} s")
            self._seconds = max(self._seconds, call.getTime())
            call.called = 1
            call.func(*call.args, **call.kw)

    def _put(self, call: DelayedCall) -> None:
        heappush(self._heap, (call.getTime(), next(self._numbers), call))

    def _next(self, until_seconds: float) -> DelayedCall | None:
        """The first call that is still wanted, taken out; None if there is none by then."""
        while self._heap and self._heap[0][0] <= until_seconds:
            when, _, call = heappop(self._heap)
            if call.cancelled or call.called:
                continue
            if call.getTime() > when:
                # It was put off after it was put in: it may be brought forward from where it stands now.
                call.activate_delay()
                self._put(call)
                continue
            return call
        return None


@implementer(IHostnameResolver)
class _Resolver:
    """Knows addresses only, and says them back."""

    def resolveHostName(
        self,
        resolutionReceiver: Any,  # noqa: N803 - Twisted's names
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        from twisted.internet.address import IPv4Address  # noqa: PLC0415 - beside its only use

        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(IPv4Address("TCP", hostName, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """It is over already."""


@implementer(IReactorTime, IReactorPluggableNameResolver)
class Life:
    """One process from its start to its end, as its reactor: time, names and connections.

    `die` ends it; `buried` is called then, with all that others must do about it (connections, disk).
    """

    def __init__(self, timeline: Timeline, name: str, network: Any) -> None:
        self.name = name
        self.is_alive = True
        self.nameResolver = _Resolver()
        self.at_death: list[Callable[[], None]] = []
        self._timeline = timeline
        self._network = network

    # Time

    def seconds(self) -> float:
        """See IReactorTime."""
        return self._timeline.seconds()

    def callLater(
        self,
        delay: float,
        callable: Callable[..., object],  # noqa: A002 - Twisted's name
        *args: object,
        **kwargs: object,
    ) -> DelayedCall:
        """See IReactorTime."""
        return self._timeline.call_later(delay, self._run, callable, args, kwargs)

    def callFromThread(self, function: Callable[..., object], *args: object, **kw: object) -> None:
        """There are no threads; but it never happens at once either."""
        self.callLater(0, function, *args, **kw)

    def installNameResolver(self, resolver: Any) -> Any:
        """There is no other."""
        return self.nameResolver

    def getDelayedCalls(self) -> list[DelayedCall]:
        """See IReactorTime."""
        return []

    def run(self, function: Callable[..., object], *args: object) -> None:
        """Have this process do something now, if it lives."""
        self._run(function, args, {})

    def _run(self, function: Callable[..., object], args: Any, kw: Any) -> None:
        if not self.is_alive:
            return
        with self.as_running():
            try:
                function(*args, **kw)
            except Killed:
                assert not self.is_alive, "whoever is killed is dead"

    @contextmanager
    def as_running(self) -> Iterator[None]:
        """What happens meanwhile is this process's doing: faults of the disk ask for that."""
        before, self._timeline.running = self._timeline.running, self
        try:
            yield
        finally:
            self._timeline.running = before

    # Connections

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,  # noqa: N803 - Twisted's name
    ) -> Any:
        """See IReactorTCP."""
        return self._network.connect(self, host, port, factory, timeout)

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        """See IReactorTCP."""
        return self._network.listen(self, port, factory)

    # The end

    def die(self) -> None:
        """It ends here, in the middle of whatever it is doing."""
        if not self.is_alive:
            return
        self.is_alive = False
        acts, self.at_death = self.at_death, []
        running, self._timeline.running = self._timeline.running, None
        try:
            for act in acts:
                act()
        finally:
            self._timeline.running = running

"""A pump: does one kind of work as long as there is any, sleeps, and is woken.

What there is to do is always asked of the ledger or the spool, never kept in memory alone: so a wake-up
that was lost costs a delay of `idle_seconds` and no more, and a restart goes on where the last run stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from gateway.errors import is_of_machine, told

_log = Logger()


class Pump:
    """Repeats `step` while it returns True; then sleeps until woken, or `idle_seconds`.

    A step that fails with an environment fault or a bug is logged, told to `alarm` (None once it works
    again), and tried again after a pause that doubles up to `pause_limit_seconds`.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[bool]],
        clock: IReactorTime,
        *,
        idle_seconds: float = 5.0,
        pause_limit_seconds: float = 30.0,
        alarm: Callable[[str, str | None], None] = lambda _name, _trouble: None,
    ) -> None:
        self.name = name
        self._step = step
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._pause_limit_seconds = pause_limit_seconds
        self._alarm = alarm
        self._woken = False
        self._failures = 0
        self._sleep: Deferred[None] | None = None
        self._running: Deferred[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin with a first step at once."""
        assert self._running is None, "a pump starts once"
        self._running = ensureDeferred(self._run())

    def wake(self) -> None:
        """There may be something to do."""
        self._woken = True
        if self._sleep is not None and self._failures == 0:
            self._sleep.cancel()

    def end(self) -> None:
        """Take no further step; `stop` waits for the one in hand."""
        self._stopping = True
        if self._sleep is not None:
            self._sleep.cancel()

    async def stop(self) -> None:
        """Finish the step in hand, then end."""
        self.end()
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while not self._stopping:
            self._woken = False
            more = await self._guarded_step()
            if self._stopping:
                return
            if self._failures:
                await self._rest(min(2.0 ** (self._failures - 1), self._pause_limit_seconds))
            elif not more and not self._woken:
                await self._rest(self._idle_seconds)

    async def _guarded_step(self) -> bool:
        try:
            more = await self._step()
        except Exception as error:
            self._failures += 1
            self._tell(error)
            return False
        if self._failures:
            self._failures = 0
            self._alarm(self.name, None)
        return more

    def _tell(self, error: Exception) -> None:
        if is_of_machine(error):
            _log.error("{pump} cannot go on and will try again: {error}", pump=self.name, error=told(error))
            self._alarm(self.name, told(error))
        else:
            _log.failure("{pump} met a fault of this program", failure=Failure(), pump=self.name)
            self._alarm(self.name, f"a fault of this program, see the log: {error}")

    async def _rest(self, seconds: float) -> None:
        self._sleep = Deferred()
        timer = self._clock.callLater(seconds, self._sleep.callback, None)
        try:
            await self._sleep
        except CancelledError:
            timer.cancel()
        finally:
            self._sleep = None

"""How a daemon ends: its duties in order, each within a time, none able to keep the others from being done.

SIGTERM and SIGINT stop the reactor (Twisted's own handlers); what is registered here runs before it stops.
SIGHUP, which Twisted leaves alone, asks for a reload.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Sequence
from types import FrameType
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorCore, IReactorFromThreads, IReactorTime
from twisted.logger import Logger

#: A duty's name, for the log, and what it does.
Duty = tuple[str, Callable[[], Awaitable[None]]]

_log = Logger(namespace="gateway.operations.stopping")


class SignalRegistry(Protocol):
    """What of the `signal` module is used."""

    def __call__(self, number: int, handler: Callable[[int, FrameType | None], None], /) -> object:
        """As `signal.signal`."""


def stop_in_order(
    core: IReactorCore, clock: IReactorTime, duties: Sequence[Duty], *, timeout_seconds: float
) -> None:
    """Before the reactor stops, perform `duties` in order; each may take `timeout_seconds`."""
    core.addSystemEventTrigger("before", "shutdown", lambda: perform(clock, duties, timeout_seconds))


def perform(clock: IReactorTime, duties: Sequence[Duty], timeout_seconds: float) -> Deferred[None]:
    """Perform `duties` in order; one that fails or takes longer than `timeout_seconds` is told and left.

    Fires when all had their turn; never fails.
    """

    async def all_of_them() -> None:
        for name, duty in duties:
            try:
                await _as_deferred(duty).addTimeout(timeout_seconds, clock)
            except Exception:
                _log.failure("while stopping: {duty} failed", duty=name)

    return Deferred.fromCoroutine(all_of_them())


def _as_deferred(duty: Callable[[], Awaitable[None]]) -> Deferred[None]:
    async def run() -> None:
        await duty()

    return Deferred.fromCoroutine(run())


def reload_on_hangup(
    threads: IReactorFromThreads,
    reload: Callable[[], object],
    *,
    register: SignalRegistry = signal.signal,
) -> None:
    """Call `reload` in the reactor when SIGHUP arrives."""
    register(signal.SIGHUP, lambda _number, _frame: threads.callFromThread(reload))

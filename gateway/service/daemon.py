"""A daemon's life: log, start, ready, serve, stop; the same for the gateway and for the simulated customs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gateway.collector import spare_what_stays
from gateway.config import LogConfig
from gateway.operations.commands import Commands
from gateway.operations.control import ControlServer
from gateway.operations.log import Log, begin, make_log
from gateway.operations.notify import Notifier
from gateway.operations.stopping import Duty, perform, reload_on_hangup
from gateway.service.reloading import Reloaded

_log = Logger(namespace="gateway")

#: The longest that one duty may take when the daemon stops: more than the line needs for a partner that does
#: not answer (what is in hand, then the end of the session, each bounded by the line's `closing_seconds`).
STOP_SECONDS = 30.0
#: Threads for what blocks on the disk or on a name server.
THREADS = 10


class Daemon(Protocol):
    """What runs: built, then started, then stopped, once."""

    name: str

    async def start(self) -> str:
        """Begin to work; returns a line about what was found, for the log and the service manager."""

    def duties(self) -> Sequence[Duty]:
        """What is to be done to end it, in order: take no more, finish what is in hand, close everything."""

    async def reload(self) -> Reloaded:
        """Take over what may change while running. ConfigurationFault: nothing has changed."""

    def healthy(self) -> bool:
        """Whether the watchdog should be fed."""

    def register(self, commands: Commands) -> None:
        """Add the control commands that this daemon answers."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a daemon needs around it: its log, and the socket that its operators use."""

    log: LogConfig
    control_socket: Path


def serve(setting: Setting, build: Callable[[Any], Daemon]) -> None:
    """Run the daemon that `build(reactor)` makes until SIGTERM, SIGINT or the command `stop`.

    Raises what building or starting raises, with nothing left running.
    """
    # Here and nowhere else a reactor is chosen; everyone else is handed it.
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

    # All threads that there will be, made while there is room: one that is wanted later may not be given.
    threads = reactor.getThreadPool()  # type: ignore[attr-defined]
    threads.adjustPoolsize(THREADS, THREADS)
    log = make_log(
        setting.log,
        terminal=sys.stderr,
        call_in_reactor=reactor.callFromThread,  # type: ignore[attr-defined]
    )
    begin(log)
    life = _Life(reactor, setting, log, build)
    reactor.callWhenRunning(life.begin)
    reactor.callWhenRunning(log.lines.gather, reactor.callFromThread)  # type: ignore[attr-defined]
    try:
        reactor.run()
    finally:
        log.lines.pass_on()
    if life.trouble is not None:
        raise life.trouble


class _Life:
    def __init__(self, reactor: Any, setting: Setting, log: Log, build: Callable[[Any], Daemon]) -> None:
        self.trouble: BaseException | None = None
        self._reactor = reactor
        self._setting = setting
        self._log = log
        self._build = build
        self._notifier = Notifier.from_environment(os.environ)
        self._daemon: Daemon | None = None
        self._control: ControlServer | None = None
        self._ending = False

    def begin(self) -> None:
        """Start everything; if something cannot be started, stop the reactor with that trouble."""
        self._reactor.addSystemEventTrigger("before", "shutdown", self._end)
        self._run("the start", self._begin())

    async def _begin(self) -> None:
        try:
            daemon = self._daemon = self._build(self._reactor)
            commands = Commands()
            daemon.register(commands)
            commands.add_stream("tail", self._log.tail.command)
            commands.add("stop", self._stop_command)
            commands.add("reload", self._reload_command)
            self._control = ControlServer(
                unix=self._reactor, clock=self._reactor, path=self._setting.control_socket, commands=commands
            )
            found = await daemon.start()
            # Last: whoever gets an answer from the control socket has a daemon that works.
            self._control.start()
            spare_what_stays()
        except Exception as error:
            self.trouble = error
            self._stop()
            return
        reload_on_hangup(self._reactor, lambda: self._run("the reload", self._reload()))
        self._notifier.ready(found)
        self._notifier.feed_watchdog(self._reactor, daemon.healthy)
        _log.info("{name} is ready: {found}", name=daemon.name, found=found)

    def _end(self) -> Deferred[None]:
        self._ending = True
        daemon, control = self._daemon, self._control
        self._notifier.stopping("stopping")
        self._notifier.stop_watchdog()
        duties: list[Duty] = []
        if daemon is not None:
            _log.info("{name} stops", name=daemon.name)
            duties.extend(daemon.duties())
        if control is not None:
            duties.append(("control socket", control.stop))
        return perform(self._reactor, duties, STOP_SECONDS)

    async def _stop_command(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._reactor.callLater(0, self._stop)
        return {"stopping": True}

    def _stop(self) -> None:
        # SIGTERM may have come first.
        if self._reactor.running and not self._ending:
            self._reactor.stop()

    async def _reload_command(self, arguments: dict[str, Any]) -> dict[str, Any]:
        reloaded = await self._reload()
        return {
            "reloaded": ["log", *reloaded.read],
            "changed": list(reloaded.changed),
            "needs_restart": list(reloaded.needs_restart),
        }

    async def _reload(self) -> Reloaded:
        self._log.reopen()
        reloaded = await self._daemon.reload() if self._daemon else Reloaded(())
        _log.info("reloaded: {reloaded}", reloaded=", ".join(("log", *reloaded.read)))
        for change in reloaded.changed:
            _log.info("reloaded: {change}", change=change)
        if reloaded.needs_restart:
            what = ", ".join(reloaded.needs_restart)
            _log.warn("changed, and read at the next start only: {what}", what=what)
        return reloaded

    def _run(self, what: str, coroutine: Coroutine[Any, Any, object]) -> None:
        def failed(failure: Failure) -> None:
            _log.failure("{what} failed", failure, what=what)

        Deferred.fromCoroutine(coroutine).addErrback(failed)

"""What the service manager is told: sd_notify(3), by its few lines of protocol.

Without NOTIFY_SOCKET in the environment nothing is told, and nothing fails.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from typing import Self

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

_MAX_STATUS_CHARACTERS = 400
_MICROSECONDS = 1_000_000


class Notifier:
    """Tells the manager at `address` (a socket's path, or an abstract one with a leading @); never raises."""

    def __init__(self, address: str | None, *, watchdog_seconds: float | None = None) -> None:
        self._address = address
        self._watchdog_seconds = watchdog_seconds
        self._beat: LoopingCall | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as the manager sets them."""
        address = environment.get("NOTIFY_SOCKET")
        meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
        limit = environment.get("WATCHDOG_USEC", "")
        watched = limit.isascii() and limit.isdigit() and int(limit) > 0 and meant_for == str(os.getpid())
        return cls(address or None, watchdog_seconds=int(limit) / _MICROSECONDS if watched else None)

    def ready(self, status: str = "") -> None:
        """The daemon serves."""
        self._tell("READY=1", status)

    def stopping(self, status: str = "") -> None:
        """The daemon ends."""
        self._tell("STOPPING=1", status)

    def status(self, status: str) -> None:
        """One line about the present state, for `systemctl status`."""
        self._tell("", status)

    def feed_watchdog(self, clock: IReactorTime, healthy: Callable[[], bool]) -> None:
        """While `healthy()`, feed the watchdog at half its interval: a stuck or sick daemon is restarted."""
        if self._watchdog_seconds is None or self._beat is not None:
            return
        self._beat = LoopingCall(lambda: self._tell("WATCHDOG=1") if healthy() else None)
        self._beat.clock = clock
        self._beat.start(self._watchdog_seconds / 2)

    def stop_watchdog(self) -> None:
        """Feed the watchdog no more."""
        if self._beat is not None:
            self._beat.stop()
            self._beat = None

    def _tell(self, state: str, status: str = "") -> None:
        if self._address is None:
            return
        one_line = " ".join(status.split())[:_MAX_STATUS_CHARACTERS]
        message = "\n".join(part for part in (state, one_line and f"STATUS={one_line}") if part)
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(message.encode(), address)

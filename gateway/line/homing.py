"""Back to the primary address: while a session stands on another one, the primary is looked at now and then.

Over TCP and TLS a bare connection tells whether somebody answers, and is closed without a word: the session
on the fallback is given up only then. Over a serial line nothing tells but a call; there the caller goes
back and tries, and falls back again if need be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol

from gateway.config.endpoints import Endpoint, Transport


@dataclass(frozen=True, slots=True)
class CallAddress:
    """Where a partner is called: as the operator has written it, and as Twisted's endpoint."""

    written: Endpoint
    endpoint: IStreamClientEndpoint

    @property
    def is_serial(self) -> bool:
        """Whether it is a serial line."""
        return self.written.transport is Transport.SERIAL


class Homing:
    """Between `begin` and `end`: looks at `primary` every `seconds`, and calls `go_home` when it answers."""

    def __init__(
        self, primary: CallAddress, seconds: float, clock: IReactorTime, go_home: Callable[[], None]
    ) -> None:
        self._primary = primary
        self._seconds = seconds
        self._clock = clock
        self._go_home = go_home
        self._timer: IDelayedCall | None = None
        self._looking: Deferred[IProtocol] | None = None

    def renew(self, primary: CallAddress, seconds: float) -> None:
        """Look there, and so often, from the next time on."""
        self._primary, self._seconds = primary, seconds

    def begin(self) -> None:
        """A session stands on a fallback."""
        self._timer = self._clock.callLater(self._seconds, self._look)

    def end(self) -> None:
        """It stands no more, or goes home."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _look(self) -> None:
        if self._primary.is_serial:
            self._go_home()
            return
        self._looking = self._primary.endpoint.connect(_OnlyLooking())
        self._looking.addCallbacks(self._answers, self._is_silent)

    def _answers(self, _: object) -> None:
        self._looking = None
        if self._timer is not None:
            self._go_home()

    def _is_silent(self, _: object) -> None:
        self._looking = None
        if self._timer is not None:
            self.begin()


class _OnlyLooking(Factory):
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> IProtocol:  # type: ignore[override]  # noqa: N802
        """See IProtocolFactory."""
        return _Glance()


class _Glance(Protocol):
    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        transport: Any = self.transport
        transport.abortConnection()

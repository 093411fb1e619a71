"""Faults that the simulated customs commits on the wire: it hangs up in the middle, or talks slowly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from typing_extensions import override

#: A slow line sends this often.
_TICK_SECONDS = 0.05


def faulty_protocols(
    clock: IReactorTime, *, cut_after_bytes: int, slow_bytes_per_second: int
) -> Callable[[IProtocol], IProtocol] | None:
    """What is put round each session's protocol; None if no fault is switched on (0 is off)."""
    if not cut_after_bytes and not slow_bytes_per_second:
        return None
    return lambda protocol: FaultyProtocol(protocol, clock, cut_after_bytes, slow_bytes_per_second)


class FaultyProtocol(ProtocolWrapper):
    """Passes bytes on until `cut_after_bytes` have gone either way, then aborts the connection.

    With `slow_bytes_per_second` what is sent is held back to that rate.
    """

    def __init__(
        self, protocol: IProtocol, clock: IReactorTime, cut_after_bytes: int, slow_bytes_per_second: int
    ) -> None:
        super().__init__(WrappingFactory(Factory()), protocol)
        self._clock = clock
        self._left_bytes = cut_after_bytes or None
        self._bytes_a_tick = (
            max(1, int(slow_bytes_per_second * _TICK_SECONDS)) if slow_bytes_per_second else 0
        )
        self._held_back = bytearray()
        self._ticking = False
        self._over = False

    @override
    def dataReceived(self, data: bytes) -> None:
        """Count what came, and cut if it is enough."""
        passed = self._counted(data)
        if passed:
            ProtocolWrapper.dataReceived(self, passed)
        self._cut_if_due()

    @override
    def write(self, data: bytes) -> None:
        """Count what goes, hold it back if we are slow, and cut if it is enough."""
        passed = self._counted(data)
        if self._bytes_a_tick:
            self._held_back += passed
            self._start_ticking()
        elif passed:
            ProtocolWrapper.write(self, passed)
        self._cut_if_due()

    @override
    def writeSequence(self, data: list[bytes]) -> None:
        """As `write`."""
        self.write(b"".join(data))

    @override
    def loseConnection(self) -> None:
        """Send what is held back before hanging up: the fault is slowness, not loss."""
        if self._held_back and not self._over:
            ProtocolWrapper.write(self, bytes(self._held_back))
            self._held_back.clear()
        ProtocolWrapper.loseConnection(self)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing more to send."""
        self._over = True
        self._held_back.clear()
        ProtocolWrapper.connectionLost(self, reason)

    def _counted(self, data: bytes) -> bytes:
        if self._left_bytes is None:
            return data
        passed = data[: self._left_bytes]
        self._left_bytes -= len(passed)
        return passed

    def _cut_if_due(self) -> None:
        if self._left_bytes == 0 and not self._over:
            self._over = True
            # TCP and TLS transports both have it, and no interface in common that says so.
            cast("Any", self.transport).abortConnection()

    def _start_ticking(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._clock.callLater(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        if self._over or not self._held_back:
            return
        now, self._held_back = self._held_back[: self._bytes_a_tick], self._held_back[self._bytes_a_tick :]
        ProtocolWrapper.write(self, bytes(now))
        if self._held_back:
            self._start_ticking()

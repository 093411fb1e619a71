"""The serial port itself: Twisted's SerialPort, opened for us alone, with an eye on the modem's carrier."""

from __future__ import annotations

from typing import Any, Protocol

import serial
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.internet.serialport import SerialPort
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

_CARRIER_POLL_SECONDS = 0.25


class PortUser(Protocol):
    """Whoever a port is open for."""

    def octets_came(self, octets: bytes) -> None:
        """Octets came from the line."""

    def carrier(self, *, is_present: bool) -> None:
        """The carrier has come or gone. Never told on a line that has no such signal."""

    def port_lost(self, reason: str) -> None:
        """The port is closed, by us or by whatever happened to it."""


def _open_exclusively(*arguments: Any, **options: Any) -> serial.Serial:
    """Two daemons on one line would hear half of everything each."""
    return serial.Serial(*arguments, exclusive=True, **options)


class _Port(SerialPort):
    _serialFactory = staticmethod(_open_exclusively)  # noqa: N815 - Twisted's name


class Wire(TwistedProtocol):
    """An open port. OSError or ValueError when the device cannot be opened or has no such speed."""

    def __init__(self, reactor: Any, device: str, bits_per_second: int, user: PortUser) -> None:
        self._user = user
        self._clock = reactor
        self._is_lost = False
        self._has_carrier = False
        self._port: Any = None
        self._watching = LoopingCall(self._look_for_carrier)
        self._watching.clock = reactor
        # The port reads nothing before the reactor turns: until then the user has time to get ready.
        port: Any = _Port
        self._port = port(self, device, reactor, baudrate=bits_per_second)
        self._watching.start(_CARRIER_POLL_SECONDS, now=False)

    def write(self, octets: bytes) -> None:
        """Put octets on the line."""
        self._port.write(octets)

    def close(self, *, at_once: bool) -> None:
        """Close the port; `port_lost` follows. With `at_once`, what was not sent is thrown away.

        Otherwise the system may wait, for as long as it takes to send it.
        """
        if at_once and not self._is_lost:
            self._port.flushOutput()
            self._clock.callLater(0, self._drop)
        else:
            self._port.loseConnection()

    def _drop(self) -> None:
        if not self._is_lost:
            self._port.connectionLost(Failure(ConnectionDone()))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._user.octets_came(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        self._is_lost = True
        if self._watching.running:
            self._watching.stop()
        self._user.port_lost(reason.getErrorMessage())

    def _look_for_carrier(self) -> None:
        try:
            has_carrier = bool(self._port.getCD())
        except OSError:
            # A pseudo-terminal, or an adapter without modem signals.
            self._watching.stop()
            return
        if has_carrier != self._has_carrier:
            self._has_carrier = has_carrier
            self._user.carrier(is_present=has_carrier)

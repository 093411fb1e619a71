"""Twisted's endpoints for serial lines: 8 bits, no parity, 1 stop bit, no flow control (docs/serial.md).

A caller opens the port for each session. A listener keeps it open, and begins a session when somebody rings:
NAK and CR, an envelope of a session that is no more, or a carrier that comes.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import CannotListenError, ConnectError
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.internet.task import deferLater
from zope.interface import implementer

from gateway.line.serial_port import Wire
from gateway.line.serial_transport import SerialAddress, SerialTransport
from oftp2.serial_link import COMMAND_BYTES_MAX, SerialLink
from oftp2.serial_outputs import Down, LinkSettings
from oftp2.session import Role
from oftp2.special_logic import Block, Negative, Receiver

#: How long a listener waits before it opens a port again that went away.
REOPEN_SECONDS = 5.0


@implementer(IStreamClientEndpoint)
class SerialClientEndpoint:
    """Calls over the device: the port is open as long as the session lasts."""

    def __init__(self, reactor: Any, device: str, settings: LinkSettings) -> None:
        self._reactor = reactor
        self._device = device
        self._settings = settings

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """See IStreamClientEndpoint. ConnectError when the device cannot be opened."""
        return deferLater(self._reactor, 0, self._open, factory)

    def _open(self, factory: IProtocolFactory) -> IProtocol:
        address = SerialAddress(self._device)
        call = _Call(self._reactor)
        try:
            wire = Wire(self._reactor, self._device, self._settings.bits_per_second, call)
        except (OSError, ValueError) as error:
            raise ConnectError(string=f"{self._device}: {error}") from error
        protocol = factory.buildProtocol(address)
        assert protocol is not None, "a caller's factory makes a protocol"
        call.begin(wire, SerialLink(Role.INITIATOR, self._settings), protocol, address)
        return protocol


class _Call:
    """One calling session, and its port."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._is_port_lost = False
        self._down: Down | None = None

    def begin(self, wire: Wire, link: SerialLink, protocol: IProtocol, address: SerialAddress) -> None:
        """The port is open."""
        self._wire = wire
        self._transport = SerialTransport(
            link, protocol, address, clock=self._reactor, write=wire.write, over=self._over
        )
        self._transport.start()

    def octets_came(self, octets: bytes) -> None:
        """See PortUser."""
        self._transport.octets_came(octets)

    def carrier(self, *, is_present: bool) -> None:
        """See PortUser."""
        self._transport.carrier(is_present=is_present)

    def port_lost(self, reason: str) -> None:
        """See PortUser. The protocol hears of the end when the device is free again."""
        self._is_port_lost = True
        if self._down is None:
            self._transport.line_lost(reason)
        else:
            self._transport.tell_lost(self._down)

    def _over(self, down: Down) -> None:
        self._down = down
        if self._is_port_lost:
            self._transport.tell_lost(down)
        else:
            self._wire.close(at_once=not down.is_clean)


@implementer(IStreamServerEndpoint)
class SerialServerEndpoint:
    """Waits for calls over the device."""

    def __init__(self, reactor: Any, device: str, settings: LinkSettings) -> None:
        self._reactor = reactor
        self._device = device
        self._settings = settings

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803
        """See IStreamServerEndpoint. CannotListenError when the device cannot be opened."""
        listener = SerialListener(self._reactor, self._device, self._settings, protocolFactory)
        return maybeDeferred(listener.startListening).addCallback(lambda _: listener)


@implementer(IListeningPort)
class SerialListener:
    """One port that is listened to, and the session on it, if there is one."""

    def __init__(self, reactor: Any, device: str, settings: LinkSettings, factory: IProtocolFactory) -> None:
        self._reactor = reactor
        self._address = SerialAddress(device)
        self._settings = settings
        self._factory = factory
        self._receiver = Receiver(COMMAND_BYTES_MAX)
        self._wire: Wire | None = None
        self._transport: SerialTransport | None = None
        self._down: Down | None = None
        self._is_stopping = False
        self._stopped: Deferred[None] = Deferred()
        self._reopening: IDelayedCall | None = None

    def startListening(self) -> None:  # noqa: N802 - Twisted's name
        """See IListeningPort."""
        device = self._address.device
        try:
            self._wire = Wire(self._reactor, device, self._settings.bits_per_second, self)
        except (OSError, ValueError) as error:
            raise CannotListenError("", device, error) from error

    def stopListening(self) -> Deferred[None]:  # noqa: N802 - Twisted's name
        """See IListeningPort. A session that stands goes on, and the port is closed after it."""
        self._is_stopping = True
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if self._transport is not None or self._wire is None:
            return succeed(None)
        self._wire.close(at_once=True)
        return self._stopped

    def getHost(self) -> Any:  # noqa: N802 - Twisted's name
        """See IListeningPort."""
        return self._address

    def octets_came(self, octets: bytes) -> None:
        """See PortUser."""
        if self._transport is not None:
            self._transport.octets_came(octets)
            return
        findings = list(self._receiver.feed(octets))
        if any(isinstance(finding, Negative | Block) for finding in findings):
            self._rung()

    def carrier(self, *, is_present: bool) -> None:
        """See PortUser."""
        if self._transport is not None:
            self._transport.carrier(is_present=is_present)
        elif is_present:
            self._rung()

    def port_lost(self, reason: str) -> None:
        """See PortUser. A port that went away by itself is opened again as soon as it can be."""
        self._wire = None
        if self._transport is not None and self._down is None:
            self._transport.line_lost(reason)
        elif self._transport is not None:
            self._tell_lost()
        if self._is_stopping:
            self._stopped.callback(None)
        else:
            self._reopening = self._reactor.callLater(REOPEN_SECONDS, self._reopen)

    def _reopen(self) -> None:
        self._reopening = None
        try:
            self.startListening()
        except CannotListenError:
            self._reopening = self._reactor.callLater(REOPEN_SECONDS, self._reopen)

    def _rung(self) -> None:
        protocol = self._factory.buildProtocol(self._address)
        if protocol is None or self._wire is None or self._is_stopping:
            return
        self._receiver.forget()
        link = SerialLink(Role.RESPONDER, self._settings)
        self._transport = SerialTransport(
            link, protocol, self._address, clock=self._reactor, write=self._wire.write, over=self._over
        )
        self._transport.start()

    def _over(self, down: Down) -> None:
        self._down = down
        if self._is_stopping and self._wire is not None:
            self._wire.close(at_once=not down.is_clean)
        else:
            self._tell_lost()

    def _tell_lost(self) -> None:
        assert self._transport is not None and self._down is not None, "a session is over"
        transport, self._transport = self._transport, None
        down, self._down = self._down, None
        transport.tell_lost(down)

"""From endpoints as operators write them to those of Twisted. A new transport is a case in each function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.resolving import Resolver, named_endpoint
from gateway.line.serial import SerialClientEndpoint, SerialServerEndpoint
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.vault import Vault
from oftp2.serial_outputs import LinkSettings

_BACKLOG = 128


def client_endpoints(
    reactor: Any, line: LineSettings, partner: PartnerSettings, vault: Vault, resolver: Resolver
) -> tuple[IStreamClientEndpoint, ...]:
    """Where `partner` is called, in order."""
    return tuple(
        _client_endpoint(reactor, line, partner, written, vault, resolver=resolver)
        for written in partner.call
    )


def _client_endpoint(
    reactor: Any,
    line: LineSettings,
    partner: PartnerSettings,
    written: Endpoint,
    vault: Vault,
    *,
    resolver: Resolver,
) -> IStreamClientEndpoint:
    if written.transport is Transport.SERIAL:
        return SerialClientEndpoint(reactor, written.host, _link_settings(line, written))
    plain = named_endpoint(reactor, written.host, written.port, line.connect_timeout_seconds, resolver)
    if written.transport is Transport.TCP:
        return plain
    return wrapClientTLS(vault.calls(partner.name, written.host), plain)


def server_endpoint(reactor: Any, line: LineSettings, written: Endpoint) -> IStreamServerEndpoint:
    """Where to listen."""
    if written.transport is Transport.SERIAL:
        return SerialServerEndpoint(reactor, written.host, _link_settings(line, written))
    kind = TCP6ServerEndpoint if ":" in written.host else TCP4ServerEndpoint
    return kind(reactor, written.port, backlog=_BACKLOG, interface=written.host)


def server_factory(reactor: Any, written: Endpoint, factory: Factory, vault: Vault) -> IProtocolFactory:
    """`factory` behind the transport of `written`."""
    if written.transport is not Transport.TLS:
        return factory
    return TLSMemoryBIOFactory(vault.answers(), isClient=False, wrappedFactory=factory, clock=reactor)


def _link_settings(line: LineSettings, written: Endpoint) -> LinkSettings:
    return replace(line.link, bits_per_second=written.port)

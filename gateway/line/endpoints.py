"""From endpoints as operators write them to those of Twisted. A new transport is a case in each function."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ServerEndpoint,
    TCP6ServerEndpoint,
    wrapClientTLS,
)
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory

from gateway.config.endpoints import Endpoint, Transport
from gateway.errors import ConfigurationFault
from gateway.line.serial import SerialClientEndpoint, SerialServerEndpoint
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import Connections, load_anchors, make_context
from oftp2.serial_outputs import LinkSettings

_BACKLOG = 128


def client_endpoints(
    reactor: Any, line: LineSettings, partner: PartnerSettings
) -> tuple[IStreamClientEndpoint, ...]:
    """Where `partner` is called, in order; ConfigurationFault when TLS is wanted and cannot be made."""
    return tuple(_client_endpoint(reactor, line, partner, written) for written in partner.call)


def _client_endpoint(
    reactor: Any, line: LineSettings, partner: PartnerSettings, written: Endpoint
) -> IStreamClientEndpoint:
    if written.transport is Transport.SERIAL:
        return SerialClientEndpoint(reactor, written.host, _link_settings(line, written))
    plain = HostnameEndpoint(reactor, written.host, written.port, timeout=line.connect_timeout_seconds)
    if written.transport is Transport.TCP:
        return plain
    if partner.tls_anchor is None:
        raise ConfigurationFault(f"{written} of {partner.name}: TLS needs tls_anchor")
    return wrapClientTLS(_connections(line, (partner,), written), plain)


def server_endpoint(reactor: Any, line: LineSettings, written: Endpoint) -> IStreamServerEndpoint:
    """Where to listen."""
    if written.transport is Transport.SERIAL:
        return SerialServerEndpoint(reactor, written.host, _link_settings(line, written))
    kind = TCP6ServerEndpoint if ":" in written.host else TCP4ServerEndpoint
    return kind(reactor, written.port, backlog=_BACKLOG, interface=written.host)


def server_factory(reactor: Any, line: LineSettings, written: Endpoint, factory: Factory) -> IProtocolFactory:
    """`factory` behind the transport of `written`; ConfigurationFault when its TLS cannot be made."""
    if written.transport is not Transport.TLS:
        return factory
    connections = _connections(line, line.partners, written)
    return TLSMemoryBIOFactory(connections, isClient=False, wrappedFactory=factory, clock=reactor)


def _link_settings(line: LineSettings, written: Endpoint) -> LinkSettings:
    return replace(line.link, bits_per_second=written.port)


def _connections(line: LineSettings, partners: tuple[PartnerSettings, ...], written: Endpoint) -> Connections:
    if line.certificate is None or line.key is None:
        raise ConfigurationFault(f"{written}: TLS needs the line's certificate and key")
    paths = {partner.tls_anchor for partner in partners if partner.tls_anchor is not None}
    anchors = [anchor for path in sorted(paths) for anchor in load_anchors(path)]
    if not anchors:
        raise ConfigurationFault(f"{written}: TLS needs a partner with tls_anchor")
    return Connections(make_context(line.certificate, line.key, anchors))

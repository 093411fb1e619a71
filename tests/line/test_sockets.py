"""What the kernel is told about the sockets below sessions, at both ends, with TLS and without."""

from __future__ import annotations

import socket
from typing import Any, ClassVar

import pytest
from twisted.internet.interfaces import IProtocol
from twisted.internet.protocol import Factory
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from gateway.config.endpoints import Transport
from gateway.line import sockets
from gateway.line.sockets import tcp_socket, watch_peer
from tests.line.world import World

TWO_MINUTES = 120


def test_a_partner_that_is_gone_is_missed_within_two_minutes() -> None:
    """Idle: the first probe, and as many as may be lost. Busy: what is not acknowledged."""
    idle = sockets.PROBE_AFTER_SECONDS + sockets.PROBES * sockets.PROBE_EVERY_SECONDS
    assert idle <= TWO_MINUTES
    assert sockets.UNACKNOWLEDGED_SECONDS <= TWO_MINUTES


def test_where_there_is_no_tcp_nothing_is_done() -> None:
    transport = StringTransport()
    assert tcp_socket(transport) is None
    watch_peer(transport)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="not a Linux kernel")
class WatchedOverTlsTests(World):
    async def test_both_ends_are_watched(self) -> None:
        self.wrap_gateway = self.wrapped
        await self.start()
        await self.until(lambda: self.calling().state == "in session")
        (accepted,) = self.customs._lines["gateway"].accepted
        calling = self.gateway._lines["customs"].caller.conversation
        assert calling is not None
        for conversation in (accepted, calling):
            transport: Any = conversation.link.transport  # type: ignore[attr-defined]
            below = tcp_socket(transport)
            assert below is not None
            assert below.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            found = [
                below.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    *(socket.TCP_NODELAY, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL),
                    *(socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT),
                )
            ]
            assert found == [1, 30, 15, 4, 90_000]

    def wrapped(self, protocol: IProtocol) -> IProtocol:
        """One more layer between, as faults put one there."""
        return ProtocolWrapper(WrappingFactory(Factory()), protocol)


class WatchedOverTcpTests(WatchedOverTlsTests):
    transport = Transport.TCP
    customs_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}
    gateway_partner: ClassVar[dict[str, Any]] = {"tls_anchor": None}

"""`probe`: what a partner can do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from oftp2 import events as e
from oftp2.commands import SSID
from oftp2.levels import REVISIONS
from oftp2.negotiation import Capabilities, Parameters
from oftp2.tool.caller import Caller

_DIRECTIONS = {"S": "sends only", "R": "receives only", "B": "sends and receives"}


class Probe(Caller):
    """Says nothing but who we are, and leaves."""

    def has_more(self) -> bool:
        """There is nothing to say."""
        return False

    def start(self) -> None:
        """There is nothing to say."""

    def transfer(self, event: e.Event) -> None:
        """There is nothing to transfer."""


def findings(
    peer: SSID, agreed: Parameters | None, ours: Capabilities, connection: str
) -> Iterator[tuple[str, str]]:
    """Pairs of what was looked at and what was found."""
    yield "connection", connection
    yield "identification", peer.code
    yield "level", f"{peer.level} ({REVISIONS.get(peer.level, 'not of RFC 5024')})"
    yield "direction", _DIRECTIONS[peer.mode]
    buffer_bytes = agreed.buffer_bytes if agreed else peer.buffer_bytes
    yield "buffer", f"{buffer_bytes} octets, {ours.buffer_bytes} offered"
    yield "credit", f"{agreed.credit if agreed else peer.credit}, {ours.credit} offered"
    yield "compression", _yes(peer.compression) if ours.compression else "not offered"
    yield "restart", _yes(peer.restart)
    yield "special logic", _yes(peer.special_logic)
    yield "authentication", "demanded" if peer.authentication else "no"
    yield "user data", peer.user_data or "none"


def describe_connection(connection: socket.socket) -> str:
    """The address that answered, with the TLS that protects it."""
    host, port = connection.getpeername()[:2]
    where = f"{host}:{port}"
    if not isinstance(connection, ssl.SSLSocket):
        return f"{where}, not encrypted"
    cipher = connection.cipher()
    return f"{where}, {connection.version()}, {cipher[0] if cipher else 'no cipher'}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"

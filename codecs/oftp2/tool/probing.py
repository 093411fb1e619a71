"""`probe`: over what kind of connection a partner answers."""

from __future__ import annotations

import socket
import ssl


def describe_connection(connection: socket.socket) -> str:
    """The address that answered, with the TLS that protects it."""
    host, port = connection.getpeername()[:2]
    where = f"{host}:{port}"
    if not isinstance(connection, ssl.SSLSocket):
        return f"{where}, not encrypted"
    cipher = connection.cipher()
    return f"{where}, {connection.version()}, {cipher[0] if cipher else 'no cipher'}"

"""Options of the sockets below sessions: a partner that is gone without a word is missed within two minutes.

A cut cable, or a firewall that forgets, sends nothing. The kernel then probes an idle connection, and gives
up what is not acknowledged; its own limits are hours.
"""

from __future__ import annotations

import socket
from typing import Final

#: How long a connection may be idle before it is probed, how far apart probes are, and how many may be lost.
PROBE_AFTER_SECONDS: Final = 30
PROBE_EVERY_SECONDS: Final = 15
PROBES: Final = 4
#: How long sent octets may stay unacknowledged.
UNACKNOWLEDGED_SECONDS: Final = PROBE_AFTER_SECONDS + PROBES * PROBE_EVERY_SECONDS

_OPTIONS: Final = (
    ("TCP_KEEPIDLE", PROBE_AFTER_SECONDS),
    ("TCP_KEEPINTVL", PROBE_EVERY_SECONDS),
    ("TCP_KEEPCNT", PROBES),
    ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_SECONDS * 1000),
)
#: More layers than TLS and a few wrappers.
_LAYERS_MAX: Final = 8


def watch_peer(transport: object) -> None:
    """Have the kernel watch the other end of `transport`; nothing is done where there is no TCP below."""
    below = tcp_socket(transport)
    if below is None:
        return
    below.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    below.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _OPTIONS:
        # Linux has them all; elsewhere what there is.
        if hasattr(socket, name):
            below.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def tcp_socket(transport: object) -> socket.socket | None:
    """The TCP socket at the bottom of `transport`, through TLS and other wrappers; None without one."""
    for _ in range(_LAYERS_MAX):
        inner = getattr(transport, "transport", None)
        if inner is None:
            break
        transport = inner
    handle = getattr(transport, "getHandle", lambda: None)()
    if isinstance(handle, socket.socket) and handle.family in {socket.AF_INET, socket.AF_INET6}:
        return handle
    return None

"""Makes protocols from a function, for endpoints of either side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.protocol import Factory, Protocol


class LineFactory(Factory):
    """`make` gives a protocol, or None where there is no room for another connection."""

    noisy = False

    def __init__(self, make: Callable[[], IProtocol | None]) -> None:
        self._make = make

    def buildProtocol(self, addr: IAddress | None) -> IProtocol:  # type: ignore[override]  # noqa: N802
        """See IProtocolFactory; never None, which TLS between us and the wire cannot bear."""
        return self._make() or NoRoom()


class NoRoom(Protocol):
    """Hangs up at once."""

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """See IProtocol."""
        transport: Any = self.transport
        transport.abortConnection()

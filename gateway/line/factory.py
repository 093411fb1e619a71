"""Makes protocols from a function, for endpoints of either side."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.protocol import Factory


class LineFactory(Factory):
    """`make` gives a protocol for each connection."""

    noisy = False

    def __init__(self, make: Callable[[], IProtocol]) -> None:
        self._make = make

    def buildProtocol(self, addr: IAddress | None) -> IProtocol:  # type: ignore[override]  # noqa: N802
        """See IProtocolFactory."""
        return self._make()

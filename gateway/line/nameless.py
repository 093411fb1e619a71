"""Connections of those who have not said who they are: so many at most, and the oldest makes way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gateway.line import journal

if TYPE_CHECKING:
    from gateway.line.conversation import Conversation
    from gateway.line.protocol import LineProtocol


class Nameless:
    """Keeps at most `maximum` connections, in the order in which they came.

    Were the newest hung up on, silent callers could keep everybody else out for as long as they like. It is
    the oldest of the place that has most of them: who floods hangs up on itself.
    """

    def __init__(self, maximum: int) -> None:
        assert maximum >= 1, "somebody must be able to call"
        self.maximum = maximum
        self._protocols: list[LineProtocol] = []

    def add(self, protocol: LineProtocol) -> None:
        """Somebody called; with one too many, whoever has been silent longest is hung up on."""
        self._protocols.append(protocol)
        if len(self._protocols) > self.maximum:
            (place, _), *_ = Counter(one.peer for one in self._protocols).most_common(1)
            oldest = next(one for one in self._protocols if one.peer == place)
            self._protocols.remove(oldest)
            oldest.conversation.outcome = "hung up on: too many callers that do not say who they are"
            journal.crowded(self.maximum)
            oldest.abort()

    def discard(self, conversation: Conversation) -> None:
        """It is not nameless any more, or is gone."""
        self._protocols = [one for one in self._protocols if one.conversation is not conversation]

    def hang_up(self) -> None:
        """End them all."""
        for protocol in list(self._protocols):
            protocol.abort()

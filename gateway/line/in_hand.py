"""What a session has in hand, by the commands that pass: a file or a receipt, and how much has passed."""

from __future__ import annotations

from oftp2 import commands as c
from oftp2.trace import Passed, Way

_KIB = 1024
_DOING = {Way.SENT: "sending", Way.RECEIVED: "receiving"}


class InHand:
    """Hears every command but DATA; of that it is told the octets by whoever counts them."""

    def __init__(self) -> None:
        #: On the wire: of a file that is compressed fewer pass than it has, of another some more.
        self.octets = 0
        self._what: c.SFID | c.EERP | c.NERP | None = None
        self._way = Way.SENT

    def hear(self, way: Way, passed: Passed) -> None:
        """A command passes."""
        match passed:
            case c.SFID() | c.EERP() | c.NERP():
                self._what, self._way, self.octets = passed, way, 0
            case c.SFPA(restart=restart):
                self.octets = restart * c.BLOCK_BYTES
            case c.SFNA() | c.EFPA() | c.EFNA() | c.RTR():
                self._what = None

    def __str__(self) -> str:
        """In words; empty when there is nothing."""
        match self._what:
            case None:
                return ""
            case c.SFID(dataset_name=name, size_blocks=blocks):
                return f"{_DOING[self._way]} {name}, {min(self.octets // _KIB, blocks)} of {blocks} KiB"
            case c.EERP(dataset_name=name) | c.NERP(dataset_name=name):
                return f"{_DOING[self._way]} the receipt for {name}"

"""Stream transmission buffers: exchange buffers on a stream of octets (RFC 5024 section 8)."""

from __future__ import annotations

from oftp2.errors import RemoteProtocolError
from oftp2.fields import SIZE_ERROR

HEADER_BYTES = 4
#: Version 1, no flags.
VERSION_AND_FLAGS = 0x10
EXCHANGE_BUFFER_MAX = 99_999
#: The longest command before a session stands: an ESID with all of its text.
COMMAND_BEFORE_SESSION_MAX = 1 + 2 + 3 + 999 + 1
_UNRECOGNISED = 1


def wrap(exchange_buffer: bytes) -> bytes:
    """The exchange buffer with its header before it."""
    assert 1 <= len(exchange_buffer) <= EXCHANGE_BUFFER_MAX, "an exchange buffer has 1..99999 octets"
    length = HEADER_BYTES + len(exchange_buffer)
    return bytes((VERSION_AND_FLAGS,)) + length.to_bytes(3, "big") + exchange_buffer


class Unwrapper:
    """Collects octets as they come and gives exchange buffers whole.

    Holds at most one buffer of `maximum_bytes` and what `feed` was given last.
    """

    __slots__ = ("_octets", "maximum_bytes")

    def __init__(self, maximum_bytes: int = COMMAND_BEFORE_SESSION_MAX) -> None:
        self.maximum_bytes = maximum_bytes
        self._octets = bytearray()

    def feed(self, octets: bytes) -> None:
        """Take what came from the network."""
        self._octets += octets

    def clear(self) -> None:
        """Forget what is held: the session is over."""
        self._octets.clear()

    def next(self) -> bytes | None:
        """The next exchange buffer, or None until more octets come.

        RemoteProtocolError 01 when the header is none, 07 when its length is outside 1..`maximum_bytes`: the
        first four octets tell, so that nobody makes us wait for, or hold, what would be refused.
        """
        octets = self._octets
        if octets and octets[0] != VERSION_AND_FLAGS:
            raise RemoteProtocolError(
                _UNRECOGNISED, f"stream transmission header begins with {octets[0]:02X}"
            )
        if len(octets) < HEADER_BYTES:
            return None
        length = int.from_bytes(octets[1:HEADER_BYTES], "big")
        if not 1 <= length - HEADER_BYTES <= self.maximum_bytes:
            raise RemoteProtocolError(SIZE_ERROR, f"exchange buffer of {length - HEADER_BYTES} octets")
        if len(octets) < length:
            return None
        exchange_buffer = bytes(octets[HEADER_BYTES:length])
        del octets[:length]
        return exchange_buffer

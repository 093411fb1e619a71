"""Special logic: exchange buffers in envelopes, for asynchronous lines (RFC 5024 appendix C.2).

An envelope is STX, the block number, the exchange buffer, two octets of checksum, CR. What stands between
STX and CR is shifted out, so that no control character but SO is in it. The RFC leaves open how the number is
coded and what the checksum covers: here the number is one ASCII digit, and the checksum covers the number,
the exchange buffer and itself, all as they were before shifting out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from oftp2.buffers import COMMAND_BEFORE_SESSION_MAX, EXCHANGE_BUFFER_MAX

STX = 0x02
CR = 0x0D
NAK = 0x15
SO = 0x0E
#: What asks for the last block again.
NEGATIVE = bytes((NAK, CR))
#: Block numbers go from 0 to 9, and round.
NUMBERS = 10
#: What is kept of a line outside envelopes: more than the longest thing that travels without one (SSID).
TEXT_MAX = 128

_PARITY = 0x80
_SHIFT = 0x20
_CHECKSUM_BYTES = 2
_MODULUS = 255
_SHIFTED = tuple(
    bytes((SO, octet + _SHIFT)) if octet & ~_PARITY < _SHIFT else bytes((octet,)) for octet in range(256)
)
_DELIMITER = re.compile(rb"[\x02\x0d\x8d]")
_CONTROL = re.compile(rb"[\x00-\x1f\x80-\x9f]")
_SHIFT_PAIR = re.compile(rb"[\x0e\x8e]([\x20-\x3f\xa0-\xbf])", re.DOTALL)


def checksum(octets: bytes) -> bytes:
    """The two octets that make `octets` and them together satisfy ISO 8073, first octet first."""
    c0, c1 = _sums(octets + bytes(_CHECKSUM_BYTES))
    return bytes(((c0 - c1) % _MODULUS, (c1 - 2 * c0) % _MODULUS))


def is_intact(octets: bytes) -> bool:
    """Whether `octets`, which end in their checksum, satisfy ISO 8073. FF counts as 00."""
    return _sums(octets) == (0, 0)


def _sums(octets: bytes) -> tuple[int, int]:
    return sum(octets) % _MODULUS, sum(accumulate(octets)) % _MODULUS


def shift_out(octets: bytes) -> bytes:
    """`octets` without control characters: SO and the octet plus 20 in place of each (section C.2.9)."""
    return b"".join(map(_SHIFTED.__getitem__, octets))


def shift_in(octets: bytes) -> bytes:
    """What `shift_out` was given; ValueError when a control character is there, or SO stands before none.

    The RFC would take any octet after SO. None but these 64 can have been sent.
    """
    parts: list[bytes] = []
    at = 0
    for pair in _SHIFT_PAIR.finditer(octets):
        parts.append(_plain(octets[at : pair.start()]))
        parts.append(bytes((pair[1][0] - _SHIFT,)))
        at = pair.end()
    parts.append(_plain(octets[at:]))
    return b"".join(parts)


def _plain(octets: bytes) -> bytes:
    if _CONTROL.search(octets):
        raise ValueError("a control character inside an envelope")
    return octets


def envelope(number: int, exchange_buffer: bytes) -> bytes:
    """The exchange buffer as it goes on the line under a block number of 0 to 9."""
    assert 0 <= number < NUMBERS, "a block number has one digit"
    assert 1 <= len(exchange_buffer) <= EXCHANGE_BUFFER_MAX, "an exchange buffer has 1..99999 octets"
    protected = b"%d" % number + exchange_buffer
    return bytes((STX,)) + shift_out(protected + checksum(protected)) + bytes((CR,))


@dataclass(frozen=True, slots=True)
class Began:
    """An STX: an envelope begins."""


@dataclass(frozen=True, slots=True)
class Block:
    """An envelope that came whole."""

    number: int
    exchange_buffer: bytes


@dataclass(frozen=True, slots=True)
class Bad:
    """An envelope that did not. `is_followed` tells that the next one has begun, whose STX cut it off."""

    why: str
    is_followed: bool = False


@dataclass(frozen=True, slots=True)
class Negative:
    """NAK and CR, outside envelopes."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line outside envelopes without its CR: its last `TEXT_MAX` octets."""

    octets: bytes


Finding = Began | Block | Bad | Negative | Text


class Receiver:
    """Finds envelopes, and lines outside of them, in what comes from the line. Nothing makes it raise.

    Holds at most the envelope of an exchange buffer of `maximum_bytes`, every octet of it shifted out.
    """

    __slots__ = ("_octets", "is_inside", "maximum_bytes")

    def __init__(self, maximum_bytes: int = COMMAND_BEFORE_SESSION_MAX) -> None:
        self.maximum_bytes = maximum_bytes
        #: Whether an envelope has begun and not ended: "synchronised" in the RFC's words.
        self.is_inside = False
        self._octets = bytearray()

    @property
    def held_bytes(self) -> int:
        """How much of an unfinished envelope or line is held."""
        return len(self._octets)

    def feed(self, octets: bytes) -> Iterator[Finding]:
        """What `octets` complete, in order; to be read to its end before the next call."""
        at = 0
        for delimiter in _DELIMITER.finditer(octets):
            yield from self._collect(octets[at : delimiter.start()])
            at = delimiter.end()
            yield from self._begin() if delimiter[0][0] == STX else self._end()
        yield from self._collect(octets[at:])

    def forget(self) -> None:
        """Drop what is held, and listen for the next envelope or line."""
        self.is_inside = False
        self._octets.clear()

    def _collect(self, octets: bytes) -> Iterator[Finding]:
        self._octets += octets
        if not self.is_inside:
            del self._octets[:-TEXT_MAX]
        elif len(self._octets) > 2 * (1 + self.maximum_bytes + _CHECKSUM_BYTES):
            self.forget()
            yield Bad("an envelope without end")

    def _begin(self) -> Iterator[Finding]:
        was_inside = self.is_inside
        self.forget()
        self.is_inside = True
        if was_inside:
            yield Bad("an envelope began inside another", is_followed=True)
        yield Began()

    def _end(self) -> Iterator[Finding]:
        was_inside, octets = self.is_inside, bytes(self._octets)
        self.forget()
        if was_inside:
            yield self._open(octets)
        elif octets and octets[-1] == NAK:
            yield Negative()
        else:
            yield Text(octets)

    def _open(self, octets: bytes) -> Block | Bad:
        try:
            protected = shift_in(octets)
        except ValueError as error:
            return Bad(str(error))
        if not 1 <= len(protected) - 1 - _CHECKSUM_BYTES <= self.maximum_bytes:
            return Bad(f"an envelope of {len(protected)} octets")
        if not is_intact(protected):
            return Bad("a wrong checksum")
        if not protected[:1].isdigit():
            return Bad("a block number that is no digit")
        return Block(int(protected[:1]), protected[1:-_CHECKSUM_BYTES])

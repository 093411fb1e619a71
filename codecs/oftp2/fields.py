"""The kinds of field of RFC 5024 section 5.3: each reads itself from a buffer and writes itself, checked.

Strict in what is written. In what is read, printable text passes where the RFC allows fewer characters: the
meaning of a name is judged later and answered with its own reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from oftp2.errors import RemoteProtocolError
from oftp2.identity import NO_COUNTER, check_short_text

INVALID_DATA = 6
SIZE_ERROR = 7
CARRIAGE_RETURNS = b"\x0d\x8d"
#: Some implementations end SSID and ESID with a line feed; it is read, never written.
LINE_FEED = b"\x0a"
_PRINTABLE = frozenset(range(0x20, 0x7F))
#: Two digits of a year up to this one are of the century that began with 2000, as POSIX has it for `%y`.
LAST_YEAR_OF_WINDOW = 68

T = TypeVar("T")


class Reader:
    """A position in one exchange buffer; every take is checked against its end."""

    __slots__ = ("_buffer", "_position")

    def __init__(self, buffer: bytes, position: int = 0) -> None:
        self._buffer = buffer
        self._position = position

    def take(self, count: int, what: str) -> bytes:
        """The next `count` octets; RemoteProtocolError 07 when the buffer ends before."""
        end = self._position + count
        if end > len(self._buffer):
            raise RemoteProtocolError(SIZE_ERROR, f"buffer ends inside {what}")
        octets = self._buffer[self._position : end]
        self._position = end
        return octets

    def finish(self) -> None:
        """RemoteProtocolError 07 unless all was taken."""
        if self._position != len(self._buffer):
            raise RemoteProtocolError(SIZE_ERROR, f"{len(self._buffer) - self._position} octets too many")


@dataclass(frozen=True, slots=True)
class Field(ABC, Generic[T]):
    """One field: its RFC name, and its width in octets (of the length, for those that carry their own)."""

    name: str
    width: int

    @abstractmethod
    def read(self, reader: Reader) -> T:
        """The value at the reader's position; RemoteProtocolError 06 or 07 when there is none."""

    @abstractmethod
    def write(self, value: T) -> bytes:
        """The octets of `value`; ValueError when it does not fit the field."""

    def _ascii(self, reader: Reader) -> str:
        octets = reader.take(self.width, self.name)
        if not _PRINTABLE.issuperset(octets):
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} holds unprintable octets")
        return octets.decode("ascii")


class Alphanumeric(Field[str]):
    """X(n): left justified, padded with spaces that the value does not have."""

    def read(self, reader: Reader) -> str:
        return self._ascii(reader).rstrip(" ")

    def write(self, value: str) -> bytes:
        return check_short_text(value, self.name, self.width).ljust(self.width).encode("ascii")


class Number(Field[int]):
    """9(n): decimal digits, right justified, padded with zeros."""

    def read(self, reader: Reader) -> int:
        text = self._ascii(reader)
        if not text.isdigit():
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} {text!r} is not a number")
        return int(text)

    def write(self, value: int) -> bytes:
        if not 0 <= value < 10**self.width:
            raise ValueError(f"{self.name} {value} is not 0..{10**self.width - 1}")
        return f"{value:0{self.width}d}".encode("ascii")


class Digits(Field[str]):
    """9(n) that is a text of digits and not a count: dates and times."""

    def read(self, reader: Reader) -> str:
        text = self._ascii(reader)
        if not text.isdigit():
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} {text!r} is not {self.width} digits")
        return text

    def write(self, value: str) -> bytes:
        if len(value) != self.width or not (value.isascii() and value.isdigit()):
            raise ValueError(f"{self.name} {value!r} is not {self.width} digits")
        return value.encode("ascii")


class ShortDate(Digits):
    """A date of six digits, as the levels below 4 have them; its century comes from a window."""

    def read(self, reader: Reader) -> str:
        return _in_century(super().read(reader))

    def write(self, value: str) -> bytes:
        short = value[-self.width :]
        octets = super().write(short)
        if _in_century(short) != value:
            raise ValueError(f"{self.name} {value!r} cannot be told in two digits of a year")
        return octets


class ShortTime(Digits):
    """A time of six digits, as the levels below 4 have them; without a counter, which is read as 0000."""

    def read(self, reader: Reader) -> str:
        return super().read(reader) + NO_COUNTER

    def write(self, value: str) -> bytes:
        return super().write(value[: self.width])


class Flag(Field[bool]):
    """F X(1) of `Y` and `N`."""

    def read(self, reader: Reader) -> bool:
        text = self._ascii(reader)
        if text not in {"Y", "N"}:
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} {text!r} is neither Y nor N")
        return text == "Y"

    def write(self, value: bool) -> bytes:
        return b"Y" if value else b"N"


class Bit(Field[bool]):
    """F 9(1) of `0` and `1`."""

    def read(self, reader: Reader) -> bool:
        text = self._ascii(reader)
        if text not in {"0", "1"}:
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} {text!r} is neither 0 nor 1")
        return text == "1"

    def write(self, value: bool) -> bytes:
        return b"1" if value else b"0"


@dataclass(frozen=True, slots=True)
class Choice(Field[str]):
    """F: one of the listed values."""

    values: tuple[str, ...]

    def read(self, reader: Reader) -> str:
        text = self._ascii(reader)
        if text not in self.values:
            raise RemoteProtocolError(
                INVALID_DATA, f"{self.name} {text!r} is not one of {', '.join(self.values)}"
            )
        return text

    def write(self, value: str) -> bytes:
        if value not in self.values:
            raise ValueError(f"{self.name} {value!r} is not one of {', '.join(self.values)}")
        return value.encode("ascii")


@dataclass(frozen=True, slots=True)
class Constant(Field[None]):
    """F with one value, which carries nothing: the ready message."""

    value: bytes

    def read(self, reader: Reader) -> None:
        if reader.take(self.width, self.name) != self.value:
            raise RemoteProtocolError(INVALID_DATA, f"{self.name} is not {self.value!r}")

    def write(self, value: None) -> bytes:
        return self.value


class Reserved(Field[None]):
    """Reserved for future use: spaces when written, whatever when read."""

    def read(self, reader: Reader) -> None:
        reader.take(self.width, self.name)

    def write(self, value: None) -> bytes:
        return b" " * self.width


class CarriageReturn(Field[None]):
    """The end of SSRM, SSID and ESID: 0D or 8D; a line feed is tolerated."""

    def read(self, reader: Reader) -> None:
        octet = reader.take(1, self.name)
        if octet not in CARRIAGE_RETURNS + LINE_FEED:
            raise RemoteProtocolError(
                INVALID_DATA, f"{self.name} is {octet.hex().upper()}, not a carriage return"
            )

    def write(self, value: None) -> bytes:
        return b"\r"


class Text(Field[str]):
    """9(3) length, then as many octets of UTF-8, at most 999. What is not UTF-8 is replaced when read."""

    def read(self, reader: Reader) -> str:
        length = Number(self.name + "L", self.width).read(reader)
        return reader.take(length, self.name).decode("utf-8", "replace")

    def write(self, value: str) -> bytes:
        octets = value.encode("utf-8")
        if len(octets) >= 10**self.width:
            raise ValueError(f"{self.name} has {len(octets)} octets, more than {10**self.width - 1}")
        return f"{len(octets):0{self.width}d}".encode("ascii") + octets


class Binary(Field[bytes]):
    """U(n) length in network byte order, then as many octets."""

    def read(self, reader: Reader) -> bytes:
        length = int.from_bytes(reader.take(self.width, self.name), "big")
        return reader.take(length, self.name)

    def write(self, value: bytes) -> bytes:
        if len(value) >= 256**self.width:
            raise ValueError(f"{self.name} has {len(value)} octets, more than {256**self.width - 1}")
        return len(value).to_bytes(self.width, "big") + value


class FixedBinary(Field[bytes]):
    """U(n) of a fixed length."""

    def read(self, reader: Reader) -> bytes:
        return reader.take(self.width, self.name)

    def write(self, value: bytes) -> bytes:
        if len(value) != self.width:
            raise ValueError(f"{self.name} has {len(value)} octets instead of {self.width}")
        return value


def clip(text: str, maximum_octets: int = 999) -> str:
    """`text` cut to what a text field can carry, never inside a character."""
    return text.encode("utf-8")[:maximum_octets].decode("utf-8", "ignore")


def _in_century(date: str) -> str:
    """`YYMMDD` with its century."""
    return ("20" if int(date[:2]) <= LAST_YEAR_OF_WINDOW else "19") + date

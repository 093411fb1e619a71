"""ASN.1 as it stands in CMS messages: any BER is read, DER is written (ITU-T X.690).

Partners' tools write CMS with indefinite lengths and octet strings in pieces, which is BER. pyca/cryptography
reads DER only, and the ASN.1 packages join such pieces in quadratic time or are no longer kept: hence this
reader, which is bounded in depth and in the number of elements, and takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONSTRUCTED: Final = 0x20
_HIGH_TAG_NUMBER: Final = 0x1F
_INDEFINITE: Final = 0x80
_MAX_LENGTH_OCTETS: Final = 5
#: CMS nests some twelve deep, the names in a certificate included.
MAX_DEPTH: Final = 32
#: Elements allowed beside one for every so many octets: whoever writes octet strings in pieces writes some
#: kilobyte a piece.
_MAX_ELEMENTS: Final = 4096
_OCTETS_PER_ELEMENT: Final = 64


class BerFault(Exception):
    """Octets are not the ASN.1 that is expected; the text says what is wrong, without showing content."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its identifier octet, and its content or, if constructed, its parts."""

    tag: int
    content: memoryview
    parts: tuple[Element, ...] = ()

    @property
    def is_constructed(self) -> bool:
        """Whether it consists of other elements."""
        return bool(self.tag & CONSTRUCTED)

    def need(self, tag: int, what: str) -> Element:
        """This element, if it has that identifier; BerFault names `what` otherwise."""
        if self.tag != tag:
            raise BerFault(f"expected {what}")
        return self

    def octets(self) -> bytes:
        """The value of an octet string, of which the pieces are joined; BerFault for anything else within."""
        return bytes(self.content) if not self.is_constructed else b"".join(self._pieces())

    def number(self) -> int:
        """The value of an INTEGER."""
        self.need(INTEGER, "an INTEGER")
        return int.from_bytes(self.content, "big", signed=True)

    def der(self, tag: int | None = None) -> bytes:
        """This element in DER, under another identifier if one is given; parts of a SET in DER's order."""
        kept = self.tag if tag is None else tag
        if not self.is_constructed:
            return encoded(kept, self.content)
        parts = [part.der() for part in self.parts]
        return encoded(kept, *(sorted(parts) if kept == SET else parts))

    def _pieces(self) -> Iterator[memoryview]:
        for part in self.parts:
            if part.tag == OCTET_STRING:
                yield part.content
            elif part.tag == OCTET_STRING | CONSTRUCTED:
                yield from part._pieces()
            else:
                raise BerFault("expected an octet string in pieces")


class Parts:
    """Reads the parts of a constructed element in their order."""

    def __init__(self, element: Element, what: str) -> None:
        if not element.is_constructed:
            raise BerFault(f"expected {what}")
        self._parts = element.parts
        self._at = 0
        self._what = what

    def next(self, what: str, tag: int | None = None) -> Element:
        """The next part, of that identifier if one is given."""
        if self._at >= len(self._parts):
            raise BerFault(f"expected {what} in {self._what}")
        part = self._parts[self._at]
        self._at += 1
        return part if tag is None else part.need(tag, f"{what} in {self._what}")

    def optional(self, *tags: int) -> Element | None:
        """The next part if it has one of these identifiers."""
        if self._at < len(self._parts) and self._parts[self._at].tag in tags:
            return self.next("")
        return None

    def end(self) -> None:
        """BerFault if there are more."""
        if self._at < len(self._parts):
            raise BerFault(f"unexpected element in {self._what}")


def read(data: bytes) -> Element:
    """The one element that `data` is; BerFault for anything else."""
    reader = _Reader(data)
    element, end = reader.element(0, len(data), 0)
    if end != len(data):
        raise BerFault(f"{len(data) - end} octets too many at the end")
    return element


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._left = _MAX_ELEMENTS + len(data) // _OCTETS_PER_ELEMENT

    def element(self, at: int, end: int, depth: int) -> tuple[Element, int]:
        """The element at `at`, which must not go beyond `end`, and where it ends."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise BerFault("too many elements, or too deep within one another")
        tag, length, at = self._header(at, end)
        if length is None:
            return self._open_ended(tag, at, end, depth)
        if length > end - at:
            raise BerFault("an element is longer than what holds it")
        content = self._data[at : at + length]
        if not tag & CONSTRUCTED:
            return Element(tag, content), at + length
        parts, inner, stop = [], at, at + length
        while inner < stop:
            part, inner = self.element(inner, stop, depth + 1)
            parts.append(part)
        return Element(tag, content, tuple(parts)), stop

    def _open_ended(self, tag: int, at: int, end: int, depth: int) -> tuple[Element, int]:
        start, parts = at, []
        while bytes(self._data[at : min(at + 2, end)]) != b"\0\0":
            part, at = self.element(at, end, depth + 1)
            parts.append(part)
        return Element(tag, self._data[start:at], tuple(parts)), at + 2

    def _header(self, at: int, end: int) -> tuple[int, int | None, int]:
        """Identifier, length (None: until the end mark) and where the content begins."""
        if end - at < 2:  # noqa: PLR2004 - identifier and length have an octet each at least
            raise BerFault("cut short")
        tag, length = self._data[at], self._data[at + 1]
        at += 2
        if tag == 0 or tag & _HIGH_TAG_NUMBER == _HIGH_TAG_NUMBER:
            raise BerFault("an identifier that CMS does not have")
        if length == _INDEFINITE:
            if not tag & CONSTRUCTED:
                raise BerFault("an element without parts must tell its length")
            return tag, None, at
        if length > _INDEFINITE:
            count = length - _INDEFINITE
            if count > min(_MAX_LENGTH_OCTETS, end - at):
                raise BerFault("a length that cannot be")
            length = int.from_bytes(self._data[at : at + count], "big")
            at += count
        return tag, length, at


def encoded(tag: int, *contents: bytes | memoryview) -> bytes:
    """An element in DER, of contents that are joined."""
    size = sum(map(len, contents))
    if size < _INDEFINITE:
        return b"".join((bytes((tag, size)), *contents))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"".join((bytes((tag, _INDEFINITE + len(length))), length, *contents))


def number(value: int) -> bytes:
    """An INTEGER, not below 0."""
    return encoded(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER's content, without its header."""
    first, second, *rest = map(int, dotted.split("."))
    octets = bytearray()
    for arc in (first * 40 + second, *rest):
        group = [arc & 0x7F]
        while arc := arc >> 7:
            group.append(arc & 0x7F | 0x80)
        octets += bytes(reversed(group))
    return bytes(octets)

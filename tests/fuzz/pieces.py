"""How the octets of a fuzzer are read: as pieces, each of a kind, so that small changes of them stay small.

A piece is an octet for its kind, two for its length (the lower first) and its octets. Any octets are pieces:
a length beyond the end means all that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HEADER_BYTES = 3
#: More would only be slow.
PIECES_MAX = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind` is 0..255; a target takes it modulo its number of kinds."""

    kind: int
    octets: bytes


def read(data: bytes) -> Iterator[Piece]:
    """The pieces in `data`, at most `PIECES_MAX`."""
    at = 0
    for _ in range(PIECES_MAX):
        if len(data) - at < HEADER_BYTES:
            return
        size = int.from_bytes(data[at + 1 : at + HEADER_BYTES], "little")
        yield Piece(data[at], data[at + HEADER_BYTES : at + HEADER_BYTES + size])
        at += HEADER_BYTES + size


def written(pieces: Iterable[Piece]) -> bytes:
    """Octets that `read` reads as these pieces, if none is longer than 65,535 octets."""
    return b"".join(
        bytes((piece.kind,)) + len(piece.octets).to_bytes(2, "little") + piece.octets for piece in pieces
    )

"""Subrecords: how a file travels inside data exchange buffers (RFC 5024 section 7).

A payload is a data exchange buffer without its command octet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oftp2.errors import RemoteProtocolError
from oftp2.fields import INVALID_DATA

END_OF_RECORD = 0x80
COMPRESSED = 0x40
COUNT = 0x3F
#: A run is sent as its header and its octet.
_RUN_BYTES = 2
#: Runs of 4 to 63 equal octets, of which `_repeats` has all but the last.
#: A longer one is several runs; a shorter one gains nothing, since it may split another subrecord.
_RUN = re.compile(rb"(\0\0\0\0{0,59})\0?")
#: How much is searched for runs at once, and where a run is cut in two.
_WINDOW_BYTES = 32_768
_OCTETS = tuple(bytes((octet,)) for octet in range(256))

#: A record, and where in it plain octets begin, the run behind them begins, and it ends.
_Stretch = tuple[bytes, int, int, int]

_SAMPLE_BYTES = 16_384
_WORTHWHILE_SAVING = 0.1


def is_worth_compressing(data: bytes) -> bool:
    """Whether runs make up so much of the beginning of `data` that looking for them all pays."""
    sample = data[:_SAMPLE_BYTES]
    saved = sum(1 + len(run[1]) - _RUN_BYTES for run in _RUN.finditer(_repeats(sample)))
    return saved > _WORTHWHILE_SAVING * len(sample)


def _repeats(octets: bytes) -> bytes:
    """One octet for each but the last: 0 where the next is the same. All are compared at once."""
    number = int.from_bytes(octets, "big")
    return (number ^ number >> 8).to_bytes(len(octets), "big")[1:]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a payload stands for: its octets, and where in them records end (offsets, in order)."""

    data: bytes
    record_ends: tuple[int, ...]

    @property
    def is_open(self) -> bool:
        """Whether octets follow the last end of record, so that the record goes on in the next buffer."""
        return len(self.data) > (self.record_ends[-1] if self.record_ends else 0)


def decode(payload: bytes) -> Decoded:
    """The octets and record ends in a payload; RemoteProtocolError 06 when a subrecord is cut off."""
    parts: list[bytes] = []
    ends: list[int] = []
    position, size, limit = 0, 0, len(payload)
    while position < limit:
        header = payload[position]
        position += 1
        count = header & COUNT
        stored = 1 if header & COMPRESSED else count
        if position + stored > limit:
            raise RemoteProtocolError(INVALID_DATA, "data exchange buffer ends inside a subrecord")
        octets = payload[position : position + stored]
        position += stored
        parts.append(octets * count if header & COMPRESSED else octets)
        size += count
        if header & END_OF_RECORD:
            ends.append(size)
    return Decoded(b"".join(parts), tuple(ends))


class Encoder:
    """Cuts records into payloads, each as full as it can be.

    `records` come one after the other; an unstructured file is one record. With `compress`, runs of one octet
    are sent as such. No octet is copied before its payload is asked for.
    """

    __slots__ = ("_compress", "_limit", "_next", "_records", "_stretches")

    def __init__(self, records: Iterator[bytes], *, payload_bytes: int, compress: bool) -> None:
        assert payload_bytes >= _RUN_BYTES, "a payload holds at least one octet and its header"
        self._records = records
        self._limit = payload_bytes
        self._compress = compress
        self._stretches = self._cut()
        self._next = next(self._stretches, None)

    @property
    def exhausted(self) -> bool:
        """Whether every payload was taken."""
        return self._next is None

    def next_payload(self) -> bytes:
        """The next payload, 1..`payload_bytes` octets; only while not `exhausted`."""
        assert self._next is not None, "there is nothing left to send"
        parts: list[bytes] = []
        room = self._limit
        stretch: _Stretch | None = self._next
        while stretch is not None:
            record, start, middle, end = stretch
            plain, run = middle - start, end - middle
            mark = END_OF_RECORD if end == len(record) else 0
            if plain > COUNT and room > COUNT:
                taken = _put_full(parts, record, start, middle, room)
                room -= taken // COUNT * (1 + COUNT)
                stretch = (record, start + taken, middle, end)
                continue
            needs = (1 + plain if plain or not run else 0) + (_RUN_BYTES if run else 0)
            if needs > room:
                if plain and room > 1:
                    taken = min(plain, room - 1)
                    parts += (_OCTETS[taken], record[start : start + taken])
                    stretch = (record, start + taken, middle, end)
                break
            room -= needs
            if plain or not run:
                parts += (_OCTETS[plain if run else plain | mark], record[start:middle])
            if run:
                parts += (_OCTETS[run | COMPRESSED | mark], record[middle : middle + 1])
            stretch = next(self._stretches, None)
        self._next = stretch
        return b"".join(parts)

    def _cut(self) -> Iterator[_Stretch]:
        """Stretches: the record, where in it plain octets begin, the run behind them, and what is next."""
        for record in self._records:
            position, size = 0, len(record)
            for base in range(0, size if self._compress else 0, _WINDOW_BYTES):
                for run in _RUN.finditer(_repeats(record[base : base + _WINDOW_BYTES])):
                    start, end = run.span(1)
                    yield record, position, base + start, base + end + 1
                    position = base + end + 1
            if position < size or not record:
                yield record, position, size, size


def _put_full(parts: list[bytes], record: bytes, start: int, end: int, room: int) -> int:
    """Add the subrecords of 63 octets that fit, but not the last; how many octets they hold."""
    count = min((end - start - 1) // COUNT, room // (1 + COUNT))
    stop = start + count * COUNT
    header = _OCTETS[COUNT]
    parts += (header, header.join([record[at : at + COUNT] for at in range(start, stop, COUNT)]))
    return stop - start

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
#: A subrecord of a run costs two octets and may split another: shorter runs gain nothing.
_RUN = re.compile(rb"(.)\1{3,62}", re.DOTALL)

_SAMPLE_BYTES = 16_384
_WORTHWHILE_SAVING = 0.1


def is_worth_compressing(data: bytes) -> bool:
    """Whether runs make up so much of the beginning of `data` that looking for them all pays."""
    sample = data[:_SAMPLE_BYTES]
    saved = sum(run.end() - run.start() - 2 for run in _RUN.finditer(sample))
    return saved > _WORTHWHILE_SAVING * len(sample)


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

    __slots__ = ("_compress", "_limit", "_pieces", "_record", "_records", "_waiting")

    def __init__(self, records: Iterator[bytes], *, payload_bytes: int, compress: bool) -> None:
        assert payload_bytes >= 2, "a payload holds at least one octet and its header"  # noqa: PLR2004
        self._records = records
        self._limit = payload_bytes
        self._compress = compress
        self._pieces = self._cut()
        self._waiting: tuple[bytes, int, int, bool] | None = next(self._pieces, None)

    @property
    def exhausted(self) -> bool:
        """Whether every payload was taken."""
        return self._waiting is None

    def next_payload(self) -> bytes:
        """The next payload, 1..`payload_bytes` octets; only while not `exhausted`."""
        assert self._waiting is not None, "there is nothing left to send"
        parts: list[bytes] = []
        room = self._limit
        while self._waiting is not None:
            octets, count, flags, last = self._waiting
            if flags & COMPRESSED or len(octets) < room:
                if len(octets) >= room:
                    break
                parts.append(bytes((flags | count | (END_OF_RECORD if last else 0),)) + octets)
                room -= 1 + len(octets)
                self._waiting = next(self._pieces, None)
            elif room > 1:
                parts.append(bytes((room - 1,)) + octets[: room - 1])
                self._waiting = (octets[room - 1 :], count - room + 1, flags, last)
                break
            else:
                break
        return b"".join(parts)

    def _cut(self) -> Iterator[tuple[bytes, int, int, bool]]:
        """Pieces of at most 63 octets: octets stored, octets meant, flags, whether a record ends."""
        for record in self._records:
            size = len(record)
            if size == 0:
                yield b"", 0, 0, True
            for start, end, is_run in self._stretches(record):
                if is_run:
                    yield record[start : start + 1], end - start, COMPRESSED, end == size
                    continue
                for at in range(start, end, COUNT):
                    stop = min(at + COUNT, end)
                    yield record[at:stop], stop - at, 0, stop == size

    def _stretches(self, record: bytes) -> Iterator[tuple[int, int, bool]]:
        position = 0
        if self._compress:
            for run in _RUN.finditer(record):
                if run.start() > position:
                    yield position, run.start(), False
                yield run.start(), run.end(), True
                position = run.end()
        if position < len(record):
            yield position, len(record), False

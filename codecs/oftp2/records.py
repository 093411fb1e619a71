"""Records of F and V files: where they end in the octets of a file, and how that is kept beside it.

On a disk the records of a file are one after the other, as an unstructured file would be; a list beside it
has the length of each in octets, one decimal number a line. With both, a transfer goes on at any record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

#: The format whose records all have one length.
FIXED = "F"


def cut_evenly(size_bytes: int, record_bytes: int) -> list[int]:
    """The lengths of the records of a file of `size_bytes` that is cut every `record_bytes`."""
    whole, rest = divmod(size_bytes, record_bytes)
    return [record_bytes] * whole + ([rest] if rest else [])


def fault_of(lengths: Sequence[int], size_bytes: int, record_format: str, record_bytes: int) -> str | None:
    """Why records of these lengths are not those of such a file, as SFID announces it; None when they are."""
    if sum(lengths) != size_bytes:
        return f"the records have {sum(lengths)} octets, the file has {size_bytes}"
    if max(lengths, default=0) > record_bytes:
        return f"a record has {max(lengths)} octets, more than {record_bytes}"
    if record_format == FIXED and min(lengths, default=record_bytes) < record_bytes:
        return f"a record has {min(lengths)} octets, and all of format F have {record_bytes}"
    return None


def records_of(content: bytes, lengths: Sequence[int], first: int = 0) -> Iterator[bytes]:
    """The records of `content` from number `first`, counted from 0, to its end."""
    start = sum(lengths[:first])
    for length in lengths[first:]:
        yield content[start : start + length]
        start += length


def lengths_between(start: int, ends: Iterable[int]) -> list[int]:
    """The lengths of the records that end at `ends` in the file, the first of which began at `start`."""
    lengths = []
    for end in ends:
        lengths.append(end - start)
        start = end
    return lengths


def written(lengths: Iterable[int]) -> bytes:
    """The lines of the list that stand for these records."""
    return b"".join(b"%d\n" % length for length in lengths)


def read(lines: bytes) -> list[int]:
    """The lengths in a list; a last line that was cut off is left out. ValueError when it is no such list."""
    numbers = lines[: lines.rfind(b"\n") + 1].split()
    if not all(number.isdigit() for number in numbers):
        raise ValueError("a line is no length")
    return [int(number) for number in numbers]


def held(lengths: Sequence[int], size_bytes: int, most: int) -> tuple[int, int]:
    """How many whole records are there of a file of which `size_bytes` are, at most `most`; their octets."""
    count, octets = 0, 0
    for number, end in enumerate(accumulate(lengths[:most]), start=1):
        if end > size_bytes:
            break
        count, octets = number, end
    return count, octets

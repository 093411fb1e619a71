"""A virtual file on its way out: what is to be sent from a restart position on (RFC 5024 section 1.5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oftp2.attributes import FileAttributes
from oftp2.commands import BLOCK_BYTES
from oftp2.records import cut_evenly, records_of


@dataclass(frozen=True, slots=True)
class VirtualFile:
    """Octets, and of a file of format F or V the length of each record in them; None for U and T."""

    content: bytes
    lengths: tuple[int, ...] | None = None

    @classmethod
    def of(cls, content: bytes, attributes: FileAttributes) -> VirtualFile:
        """`content` as it is offered with `attributes`: its records, if it has some, are cut evenly."""
        if not attributes.is_structured:
            return cls(content)
        return cls(content, tuple(cut_evenly(len(content), attributes.record_bytes)))

    @property
    def size_bytes(self) -> int:
        """EFIDUCNT."""
        return len(self.content)

    @property
    def record_count(self) -> int:
        """EFIDRCNT: 0 for files without records."""
        return len(self.lengths or ())

    @property
    def end(self) -> int:
        """The last restart position: whoever is offered that answers with where its own part ends."""
        return self.size_bytes // BLOCK_BYTES if self.lengths is None else len(self.lengths)

    def octets_before(self, restart: int) -> int:
        """How many octets lie before a restart position, in blocks or records."""
        if self.lengths is None:
            return min(restart * BLOCK_BYTES, self.size_bytes)
        return sum(self.lengths[:restart])

    def records_from(self, restart: int) -> Iterator[bytes]:
        """The records after a restart position, for an `Encoder`; a file without records is one."""
        if self.lengths is None:
            return iter((self.content[self.octets_before(restart) :],))
        return records_of(self.content, self.lengths, restart)

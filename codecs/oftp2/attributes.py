"""What SFID tells of a file beside name and size: its records, and the services of RFC 5024 section 6.

The services themselves, which are CMS, are not done here: whoever offers a file says what was done to it, and
whoever takes it knows by that what to undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The formats of files that consist of records.
STRUCTURED: Final = frozenset({"F", "V"})
_RECORD_HEADER_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class FileAttributes:
    """SFIDFMT to SFIDDESC (RFC 5024 section 5.3.3).

    `format` and `record_bytes` are those of the original, whatever was done to it. `original_size_blocks`
    counts 1024 octets before signing, compression and encryption; None: as much as is transmitted.
    `cipher_suite` tells the algorithms of `signed`, `encrypted` and `signed_receipt`.
    """

    format: str = "U"
    record_bytes: int = 0
    original_size_blocks: int | None = None
    encrypted: bool = False
    signed: bool = False
    cipher_suite: int = 0
    compressed: bool = False
    enveloped: bool = False
    signed_receipt: bool = False
    description: str = ""

    @property
    def security(self) -> str:
        """SFIDSEC."""
        return f"{self.encrypted + 2 * self.signed:02d}"

    @property
    def is_wrapped(self) -> bool:
        """Whether what is transmitted is another thing than the original."""
        return self.encrypted or self.signed or self.compressed or self.enveloped

    @property
    def is_structured(self) -> bool:
        """Whether records are transmitted: what is wrapped has lost them, and counts as format U."""
        return self.format in STRUCTURED and not self.is_wrapped

    def __str__(self) -> str:
        done = {"signed": self.signed, "compressed": self.compressed, "encrypted": self.encrypted}
        words = [word for word, is_done in done.items() if is_done]
        if self.enveloped and not words:
            words.append("enveloped")
        if self.signed_receipt:
            words.append("signed receipt wanted")
        if self.cipher_suite:
            words.append(f"cipher suite {self.cipher_suite:02d}")
        return ", ".join(words) or "none"


PLAIN: Final = FileAttributes()


def without_record_headers(data: bytes, after: bytes = b"") -> bytes:
    """The records of a V format file that was wrapped, one after the other (RFC 5024 section 6.5).

    `after` is put after each. ValueError when the two octets before each, which tell its length, do not fit
    the file.
    """
    records, at = bytearray(), 0
    while at < len(data):
        begin = at + _RECORD_HEADER_BYTES
        at = begin + int.from_bytes(data[begin - _RECORD_HEADER_BYTES : begin], "big")
        if at > len(data) or begin > len(data):
            raise ValueError("the last record is longer than the file")
        records += data[begin:at]
        records += after
    return bytes(records)

"""What is agreed with a partner about files: which it may send us, and in which format it gets ours."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.line.office import RefusedOffer
from oftp2.attributes import PLAIN, FileAttributes
from oftp2.commands import SFID
from oftp2.reasons import Refusal
from oftp2.records import FIXED

ALL_FORMATS = frozenset("FVUT")


@dataclass(frozen=True, slots=True)
class FileRules:
    """`names` and `user_data` are patterns with `*` and `?`; a file must fit one of each.

    `send_format` is that of our files (U, F or V), of F and V cut every `send_record_bytes`.
    """

    max_bytes: int | None = None
    names: tuple[str, ...] = ("*",)
    user_data: tuple[str, ...] = ("*",)
    formats: frozenset[str] = ALL_FORMATS
    send_format: str = PLAIN.format
    send_record_bytes: int = 0

    def sent_as(self, data: bytes, attributes: FileAttributes) -> tuple[bytes, FileAttributes]:
        """How a file of ours goes out; the last of fixed records is filled up with spaces.

        What was signed, encrypted or compressed, or is to have a signed receipt, stays the octets that it is.
        """
        if attributes != PLAIN or self.send_format == PLAIN.format:
            return data, attributes
        if self.send_format == FIXED:
            data += b" " * (-len(data) % self.send_record_bytes)
        return data, FileAttributes(format=self.send_format, record_bytes=self.send_record_bytes)

    def refusal_of(self, sfid: SFID, size_bytes: int) -> RefusedOffer | None:
        """Why the offered file is not taken: the first rule that it breaks (SFNA, RFC 5024 section 5.3.5)."""
        if not _fits(sfid.dataset_name, self.names):
            return RefusedOffer(Refusal.INVALID_FILENAME, "no such name was agreed", retry=False)
        if sfid.format not in self.formats:
            agreed = ", ".join(sorted(self.formats))
            return RefusedOffer(
                Refusal.RECORD_FORMAT_NOT_SUPPORTED, f"formats {agreed} were agreed", retry=False
            )
        if self.max_bytes is not None and size_bytes > self.max_bytes:
            return RefusedOffer(Refusal.FILE_TOO_BIG, f"more than {self.max_bytes} bytes", retry=False)
        if not _fits(sfid.user_data, self.user_data):
            return RefusedOffer(Refusal.UNSPECIFIED, "no such user data was agreed", retry=False)
        return None


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)

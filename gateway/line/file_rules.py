"""Which files a partner may send us, as agreed with it; looked at before anything of a file is taken."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.line.office import RefusedOffer
from oftp2.commands import SFID
from oftp2.reasons import Refusal

ALL_FORMATS = frozenset("FVUT")


@dataclass(frozen=True, slots=True)
class FileRules:
    """`names` and `user_data` are patterns with `*` and `?`; a file must fit one of each."""

    max_bytes: int | None = None
    names: tuple[str, ...] = ("*",)
    user_data: tuple[str, ...] = ("*",)
    formats: frozenset[str] = ALL_FORMATS

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

"""What the signature of an EERP or a NERP is over (RFC 5024 sections 5.3.13 and 5.3.14)."""

from __future__ import annotations

from typing import Final

from oftp2.commands import EERP, NERP

#: The fields that name the file, and their octets with the padding; the NERP's creator and the hash follow.
_FIELDS: Final = (("dataset_name", 26), ("date", 8), ("time", 10), ("destination", 25), ("originator", 25))
_CREATOR_BYTES: Final = 25


def receipt_words(receipt: EERP | NERP) -> bytes:
    """The octets to be signed: every field as it is on the wire, padding and all, and the hash of the file.

    User data, reason and text are not among them.
    """
    words = "".join(getattr(receipt, name).ljust(octets) for name, octets in _FIELDS)
    if isinstance(receipt, NERP):
        words += receipt.creator.ljust(_CREATOR_BYTES)
    return words.encode("ascii", "replace") + receipt.hash

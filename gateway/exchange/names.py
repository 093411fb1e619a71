"""File names: which ones are handed over, and how an answer is named after what it answers."""

from __future__ import annotations

import hashlib
import os
import re

#: What a file system takes as one name, in bytes (NAME_MAX on Linux).
MAX_NAME_BYTES = 255
_SUFFIX = re.compile(r"(\.urgent)?\.xml\Z", re.IGNORECASE)
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f%/\\\\\u2028\u2029\ud800-\udfff]")


def is_handed_over(name: str) -> bool:
    """Whether a name in `in/` has been handed over: it ends in `.xml` and is not hidden."""
    return name[-4:].lower() == ".xml" and name[0] != "."


def is_urgent(name: str) -> bool:
    """Whether the issuer asks by the name (`NAME.urgent.xml`) to be read before all others."""
    return name[-11:].lower() == ".urgent.xml"


def printable(name: str) -> str:
    """`name` as text that any log, data base or file system takes: what is unsafe is percent-encoded."""
    return _UNSAFE.sub(lambda match: _percent(match.group()), name)


def answer_name(dropped: str, answer: str) -> str:
    """The name in `out/` of an answer to a file: `NAME.` + `answer`, at most 255 bytes.

    `dropped` is the file's name as `printable` gives it, which is how the ledger knows it.

    A name too long for that is cut and marked with a digest of the whole, so that two never meet.
    """
    stem = _SUFFIX.sub("", dropped)
    whole = f"{stem}.{answer}"
    if len(whole.encode()) <= MAX_NAME_BYTES:
        return whole
    mark = hashlib.sha256(dropped.encode()).hexdigest()[:12]
    room = MAX_NAME_BYTES - len(f"~{mark}.{answer}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore')}~{mark}.{answer}"


def marked(name: str, mark: str) -> str:
    """`NAME~mark.ext` for `NAME.ext`; never longer than a name may be."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    tail = f"~{mark}{dot}{extension}"
    room = MAX_NAME_BYTES - len(os.fsencode(tail))
    return os.fsdecode(os.fsencode(stem)[:room]) + tail


def _percent(character: str) -> str:
    raw = character.encode(
        "utf-8", "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    )
    return "".join(f"%{byte:02X}" for byte in raw)

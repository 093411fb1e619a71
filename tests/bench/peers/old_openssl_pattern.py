"""Lets oscrypto 1.3.0 (on which pyas2lib stands) read the version of an OpenSSL such as 3.0.17.

Its pattern knows one digit a part only, so that it does not even load. Imported before pyas2lib.
"""

from __future__ import annotations

import re
from typing import Any

_PART = r"\d\.\d\.\d[a-z]*"
_ANY = r"\d+\.\d+\.\d+[a-z]*"


def load() -> None:
    """Import oscrypto with a pattern that takes any number."""
    search = re.search

    def tolerant(pattern: Any, text: Any, *more: Any, **flags: Any) -> Any:
        fitting = pattern.replace(_PART, _ANY) if isinstance(pattern, str) else pattern
        return search(fitting, text, *more, **flags)

    re.search = tolerant
    try:
        import oscrypto.asymmetric  # noqa: F401, PLC0415 - for what it does when it is first imported
    finally:
        re.search = search


load()

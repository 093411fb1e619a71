"""The protocol release levels (RFC 5024 sections 1.2 and 5.3.2): which there are, and which two ends speak.

Level 5 is ODETTE-FTP 2. Level 4 (revision 1.4) lacks its security, file services and texts; levels 2 and 1
(revisions 1.3 and 1.2, RFC 2204) lack the negative end response and the long stamps too. RFC 2204 calls
itself level 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

REVISIONS: Final = {1: "revision 1.2", 2: "revision 1.3", 4: "revision 1.4", 5: "revision 2.0"}
#: The levels spoken here, the highest first.
LEVELS: Final = tuple(sorted(REVISIONS, reverse=True))
LEVEL: Final = LEVELS[0]
#: The first level with secure authentication, file services, descriptions, and texts beside reasons.
SECURE_LEVEL: Final = 5
#: The first level with the negative end response and with dates and times of 8 and 10 digits.
NEGATIVE_RESPONSE_LEVEL: Final = 4


def selected_level(ours: Iterable[int], theirs: int) -> int | None:
    """The highest of our levels that is not above `theirs`; None when there is none."""
    return max((level for level in ours if level <= theirs), default=None)


def written_level(level: int) -> int:
    """The level whose formats serve for `level`, be it one that the RFC does not have."""
    return selected_level(LEVELS, level) or LEVELS[-1]

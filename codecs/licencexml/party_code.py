"""The two codes that name an enterprise: the unified social credit code and the older 13-digit code.

Sources: GB 32100-2015 (18 characters, check character last); the 13-digit code is four digits of the region
followed by the nine characters of the organisation code.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_USCC = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
_OLD_CODE = re.compile(r"[0-9]{4}[0-9A-Z]{8}[0-9X]")
_OLD_LENGTH = 13


def uscc_check_character(body: str) -> str:
    """The check character for the first 17 characters of a social credit code (GB 32100-2015).

    Raises ValueError if `body` is not 17 characters of the code's alphabet (no I, O, S, V, Z).
    """
    if len(body) != len(_WEIGHTS) or not set(body) <= _VALUE.keys():
        raise ValueError(f"not the first 17 characters of a social credit code: {body!r}")
    total = sum(_VALUE[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


@lru_cache(maxsize=1_024)
def check_party_code(code: str) -> str:
    """`code` itself, if it is a social credit code with the right check character or a 13-digit code.

    The last character of the 13-digit code is not recomputed: codes in old registers are taken as they are.
    Raises ValueError otherwise. What was found good is kept for a while: a code is checked as it is read and
    as it becomes part of a value, and of a licence the parties are often the same.
    """
    if _OLD_CODE.fullmatch(code):
        return code
    if not _USCC.fullmatch(code):
        raise ValueError(f"neither an 18-character social credit code nor a 13-digit code: {code!r}")
    expected = uscc_check_character(code[:17])
    if code[17] != expected:
        raise ValueError(f"check character of {code!r} is {code[17]}, computed {expected}")
    return code


def organisation_code(code: str) -> str:
    """The nine characters of the organisation code inside either kind of party code.

    Two parties are the same organisation if these are equal; names are never compared.
    """
    return code[4:13] if len(code) == _OLD_LENGTH else code[8:17]

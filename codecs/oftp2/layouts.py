"""The formats of the commands as data, level by level.

Level 5 is as RFC 5024 section 5.3 prints it. Levels 1 and 2 are as RFC 2204 section 5.3 has them, and level 4
is what RFC 5024 section 1.2 adds to those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from oftp2 import commands as c
from oftp2.fields import (
    Alphanumeric,
    Binary,
    Bit,
    CarriageReturn,
    Choice,
    Constant,
    Digits,
    Field,
    FixedBinary,
    Flag,
    Number,
    Reserved,
    ShortDate,
    ShortTime,
    Text,
)

#: The octets of a challenge, and of its response.
CHALLENGE_BYTES: Final = 20

_Fields = tuple[tuple[str | None, Field[Any]], ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One command: its octet, its class, and pairs of attribute (None when nothing is carried) and field."""

    octet: bytes
    command: type[c.Command]
    fields: _Fields


def _identification(prefix: str, *, short: bool = False) -> _Fields:
    """The fields that name a file in SFID, EERP and NERP: NERP reserves more and has no user data.

    `short`: six digits each for date and time, and the room that this leaves is reserved.
    """
    is_negative = prefix == "NERP"
    user: _Fields = () if is_negative else (("user_data", Alphanumeric(f"{prefix}USER", 8)),)
    date: Field[str] = ShortDate(f"{prefix}DATE", 6) if short else Digits(f"{prefix}DATE", 8)
    time: Field[str] = ShortTime(f"{prefix}TIME", 6) if short else Digits(f"{prefix}TIME", 10)
    reserved = 6 if is_negative else 9 if short else 3
    return (
        ("dataset_name", Alphanumeric(f"{prefix}DSN", 26)),
        (None, Reserved(f"{prefix}RSV1", reserved)),
        ("date", date),
        ("time", time),
        *user,
        ("destination", Alphanumeric(f"{prefix}DEST", 25)),
        ("originator", Alphanumeric(f"{prefix}ORIG", 25)),
    )


def _ssid(*after_credit: tuple[str | None, Field[Any]]) -> Format:
    return Format(
        b"X",
        c.SSID,
        (
            ("level", Number("SSIDLEV", 1)),
            ("code", Alphanumeric("SSIDCODE", 25)),
            ("password", Alphanumeric("SSIDPSWD", 8)),
            ("buffer_bytes", Number("SSIDSDEB", 5)),
            ("mode", Choice("SSIDSR", 1, ("S", "R", "B"))),
            ("compression", Flag("SSIDCMPR", 1)),
            ("restart", Flag("SSIDREST", 1)),
            ("special_logic", Flag("SSIDSPEC", 1)),
            ("credit", Number("SSIDCRED", 3)),
            *after_credit,
            ("user_data", Alphanumeric("SSIDUSER", 8)),
            (None, CarriageReturn("SSIDCR", 1)),
        ),
    )


_SSRM = Format(
    b"I",
    c.SSRM,
    ((None, Constant("SSRMMSG", 17, b"ODETTE FTP READY ")), (None, CarriageReturn("SSRMCR", 1))),
)
_FILE: _Fields = (
    ("format", Choice("SFIDFMT", 1, ("F", "V", "U", "T"))),
    ("record_bytes", Number("SFIDLRECL", 5)),
)
_CDT = Format(b"C", c.CDT, ((None, Reserved("CDTRSV1", 2)),))
_EFPA = Format(b"4", c.EFPA, (("change_direction", Flag("EFPACD", 1)),))
_CD = Format(b"R", c.CD, ())
_RTR = Format(b"P", c.RTR, ())

FORMATS: Final[tuple[Format, ...]] = (
    _SSRM,
    _ssid(("authentication", Flag("SSIDAUTH", 1)), (None, Reserved("SSIDRSV1", 4))),
    Format(
        b"H",
        c.SFID,
        (
            *_identification("SFID"),
            *_FILE,
            ("size_blocks", Number("SFIDFSIZ", 13)),
            ("original_size_blocks", Number("SFIDOSIZ", 13)),
            ("restart", Number("SFIDREST", 17)),
            ("security", Choice("SFIDSEC", 2, ("00", "01", "02", "03"))),
            ("cipher_suite", Number("SFIDCIPH", 2)),
            ("compressed", Bit("SFIDCOMP", 1)),
            ("enveloped", Bit("SFIDENV", 1)),
            ("signed_receipt", Flag("SFIDSIGN", 1)),
            ("description", Text("SFIDDESC", 3)),
        ),
    ),
    Format(b"2", c.SFPA, (("restart", Number("SFPAACNT", 17)),)),
    Format(
        b"3",
        c.SFNA,
        (("reason", Number("SFNAREAS", 2)), ("retry", Flag("SFNARRTR", 1)), ("text", Text("SFNAREAST", 3))),
    ),
    _CDT,
    Format(b"T", c.EFID, (("record_count", Number("EFIDRCNT", 17)), ("unit_count", Number("EFIDUCNT", 17)))),
    _EFPA,
    Format(b"5", c.EFNA, (("reason", Number("EFNAREAS", 2)), ("text", Text("EFNAREAST", 3)))),
    Format(
        b"F",
        c.ESID,
        (
            ("reason", Number("ESIDREAS", 2)),
            ("text", Text("ESIDREAST", 3)),
            (None, CarriageReturn("ESIDCR", 1)),
        ),
    ),
    _CD,
    Format(
        b"E",
        c.EERP,
        (*_identification("EERP"), ("hash", Binary("EERPHSH", 2)), ("signature", Binary("EERPSIG", 2))),
    ),
    Format(
        b"N",
        c.NERP,
        (
            *_identification("NERP"),
            ("creator", Alphanumeric("NERPCREA", 25)),
            ("reason", Number("NERPREAS", 2)),
            ("text", Text("NERPREAST", 3)),
            ("hash", Binary("NERPHSH", 2)),
            ("signature", Binary("NERPSIG", 2)),
        ),
    ),
    _RTR,
    Format(b"J", c.SECD, ()),
    Format(b"A", c.AUCH, (("challenge", Binary("AUCHCHAL", 2)),)),
    Format(b"S", c.AURP, (("response", FixedBinary("AURPRSP", CHALLENGE_BYTES)),)),
)


def _older(*, short: bool) -> tuple[Format, ...]:
    """What levels 1, 2 and 4 have in common; `short` as in `_identification`."""
    return (
        _SSRM,
        _ssid((None, Reserved("SSIDRSV1", 5))),
        Format(
            b"H",
            c.SFID,
            (
                *_identification("SFID", short=short),
                *_FILE,
                ("size_blocks", Number("SFIDFSIZ", 7)),
                ("restart", Number("SFIDREST", 9)),
            ),
        ),
        Format(b"2", c.SFPA, (("restart", Number("SFPAACNT", 9)),)),
        Format(b"3", c.SFNA, (("reason", Number("SFNAREAS", 2)), ("retry", Flag("SFNARRTR", 1)))),
        _CDT,
        Format(
            b"T", c.EFID, (("record_count", Number("EFIDRCNT", 9)), ("unit_count", Number("EFIDUCNT", 12)))
        ),
        _EFPA,
        Format(b"5", c.EFNA, (("reason", Number("EFNAREAS", 2)),)),
        Format(b"F", c.ESID, (("reason", Number("ESIDREAS", 2)), (None, CarriageReturn("ESIDCR", 1)))),
        _CD,
        Format(b"E", c.EERP, _identification("EERP", short=short)),
        _RTR,
    )


_NERP_OF_4 = Format(
    b"N",
    c.NERP,
    (
        *_identification("NERP"),
        ("creator", Alphanumeric("NERPCREA", 25)),
        ("reason", Number("NERPREAS", 2)),
    ),
)
FORMATS_BY_LEVEL: Final[dict[int, tuple[Format, ...]]] = {
    5: FORMATS,
    4: (*_older(short=False), _NERP_OF_4),
    2: _older(short=True),
    1: _older(short=True),
}

"""The formats of the commands as data (RFC 5024 section 5.3), and reading and writing by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oftp2 import commands as c
from oftp2.errors import RemoteProtocolError
from oftp2.fields import (
    INVALID_DATA,
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
    Reader,
    Reserved,
    Text,
)

UNKNOWN_COMMAND = 1
BUFFER_BYTES_MIN = 128
BUFFER_BYTES_MAX = 99_999
CREDIT_MAX = 999
#: The release level spoken here: revision 2.0.
LEVEL = 5
#: The octets of a challenge, and of its response.
CHALLENGE_BYTES = 20
#: An ESID of the levels below 5 ends after its reason: that much of them is read, to tell why they left.
_SHORT_ESID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Format:
    """One command: its octet, its class, and pairs of attribute (None when nothing is carried) and field."""

    octet: bytes
    command: type[c.Command]
    fields: tuple[tuple[str | None, Field[Any]], ...]


_NAME_OF_FILE: dict[str, tuple[int, bool]] = {"SFID": (3, True), "EERP": (3, True), "NERP": (6, False)}


def _identification(prefix: str) -> tuple[tuple[str | None, Field[Any]], ...]:
    """The fields that name a file in SFID, EERP and NERP: NERP reserves more and has no user data."""
    reserved, has_user_data = _NAME_OF_FILE[prefix]
    user: tuple[tuple[str | None, Field[Any]], ...] = (("user_data", Alphanumeric(f"{prefix}USER", 8)),)
    return (
        ("dataset_name", Alphanumeric(f"{prefix}DSN", 26)),
        (None, Reserved(f"{prefix}RSV1", reserved)),
        ("date", Digits(f"{prefix}DATE", 8)),
        ("time", Digits(f"{prefix}TIME", 10)),
        *(user if has_user_data else ()),
        ("destination", Alphanumeric(f"{prefix}DEST", 25)),
        ("originator", Alphanumeric(f"{prefix}ORIG", 25)),
    )


FORMATS: tuple[Format, ...] = (
    Format(
        b"I",
        c.SSRM,
        (
            (None, Constant("SSRMMSG", 17, b"ODETTE FTP READY ")),
            (None, CarriageReturn("SSRMCR", 1)),
        ),
    ),
    Format(
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
            ("authentication", Flag("SSIDAUTH", 1)),
            (None, Reserved("SSIDRSV1", 4)),
            ("user_data", Alphanumeric("SSIDUSER", 8)),
            (None, CarriageReturn("SSIDCR", 1)),
        ),
    ),
    Format(
        b"H",
        c.SFID,
        (
            *_identification("SFID"),
            ("format", Choice("SFIDFMT", 1, ("F", "V", "U", "T"))),
            ("record_bytes", Number("SFIDLRECL", 5)),
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
    Format(b"C", c.CDT, ((None, Reserved("CDTRSV1", 2)),)),
    Format(b"T", c.EFID, (("record_count", Number("EFIDRCNT", 17)), ("unit_count", Number("EFIDUCNT", 17)))),
    Format(b"4", c.EFPA, (("change_direction", Flag("EFPACD", 1)),)),
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
    Format(b"R", c.CD, ()),
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
    Format(b"P", c.RTR, ()),
    Format(b"J", c.SECD, ()),
    Format(b"A", c.AUCH, (("challenge", Binary("AUCHCHAL", 2)),)),
    Format(b"S", c.AURP, (("response", FixedBinary("AURPRSP", CHALLENGE_BYTES)),)),
)

_BY_OCTET = {form.octet: form for form in FORMATS}
_BY_COMMAND = {form.command: form for form in FORMATS}
DATA_OCTET = b"D"


def parse(buffer: bytes) -> c.Command:
    """The command in one exchange buffer.

    Raises RemoteProtocolError with reason 01 (no such command), 06 (wrong field) or 07 (wrong length).
    """
    octet = buffer[:1]
    if octet == DATA_OCTET:
        return c.DATA(buffer[1:])
    if octet == b"F" and len(buffer) == _SHORT_ESID_BYTES:
        buffer = buffer[:3] + b"000" + buffer[3:]
    form = _BY_OCTET.get(octet)
    if form is None:
        raise RemoteProtocolError(UNKNOWN_COMMAND, f"there is no command {octet!r}")
    reader = Reader(buffer, 1)
    values: dict[str, Any] = {}
    for attribute, field in form.fields:
        value = field.read(reader)
        if attribute is not None:
            values[attribute] = value
    reader.finish()
    command = form.command(**values)
    if isinstance(command, c.SSID) and not command.buffer_bytes >= BUFFER_BYTES_MIN:
        raise RemoteProtocolError(
            INVALID_DATA, f"SSIDSDEB {command.buffer_bytes} is less than {BUFFER_BYTES_MIN}"
        )
    return command


def build(command: c.Command) -> bytes:
    """The exchange buffer of `command`; ValueError when a value does not fit its field."""
    if isinstance(command, c.DATA):
        return DATA_OCTET + command.payload
    form = _BY_COMMAND[type(command)]
    parts = [form.octet]
    for attribute, field in form.fields:
        parts.append(field.write(None if attribute is None else getattr(command, attribute)))
    return b"".join(parts)

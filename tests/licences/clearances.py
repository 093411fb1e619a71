"""What customs says of releases, to start from."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from licencexml.messages import (
    AmendedContent,
    Header,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import LicenceKey, Quantity
from tests.licences.makers import GOODS_CODE, NOW, OPERATOR, RELEASED, TONNE, entry_id, key

MAIZE = "1005900001"
MINUTE = timedelta(minutes=1)
M = TypeVar("M", WriteOff, WriteOffAmendment, WriteOffReversal)


def created(message_id: str, minutes: int = 0) -> Header:
    """A header of customs, created so many minutes after the others."""
    return Header(message_id, "CN-CUSTOMS", "CN-GATEWAY", RELEASED + minutes * MINUTE)


def again(message: M, message_id: str, minutes: int = 0) -> M:
    """The same message under another MessageID."""
    return dataclasses.replace(message, header=created(message_id, minutes))


def amendment(
    amount: str | Decimal = "10",
    *,
    number: int = 1,
    declaration: int = 1,
    line_number: int = 1,
    sequence: int = 1,
    message_id: str = "",
    minutes: int = 0,
    licence_key: LicenceKey | None = None,
    goods_code: str = GOODS_CODE,
    unit: str = TONNE,
    country: str = "JPN",
    port: str = "2200",
    release_time: datetime = RELEASED,
    licence_line: int | None = None,
) -> WriteOffAmendment:
    return WriteOffAmendment(
        created(message_id or f"a-{declaration}-{line_number}-{number}", minutes),
        licence_key or key(),
        WriteOffLineKey(entry_id(declaration), line_number, sequence),
        number,
        NOW,
        AmendedContent(
            OPERATOR, port, country, release_time, goods_code, Quantity.of(amount, unit), licence_line
        ),
        "更正",
    )


def withdrawn(
    amount: str | Decimal = "10", *, line_number: int = 1, sequence: int = 1, unit: str = TONNE
) -> ReversedLine:
    return ReversedLine(line_number, sequence, Quantity.of(amount, unit))


def reversal(
    *lines: ReversedLine,
    number: int = 1,
    declaration: int = 1,
    message_id: str = "",
    minutes: int = 0,
    licence_key: LicenceKey | None = None,
) -> WriteOffReversal:
    return WriteOffReversal(
        created(message_id or f"r-{declaration}-{number}", minutes),
        licence_key or key(),
        entry_id(declaration),
        number,
        NOW,
        lines or (withdrawn(),),
        "退关",
    )

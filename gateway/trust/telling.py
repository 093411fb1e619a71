"""What a signed message says, in a few facts: for anyone who asks whether a file is genuine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import singledispatch
from typing import Any

from licencexml.messages import (
    Licence,
    LicenceIssue,
    LicenceQueryReply,
    LicenceReplacement,
    LicenceRevocation,
    LicenceStanding,
    LicenceSuspension,
    Message,
    Reconciliation,
    SealedLicence,
    TechnicalAck,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
    kind_of,
)
from licencexml.values import LicenceKey, Quantity


@dataclass(frozen=True, slots=True)
class GoodsFact:
    """One goods line that was signed; `goods_code` and `goods_name` only where the message has them.

    The quantity is the one granted, released or withdrawn; in a reply it is the balance.
    """

    line_number: int
    goods_code: str | None
    goods_name: str | None
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class MessageFact:
    """What a message says, read from exactly what was signed.

    `licence` is the one that it is about, of a replacement the new one. `details` are what else matters, by
    name: which licence is replaced and how, why one is revoked, what is amended.
    """

    kind: str
    message_id: str
    sender: str
    receiver: str
    created: datetime
    licence: str | None
    goods: tuple[GoodsFact, ...]
    details: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The fact as plain JSON values; instants in ISO 8601, amounts as text."""
        goods = [
            {
                "line_number": line.line_number,
                "goods_code": line.goods_code,
                "goods_name": line.goods_name,
                "quantity": f"{line.quantity.amount:f}",
                "unit": line.quantity.unit,
            }
            for line in self.goods
        ]
        told = asdict(self) | {"created": self.created.isoformat(), "goods": goods}
        if not self.details:
            del told["details"]
        return told


def tell(message: Message) -> MessageFact:
    """The facts of `message`; of a SealedLicence those of the message inside."""
    header = message.header
    licence = _licence(message)
    return MessageFact(
        kind_of(message),
        header.message_id,
        header.sender,
        header.receiver,
        header.created,
        None if licence is None else str(licence),
        _goods(message),
        {name: str(value) for name, value in _details(message).items() if value is not None},
    )


def _licence(message: Message) -> LicenceKey | None:
    match message:
        case SealedLicence():
            return _licence(message.content)
        case LicenceIssue() | LicenceReplacement():
            return message.licence.key
        case TechnicalAck() | Reconciliation():
            return None
        case _:
            return message.licence


def _goods(message: Message) -> tuple[GoodsFact, ...]:
    match message:
        case SealedLicence():
            return _goods(message.content)
        case LicenceIssue() | LicenceReplacement():
            return _granted(message.licence)
        case WriteOff() | WriteOffAmendment():
            lines = message.declaration.lines
            return tuple(GoodsFact(one.line_number, one.goods_code, None, one.quantity) for one in lines)
        case WriteOffReversal():
            return tuple(GoodsFact(one.line_number, None, None, one.quantity) for one in message.lines)
        case LicenceQueryReply(standing=LicenceStanding(lines=balances)):
            return tuple(GoodsFact(one.line_number, one.goods_code, None, one.balance) for one in balances)
        case _:
            return ()


def _granted(licence: Licence) -> tuple[GoodsFact, ...]:
    return tuple(
        GoodsFact(line.line_number, line.goods_code, line.goods_name, line.quantity) for line in licence.lines
    )


@singledispatch
def _details(message: object) -> Mapping[str, object]:
    del message  # all that it says is in the other facts
    return {}


@_details.register
def _(message: SealedLicence) -> Mapping[str, object]:
    inside = _details(message.content)
    return {"content": kind_of(message.content), **inside} if inside else {}


@_details.register
def _(message: LicenceReplacement) -> Mapping[str, object]:
    return {"replaces": message.replaced, "mode": message.mode, "kind": message.kind}


@_details.register
def _(message: LicenceRevocation) -> Mapping[str, object]:
    by = message.confirmed_by
    return {
        "ground": message.ground,
        "confirmed_by": None if by is None else f"{by.name} {by.code}",
        "confirmed_at": message.confirmed_at.isoformat(),
    }


@_details.register
def _(message: LicenceSuspension) -> Mapping[str, object]:
    effective = message.effective_time.isoformat()
    return {"action": message.action, "ground": message.ground, "effective_time": effective}


@_details.register
def _(message: WriteOffAmendment) -> Mapping[str, object]:
    return {
        "entry_id": message.amends.entry_id,
        "line_number": message.amends.line_number,
        "sequence": message.amends.sequence,
        "amendment": message.amendment_number,
        "amendment_time": message.amendment_time.isoformat(),
    }


@_details.register
def _(message: WriteOffReversal) -> Mapping[str, object]:
    withdrawn = message.withdrawal_time.isoformat()
    return {"entry_id": message.entry_id, "reversal": message.reversal_number, "withdrawal_time": withdrawn}


@_details.register
def _(message: LicenceQueryReply) -> Mapping[str, object]:
    standing = message.standing
    return {
        "status": message.status,
        "suspended": message.suspended or None,
        "as_of": message.as_of.isoformat(),
        "validity": standing and f"{standing.valid_from} / {standing.valid_to}",
        "uses": standing and f"{standing.uses} / {standing.cap}",
    }


@_details.register
def _(message: Reconciliation) -> Mapping[str, object]:
    return {
        "business_date": message.business_date,
        "as_of": message.as_of.isoformat(),
        "part": f"{message.part_number} / {message.part_count}",
        "transfers": f"{message.part.transfers} / {message.day.transfers}",
        "licences": f"{message.part.licences} / {message.day.licences}",
    }

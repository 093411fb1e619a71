"""What customs says of releases as the plain JSON that the ledger keeps, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any

from sqlalchemy import Row

from gateway.ledger.columns import instant_text, quantity_text
from gateway.licences.facts import Clearance, Fact
from licencexml.messages import (
    AmendedContent,
    Declaration,
    DeclarationLine,
    Header,
    PaperFace,
    PaperLine,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import LicenceKey, Party, Quantity

Data = dict[str, Any]


def facts_data(message: Clearance) -> Data:
    """What `message` says, without its header, its licence and what is written for people only."""
    if isinstance(message, WriteOff):
        return _declaration_data(message.declaration)
    if isinstance(message, WriteOffAmendment):
        return {
            "entry_id": message.amends.entry_id,
            "line_number": message.amends.line_number,
            "sequence": message.amends.sequence,
            "number": message.amendment_number,
            "time": instant_text(message.amendment_time),
            "content": _content_data(message.content),
            "reason": message.reason,
        }
    return {
        "entry_id": message.entry_id,
        "number": message.reversal_number,
        "time": instant_text(message.withdrawal_time),
        "lines": [
            {"line_number": one.line_number, "sequence": one.sequence} | quantity_data(one.quantity)
            for one in message.lines
        ],
        "reason": message.reason,
    }


def fact_from(key: LicenceKey, row: Row[Any] | SimpleNamespace) -> Fact:
    """The fact that a row of `clearance` holds, or what has its columns."""
    header = Header(row.message_id, "", "", row.created)
    return Fact(_MESSAGES[row.kind](header, key, row.facts), row.received_at, row.late)


def quantity_data(quantity: Quantity) -> Data:
    """A quantity with its unit."""
    return {"quantity": quantity_text(quantity.amount), "unit": quantity.unit}


def quantity_from(data: Data) -> Quantity:
    """The inverse of `quantity_data`."""
    return Quantity(Decimal(data["quantity"]), data["unit"])


def _declaration_data(declaration: Declaration) -> Data:
    face = declaration.paper_face
    return {
        "entry_id": declaration.entry_id,
        "operating_unit": _party_data(declaration.operating_unit),
        "port": declaration.port,
        "country": declaration.country,
        "release_time": instant_text(declaration.release_time),
        "lines": [
            {
                "line_number": line.line_number,
                "sequence": line.sequence,
                "goods_code": line.goods_code,
                "stated_line": line.licence_line_number,
            }
            | quantity_data(line.quantity)
            for line in declaration.lines
        ],
    } | ({} if face is None else {"paper_face": _face_data(face)})


def _write_off_from(header: Header, key: LicenceKey, data: Data) -> WriteOff:
    lines = tuple(
        DeclarationLine(
            line["line_number"],
            line["sequence"],
            line["goods_code"],
            quantity_from(line),
            line["stated_line"],
        )
        for line in data["lines"]
    )
    declaration = Declaration(
        data["entry_id"],
        Party(**data["operating_unit"]),
        data["port"],
        data["country"],
        datetime.fromisoformat(data["release_time"]),
        lines,
        _face_from(data["paper_face"]) if "paper_face" in data else None,
    )
    return WriteOff(header, key, declaration)


def _content_data(content: AmendedContent) -> Data:
    return {
        "operating_unit": _party_data(content.operating_unit),
        "port": content.port,
        "country": content.country,
        "release_time": instant_text(content.release_time),
        "goods_code": content.goods_code,
        "stated_line": content.licence_line_number,
    } | quantity_data(content.quantity)


def _amendment_from(header: Header, key: LicenceKey, data: Data) -> WriteOffAmendment:
    content = data["content"]
    return WriteOffAmendment(
        header,
        key,
        WriteOffLineKey(data["entry_id"], data["line_number"], data["sequence"]),
        data["number"],
        datetime.fromisoformat(data["time"]),
        AmendedContent(
            Party(**content["operating_unit"]),
            content["port"],
            content["country"],
            datetime.fromisoformat(content["release_time"]),
            content["goods_code"],
            quantity_from(content),
            content["stated_line"],
        ),
        data["reason"],
    )


def _reversal_from(header: Header, key: LicenceKey, data: Data) -> WriteOffReversal:
    lines = tuple(
        ReversedLine(line["line_number"], line["sequence"], quantity_from(line)) for line in data["lines"]
    )
    time = datetime.fromisoformat(data["time"])
    return WriteOffReversal(header, key, data["entry_id"], data["number"], time, lines, data["reason"])


_MESSAGES: Mapping[str, Callable[[Header, LicenceKey, Data], Clearance]] = MappingProxyType(
    {
        WriteOff.__name__: _write_off_from,
        WriteOffAmendment.__name__: _amendment_from,
        WriteOffReversal.__name__: _reversal_from,
    }
)


def _face_data(face: PaperFace) -> Data:
    return {
        "operator": _party_data(face.operator),
        "lines": [
            {"goods_code": line.goods_code, "goods_name": line.goods_name} | quantity_data(line.quantity)
            for line in face.lines
        ],
        "country": face.country,
        "terms_of_trade": face.terms_of_trade,
        "valid_from": None if face.valid_from is None else face.valid_from.isoformat(),
        "valid_to": face.valid_to.isoformat(),
        "clearance_port": face.clearance_port,
    }


def _face_from(data: Data) -> PaperFace:
    valid_from = data["valid_from"]
    return PaperFace(
        operator=Party(**data["operator"]),
        lines=tuple(
            PaperLine(line["goods_code"], line["goods_name"], quantity_from(line)) for line in data["lines"]
        ),
        country=data["country"],
        terms_of_trade=data["terms_of_trade"],
        valid_from=None if valid_from is None else date.fromisoformat(valid_from),
        valid_to=date.fromisoformat(data["valid_to"]),
        clearance_port=data["clearance_port"],
    )


def _party_data(party: Party) -> dict[str, str]:
    return {"name": party.name, "code": party.code}

"""The documents that the worked cases state: from the words of `cases.toml` to messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.licences.figures import reply_to
from gateway.licences.state import LicenceState
from licencexml.messages import (
    AmendedContent,
    Declaration,
    DeclarationLine,
    GoodsLine,
    Header,
    Licence,
    LicenceQuery,
    LicenceQueryReply,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    PaperFace,
    PaperLine,
    ReplacementKind,
    ReplacementMode,
    ReversedLine,
    RevocationGround,
    StandingStatus,
    SuspensionAction,
    SuspensionGround,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.values import (
    LicenceKey,
    LicenceType,
    Medium,
    Money,
    Party,
    PermittedEnterprise,
    PermittedGround,
    Quantity,
    UsageMode,
)
from tests.licences.makers import RELEASED

Said = Mapping[str, Any]
NAME = "样例公司"
GOODS_NAME = "样例商品"
ISSUER = "ISSUER-BEIJING"


def from_customs(message_id: str) -> Header:
    return Header(message_id, "CN-CUSTOMS", "CN-GATEWAY", RELEASED)


def from_issuer(message_id: str, created: datetime, sender: str = ISSUER) -> Header:
    return Header(message_id, sender, "CN-GATEWAY", created)


def entry_id(declaration: int) -> str:
    return f"2200202600{declaration:08d}"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def licence(key: LicenceKey, said: Said) -> Licence:
    medium, export = Medium(said["medium"]), key.type is LicenceType.EXPORT
    return Licence(
        key=key,
        medium=medium,
        usage_mode=UsageMode(said["usage"]),
        operator=Party(NAME, said["operator"]),
        counterpart=Party(NAME, said["counterpart"]),
        valid_from=said["valid_from"],
        valid_to=said["valid_to"],
        licence_date=said["licence_date"],
        issuing_authority="许可证局",
        terms_of_trade=said["terms_of_trade"],
        clearance_port=said["port"],
        country=said["country"],
        lines=tuple(goods_line(key, number, line) for number, line in enumerate(said["lines"], 1)),
        terms_of_foreign_exchange=None if export else "银行购汇",
        contract_number="HT-001" if export else None,
        country_of_origin=None if export else said["country"],
        terms_of_payment="信用证" if export else None,
        use=None if export else "自用",
        mode_of_transport="江海运输" if export else None,
        permitted=tuple(
            PermittedEnterprise(Party(NAME, one["code"]), PermittedGround(one["ground"]))
            for one in said.get("permitted", ())
        ),
        remarks=said.get("remarks"),
        form_number="0000001" if medium is Medium.PAPER else None,
    )


def goods_line(key: LicenceKey, number: int, said: Said) -> GoodsLine:
    return GoodsLine(
        line_number=number,
        goods_code=said["goods"],
        goods_name=GOODS_NAME,
        quantity=Quantity.of(said["amount"], said["unit"]),
        unit_price=Money.of(1, "USD"),
        amount=Money.of(1, "USD"),
        amount_usd=Money.of(1, "USD"),
        goods_status="新" if key.type is LicenceType.AUTOMATIC_IMPORT else None,
    )


def paper_face(licence: dict[str, Any], differently: dict[str, Any]) -> PaperFace:
    """What the paper shows: what the licence says, but for what is said `differently`."""
    shown = {name: value for name, value in licence.items() if name != "valid_from"} | differently
    return PaperFace(
        operator=Party(shown.get("name", NAME), shown["operator"]),
        lines=tuple(
            PaperLine(line["goods"], line.get("name", GOODS_NAME), Quantity.of(line["amount"], line["unit"]))
            for line in shown["lines"]
        ),
        country=shown["country"],
        terms_of_trade=shown["terms_of_trade"],
        valid_to=shown["valid_to"],
        clearance_port=shown["port"],
        valid_from=shown.get("valid_from"),
    )


def write_off(
    key: LicenceKey, said: Said, declaration: int, message_id: str, face: PaperFace | None
) -> WriteOff:
    lines = tuple(
        DeclarationLine(
            number,
            line.get("sequence", 1),
            line["goods"],
            Quantity.of(line["amount"], line["unit"]),
            line.get("licence_line"),
        )
        for number, line in enumerate(said["lines"], 1)
    )
    return WriteOff(
        from_customs(message_id),
        LicenceKey.parse(said["licence"]) if "licence" in said else key,
        Declaration(
            entry_id(said.get("declaration", declaration)),
            Party("另一名称", said["unit"]),
            said["port"],
            said["country"],
            datetime.fromisoformat(said["released"]),
            lines,
            face,
        ),
    )


def amendment(key: LicenceKey, said: Said, message_id: str) -> WriteOffAmendment:
    """An amendment of one line: what is not said is as in every declaration of the file."""
    [line] = said["lines"]
    return WriteOffAmendment(
        from_customs(message_id),
        key,
        WriteOffLineKey(entry_id(said.get("declaration", 1)), line.get("line", 1), line.get("sequence", 1)),
        said.get("number", 1),
        RELEASED,
        AmendedContent(
            Party(NAME, said["unit"]),
            said["port"],
            said["country"],
            instant(said["released"]),
            line["goods"],
            Quantity.of(line["amount"], line["unit"]),
            line.get("licence_line"),
        ),
        "更改",
    )


def reversal(key: LicenceKey, said: Said, message_id: str) -> WriteOffReversal:
    return WriteOffReversal(
        from_customs(message_id),
        key,
        entry_id(said.get("declaration", 1)),
        said.get("number", 1),
        RELEASED,
        tuple(
            ReversedLine(
                line.get("line", 1), line.get("sequence", 1), Quantity.of(line["amount"], line["unit"])
            )
            for line in said["lines"]
        ),
        "退关",
    )


def suspension(key: LicenceKey, said: Said, header: Header) -> LicenceSuspension:
    stops = said["kind"] == "suspension"
    return LicenceSuspension(
        header,
        key,
        SuspensionAction.SUSPEND if stops else SuspensionAction.RESUME,
        SuspensionGround(said.get("ground", "RELEASE_IN_FLIGHT")),
        instant(said["at"]) if "at" in said else header.created,
    )


def replacement(key: LicenceKey, said: Said, header: Header, new: Licence) -> LicenceReplacement:
    return LicenceReplacement(
        header,
        key,
        ReplacementMode(said["mode"]),
        ReplacementKind(said.get("for", "CHANGE")),
        "变更",
        new,
    )


def revocation(key: LicenceKey, said: Said, header: Header) -> LicenceRevocation:
    ground = RevocationGround(said.get("ground", "NOT_TO_BE_USED"))
    by = Party(NAME, said.get("by", "91110000600037341L")) if ground.needs_enterprise else None
    confirmed = instant(said["confirmed"]) if "confirmed" in said else header.created
    return LicenceRevocation(header, key, ground, confirmed, "不再使用", by)


def figures(state: LicenceState, said: Said, header: Header) -> LicenceQueryReply:
    """What customs says of the licence: the same as the gateway, but for what is said differently."""
    knows = state.unused() if said.get("unused") else state
    as_of = instant(said["as_of"]) if "as_of" in said else header.created
    if said.get("status") == "UNKNOWN":
        return LicenceQueryReply(header, state.key, as_of, StandingStatus.UNKNOWN)
    reply = reply_to(LicenceQuery(header, state.key), knows, header, as_of)
    if "suspended" not in said:
        return reply
    return LicenceQueryReply(header, state.key, as_of, reply.status, said["suspended"], reply.standing)

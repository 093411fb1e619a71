"""Lawful values to start from; each test changes the one thing that it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.config.tables import load_tables, shipped_tables
from gateway.licences.facts import Clearance, Fact
from gateway.licences.life import LicenceEvent
from gateway.licences.policy import Policy
from gateway.licences.settlement import Finding, settle
from gateway.licences.state import LicenceState
from licencexml.messages import (
    Declaration,
    DeclarationLine,
    GoodsLine,
    Header,
    Licence,
    LicenceIssue,
    WriteOff,
)
from licencexml.values import LicenceKey, LicenceType, Medium, Money, Party, Quantity, UsageMode

POLICY = Policy(load_tables(shipped_tables()))
TODAY = date(2026, 6, 1)
LICENCE_DATE = date(2026, 1, 1)
NOW = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
RELEASED = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
OPERATOR = Party("中国化工进出口有限公司", "91110000600037341L")
GOODS_CODE = "1006108101"
TONNE = "070"
KILOGRAM = "035"
PIECE = "007"


def key(serial: int = 1, licence_type: LicenceType = LicenceType.EXPORT) -> LicenceKey:
    return LicenceKey(licence_type, f"26-AA-{serial:06d}")


def goods(
    line_number: int = 1, amount: str = "100", goods_code: str = GOODS_CODE, unit: str = TONNE
) -> GoodsLine:
    return GoodsLine(
        line_number=line_number,
        goods_code=goods_code,
        goods_name="籼米稻谷",
        quantity=Quantity.of(amount, unit),
        unit_price=Money.of("300", "USD"),
        amount=Money.of("30000", "USD"),
        amount_usd=Money.of("30000", "USD"),
    )


def licence(
    licence_key: LicenceKey | None = None,
    *lines: GoodsLine,
    mode: UsageMode = UsageMode.MULTI,
    valid_from: date = date(2026, 1, 1),
    valid_to: date = date(2026, 6, 30),
) -> Licence:
    return Licence(
        key=licence_key or key(),
        medium=Medium.ELECTRONIC,
        usage_mode=mode,
        operator=OPERATOR,
        counterpart=OPERATOR,
        valid_from=valid_from,
        valid_to=valid_to,
        licence_date=LICENCE_DATE,
        issuing_authority="许可证局",
        terms_of_trade="一般贸易",
        clearance_port="2200",
        country="JPN",
        lines=lines or (goods(),),
    )


def state(
    *lines: GoodsLine,
    mode: UsageMode = UsageMode.MULTI,
    licence_type: LicenceType = LicenceType.EXPORT,
    valid_from: date = date(2026, 1, 1),
    valid_to: date = date(2026, 6, 30),
) -> LicenceState:
    """A licence at customs."""
    issued = LicenceState.issued(
        licence(key(licence_type=licence_type), *lines, mode=mode, valid_from=valid_from, valid_to=valid_to),
        POLICY,
    )
    for event in (LicenceEvent.SEAL, LicenceEvent.SEND, LicenceEvent.CUSTOMS_ACCEPT):
        issued = issued.after(event)
    return issued


def entry_id(number: int = 1) -> str:
    return f"2200202600{number:08d}"


def drawn(
    amount: str | Decimal = "10",
    *,
    line_number: int = 1,
    sequence: int = 1,
    goods_code: str = GOODS_CODE,
    unit: str = TONNE,
    licence_line: int | None = None,
) -> DeclarationLine:
    return DeclarationLine(line_number, sequence, goods_code, Quantity.of(amount, unit), licence_line)


def header(message_id: str, sender: str = "CN-CUSTOMS", in_reply_to: str | None = None) -> Header:
    return Header(message_id, sender, "CN-GATEWAY", RELEASED, in_reply_to)


def write_off(
    *lines: DeclarationLine,
    declaration: int = 1,
    message_id: str = "w-1",
    licence_key: LicenceKey | None = None,
    release_time: datetime = RELEASED,
) -> WriteOff:
    return WriteOff(
        header(message_id),
        licence_key or key(),
        Declaration(entry_id(declaration), OPERATOR, "2200", "JPN", release_time, lines or (drawn(),)),
    )


def issue(value: Licence | None = None, message_id: str = "i-1", *, urgent: bool = False) -> LicenceIssue:
    return LicenceIssue(header(message_id, "ISSUER-BEIJING"), value or licence(), urgent)


def fact(message: Clearance, *, late: bool = False, received_at: datetime = NOW) -> Fact:
    return Fact(message, received_at, late)


def found(
    licence_state: LicenceState | None, presented: WriteOff, *before: Clearance, policy: Policy = POLICY
) -> tuple[LicenceState | None, Finding]:
    """The licence after `before` and `presented`, and what became of the latter."""
    settlement = settle(licence_state, [fact(one) for one in (*before, presented)], policy)
    return settlement.state, settlement.findings[presented.header.message_id]

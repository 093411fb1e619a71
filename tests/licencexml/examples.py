"""One message of every kind with every field filled in, and documents of them with one element a line."""

from __future__ import annotations

from datetime import UTC, date, datetime

from lxml import etree

from licencexml import messages as m
from licencexml import parsing, writing
from licencexml.rejection import Rejection, Where
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

NOW = datetime(2026, 11, 21, 3, 9, tzinfo=UTC)
PARTY = Party("北京样例公司", "91110000600037341L")
REJECTION = Rejection("SOME_CODE", Where(3, "/LicenceIssue/Header"), "中文", "English", "art. 1", "Do it.")


def header(message_id: str) -> m.Header:
    return m.Header(message_id, "ISSUER-A", "CN-GATEWAY", NOW, "EARLIER")


def licence(licence_type: LicenceType) -> m.Licence:
    export = licence_type is LicenceType.EXPORT
    status = "新" if licence_type is LicenceType.AUTOMATIC_IMPORT else None
    lines = tuple(
        m.GoodsLine(
            line_number=number,
            goods_code="1006302001",
            goods_name="长粒米精米",
            quantity=Quantity.of("12.5", "070"),
            unit_price=Money.of(400, "USD"),
            amount=Money.of(5000, "USD"),
            amount_usd=Money.of(5000, "USD"),
            specification=("碎米率5%", "袋装"),
            goods_status=status,
        )
        for number in (1, 2)
    )
    return m.Licence(
        key=LicenceKey(licence_type, "26-AA-000001"),
        medium=Medium.PAPER,
        usage_mode=UsageMode.MULTI,
        operator=PARTY,
        counterpart=PARTY,
        valid_from=date(2026, 11, 1),
        valid_to=date(2026, 12, 31),
        licence_date=date(2026, 11, 1),
        issuing_authority="样例机构",
        terms_of_trade="一般贸易",
        clearance_port="2200",
        country="JPN",
        lines=lines,
        terms_of_foreign_exchange=None if export else "银行购汇",
        contract_number="HT-001" if export else None,
        country_of_origin=None if export else "JPN",
        terms_of_payment="信用证" if export else None,
        use=None if export else "自用",
        mode_of_transport="江海运输" if export else None,
        permitted=(PermittedEnterprise(PARTY, PermittedGround.UNIFIED_OPERATION_GOODS),) if export else (),
        remarks="非一批一证",
        form_number="0000001",
    )


def issue(licence_type: LicenceType) -> m.LicenceIssue:
    return m.LicenceIssue(header("ISSUE-1"), licence(licence_type), urgent=True)


KEY = LicenceKey(LicenceType.IMPORT, "26-AA-000001")
DECLARATION = m.Declaration(
    "220120261000000001",
    PARTY,
    "2201",
    "JPN",
    NOW,
    tuple(m.DeclarationLine(n, 1, "1006302001", Quantity.of(1, "070"), 1) for n in (1, 2)),
    m.PaperFace(
        operator=Party("北京样例公司", "1100600037341"),
        lines=(m.PaperLine("1006302001", "长粒米精米", Quantity.of("12.5", "070")),) * 2,
        country="JPN",
        terms_of_trade="一般贸易",
        valid_to=date(2026, 12, 31),
        clearance_port="2200",
        valid_from=date(2026, 11, 1),
    ),
)
BALANCES = (
    m.GoodsLineBalance(1, "1006302001", *(Quantity.of(n, "070") for n in ("12.5", "13", "0", "0.5"))),
    m.GoodsLineBalance(2, "1006302001", *(Quantity.of(n, "070") for n in ("12.5", "2.5", "10"))),
)
TRANSFERS = tuple(
    m.Transfer(f"SEAL-{n}", "LicenceIssue", KEY, bytes(32), m.TransferStatus.ACCEPTED) for n in (1, 2)
)
FIGURES = tuple(
    m.LicenceFigures(LicenceKey(LicenceType.IMPORT, f"26-AA-00000{n}"), 1, BALANCES) for n in (1, 2)
)
OLD = LicenceKey(LicenceType.EXPORT, "26-AA-000009")


def replacement(licence_type: LicenceType) -> m.LicenceReplacement:
    return m.LicenceReplacement(
        header("REP-1"),
        LicenceKey(licence_type, OLD.number),
        m.ReplacementMode.WRITE_OFF,
        m.ReplacementKind.EXTENSION,
        "船期延误",
        licence(licence_type),
        urgent=True,
    )


REVOCATION = m.LicenceRevocation(
    header("REV-1"), KEY, m.RevocationGround.NOT_TO_BE_USED, NOW, "合同取消", PARTY
)
SUSPENSION = m.LicenceSuspension(
    header("SUS-1"),
    KEY,
    m.SuspensionAction.SUSPEND,
    m.SuspensionGround.RELEASE_IN_FLIGHT,
    NOW,
    "等待清关数据",
)
MESSAGES: dict[str, m.Message] = {
    "replacement-import": replacement(LicenceType.IMPORT),
    "replacement-export": replacement(LicenceType.EXPORT),
    "replacement-automatic": replacement(LicenceType.AUTOMATIC_IMPORT),
    "revocation": REVOCATION,
    "suspension": SUSPENSION,
    "sealed-replacement": m.SealedLicence(header("SEAL-2"), replacement(LicenceType.EXPORT)),
    "sealed-revocation": m.SealedLicence(header("SEAL-3"), REVOCATION),
    "sealed-suspension": m.SealedLicence(header("SEAL-4"), SUSPENSION),
    "amendment": m.WriteOffAmendment(
        header("AM-1"),
        KEY,
        m.WriteOffLineKey("220120261000000001", 1, 1),
        2,
        NOW,
        m.AmendedContent(PARTY, "2201", "JPN", NOW, "1006302001", Quantity.of("0.5", "070"), 1),
        "数量申报有误",
    ),
    "reversal": m.WriteOffReversal(
        header("RV-1"),
        KEY,
        "220120261000000001",
        1,
        NOW,
        tuple(m.ReversedLine(n, 1, Quantity.of("0.5", "070")) for n in (1, 2)),
        "部分货物退关",
    ),
    "query": m.LicenceQuery(header("Q-1"), KEY),
    "reply": m.LicenceQueryReply(
        header("QR-1"),
        KEY,
        NOW,
        m.StandingStatus.PART_USED,
        True,
        m.LicenceStanding(
            date(2026, 11, 1),
            date(2026, 12, 31),
            2,
            12,
            BALANCES,
            ("220120261000000001", "220120261000000002"),
        ),
    ),
    "reconciliation": m.Reconciliation(
        header("RC-1"),
        date(2026, 11, 20),
        NOW,
        1,
        2,
        m.ReconciliationTotals(3, 2),
        m.ReconciliationTotals(2, 2),
        TRANSFERS,
        FIGURES,
    ),
    "import": issue(LicenceType.IMPORT),
    "export": issue(LicenceType.EXPORT),
    "automatic": issue(LicenceType.AUTOMATIC_IMPORT),
    "sealed": m.SealedLicence(header("SEAL-1"), issue(LicenceType.EXPORT)),
    "write-off": m.WriteOff(header("WO-1"), KEY, DECLARATION),
    "technical": m.TechnicalAck(
        header("TA-1"), "EARLIER", m.TechnicalStatus.REFUSED, 2, (REJECTION, REJECTION)
    ),
    "application": m.ApplicationAck(
        header("AA-1"), m.AckSubject("EARLIER", "WriteOff"), m.AckStatus.REFUSED, KEY, (REJECTION, REJECTION)
    ),
}


def tree(message: m.Message) -> etree._Element:
    """The message's element, parsed from a document in which every element begins a line."""
    element = writing.write_message(message)
    etree.indent(element)
    return parsed(element)


def parsed(element: etree._Element) -> etree._Element:
    return parsing.parse(writing.serialise(element), max_bytes=2**20)

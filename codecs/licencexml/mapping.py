"""Which element holds which value: one table a message, used in both directions.

A new message is a schema fragment, a value class, and a table here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from licencexml import coherence, faults
from licencexml.leaves import (
    DATE,
    IDENTIFIER_TEXT,
    INSTANT,
    INTEGER,
    KEPT_TEXT,
    MONEY,
    PARTY_CODE,
    PATH,
    QUANTITY,
    SENTENCE,
    TEXT,
    US_DOLLARS,
    YES_NO,
    one_of,
)
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    Declaration,
    DeclarationLine,
    GoodsLine,
    Header,
    InterchangeFrame,
    Licence,
    LicenceIssue,
    SealedLicence,
    TechnicalAck,
    TechnicalStatus,
    Totals,
    WriteOff,
)
from licencexml.record import Choice, Field, Record
from licencexml.rejection import Rejection, Where
from licencexml.values import (
    LicenceKey,
    LicenceType,
    Medium,
    Party,
    PermittedEnterprise,
    PermittedGround,
    Quantity,
    UsageMode,
)

MAX_ACK_REJECTIONS = 100

HEADER = Record(
    Header,
    (
        Field("MessageID", "message_id", IDENTIFIER_TEXT),
        Field("Sender", "sender", IDENTIFIER_TEXT),
        Field("Receiver", "receiver", IDENTIFIER_TEXT),
        Field("Created", "created", INSTANT),
        Field("InReplyTo", "in_reply_to", IDENTIFIER_TEXT, optional=True),
    ),
)
_HEADER = Field("Header", "header", HEADER)
_PARTY = Record(Party, (Field("Name", "name", TEXT), Field("Code", "code", PARTY_CODE)))
_LICENCE_REFERENCE = Record(
    LicenceKey,
    (Field("LicenceType", "type", one_of(LicenceType)), Field("LicenceNumber", "number", TEXT)),
)

_GOODS_LINE = Record(
    GoodsLine,
    (
        Field("LineNumber", "line_number", INTEGER),
        Field("GoodsCode", "goods_code", TEXT),
        Field("GoodsName", "goods_name", TEXT),
        Field("GoodsStatus", "goods_status", TEXT, optional=True),
        Field("Specification", "specification", TEXT, optional=True, many=True),
        Field("Quantity", "quantity", QUANTITY),
        Field("UnitPrice", "unit_price", MONEY),
        Field("Amount", "amount", MONEY),
        Field("AmountInUSD", "amount_usd", US_DOLLARS),
    ),
)


def _total(*, quantity: Quantity | None = None, **others: Any) -> Totals:
    return Totals(quantity=quantity, **others)


_TOTAL = Record(
    _total,
    (
        Field("Quantity", "quantity", QUANTITY, optional=True),
        Field("Amount", "amount", MONEY),
        Field("AmountInUSD", "amount_usd", US_DOLLARS),
    ),
)


def _licence(licence_type: LicenceType, *, number: str, totals: Totals, **others: Any) -> Licence:
    del totals  # derived; `coherence` compares it
    return Licence(key=LicenceKey(licence_type, number), **others)


def _licence_record(
    licence_type: LicenceType,
    parties: tuple[Field, ...],
    middle: tuple[Field, ...],
    last: tuple[Field, ...] = (),
) -> Record:
    fields = (
        Field("LicenceNumber", "number", TEXT, get=attrgetter("key.number")),
        Field("Medium", "medium", one_of(Medium)),
        Field("UsageMode", "usage_mode", one_of(UsageMode)),
        *parties,
        Field("LicenceDate", "licence_date", DATE),
        Field("ValidFrom", "valid_from", DATE),
        Field("ExpiryDate", "valid_to", DATE),
        Field("IssuingAuthority", "issuing_authority", TEXT),
        Field("TermsOfTrade", "terms_of_trade", TEXT),
        *middle,
        Field("GoodsLine", "lines", _GOODS_LINE, many=True),
        Field("Total", "totals", _TOTAL),
        Field("Remarks", "remarks", KEPT_TEXT, optional=True),
        Field("FormNumber", "form_number", TEXT, optional=True),
        *last,
    )
    return Record(partial(_licence, licence_type), fields, check=coherence.licence)


_FOREIGN_EXCHANGE = Field("TermsOfForeignExchange", "terms_of_foreign_exchange", TEXT)
_CLEARANCE = Field("PlaceOfClearance", "clearance_port", TEXT)
_ORIGIN = Field("CountryOfOrigin", "country_of_origin", TEXT)
_USE = Field("Use", "use", TEXT)
_PERMITTED = Record(
    PermittedEnterprise,
    (Field("Enterprise", "party", _PARTY), Field("Ground", "ground", one_of(PermittedGround))),
)

LICENCES: Mapping[str, Record] = {
    "ImportLicence": _licence_record(
        LicenceType.IMPORT,
        (Field("Importer", "operator", _PARTY), Field("Consignee", "counterpart", _PARTY)),
        (_FOREIGN_EXCHANGE, _CLEARANCE, Field("CountryOfExportation", "country", TEXT), _ORIGIN, _USE),
    ),
    "ExportLicence": _licence_record(
        LicenceType.EXPORT,
        (Field("Exporter", "operator", _PARTY), Field("Consignor", "counterpart", _PARTY)),
        (
            Field("ContractNumber", "contract_number", TEXT),
            _CLEARANCE,
            Field("CountryOfPurchase", "country", TEXT),
            Field("TermsOfPayment", "terms_of_payment", TEXT),
            Field("ModeOfTransport", "mode_of_transport", TEXT),
        ),
        (Field("PermittedEnterprise", "permitted", _PERMITTED, optional=True, many=True),),
    ),
    "AutomaticImportLicence": _licence_record(
        LicenceType.AUTOMATIC_IMPORT,
        (Field("Importer", "operator", _PARTY), Field("Consignee", "counterpart", _PARTY)),
        (_FOREIGN_EXCHANGE, _CLEARANCE, Field("CountryOfTrading", "country", TEXT), _ORIGIN, _USE),
    ),
}
LICENCE_TYPES: Mapping[str, LicenceType] = {
    "ImportLicence": LicenceType.IMPORT,
    "ExportLicence": LicenceType.EXPORT,
    "AutomaticImportLicence": LicenceType.AUTOMATIC_IMPORT,
}
_ELEMENT_OF = {licence_type: name for name, licence_type in LICENCE_TYPES.items()}

LICENCE_ISSUE = Record(
    LicenceIssue,
    (
        _HEADER,
        Field("Urgent", "urgent", YES_NO, optional=True),
        Field("", "licence", Choice(LICENCES, lambda licence: _ELEMENT_OF[licence.key.type])),
    ),
    is_message=True,
)
SEALED_LICENCE = Record(
    SealedLicence, (_HEADER, Field("LicenceIssue", "issue", LICENCE_ISSUE)), is_message=True
)

_DECLARATION_LINE = Record(
    DeclarationLine,
    (
        Field("LineNumber", "line_number", INTEGER),
        Field("Sequence", "sequence", INTEGER),
        Field("GoodsCode", "goods_code", TEXT),
        Field("Quantity", "quantity", QUANTITY),
        Field("LicenceLineNumber", "licence_line_number", INTEGER, optional=True),
    ),
)
_DECLARATION = Record(
    Declaration,
    (
        Field("EntryID", "entry_id", TEXT),
        Field("OperatingUnit", "operating_unit", _PARTY),
        Field("Port", "port", TEXT),
        Field("Country", "country", TEXT),
        Field("ReleaseTime", "release_time", INSTANT),
        Field("DeclarationLine", "lines", _DECLARATION_LINE, many=True),
    ),
    check=coherence.declaration,
)
WRITE_OFF = Record(
    WriteOff,
    (
        _HEADER,
        Field("LicenceReference", "licence", _LICENCE_REFERENCE),
        Field("Declaration", "declaration", _DECLARATION),
    ),
    is_message=True,
)


def _rejection(*, line: int | None = None, xpath: str | None = None, **others: Any) -> Rejection:
    return Rejection(where=Where(line, xpath), **others)


def _bounded_rejections(ack: TechnicalAck | ApplicationAck) -> tuple[Rejection, ...]:
    if len(ack.rejections) <= MAX_ACK_REJECTIONS:
        return ack.rejections
    kept = MAX_ACK_REJECTIONS - 1
    return (*ack.rejections[:kept], faults.LEFT_OUT.reject(shown=kept))


_REJECTION = Record(
    _rejection,
    (
        Field("Code", "code", TEXT),
        Field("Line", "line", INTEGER, optional=True, get=attrgetter("where.line")),
        Field("XPath", "xpath", PATH, optional=True, get=attrgetter("where.xpath")),
        Field("Chinese", "zh", SENTENCE),
        Field("English", "en", SENTENCE),
        Field("Article", "article", SENTENCE),
        Field("Remedy", "remedy", SENTENCE),
    ),
)
_REJECTIONS = Field("Rejection", "rejections", _REJECTION, optional=True, many=True, get=_bounded_rejections)
TECHNICAL_ACK = Record(
    TechnicalAck,
    (
        _HEADER,
        Field("ControlReference", "control_reference", IDENTIFIER_TEXT),
        Field("Status", "status", one_of(TechnicalStatus)),
        Field("MessageCount", "message_count", INTEGER),
        _REJECTIONS,
    ),
    is_message=True,
)
APPLICATION_ACK = Record(
    ApplicationAck,
    (
        _HEADER,
        Field(
            "Answers",
            "answers",
            Record(
                AckSubject, (Field("MessageID", "message_id", IDENTIFIER_TEXT), Field("Kind", "kind", TEXT))
            ),
        ),
        Field("Status", "status", one_of(AckStatus)),
        Field("LicenceReference", "licence", _LICENCE_REFERENCE, optional=True),
        _REJECTIONS,
    ),
    is_message=True,
)

MESSAGES: Mapping[str, Record] = {
    "LicenceIssue": LICENCE_ISSUE,
    "SealedLicence": SEALED_LICENCE,
    "WriteOff": WRITE_OFF,
    "TechnicalAck": TECHNICAL_ACK,
    "ApplicationAck": APPLICATION_ACK,
}
INTERCHANGE_FRAME = Record(
    InterchangeFrame,
    (
        Field("ControlReference", "control_reference", IDENTIFIER_TEXT),
        Field("Sender", "sender", IDENTIFIER_TEXT),
        Field("Receiver", "receiver", IDENTIFIER_TEXT),
        Field("Created", "created", INSTANT),
        Field("MessageCount", "message_count", INTEGER),
    ),
)

"""The tables of what customs did with goods under a licence."""

from __future__ import annotations

from licencexml import coherence
from licencexml.clearance import (
    AmendedContent,
    Declaration,
    DeclarationLine,
    PaperFace,
    PaperLine,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.leaves import DATE, INSTANT, INTEGER, KEPT_TEXT, QUANTITY, TEXT
from licencexml.mapping_parts import HEADER_FIELD, LICENCE_FIELD, PARTY
from licencexml.record import Field, Record

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
_PAPER_LINE = Record(
    PaperLine,
    (
        Field("GoodsCode", "goods_code", TEXT),
        Field("GoodsName", "goods_name", TEXT),
        Field("Quantity", "quantity", QUANTITY),
    ),
)
_PAPER_FACE = Record(
    PaperFace,
    (
        Field("Operator", "operator", PARTY),
        Field("PaperLine", "lines", _PAPER_LINE, many=True),
        Field("Country", "country", TEXT),
        Field("TermsOfTrade", "terms_of_trade", TEXT),
        Field("ValidFrom", "valid_from", DATE, optional=True),
        Field("ValidTo", "valid_to", DATE),
        Field("ClearancePort", "clearance_port", TEXT),
    ),
)
_DECLARATION = Record(
    Declaration,
    (
        Field("EntryID", "entry_id", TEXT),
        Field("OperatingUnit", "operating_unit", PARTY),
        Field("Port", "port", TEXT),
        Field("Country", "country", TEXT),
        Field("ReleaseTime", "release_time", INSTANT),
        Field("DeclarationLine", "lines", _DECLARATION_LINE, many=True),
        Field("PaperFace", "paper_face", _PAPER_FACE, optional=True),
    ),
    check=coherence.declaration,
)
WRITE_OFF = Record(
    WriteOff,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("Declaration", "declaration", _DECLARATION),
    ),
    is_message=True,
)

_WRITE_OFF_LINE_KEY = Record(
    WriteOffLineKey,
    (
        Field("EntryID", "entry_id", TEXT),
        Field("LineNumber", "line_number", INTEGER),
        Field("Sequence", "sequence", INTEGER),
    ),
)
_AMENDED_CONTENT = Record(
    AmendedContent,
    (
        Field("OperatingUnit", "operating_unit", PARTY),
        Field("Port", "port", TEXT),
        Field("Country", "country", TEXT),
        Field("ReleaseTime", "release_time", INSTANT),
        Field("GoodsCode", "goods_code", TEXT),
        Field("Quantity", "quantity", QUANTITY),
        Field("LicenceLineNumber", "licence_line_number", INTEGER, optional=True),
    ),
)
_REASON = Field("Reason", "reason", KEPT_TEXT)
WRITE_OFF_AMENDMENT = Record(
    WriteOffAmendment,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("Amends", "amends", _WRITE_OFF_LINE_KEY),
        Field("AmendmentNumber", "amendment_number", INTEGER),
        Field("AmendmentTime", "amendment_time", INSTANT),
        Field("AmendedContent", "content", _AMENDED_CONTENT),
        _REASON,
    ),
    is_message=True,
)
_REVERSED_LINE = Record(
    ReversedLine,
    (
        Field("LineNumber", "line_number", INTEGER),
        Field("Sequence", "sequence", INTEGER),
        Field("Quantity", "quantity", QUANTITY),
    ),
)
WRITE_OFF_REVERSAL = Record(
    WriteOffReversal,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("EntryID", "entry_id", TEXT),
        Field("ReversalNumber", "reversal_number", INTEGER),
        Field("WithdrawalTime", "withdrawal_time", INSTANT),
        Field("ReversedLine", "lines", _REVERSED_LINE, many=True),
        _REASON,
    ),
    check=coherence.reversal,
    is_message=True,
)

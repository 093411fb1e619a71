"""The tables of queries, their replies and the daily reconciliation."""

from __future__ import annotations

from licencexml import sums
from licencexml.leaves import (
    DATE,
    HEXADECIMAL,
    IDENTIFIER_TEXT,
    INSTANT,
    INTEGER,
    QUANTITY,
    TEXT,
    YES_NO,
    one_of,
)
from licencexml.mapping_parts import HEADER_FIELD, LICENCE_FIELD
from licencexml.record import Field, Record
from licencexml.standing import (
    GoodsLineBalance,
    LicenceFigures,
    LicenceQuery,
    LicenceQueryReply,
    LicenceStanding,
    Reconciliation,
    ReconciliationTotals,
    StandingStatus,
    Transfer,
    TransferStatus,
)

_BALANCE = Record(
    GoodsLineBalance,
    (
        Field("LineNumber", "line_number", INTEGER),
        Field("GoodsCode", "goods_code", TEXT),
        Field("Issued", "issued", QUANTITY),
        Field("WrittenOff", "written_off", QUANTITY),
        Field("Balance", "balance", QUANTITY),
        Field("OverShipment", "over_shipment", QUANTITY, optional=True),
    ),
    check=sums.balance,
)
_USES = Field("Uses", "uses", INTEGER)
_LINES = Field("GoodsLineBalance", "lines", _BALANCE, many=True)

LICENCE_QUERY = Record(LicenceQuery, (HEADER_FIELD, LICENCE_FIELD), is_message=True)
_STANDING = Record(
    LicenceStanding,
    (
        Field("ValidFrom", "valid_from", DATE),
        Field("ExpiryDate", "valid_to", DATE),
        _USES,
        Field("Cap", "cap", INTEGER),
        _LINES,
        Field("LiveDeclaration", "live_declarations", TEXT, optional=True, many=True),
    ),
    check=sums.standing,
)
LICENCE_QUERY_REPLY = Record(
    LicenceQueryReply,
    (
        HEADER_FIELD,
        LICENCE_FIELD,
        Field("AsOf", "as_of", INSTANT),
        Field("Status", "status", one_of(StandingStatus)),
        Field("Suspended", "suspended", YES_NO, optional=True),
        Field("Standing", "standing", _STANDING, optional=True),
    ),
    check=sums.reply,
    is_message=True,
)

_TOTALS = Record(
    ReconciliationTotals,
    (Field("TransferCount", "transfers", INTEGER), Field("LicenceCount", "licences", INTEGER)),
)
_TRANSFER = Record(
    Transfer,
    (
        Field("MessageID", "message_id", IDENTIFIER_TEXT),
        Field("Kind", "kind", TEXT),
        LICENCE_FIELD,
        Field("ContentDigest", "digest", HEXADECIMAL),
        Field("Status", "status", one_of(TransferStatus)),
    ),
)
_FIGURES = Record(LicenceFigures, (LICENCE_FIELD, _USES, _LINES), check=sums.figures)
RECONCILIATION = Record(
    Reconciliation,
    (
        HEADER_FIELD,
        Field("BusinessDate", "business_date", DATE),
        Field("AsOf", "as_of", INSTANT),
        Field("PartNumber", "part_number", INTEGER),
        Field("PartCount", "part_count", INTEGER),
        Field("DayTotals", "day", _TOTALS),
        Field("PartTotals", "part", _TOTALS),
        Field("Transfer", "transfers", _TRANSFER, optional=True, many=True),
        Field("LicenceFigures", "licences", _FIGURES, optional=True, many=True),
    ),
    check=sums.reconciliation,
    is_message=True,
)

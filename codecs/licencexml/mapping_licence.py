"""The tables of the three licences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import attrgetter
from typing import Any

from licencexml import coherence
from licencexml.leaves import DATE, INTEGER, KEPT_TEXT, MONEY, QUANTITY, TEXT, US_DOLLARS, one_of
from licencexml.licence import GoodsLine, Licence, Totals
from licencexml.mapping_parts import PARTY
from licencexml.record import Choice, Field, Record
from licencexml.values import (
    LicenceKey,
    LicenceType,
    Medium,
    PermittedEnterprise,
    PermittedGround,
    Quantity,
    UsageMode,
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
    (Field("Enterprise", "party", PARTY), Field("Ground", "ground", one_of(PermittedGround))),
)

LICENCES: Mapping[str, Record] = {
    "ImportLicence": _licence_record(
        LicenceType.IMPORT,
        (Field("Importer", "operator", PARTY), Field("Consignee", "counterpart", PARTY)),
        (_FOREIGN_EXCHANGE, _CLEARANCE, Field("CountryOfExportation", "country", TEXT), _ORIGIN, _USE),
    ),
    "ExportLicence": _licence_record(
        LicenceType.EXPORT,
        (Field("Exporter", "operator", PARTY), Field("Consignor", "counterpart", PARTY)),
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
        (Field("Importer", "operator", PARTY), Field("Consignee", "counterpart", PARTY)),
        (_FOREIGN_EXCHANGE, _CLEARANCE, Field("CountryOfTrading", "country", TEXT), _ORIGIN, _USE),
    ),
}
LICENCE_TYPES: Mapping[str, LicenceType] = {
    "ImportLicence": LicenceType.IMPORT,
    "ExportLicence": LicenceType.EXPORT,
    "AutomaticImportLicence": LicenceType.AUTOMATIC_IMPORT,
}
_ELEMENT_OF = {licence_type: name for name, licence_type in LICENCE_TYPES.items()}
#: The element of a licence, by its type.
LICENCE = Choice(LICENCES, lambda licence: _ELEMENT_OF[licence.key.type])

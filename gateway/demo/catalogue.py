"""Goods that stand on the licence catalogues, for samples.

Codes and names are those of the customs tariff as publicly known; the yearly catalogues of the ministry
decide which of them need a licence. Prices are invented, in US dollars a unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.goods import Family
from gateway.demo.goods_automatic import AUTOMATIC
from gateway.demo.goods_export import EXPORT
from gateway.demo.goods_import import IMPORT
from licencexml.values import LicenceType

CATALOGUE: Mapping[LicenceType, tuple[Family, ...]] = {
    LicenceType.IMPORT: IMPORT,
    LicenceType.EXPORT: EXPORT,
    LicenceType.AUTOMATIC_IMPORT: AUTOMATIC,
}


def family_of(licence_type: LicenceType, goods_code: str) -> Family:
    """The family that `goods_code` belongs to on licences of that type. Raises LookupError."""
    for family in CATALOGUE[licence_type]:
        if any(goods.code == goods_code for goods in family.goods):
            return family
    raise LookupError(f"{goods_code} is not in the samples' catalogue")

"""What the law leaves to announcements and to the operator, as configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.licences.tables import LawTables
from gateway.licences.validity import Term
from licencexml.messages import Licence
from licencexml.values import LicenceType, UsageMode

SINGLE_USE_CAP = 1
_DISTRICT_DIGITS = 2


class PortMatch(StrEnum):
    """How a declaration's port agrees with the licence's: the same code, or the same district (关区)."""

    EXACT = "exact"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Policy:
    """The dated tables, and the options where the texts are silent.

    `port_match`: a licence may print a district (2200) where declarations name an office in it (2225).
    `release_ahead`: how far a release may lie after our own clock before it lies in the future.
    `replacement_needs_reconciliation`: a licence that customs has is replaced or revoked only after its use
    stood still and customs' figures were equal to ours.
    `count_restored`: a declaration that is withdrawn whole (退关) no longer counts against the cap.
    """

    tables: LawTables
    port_match: PortMatch = PortMatch.EXACT
    release_ahead: timedelta = timedelta(minutes=5)
    replacement_needs_reconciliation: bool = True
    count_restored: bool = True

    def cap(self, licence: Licence) -> int:
        """How many declarations may use this licence, by what held on its licence date."""
        if licence.usage_mode is UsageMode.SINGLE:
            return SINGLE_USE_CAP
        row = self.tables.caps.row(licence.key.type, "", licence.licence_date)
        assert row is not None, "there is a cap for every type and day"
        return row.value

    def term(self, licence: Licence) -> Term:
        """How long this licence may be valid, by what held on its licence date."""
        row = self.tables.validity.row(licence.key.type, "", licence.licence_date)
        assert row is not None, "there is a term for every type and day"
        return row.value

    def tolerance_percent(self, licence_type: LicenceType, goods_code: str, day: date) -> int:
        """Over-shipment allowed on these goods in per cent; 0 if they are not bulk goods."""
        return self.tables.tolerances.value(licence_type, goods_code, day, 0)

    def under_unified_operation(self, licence_type: LicenceType, goods_code: str, day: date) -> bool:
        """Whether these goods are under unified operation (国家组织统一联合经营)."""
        return self.tables.unified_operation.value(licence_type, goods_code, day, default=False)

    def same_port(self, stated: str, licensed: str) -> bool:
        """Whether a declaration's port is the licence's."""
        if self.port_match is PortMatch.DISTRICT:
            return stated[:_DISTRICT_DIGITS] == licensed[:_DISTRICT_DIGITS]
        return stated == licensed

"""How licences stand: queries, their replies, and the daily reconciliation (对账)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from licencexml.header import Header
from licencexml.values import LicenceKey, Quantity


@dataclass(frozen=True, slots=True)
class GoodsLineBalance:
    """What a goods line grants and what is used of it, all in one unit.

    issued + over_shipment = written_off + balance. `over_shipment` (溢装) is None, or more than zero while
    the balance is zero, so that no figure is ever negative.
    """

    line_number: int
    goods_code: str
    issued: Quantity
    written_off: Quantity
    balance: Quantity
    over_shipment: Quantity | None = None


@dataclass(frozen=True, slots=True)
class LicenceQuery:
    """How does this licence stand with you? (商办配函〔2015〕494号 art. 13, 15)"""

    header: Header
    licence: LicenceKey


class StandingStatus(StrEnum):
    """Where a licence is in its life, as one side tells the other."""

    UNKNOWN = "UNKNOWN"
    ISSUED = "ISSUED"
    CUSTOMS_REFUSED = "CUSTOMS_REFUSED"
    UNUSED = "UNUSED"
    PART_USED = "PART_USED"
    EXHAUSTED = "EXHAUSTED"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class LicenceStanding:
    """Validity and use. `live_declarations` are entry ids; their release stands, or a part of it."""

    valid_from: date
    valid_to: date
    uses: int
    cap: int
    lines: tuple[GoodsLineBalance, ...]
    live_declarations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LicenceQueryReply:
    """The answer: all that was known at `as_of`. `standing` is None if, and only if, it is UNKNOWN."""

    header: Header
    licence: LicenceKey
    as_of: datetime
    status: StandingStatus
    suspended: bool = False
    standing: LicenceStanding | None = None


class TransferStatus(StrEnum):
    """What became of a sealed message, as one side knows it."""

    NOT_SENT = "NOT_SENT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One SealedLicence sent or received: its MessageID, the kind of message in it, the licence, the digest.

    `digest` is the SHA-256 (32 bytes) of exactly what the seal signed, so that both sides have the same.
    """

    message_id: str
    kind: str
    licence: LicenceKey
    digest: bytes
    status: TransferStatus


@dataclass(frozen=True, slots=True)
class LicenceFigures:
    """The use of one licence, line by line."""

    licence: LicenceKey
    uses: int
    lines: tuple[GoodsLineBalance, ...]


@dataclass(frozen=True, slots=True)
class ReconciliationTotals:
    """How many entries of each list there are."""

    transfers: int
    licences: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """对账: one part of one side's report about a business date (外经贸配管发〔2000〕539号 art. 4).

    `day` counts over all parts, `part` this one; both are stated, so that a loss shows.
    """

    header: Header
    business_date: date
    as_of: datetime
    part_number: int
    part_count: int
    day: ReconciliationTotals
    part: ReconciliationTotals
    transfers: tuple[Transfer, ...] = ()
    licences: tuple[LicenceFigures, ...] = ()

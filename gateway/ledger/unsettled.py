"""What customs said of licences and nobody has settled: it may be a use, so the licence does not end yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from gateway.ledger.kinds import DiscrepancyStatus
from gateway.ledger.projection import about, key_of
from gateway.ledger.refused_acts import ACT_KINDS
from gateway.ledger.tables import clearance, discrepancy
from gateway.licences.settlement import Verdict
from licencexml.values import LicenceKey


def unsettled(connection: Connection, keys: Iterable[LicenceKey]) -> Counter[LicenceKey]:
    """Of each licence: open discrepancies about releases and figures, and messages that are parked."""
    wanted = set(keys)
    if not wanted:
        return Counter()
    count = func.count().label("number")
    open_ones = (
        select(discrepancy.c.licence_type, discrepancy.c.licence_no, count)
        .where(
            about(discrepancy, wanted),
            discrepancy.c.status == DiscrepancyStatus.OPEN,
            discrepancy.c.kind.not_in(ACT_KINDS),
        )
        .group_by(discrepancy.c.licence_type, discrepancy.c.licence_no)
    )
    parked = (
        select(clearance.c.licence_type, clearance.c.licence_no, count)
        .where(about(clearance, wanted), clearance.c.verdict == Verdict.PARKED)
        .group_by(clearance.c.licence_type, clearance.c.licence_no)
    )
    found: Counter[LicenceKey] = Counter()
    for query in (open_ones, parked):
        for row in connection.execute(query):
            found[key_of(row)] += row.number
    return found

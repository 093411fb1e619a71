"""What customs said of licences and nobody has settled: it may be a use, so the licence does not end yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection, func, or_, select

from gateway.ledger.kinds import DiscrepancyStatus
from gateway.ledger.projection import about, key_of
from gateway.ledger.refused_acts import ACT_KINDS
from gateway.ledger.tables import clearance, discrepancy, licence
from gateway.licences.life import Transmission
from gateway.licences.settlement import Verdict
from licencexml.values import LicenceKey


def unsettled(connection: Connection, keys: Iterable[LicenceKey]) -> Counter[LicenceKey]:
    """Of each licence: open discrepancies about releases and figures, and messages that are parked.

    What is parked since before customs' figures were last found equal to ours counts for nothing there
    either, so it holds nothing up; nor does it where customs does not have the licence.
    """
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
        .join(
            licence,
            (licence.c.licence_type == clearance.c.licence_type)
            & (licence.c.licence_no == clearance.c.licence_no),
        )
        .where(
            about(clearance, wanted),
            clearance.c.verdict == Verdict.PARKED,
            or_(licence.c.confirmed_at.is_(None), licence.c.confirmed_at < clearance.c.received_at),
            licence.c.transmission != Transmission.CUSTOMS_REFUSED,
        )
        .group_by(clearance.c.licence_type, clearance.c.licence_no)
    )
    found: Counter[LicenceKey] = Counter()
    for query in (open_ones, parked):
        for row in connection.execute(query):
            found[key_of(row)] += row.number
    return found

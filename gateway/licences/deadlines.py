"""When a period has run out: from which day on a licence counts as not collected (未领取)."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.licences.tables import LawTables
from licencexml.values import LicenceType, Medium

_DAY = timedelta(days=1)


def not_collected_from(
    licence_type: LicenceType, medium: Medium, licence_date: date, tables: LawTables
) -> date | None:
    """The first day on which a licence that nobody has collected may be revoked for it.

    That is the day after the last one for collection, by the row of `collection.toml` that holds on the
    licence date: 进出口许可证证书管理规定 art. 26 for paper. None: such licences are not collected at all.
    Raises CalendarUnknown when the period runs into a year whose days off are not announced.
    """
    row = tables.collection.row(licence_type, medium, licence_date)
    return None if row is None else row.value.last_day(licence_date, tables.calendar) + _DAY

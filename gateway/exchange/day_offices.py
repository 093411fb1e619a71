"""Whose a day's business is, where customs has several offices: that of each licence's own office."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from sqlalchemy import Connection

from gateway.exchange.offices import Offices
from gateway.ledger import daily_sides, whereabouts
from gateway.licences.reconcile import Side
from licencexml.standing import LicenceFigures, Transfer
from licencexml.values import LicenceKey


def by_office(connection: Connection, offices: Offices, side: Side) -> dict[str, Side]:
    """`side` by the name of the partner whose the licences are, each in its order."""
    keys = {one.licence for one in side.transfers} | {one.licence for one in side.licences}
    whose = _whose(connection, offices, keys)
    transfers: defaultdict[str, list[Transfer]] = defaultdict(list)
    licences: defaultdict[str, list[LicenceFigures]] = defaultdict(list)
    for transfer in side.transfers:
        transfers[whose(transfer.licence)].append(transfer)
    for figures in side.licences:
        licences[whose(figures.licence)].append(figures)
    return {name: Side(tuple(transfers[name]), tuple(licences[name])) for name in {*transfers, *licences}}


def issued_for(connection: Connection, offices: Offices, day: date, partner: str) -> list[daily_sides.Issued]:
    """What was issued on `day` for `partner`; what has no seal yet is that of its place of clearance."""
    issued = daily_sides.issued_on(connection, day)
    whose = _whose(connection, offices, [one.licence for one in issued])
    return [one for one in issued if whose(one.licence) == partner]


def _whose(
    connection: Connection, offices: Offices, keys: Iterable[LicenceKey]
) -> Callable[[LicenceKey], str]:
    places = whereabouts.places(connection, keys)
    names = {key: offices.of_licence(place.partner, place.port).name for key, place in places.items()}
    return lambda key: names[key]

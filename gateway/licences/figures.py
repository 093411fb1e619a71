"""How a licence stands, as one side tells the other (商办配函〔2015〕494号 art. 13, 15)."""

from __future__ import annotations

from datetime import datetime

from gateway.licences.life import Standing, Transmission, Usage
from gateway.licences.reconcile import figures_of
from gateway.licences.state import LicenceState
from licencexml.header import Header
from licencexml.standing import LicenceQuery, LicenceQueryReply, LicenceStanding, StandingStatus


def reply_to(
    query: LicenceQuery, state: LicenceState | None, header: Header, now: datetime
) -> LicenceQueryReply:
    """What is known of the licence that is asked about, as of `now`; `state` is None if nothing is."""
    if state is None:
        return LicenceQueryReply(header, query.licence, now, StandingStatus.UNKNOWN)
    suspended = state.is_suspended_at(now)
    return LicenceQueryReply(header, query.licence, now, status_of(state), suspended, standing_of(state))


def status_of(state: LicenceState) -> StandingStatus:
    """The one word for where the licence is."""
    life = state.life
    if life.standing is not Standing.IN_FORCE:
        return StandingStatus(life.standing)
    if life.usage is not Usage.UNUSED:
        return StandingStatus(life.usage)
    if life.transmission is Transmission.CUSTOMS_REFUSED:
        return StandingStatus.CUSTOMS_REFUSED
    received = life.transmission is Transmission.RECEIVED
    return StandingStatus.UNUSED if received else StandingStatus.ISSUED


def standing_of(state: LicenceState) -> LicenceStanding:
    """Validity and use: how many declarations count against the cap, and of which anything stands."""
    figures = figures_of(state)
    return LicenceStanding(
        valid_from=state.valid_from,
        valid_to=state.valid_to,
        uses=len(state.declarations),
        cap=state.cap,
        lines=figures.lines,
        live_declarations=tuple(sorted(state.live_declarations)),
    )

"""Are customs' figures of after the use of a licence stood still? Two clocks, and what came before what.

Customs says as of which instant its figures are, by its own clock; that a use stands still since an instant,
the issuer says by another. But what answers a question was found out after the question was put.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.licences.acts import quiet_since
from gateway.licences.state import LicenceState
from licencexml.messages import LicenceQueryReply

#: Customs is asked again no sooner than this after a reply that came too early, and no later.
SOONEST, LATEST = timedelta(seconds=10), timedelta(hours=1)


def of_instant(reply: LicenceQueryReply, asked_at: datetime | None, now: datetime) -> datetime:
    """The instant, by our clock, as of which customs' figures count.

    Whatever clock customs has, they are not those of a time to come. Where it says that the licence is
    suspended there, they are of no time before the question, which was put at `asked_at`; None leaves that
    out. All aware.
    """
    as_of = min(reply.as_of, now)
    return as_of if asked_at is None or not reply.suspended else max(as_of, asked_at)


def ask_again_at(state: LicenceState, as_of: datetime, now: datetime) -> datetime | None:
    """When to ask customs again, if its figures as of `as_of` are of before the use stood still.

    A clock that is behind gets there in that time; a beginning that lies ahead is over then. All aware.
    """
    since = quiet_since(state, now)
    if since is None or as_of >= since or not state.life.is_at_customs:
        return None
    return now + min(max(since - as_of, SOONEST), LATEST)

"""Are customs' figures of a licence ours? The reply to a query held against the licence as it stands.

That both sides count the same, after the use of a licence stood still, is what shows that no release is in
flight (商办配函〔2015〕494号 art. 17, 18: what customs fed back is checked before a licence ends).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.licences.state import LicenceState


def confirmed(state: LicenceState, as_of: datetime) -> LicenceState:
    """The licence after customs' figures as of `as_of` were equal to ours; the latest such instant counts."""
    latest = as_of if state.confirmed_at is None else max(as_of, state.confirmed_at)
    return replace(state, confirmed_at=latest)

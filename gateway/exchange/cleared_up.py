"""The alert that ends when an operator has cleared up a discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.exchange.enquiry import figures_alert
from gateway.exchange.follow_up import act_alert, replacement_alert
from gateway.ledger import book, discrepancy_query
from gateway.ledger.projection import load_states
from licencexml.messages import LicenceQueryReply, LicenceReplacement
from licencexml.values import LicenceKey


def alert_of(connection: Connection, shown: Mapping[str, Any]) -> str | None:
    """The name of the alert that ends with a discrepancy (as `show_discrepancy` shows it), None if none does.

    A release that does not fit has none: operators have it in their list. That of differing figures ends
    with the last of them.
    """
    key = LicenceKey.parse(shown["licence"])
    if shown["kind"] == LicenceQueryReply.__name__:
        others = discrepancy_query.discrepancies(connection, key=key)
        return None if any(one["kind"] == shown["kind"] for one in others) else figures_alert(key)
    if shown["kind"] == LicenceReplacement.__name__:
        new = load_states(connection, [key]).get(key)
        return None if new is None or new.replaces is None else replacement_alert(new.replaces, new.key)
    answered = (shown["said"] or {}).get("answers")
    if answered is None:
        return None
    act = book.sealed_acts(connection, [answered]).get(answered)
    return None if act is None else act_alert(act)

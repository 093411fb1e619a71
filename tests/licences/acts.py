"""Issuers' acts on a licence, lawful to start from; each test changes the one thing that it is about."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.licences.acts import Act, OnRecord
from gateway.licences.policy import Policy
from gateway.licences.state import LicenceState
from licencexml.messages import (
    Header,
    LicenceSuspension,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import LicenceKey
from tests.licences.makers import NOW, POLICY, key

ISSUER = "ISSUER-BEIJING"
HOUR = timedelta(hours=1)
IN_FLIGHT = SuspensionGround.RELEASE_IN_FLIGHT


def act(
    state: LicenceState | None,
    *,
    sender: str = ISSUER,
    policy: Policy = POLICY,
    now: datetime = NOW,
    licence: LicenceKey | None = None,
) -> Act:
    record = None if state is None else OnRecord(state, ISSUER)
    return Act(licence or (key() if state is None else state.key), sender, record, policy, now)


def act_header(message_id: str, created: datetime = NOW) -> Header:
    return Header(message_id, ISSUER, "CN-GATEWAY", created)


def suspension(
    action: SuspensionAction = SuspensionAction.SUSPEND,
    *,
    ground: SuspensionGround = IN_FLIGHT,
    at: datetime = NOW,
    created: datetime = NOW,
    licence: LicenceKey | None = None,
    message_id: str = "s-1",
) -> LicenceSuspension:
    return LicenceSuspension(act_header(message_id, created), licence or key(), action, ground, at)


def resumption(
    *,
    ground: SuspensionGround = IN_FLIGHT,
    at: datetime = NOW,
    licence: LicenceKey | None = None,
    message_id: str = "s-2",
) -> LicenceSuspension:
    return suspension(SuspensionAction.RESUME, ground=ground, at=at, licence=licence, message_id=message_id)

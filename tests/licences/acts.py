"""Issuers' acts on a licence, lawful to start from; each test changes the one thing that it is about."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from gateway.licences.acts import Act, OnRecord
from gateway.licences.policy import Policy
from gateway.licences.state import LicenceState
from gateway.licences.suspend import suspended
from licencexml.messages import (
    Header,
    Licence,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.values import LicenceKey, Party
from tests.licences.makers import NOW, OPERATOR, POLICY, key, licence

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


def replacement(
    new: Licence | None = None,
    *,
    replaced: LicenceKey | None = None,
    mode: ReplacementMode = ReplacementMode.REVOKE,
    kind: ReplacementKind = ReplacementKind.CHANGE,
    urgent: bool = False,
    message_id: str = "r-1",
) -> LicenceReplacement:
    return LicenceReplacement(
        act_header(message_id), replaced or key(), mode, kind, "变更", new or licence(key(2)), urgent
    )


def revocation(
    ground: RevocationGround = RevocationGround.NOT_TO_BE_USED,
    *,
    confirmed_at: datetime = NOW,
    confirmed_by: Party | None = OPERATOR,
    licence: LicenceKey | None = None,
    message_id: str = "v-1",
) -> LicenceRevocation:
    return LicenceRevocation(
        act_header(message_id), licence or key(), ground, confirmed_at, "合同取消", confirmed_by
    )


def quiet(state: LicenceState, since: datetime = NOW - HOUR) -> LicenceState:
    """The licence suspended, and customs' figures equal since."""
    stopped = suspended(state, SuspensionGround.RELEASE_IN_FLIGHT, since)
    return dataclasses.replace(stopped, confirmed_at=since)

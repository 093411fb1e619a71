"""What an explanation of a licence is made of: its state, and what happened to it with times and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.licences.facts import Fact
from gateway.licences.life import LicenceEvent, Transmission
from gateway.licences.policy import Policy
from gateway.licences.settlement import Verdict
from gateway.licences.state import LicenceState
from gateway.licences.uses import LineUse
from licencexml.messages import RevocationGround, WriteOffLineKey
from licencexml.rejection import Rejection


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that happened to the licence at `at`, by a message.

    `rejections` are customs' reasons; `partner` is whom it was sealed for.
    """

    event: LicenceEvent
    at: datetime
    message_id: str | None = None
    rejections: tuple[Rejection, ...] = ()
    ground: RevocationGround | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """The message `cause` changed a verdict."""

    at: datetime
    before: Verdict
    now: Verdict
    cause: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """A discrepancy; `by` and `note` of one that an operator resolved."""

    number: int
    kind: str
    message_id: str
    is_open: bool
    rejections: tuple[Rejection, ...] = ()
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What customs told of a release, and what became of that."""

    fact: Fact
    verdict: Verdict
    rejections: tuple[Rejection, ...] = ()
    changes: tuple[VerdictChange, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """An act of the issuer's, and how far it is on its way to customs."""

    message_id: str
    kind: str
    transmission: Transmission


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that is known of one licence at `now` (aware).

    `drawn_on`: the licence line that each line which counts draws on. `troubles`: discrepancies that are
    about no message in `told`. `unsettled`: as in `acts.OnRecord`.
    """

    state: LicenceState
    issuer: str
    issue_message_id: str
    accepted_at: datetime
    policy: Policy
    now: datetime
    milestones: tuple[Milestone, ...]
    told: tuple[Told, ...]
    uses: tuple[LineUse, ...]
    drawn_on: Mapping[WriteOffLineKey, int]
    troubles: tuple[Trouble, ...] = ()
    acts: tuple[OnTheWay, ...] = ()
    unsettled: int = 0

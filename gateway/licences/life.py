"""The life of a licence, as data: three regions, and which event leads from which state to which in each.

* transmission 发送: 商办配函〔2015〕494号 art. 11 to 13 (sealed, sent at once, received by customs);
* use 使用: what customs' clearance data say, art. 17; a withdrawal (退关) leads back;
* standing 效力: art. 14, 16 to 18 (within its validity, replaced, revoked).

The regions move apart from each other: a licence in use may be replaced, an expired one may still get the
write-off of a release that was in time. What is not in the table does not move: events arrive late and twice,
and in any order they lead to the same end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType


class Transmission(StrEnum):
    """How far a licence is on its way to customs."""

    ACCEPTED = "ACCEPTED"
    SEALED = "SEALED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CUSTOMS_REFUSED = "CUSTOMS_REFUSED"


class Usage(StrEnum):
    """How much of a licence is used."""

    UNUSED = "UNUSED"
    PART_USED = "PART_USED"
    EXHAUSTED = "EXHAUSTED"


class Standing(StrEnum):
    """Whether a licence holds."""

    IN_FORCE = "IN_FORCE"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"


class LicenceStatus(StrEnum):
    """The one word for people: the standing unless in force, else the use, else the transmission."""

    ACCEPTED = "ACCEPTED"
    SEALED = "SEALED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CUSTOMS_REFUSED = "CUSTOMS_REFUSED"
    PART_USED = "PART_USED"
    EXHAUSTED = "EXHAUSTED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    REVOKED = "REVOKED"


class LicenceEvent(StrEnum):
    """What can happen to a licence."""

    SEAL = "SEAL"
    SEND = "SEND"
    CUSTOMS_ACCEPT = "CUSTOMS_ACCEPT"
    CUSTOMS_REFUSE = "CUSTOMS_REFUSE"
    USE_NONE = "USE_NONE"
    USE_PART = "USE_PART"
    USE_ALL = "USE_ALL"
    EXPIRE = "EXPIRE"
    REPLACE = "REPLACE"
    REVOKE = "REVOKE"


_E, _T, _U, _S = LicenceEvent, Transmission, Usage, Standing

#: A state of some region.
Region = Transmission | Usage | Standing
Moves = Mapping[LicenceEvent, Mapping[Region, Region]]

#: By the name of the region in `Life`.
TRANSITIONS: Mapping[str, Moves] = MappingProxyType(
    {
        "transmission": {
            _E.SEAL: {_T.ACCEPTED: _T.SEALED},
            _E.SEND: {_T.SEALED: _T.SENT},
            # A refused licence that was sent again may be accepted then.
            _E.CUSTOMS_ACCEPT: dict.fromkeys((_T.SEALED, _T.SENT, _T.CUSTOMS_REFUSED), _T.RECEIVED),
            _E.CUSTOMS_REFUSE: dict.fromkeys((_T.SEALED, _T.SENT), _T.CUSTOMS_REFUSED),
        },
        "usage": {
            _E.USE_NONE: dict.fromkeys((_U.PART_USED, _U.EXHAUSTED), _U.UNUSED),
            _E.USE_PART: dict.fromkeys((_U.UNUSED, _U.EXHAUSTED), _U.PART_USED),
            _E.USE_ALL: dict.fromkeys((_U.UNUSED, _U.PART_USED), _U.EXHAUSTED),
        },
        "standing": {
            _E.EXPIRE: {_S.IN_FORCE: _S.EXPIRED},
            # Within the validity only (art. 16); what is expired and unused is revoked (art. 18).
            _E.REPLACE: {_S.IN_FORCE: _S.REPLACED},
            _E.REVOKE: {_S.IN_FORCE: _S.REVOKED, _S.EXPIRED: _S.REVOKED},
        },
    }
)

#: The transmissions in which customs may use a licence: it may do so before its acknowledgement reached us.
AT_CUSTOMS = frozenset({Transmission.SEALED, Transmission.SENT, Transmission.RECEIVED})
#: The standings that end a licence: nothing is drawn on it, given back to it or changed in it any more.
ENDED = frozenset({Standing.REPLACED, Standing.REVOKED})


@dataclass(frozen=True, slots=True)
class Life:
    """Where a licence is in each region."""

    transmission: Transmission = Transmission.ACCEPTED
    usage: Usage = Usage.UNUSED
    standing: Standing = Standing.IN_FORCE

    def after(self, event: LicenceEvent) -> Life:
        """The life after `event`; the same where the event comes too late to matter."""
        return _after(self, event)

    @property
    def status(self) -> LicenceStatus:
        """The one word for people."""
        if self.standing is not Standing.IN_FORCE:
            return LicenceStatus(self.standing)
        if self.usage is not Usage.UNUSED:
            return LicenceStatus(self.usage)
        return LicenceStatus(self.transmission)

    @property
    def is_at_customs(self) -> bool:
        """Whether customs has it, or may have it by now."""
        return self.transmission in AT_CUSTOMS

    @property
    def is_ended(self) -> bool:
        """Whether it was replaced or revoked."""
        return self.standing in ENDED


@cache
def _after(life: Life, event: LicenceEvent) -> Life:
    """Every life after every event is a few hundred, and each is asked for with every licence."""
    moved = {
        region: moves[event].get(getattr(life, region), getattr(life, region))
        for region, moves in TRANSITIONS.items()
        if event in moves
    }
    return replace(life, **moved)


#: The life of a licence that was accepted just now.
NEW = Life()

"""What a `SerialLink` is told before it begins, and what it asks for, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkTimer(StrEnum):
    """T1 to T3 of section C.2.5.2, and three of our own."""

    RESPONSE = "T1"
    CHARACTER = "T2"
    CARRIER = "T3"
    #: Until the initiator asks again for the responder's first word.
    RING = "ring"
    #: While it runs, a repeated block has crossed our answer, and does not tell that this was lost.
    CROSSING = "crossing"
    #: How long an ESID can still be asked for again.
    LINGER = "linger"


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Times in seconds, and limits. The defaults of the first four are those of the RFC."""

    response_seconds: float = 45.0
    character_seconds: float = 7.0
    carrier_seconds: float = 1.0
    repeats_max: int = 5
    ring_seconds: float = 2.0
    rings_max: int = 15
    crossing_seconds: float = 1.0
    linger_seconds: float = 1.0
    #: Bad receptions in a row without a block: twice the six copies of a block that a partner sends.
    bad_max: int = 12
    bits_per_second: int = 115_200


@dataclass(frozen=True, slots=True)
class Write:
    """Write these octets to the line."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Deliver:
    """An exchange buffer has come."""

    exchange_buffer: bytes


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call `timer_expired` after so many seconds."""

    timer: LinkTimer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Do not, after all."""

    timer: LinkTimer


@dataclass(frozen=True, slots=True)
class Down:
    """The link is at its end; every timer is void. `is_clean` when we ended it ourselves, after ESID."""

    reason: str
    is_clean: bool = False


Output = Write | Deliver | SetTimer | StopTimer | Down

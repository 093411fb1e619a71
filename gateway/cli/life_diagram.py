"""The life of a licence drawn from its table: a Mermaid state diagram for each region."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import cast

from gateway.licences.life import (
    ENDED,
    NEW,
    TRANSITIONS,
    LicenceEvent,
    Region,
    Standing,
    Transmission,
    Usage,
)

_INTRODUCTION = """\
## The life of a licence 许可证的状态

Drawn from the table of `gateway.licences.life`. The three regions move apart from each other; what is not
drawn does not move. The one word shown for a licence (状态) is its standing unless it is in force, else its
use unless it is unused, else its transmission. Suspensions (暂停使用) are no states: they are intervals of
time, each on a ground of its own, and are shown beside the word.
"""

_HEADINGS = MappingProxyType(
    {"transmission": "Transmission 发送", "usage": "Use 使用", "standing": "Standing 效力"}
)
#: What people call each state.
STATES: MappingProxyType[Region, tuple[str, str]] = MappingProxyType(
    {
        Transmission.ACCEPTED: ("已受理", "accepted"),
        Transmission.SEALED: ("已签章", "sealed"),
        Transmission.SENT: ("已发送", "sent"),
        Transmission.RECEIVED: ("海关已接收", "received by customs"),
        Transmission.CUSTOMS_REFUSED: ("海关拒收", "refused by customs"),
        Usage.UNUSED: ("未使用", "unused"),
        Usage.PART_USED: ("部分使用", "used in part"),
        Usage.EXHAUSTED: ("已用完", "used up"),
        Standing.IN_FORCE: ("有效", "in force"),
        Standing.EXPIRED: ("已过期", "expired"),
        Standing.REPLACED: ("已换证", "replaced"),
        Standing.REVOKED: ("已撤销", "revoked"),
    }
)
#: What people call what happens.
EVENTS = MappingProxyType(
    {
        LicenceEvent.SEAL: ("加盖电子印章", "sealed"),
        LicenceEvent.SEND: ("发往海关", "sent to customs"),
        LicenceEvent.CUSTOMS_ACCEPT: ("海关接受", "customs accepts"),
        LicenceEvent.CUSTOMS_REFUSE: ("海关拒收", "customs refuses"),
        LicenceEvent.USE_NONE: ("全部退关", "all is withdrawn"),
        LicenceEvent.USE_PART: ("核销或退关后有余额", "something is used and something left"),
        LicenceEvent.USE_ALL: ("核销完毕", "nothing is left"),
        LicenceEvent.EXPIRE: ("有效期届满", "the validity is over"),
        LicenceEvent.REPLACE: ("换证", "replacement"),
        LicenceEvent.REVOKE: ("撤销", "revocation"),
    }
)


def section() -> Iterator[str]:
    """The section of the page of the law, line by line."""
    yield _INTRODUCTION
    for region in TRANSITIONS:
        yield f"### {_HEADINGS[region]}\n"
        yield "```mermaid"
        yield from _diagram(region)
        yield "```\n"


def _diagram(region: str) -> Iterator[str]:
    first = cast("Region", getattr(NEW, region))
    yield "stateDiagram-v2"
    for state in type(first):
        yield f'    state "{_both(STATES[state])} ({state.value})" as {state.value}'
    yield f"    [*] --> {first.value}"
    for event, moves in TRANSITIONS[region].items():
        for before, after in moves.items():
            yield f"    {before.value} --> {after.value}: {_both(EVENTS[event])}"
    for state in type(first):
        if state in ENDED:
            yield f"    {state.value} --> [*]"


def _both(words: tuple[str, str]) -> str:
    return " ".join(words)

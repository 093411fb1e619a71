"""What happens on a serial link besides delivering blocks: counted, and told to whoever wants to hear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self


@dataclass(slots=True)
class LinkCounters:
    """How often each thing happened on a link since it began. A repeat is a block that goes once more."""

    blocks_sent: int = 0
    blocks_received: int = 0
    repeats_sent: int = 0
    repeats_received: int = 0
    naks_sent: int = 0
    naks_received: int = 0
    bad_blocks: int = 0
    time_outs: int = 0

    def __iadd__(self, other: Self) -> Self:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self


class LinkWatch:
    """The counters of one link. `hear`, once set, is told of what is not as it should be, in words."""

    def __init__(self) -> None:
        self.counters = LinkCounters()
        self.hear: Callable[[str], object] | None = None

    def say(self, text: str) -> None:
        """Something that is worth a line, and no count."""
        if self.hear is not None:
            self.hear(text)

    def repeated(self, why: str, times: int, maximum: int) -> None:
        """The last block goes once more."""
        self.counters.repeats_sent += 1
        self.say(f"last block repeated, {times} of {maximum}: {why}")

    def came_again(self) -> None:
        """The partner's last block came once more."""
        self.counters.repeats_received += 1
        self.say("the partner's last block came again")

    def nak_sent(self, why: str) -> None:
        """A block is asked for again."""
        self.counters.naks_sent += 1
        self.say(f"NAK sent: {why}")

    def nak_received(self) -> None:
        """The partner asks for the last block again."""
        self.counters.naks_received += 1
        self.say("NAK received")

    def timed_out(self, timer: str, what: str) -> None:
        """T1, T2 or T3 has run out."""
        self.counters.time_outs += 1
        self.say(f"{timer} has run out: {what}")

"""How much of a line licences get, and how soon one is receipted: the gateway's own line, over one in memory.

Nothing is timed: the clock is the reactor's, and what the machine computes takes no time on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from gateway.exchange.terms import PostOfficeLimits
from tests.line.shaped import Shape
from tests.line.two_lines import TwoLines

SAMPLES = Path(__file__).parents[2] / "conf" / "samples"
#: The line of the targets: 30 ms there and back, 2 Mbit/s each way.
SHAPE = Shape(delay_seconds=0.015, bits_per_second=2_000_000)


@dataclass(frozen=True, slots=True)
class Busy:
    """What came of many licences that waited. `fraction` is of all that the line could carry meanwhile."""

    files: int
    licence_bytes: int
    seconds: float
    fraction: float


def licences(count: int) -> list[bytes]:
    """As many licences as samples give, round and round."""
    return list(islice(cycle([path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))]), count))


def busy(count: int, *, limits: PostOfficeLimits | None = None, **partner: Any) -> Busy:
    """`count` licences are due at once on a line that is up; until the last receipt."""
    lines = TwoLines(SHAPE, limits=limits, **partner)
    letters = licences(count)
    began = lines.reactor.seconds()
    lines.gateway.post(letters)
    ended = lines.reactor.run_until(lambda: _are_receipted(lines, began))
    received = b"".join(lines.customs.received.values())
    assert received == b"".join(letters), "all came, whole, in order and once"
    fraction = len(received) * 8 / (ended - began) / SHAPE.bits_per_second
    return Busy(len(lines.customs.received), len(received), ended - began, fraction)


def idle(*, customs_calls: bool = True) -> float:
    """Seconds from when one licence is due on an idle line until its receipt is here."""
    lines = TwoLines(SHAPE, customs_calls=customs_calls)
    began = lines.reactor.seconds()
    lines.gateway.post(licences(1))
    return lines.reactor.run_until(lambda: bool(lines.gateway.times("receipt received"))) - began


def _are_receipted(lines: TwoLines, began: float) -> bool:
    sent, receipts = lines.gateway.times("sent"), lines.gateway.times("receipt received")
    return not lines.gateway.letters and len(receipts) == len(sent) == lines.gateway.files_made

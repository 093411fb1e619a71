"""What is measured, and how often: everything, or what fits into two minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.trust.authority import KeyKind
from tests.bench.house import Setting


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of all measurements; each is made `rounds` times, and told by its median.

    `minutes` bound the whole: what has not begun by then is left out, and said so. `loads` are settings with
    the goods lines of a licence. `waiting` and `ledgers` are a small and a large number of licences; of those
    waiting, `rounds` segments are measured.
    """

    rounds: int
    minutes: float
    loads: Sequence[tuple[Setting, int]]
    licences: int
    floor_licences: int
    profiled_licences: int
    traced_licences: int
    latency_drops: int
    latency_pause_seconds: float
    waiting: tuple[int, int]
    segment: int
    urgent_drops: int
    ledgers: tuple[int, int]
    ledger_licences: int
    scaling_licences: int
    scaling_rounds: int
    exchanges: int
    mails: int


def _all_loads() -> list[tuple[Setting, int]]:
    return [(Setting(kind, workers), lines) for kind in KeyKind for lines in (1, 7, 20) for workers in (1, 2)]


FULL = Plan(
    rounds=5,
    minutes=45,
    loads=_all_loads(),
    licences=1_000,
    floor_licences=512,
    profiled_licences=2_000,
    traced_licences=500,
    latency_drops=200,
    latency_pause_seconds=0.1,
    waiting=(3_000, 100_000),
    segment=400,
    urgent_drops=9,
    ledgers=(10_000, 1_000_000),
    ledger_licences=500,
    scaling_licences=2_048,
    scaling_rounds=9,
    exchanges=100,
    mails=1_000,
)
QUICK = Plan(
    rounds=2,
    minutes=1.75,
    loads=[(Setting(KeyKind.P256, 1), 1), (Setting(KeyKind.RSA2048, 1), 1)],
    licences=150,
    floor_licences=256,
    profiled_licences=150,
    traced_licences=60,
    latency_drops=30,
    latency_pause_seconds=0.1,
    waiting=(600, 5_000),
    segment=150,
    urgent_drops=5,
    ledgers=(1_000, 20_000),
    ledger_licences=60,
    scaling_licences=1_024,
    scaling_rounds=5,
    exchanges=20,
    mails=300,
)

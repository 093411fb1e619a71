"""The arithmetic of measuring: medians, quantiles, ratios and how far measurements lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median


def middle(values: Iterable[float]) -> float:
    """The median; there is at least one value."""
    return median(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed: nearest rank."""
    assert values, "a quantile of nothing"
    assert 0 <= share <= 1, "a share"
    ordered = sorted(values)
    rank = -(-share * len(ordered) // 1)  # rounded up
    return ordered[max(int(rank), 1) - 1]


def spread(values: Sequence[float]) -> float:
    """How far the values lie apart, as a part of their median."""
    return (max(values) - min(values)) / middle(values)


def ratio_of_medians(above: Sequence[float], below: Sequence[float]) -> float:
    """The ratio of two things that were measured in the same run, each several times."""
    return middle(above) / middle(below)


def median_of_ratios(above: Sequence[float], below: Sequence[float]) -> float:
    """As `ratio_of_medians`, where each of `above` was measured right beside one of `below`."""
    return middle([one / other for one, other in zip(above, below, strict=True)])


def middles(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each name over several measurements; what is missing in one counts as 0 there."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: middle([table.get(name, 0.0) for table in tables]) for name in names}

"""Urgent licences behind a backlog: dropped while real ones are worked on at each step, and told."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from gateway.errors import EnvironmentFault
from tests.bench import folders
from tests.bench.figures import middle
from tests.bench.house import ANSWERED, STUCK_SECONDS, URGENT_STEPS, House

#: So many of the backlog are acknowledged between two drops.
_APART = 150
_LOOK_SECONDS = 0.02
#: Seconds from the drop on until each step, of each licence that was dropped.
Seconds = Mapping[str, Sequence[float]]


def behind(house: House, documents: Iterable[bytes]) -> list[dict[str, float]]:
    """The steps of each that had its answer while real ones still lay in `in/`; then no more are dropped.

    Between two drops some of the backlog is done: the intake pauses now and then, and so each drop finds the
    house at another moment.
    """
    found = []
    for document in documents:
        _let_work(house)
        steps = house.drop_urgent(document)
        if not folders.has_real(house.stage.spool / "in"):
            break
        found.append(steps)
    return found


def _let_work(house: House) -> None:
    """Until so many more are acknowledged, or no real ones wait any more."""
    wanted, deadline = house.acknowledged() + _APART, time.monotonic() + STUCK_SECONDS
    while house.acknowledged() < wanted and folders.has_real(house.stage.spool / "in"):
        if time.monotonic() > deadline:
            raise EnvironmentFault(f"not {_APART} more of the backlog were acknowledged")
        time.sleep(_LOOK_SECONDS)


def by_step(found: Sequence[Mapping[str, float]]) -> Seconds:
    """The same, step by step."""
    return {step: [one[step] for one in found] for step in URGENT_STEPS}


def answered(seconds: Seconds) -> float | None:
    """The median until the answer, if any was measured."""
    return middle(seconds[ANSWERED]) if seconds[ANSWERED] else None


def told(seconds: Seconds) -> tuple[str, str]:
    """The median of each step, with the worst of the last."""
    answers = seconds[ANSWERED]
    what = f"urgent licences behind the larger backlog, median of {len(answers)}"
    if not answers:
        return what, "not measured: the real ones were used up before"
    steps = ", ".join(f"{step} {middle(times):.2f} s" for step, times in seconds.items())
    return what, f"{steps} (at worst {max(answers):.2f} s)"

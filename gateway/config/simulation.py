"""What is told to the simulated customs beside what every end of the line is told."""

from __future__ import annotations

from typing import Annotated

from gateway.config.kinds import Flag, whole
from gateway.config.section import Section
from gateway.config.sections import MIB


class FaultsConfig(Section):
    """Faults that the simulated customs commits on purpose; 0 and false are off."""

    cut_after_bytes: Annotated[int, whole(0, 1024 * MIB, "bytes")] = 0
    slow_bytes_per_second: Annotated[int, whole(0, 1024 * MIB, "bytes")] = 0
    refuse_every: Annotated[int, whole(0, 1_000_000)] = 0
    repeat_every: Annotated[int, whole(0, 1_000_000)] = 0
    lose_every: Annotated[int, whole(0, 1_000_000)] = 0
    wrong_figures_every: Annotated[int, whole(0, 1_000_000)] = 0
    reorder: Flag = False

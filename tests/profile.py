"""How long the tests of the law search: `LAW_EXAMPLES=20` has each look at twenty times as many examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("LAW_EXAMPLES", "1"))


def examples(count: int, **more: int) -> settings:
    """So many examples, however long each takes."""
    return settings(
        max_examples=count * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow], **more
    )

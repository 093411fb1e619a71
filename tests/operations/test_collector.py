"""The collector spares what was loaded at the start, and nothing else."""

import subprocess
import sys

_SCRIPT = """
import gc, weakref
from gateway.collector import YOUNGEST, spare_what_stays

class Ring:
    def __init__(self):
        self.itself = self

spare_what_stays()
assert gc.get_freeze_count() > 0 and gc.get_threshold()[0] == YOUNGEST and gc.isenabled()
later = weakref.ref(Ring())
made = [[] for _ in range(3 * YOUNGEST)]
print("collected" if later() is None else "kept")
"""


def test_what_is_made_later_is_collected_as_ever() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.stdout, run.stderr) == ("collected\n", "")

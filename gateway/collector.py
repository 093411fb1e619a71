"""Python's cyclic collector, set for a process that lives long and works by the batch."""

from __future__ import annotations

import gc

#: New containers between two looks at the youngest: a batch makes some thousand, and lets go of nearly all.
YOUNGEST = 20_000
#: Looks at the younger generation before one at the next, as Python has it.
_ELDER = 10


def spare_what_stays() -> None:
    """Have the collector leave alone what there is now, and look less often at what comes.

    To be called once, when all is loaded: modules, statements, schemas and keys stay until the end, and to
    walk them again and again cost a process 5 to 7 % of its time. What is made later is collected as ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, _ELDER, _ELDER)

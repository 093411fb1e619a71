"""The scribe writes answers into issuing systems' folders, in a worker process of its own.

An answer takes half a dozen calls to the kernel. In a thread of the daemon each of them would give up the
interpreter's lock and wait for it again, which costs as much as the calls do (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from gateway.exchange.publication import MOST_PARTS, Publication, Together, clear_half_written, in_turn


@dataclass(frozen=True, slots=True)
class Answers:
    """A batch for one folder: each answer's name, and what it says."""

    folder: Path
    files: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a batch: which places in it are durable now, and what went wrong with others."""

    places: Sequence[int]
    failures: Sequence[OSError]


class Scribe:
    """A bench (`gateway.exchange.workers`) with one operation. Of one folder it has one batch at a time."""

    def __init__(self, together: Together = in_turn) -> None:
        self._together = together
        self._known: set[Path] = set()

    def answers(self, batches: Sequence[Answers]) -> list[Published]:
        """Publish each batch. Raises OSError if nothing of one can be (its folder is gone, say)."""
        return [self._publish(batch) for batch in batches]

    def _publish(self, batch: Answers) -> Published:
        if batch.folder not in self._known:
            # Another scribe may have ended over it.
            clear_half_written(batch.folder)
            self._known.add(batch.folder)
        publication = Publication(batch.folder, batch.files)
        publication.publish(self._together)
        return Published(publication.published, list(publication.failures.values()))


def scribe_with_threads() -> Scribe:
    """A scribe whose syncs do not wait for each other. RuntimeError: there are no threads to be had."""
    threads = ThreadPoolExecutor(MOST_PARTS, thread_name_prefix="sync")
    # All of them now: one that is wanted in the middle of a batch may not be given.
    begun = Barrier(MOST_PARTS)
    wait([threads.submit(begun.wait) for _ in range(MOST_PARTS)])

    def together(works: Sequence[Callable[[], None]]) -> None:
        for done in wait([threads.submit(work) for work in works]).done:
            done.result()

    return Scribe(together)

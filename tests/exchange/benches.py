"""Benches for the tests of the workers; a module of its own, so that a worker process can import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.exchange.publication import in_turn
from gateway.exchange.scribe import Scribe


class Bench:
    """Doubles numbers; some words make it misbehave."""

    def __init__(self, factor: int) -> None:
        self._factor = factor

    def work(self, jobs: list[int | str]) -> list[int]:
        """One number a job."""
        return [self._one(job) for job in jobs]

    def slow(self, jobs: list[int]) -> list[int]:
        """One number a job, after a second."""
        time.sleep(1)
        return self.work(list(jobs))

    def pids(self, jobs: list[None]) -> list[int]:
        """The process that this ran in."""
        return [os.getpid() for _ in jobs]

    def _one(self, job: int | str) -> int:
        if job == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if job == "hang":
            time.sleep(3600)
        if job == "bug":
            raise ValueError("a bug")
        return int(job) * self._factor


class FlawedBench(Bench):
    """Cannot be built while its argument is a number."""

    def __init__(self, factor: int | None) -> None:
        if factor is not None:
            raise OSError("the key is not there")
        super().__init__(2)


def dying_scribe(mark: Path) -> Scribe:
    """A scribe that is killed once it has written its first batch, before that is synced."""

    def together(works: Sequence[Callable[[], None]]) -> None:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        in_turn(works)

    return Scribe(together)

"""Benches for the tests of the workers; a module of its own, so that a worker process can import it."""

from __future__ import annotations

import os
import signal
import time


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

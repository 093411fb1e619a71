"""The demo's live picture: bars that move on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

#: What is shown, in the order in which a licence passes it.
STEPS = ("dropped", "accepted", "sealed", "sent", "acknowledged", "written off")
_LINE_EVERY_SECONDS = 1.0


class Picture:
    """Shows how many licences have reached each step; a context manager."""

    def __init__(self, console: Console, totals: dict[str, int]) -> None:
        self._console = console
        self._totals = totals
        self._lively = console.is_terminal
        self._progress = Progress(
            TextColumn("  {task.description:>12}"), BarColumn(40), MofNCompleteColumn(), console=console
        )
        self._tasks: dict[str, TaskID] = {}
        self._last_line = ""
        self._next_line_at = 0.0

    def __enter__(self) -> Self:
        if self._lively:
            self._tasks = {step: self._progress.add_task(step, total=self._totals[step]) for step in STEPS}
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lively:
            self._progress.stop()

    def show(self, counts: dict[str, int], *, final: bool = False) -> None:
        """Show `counts`; without a terminal at most one line a second, and none that says the same."""
        if self._lively:
            for step, task in self._tasks.items():
                self._progress.update(task, completed=counts[step])
            return
        line = ", ".join(f"{counts[step]}/{self._totals[step]} {step}" for step in STEPS)
        if line != self._last_line and (final or time.monotonic() >= self._next_line_at):
            self._console.print(f"  {line}", highlight=False, soft_wrap=True)
            self._last_line = line
            self._next_line_at = time.monotonic() + _LINE_EVERY_SECONDS

    def say(self, text: str) -> None:
        """A line above the bars."""
        (self._progress.console if self._lively else self._console).print(text, highlight=False)


def follow(
    picture: Picture, counts: Callable[[], dict[str, int]], until: Callable[[dict[str, int]], bool]
) -> None:
    """Show `counts()` until it satisfies `until`."""
    while True:
        now = counts()
        if until(now):
            picture.show(now, final=True)
            return
        picture.show(now)
        time.sleep(0.1)

"""Answers are written in parts, by several threads: what happens to one of them happens to all."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gateway.exchange.feedback_writer import PARTS, FeedbackWriter


class Parts:
    """In the place of an answers' publication, of threads, and of all else."""

    def __init__(self) -> None:
        self.working: list[Deferred[Any]] = []
        self.named = False
        self.failures: dict[int, OSError] = {}

    def write(self, part: int, parts: int) -> None:
        """See Publication."""

    def give_names(self) -> None:
        """See Publication."""
        self.named = True

    def in_thread(self, work: Any, *arguments: Any) -> Deferred[Any]:
        """Done when the test says so."""
        done: Deferred[Any] = Deferred()
        if work == self.give_names:
            work()
            done.callback(None)
        else:
            self.working.append(done)
        return done

    def publish(self) -> list[Any]:
        """Begin; what comes of it."""
        nobody = cast("Any", None)
        writer = FeedbackWriter(
            trees=[], ledger=nobody, reactor=cast("Any", Clock()), in_thread=cast("Any", self.in_thread)
        )
        ends: list[Any] = []
        publishing = writer._publish(cast("Any", self), 128)
        Deferred.fromCoroutine(publishing).addBoth(ends.append)
        return ends


def test_names_are_given_when_all_parts_are_written() -> None:
    parts = Parts()
    ends = parts.publish()
    for one in parts.working:
        assert not parts.named
        one.callback(None)
    assert (len(parts.working), parts.named, ends) == (PARTS, True, [None])


@pytest.mark.parametrize("failing", range(PARTS))
def test_a_part_that_fails_as_a_whole_is_told_as_it_failed(failing: int) -> None:
    parts = Parts()
    ends = parts.publish()
    for number, one in enumerate(parts.working):
        assert ends == []
        if number == failing:
            one.errback(OSError(28, "No space left on device"))
        else:
            one.callback(None)
    [end] = ends
    assert isinstance(end, Failure)
    assert end.check(OSError), end
    assert not parts.named

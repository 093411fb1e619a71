"""The scribe: answers are written in a process of their own, whose faults are the machine's."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from gateway.errors import EnvironmentFault
from gateway.exchange.feedback_writer import FeedbackWriter
from gateway.exchange.publication import LEAST_A_PART, MOST_PARTS
from gateway.exchange.scribe import Answers, Published, Scribe, scribe_with_threads
from gateway.exchange.workers import Poisoned, ProcessWorkers

sys.path.insert(0, str(Path(__file__).parent))
from benches import dying_scribe

MANY = 2 * MOST_PARTS * LEAST_A_PART


def batch(folder: Path, count: int) -> Answers:
    return Answers(folder, [(f"{number:03}.json", b"%d" % number) for number in range(count)])


@pytest.mark.parametrize("count", [0, 1, LEAST_A_PART * 2, MANY, MANY + 1])
def test_each_answer_is_synced_once_by_whichever_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    fdatasync, synced, by = os.fdatasync, [], set()

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        by.add(threading.get_ident())
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    [published] = scribe_with_threads().answers([batch(tmp_path, count)])
    assert (list(published.places), list(published.failures)) == (list(range(count)), [])
    assert len(set(synced)) == len(synced) == count
    assert threading.get_ident() not in by
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        name for name, _ in batch(tmp_path, count).files
    ]


def test_a_thread_that_fails_as_a_whole_is_told_as_it_failed_and_nothing_has_its_name(tmp_path: Path) -> None:
    over: list[int] = []

    def together(works: Sequence[Callable[[], None]]) -> None:
        for number, work in enumerate(works):
            if number != 1:
                work()
                over.append(number)
        raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError, match="new thread"):
        Scribe(together).answers([batch(tmp_path, MANY)])
    assert over == [0, 2, 3, 4, 5]
    assert list(tmp_path.iterdir()) == []


def test_threads_that_fail_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fdatasync, begun, open_at_the_end = os.fdatasync, threading.Event(), []

    def sync(descriptor: int) -> None:
        if begun.is_set():
            open_at_the_end.append(os.fstat(descriptor).st_size)
            fdatasync(descriptor)
            return
        begun.set()
        raise MemoryError

    monkeypatch.setattr(os, "fdatasync", sync)
    with pytest.raises(MemoryError):
        scribe_with_threads().answers([batch(tmp_path, MANY)])
    assert len(open_at_the_end) == MANY - MANY // MOST_PARTS
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Scribe().answers([batch(tmp_path / "gone", 3)])


class Ended:
    """In the place of workers: a scribe that ends whatever it is given."""

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """See `Workers`."""
        assert operation == "answers"
        return [Poisoned("it ended the process that worked on it (exit status -9)") for _ in jobs]


def test_a_scribe_that_ends_is_the_machines_fault(tmp_path: Path) -> None:
    nobody = cast("Any", None)
    writer = FeedbackWriter(
        trees=[], ledger=nobody, reactor=cast("Any", Clock()), scribes=cast("Any", Ended()), in_thread=nobody
    )
    ends: list[Any] = []
    written: Deferred[Published] = ensureDeferred(writer._published(batch(tmp_path, 1)))
    written.addBoth(ends.append)
    [failure] = ends
    assert failure.check(EnvironmentFault), failure
    assert "exit status -9" in failure.getErrorMessage()


class KilledScribeTest(TestCase):
    """With real processes."""

    timeout = 60

    async def test_what_a_killed_scribe_had_in_hand_is_written_by_the_next_without_leftovers(
        self,
    ) -> None:
        folder, mark = Path(self.mktemp()).absolute(), Path(self.mktemp()).absolute()
        folder.mkdir(parents=True)
        scribes = ProcessWorkers(reactor, count=1, timeout_seconds=30, build=dying_scribe, arguments=(mark,))
        self.addCleanup(lambda: Deferred.fromCoroutine(scribes.stop()))
        answers = batch(folder, 100)
        [published] = await scribes.run("answers", [answers])
        assert mark.exists(), "it was killed once"
        self.assertEqual((list(published.places), list(published.failures)), (list(range(100)), []))
        self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, dict(answers.files))

"""The scribe: answers are written in a process of their own, whose faults are the machine's."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from gateway.errors import EnvironmentFault
from gateway.exchange.feedback_writer import SLOW_SECONDS, FeedbackWriter
from gateway.exchange.publication import LEAST_A_PART, MOST_PARTS, TEMPORARY
from gateway.exchange.scribe import Answers, Published, Scribe, scribe_with_threads
from gateway.exchange.spool import SpoolTree
from gateway.exchange.workers import Poisoned, ProcessWorkers
from gateway.ledger import feedback

sys.path.insert(0, str(Path(__file__).parent))
from benches import dying_scribe

MANY = 2 * MOST_PARTS * LEAST_A_PART


def batch(folder: Path, answers: int) -> Answers:
    return Answers(folder, [(f"{number:03}.json", b"%d" % number) for number in range(answers)])


@pytest.mark.parametrize("answers", [0, 1, LEAST_A_PART * 2, MANY, MANY + 1])
def test_each_answer_is_synced_once_by_whichever_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    fdatasync, synced, by = os.fdatasync, [], set()

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        by.add(threading.get_ident())
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    [published] = scribe_with_threads().answers([batch(tmp_path, answers)])
    assert (list(published.places), list(published.failures)) == (list(range(answers)), [])
    assert len(set(synced)) == len(synced) == answers
    assert threading.get_ident() not in by
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        name for name, _ in batch(tmp_path, answers).files
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
    fdatasync, calls, open_at_the_end = os.fdatasync, count(), []

    def sync(descriptor: int) -> None:
        if next(calls) == 0:
            raise MemoryError
        open_at_the_end.append(os.fstat(descriptor).st_size)
        fdatasync(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    with pytest.raises(MemoryError):
        scribe_with_threads().answers([batch(tmp_path, MANY)])
    assert len(open_at_the_end) == MANY - MANY // MOST_PARTS
    assert list(tmp_path.iterdir()) == []


def test_a_scribe_clears_away_what_another_left_of_a_batch_and_once(tmp_path: Path) -> None:
    scribe = Scribe()
    (tmp_path / f"{TEMPORARY}1-0.tmp").write_bytes(b"ha")
    scribe.answers([batch(tmp_path, 1)])
    assert [path.name for path in tmp_path.iterdir()] == ["000.json"]
    (tmp_path / f"{TEMPORARY}2-0.tmp").write_bytes(b"ha")
    scribe.answers([batch(tmp_path, 1)])
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Scribe().answers([batch(tmp_path / "gone", 3)])


class Scribes:
    """In the place of workers: what they are given has the result `done`, when that has come."""

    def __init__(self) -> None:
        self.done: Deferred[list[Any]] = Deferred()

    async def run(self, operation: str, jobs: Sequence[Any]) -> list[Any]:
        """See `Workers`."""
        assert (operation, len(jobs)) == ("answers", 1)
        return await self.done


class Writing:
    """A feedback writer at its tree, which has one answer, over `scribes`."""

    def __init__(self, folder: Path) -> None:
        self.scribes, self.clock = Scribes(), Clock()
        self.told: list[tuple[str, bool]] = []
        self.ends: list[Any] = []
        tree, nobody = SpoolTree("default", folder), cast("Any", None)
        writer = FeedbackWriter(
            trees=[tree],
            ledger=nobody,
            reactor=cast("Any", self.clock),
            scribes=cast("Any", self.scribes),
            in_thread=nobody,
            alarm=lambda name, trouble: self.told.append((name, trouble is not None)),
        )
        writing: Deferred[Published] = ensureDeferred(
            writer._published(tree, [feedback.Feedback(1, "default", "a.json", b"")])
        )
        writing.addBoth(self.ends.append)


def test_a_scribe_that_ends_is_the_machines_fault(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.scribes.done.callback([Poisoned("it ended the process that worked on it (exit status -9)")])
    [failure] = writing.ends
    assert failure.check(EnvironmentFault), failure
    assert "exit status -9" in failure.getErrorMessage()
    assert writing.told == []


def test_a_disk_that_hangs_is_told_until_it_goes_on(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.clock.advance(SLOW_SECONDS - 1)
    assert writing.told == []
    writing.clock.advance(1)
    assert writing.told == [("disk of default", True)]
    writing.scribes.done.callback([Published([0], [])])
    assert writing.told[1:] == [("disk of default", False)]
    assert writing.ends == [Published([0], [])]
    assert not writing.clock.getDelayedCalls()


class KilledScribeTest(TestCase):
    """With real processes."""

    timeout = 60

    async def test_what_a_killed_scribe_had_in_hand_is_written_by_the_next_without_leftovers(
        self,
    ) -> None:
        parent = tempfile.TemporaryDirectory()
        self.addCleanup(parent.cleanup)
        folder, mark = Path(parent.name) / "out", Path(parent.name) / "killed"
        folder.mkdir()
        scribes = ProcessWorkers(reactor, count=1, timeout_seconds=30, build=dying_scribe, arguments=(mark,))
        self.addCleanup(lambda: Deferred.fromCoroutine(scribes.stop()))
        answers = batch(folder, 100)
        [published] = await scribes.run("answers", [answers])
        assert mark.exists(), "it was killed once"
        self.assertEqual((list(published.places), list(published.failures)), (list(range(100)), []))
        self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, dict(answers.files))

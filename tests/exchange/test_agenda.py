"""The agenda: one look at `in/` is worth many batches, and what is urgent waits for no look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, execute
from twisted.internet.task import Clock

from gateway.exchange.agenda import LONG_SECONDS, REST, Agenda, Tree
from gateway.exchange.spool import SpoolTree

BATCH = 4


class Desk:
    """An agenda over one tree; `looks` are the looks at `in/`, each of which takes `look_seconds`."""

    def __init__(self, root: Path) -> None:
        self.spool = SpoolTree("default", root)
        self.spool.prepare()
        self.clock = Clock()
        self.looks: list[str] = []
        self.look_seconds = 0.0
        self.agenda = Agenda(
            [Tree(self.spool)],
            batch_files=BATCH,
            scan_seconds=1.0,
            clock=self.clock,
            in_thread=self._in_thread,
            alarm=lambda *_: None,
        )

    def _in_thread(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        if kwargs or len(args) > 1:
            self.looks.append(args[-1].__name__)
            self.clock.advance(self.look_seconds)
        return execute(function, *args, **kwargs)

    def drop(self, *names: str) -> None:
        for name in names:
            (self.spool.incoming / name).write_bytes(b"")

    def take(self) -> list[str]:
        """The next batch, claimed and done with."""
        done: list[list[Any]] = []
        ensureDeferred(self.agenda.take()).addCallback(done.append)
        [names] = done
        for name in names:
            self.spool.claim(name.name)
        self.agenda.give_back(names)
        return [name.name for name in names]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


def test_one_look_is_worth_many_batches(desk: Desk) -> None:
    desk.drop(*[f"{number:03}.xml" for number in range(100)])
    taken = [name for _ in range(25) for name in desk.take()]
    assert len(set(taken)) == 100
    assert desk.looks == ["waiting"]


def test_an_urgent_file_that_is_noticed_goes_first_without_a_look(desk: Desk) -> None:
    desk.drop(*[f"{number:03}.xml" for number in range(20)])
    desk.take()
    desk.drop("now.urgent.xml")
    desk.agenda.urgent_came("default", "now.urgent.xml")
    desk.agenda.urgent_came("another", "now.urgent.xml")
    assert desk.take() == ["now.urgent.xml"], "and not together with what can wait"
    assert desk.looks == ["waiting"]


def test_urgent_files_go_together_and_without_others(desk: Desk) -> None:
    desk.drop("a.urgent.xml", "b.urgent.xml", "c.xml", "d.xml")
    assert [desk.take(), desk.take(), desk.take()] == [
        ["a.urgent.xml", "b.urgent.xml"],
        ["c.xml", "d.xml"],
        [],
    ]


def test_an_urgent_file_that_nobody_noticed_is_found_after_a_while(desk: Desk) -> None:
    desk.drop(*[f"{number:03}.xml" for number in range(40)])
    desk.look_seconds = 10 * LONG_SECONDS
    desk.take()
    desk.drop("now.urgent.xml")
    desk.clock.advance(1.0)
    assert "now.urgent.xml" not in desk.take(), "a long look is not repeated every second"
    desk.clock.advance(desk.look_seconds * REST)
    assert desk.take() == ["now.urgent.xml"], "and not together with what can wait"
    assert desk.looks == ["waiting", "urgent"]


def test_a_large_folder_with_nothing_to_take_is_not_read_all_the_time(desk: Desk) -> None:
    desk.drop(*[f"{number}.tmp" for number in range(5)])
    desk.look_seconds = 10 * LONG_SECONDS
    for _ in range(5):
        assert desk.take() == []
    assert desk.looks == ["waiting"]
    desk.drop("a.xml")
    desk.clock.advance(desk.look_seconds * REST)
    assert desk.take() == ["a.xml"]

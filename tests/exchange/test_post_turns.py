"""A post office of many partners asks the ledger once who has something due, and wakes nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from gateway.clock import system_clock
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.pace import LEAST_MESSAGES
from gateway.exchange.post_office import LOOK_AGAIN_SECONDS, LedgerPostOffice
from gateway.exchange.terms import Address, PostOfficeLimits
from gateway.exchange.threads import inline
from gateway.ledger import post
from gateway.ledger.kinds import Priority
from gateway.ledger.store import Ledger, UnitOfWork

PARTNERS = [f"p{number}" for number in range(9)]


class Post:
    """The office, and who was woken."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.ledger = Ledger.open(folder / "ledger.sqlite3", clock=system_clock)
        self.office = LedgerPostOffice(
            ledger=self.ledger,
            us=Correspondent("self", "US"),
            addresses={one: Address(Correspondent(one, one), "US", one.upper()) for one in PARTNERS},
            folder=folder,
            clock=system_clock,
            reactor=self.clock,
            limits=PostOfficeLimits(max_messages=300),
            in_thread=inline,
            arrived=lambda: None,
        )
        self.woken: list[str] = []
        for one in PARTNERS:
            self.office.watch(one, lambda one=one: self.woken.append(one))  # type: ignore[misc]

    def due(self, partner: str, count: int = 1) -> None:
        def write(uow: UnitOfWork) -> None:
            letters = [
                post.Letter(f"M-{partner}-{number}", "TechnicalAck", Priority.NORMAL, b"<a/>", None, None)
                for number in range(count)
            ]
            post.enqueue_all(uow, partner, letters)

        self.ledger.submit(write)

    def send(self, partner: str, seconds: float) -> int:
        """The next file takes so long; how many messages it has."""
        files: list[Any] = []
        Deferred.fromCoroutine(self.office.next_to_send(partner, self)).addCallback(files.append)
        [file] = files
        self.clock.advance(seconds)
        Deferred.fromCoroutine(self.office.file_sent(partner, file.identity))
        contents: list[bytes] = []
        Deferred.fromCoroutine(file.open()).addCallback(contents.append)
        return contents[0].count(b"<a/>")


@pytest.fixture
def mail(tmp_path: Path) -> Post:
    return Post(tmp_path)


def test_only_those_to_whom_something_is_due_are_woken(mail: Post) -> None:
    mail.office.wake()
    assert mail.woken == []
    mail.due("p3")
    mail.due("p7")
    mail.office.wake()
    assert sorted(mail.woken) == ["p3", "p7"]
    mail.office.wake("p5")
    assert mail.woken[-1] == "p5", "who is named is woken in any case"


def test_who_found_nothing_is_asked_for_again_and_all_of_them_at_once(mail: Post) -> None:
    for one in PARTNERS:
        Deferred.fromCoroutine(mail.office.next_to_send(one, object()))
    assert len(mail.clock.getDelayedCalls()) == 1
    mail.due("p2")
    mail.clock.advance(LOOK_AGAIN_SECONDS)
    assert mail.woken == ["p2"]


def test_a_file_that_is_made_and_not_sent_and_a_receipt_are_due(mail: Post) -> None:
    mail.due("p1")
    Deferred.fromCoroutine(mail.office.next_to_send("p1", "session"))
    mail.office.wake()
    assert mail.woken == ["p1"]


def test_the_end_of_a_session_wakes_those_who_wait_only_if_it_gives_something_back(mail: Post) -> None:
    mail.office.session_lost("p1", "a session with nothing in hand")
    assert mail.woken == [], "a caller that rests between its sessions would never rest"
    mail.due("p1")
    Deferred.fromCoroutine(mail.office.next_to_send("p1", "session"))
    mail.office.session_lost("p1", "session")
    assert mail.woken == ["p1"]


def test_nobody_is_woken_by_and_by_to_whom_nothing_is_due_and_it_is_looked_for_on_and_on(mail: Post) -> None:
    Deferred.fromCoroutine(mail.office.next_to_send("p1", object()))
    mail.clock.advance(LOOK_AGAIN_SECONDS)
    assert mail.woken == []
    mail.due("p1")
    mail.clock.advance(LOOK_AGAIN_SECONDS)
    assert mail.woken == ["p1"]


def test_a_file_holds_as_many_messages_as_the_line_takes_in_a_moment(mail: Post) -> None:
    mail.due("p1", 1_000)
    sizes = [mail.send("p1", seconds) for seconds in (0.01, 0.01, 5.0, 6.0, 5.5)]
    assert sizes == [LEAST_MESSAGES, 2 * LEAST_MESSAGES, 300, 150, LEAST_MESSAGES]
    mail.due("p2", 200)
    assert mail.send("p2", 0.01) == LEAST_MESSAGES, "each partner's line has a pace of its own"


def test_a_file_that_was_lost_with_its_session_tells_nothing_of_the_line(mail: Post) -> None:
    mail.due("p1", 2 * LEAST_MESSAGES)
    mail.send("p1", 0.01)
    Deferred.fromCoroutine(mail.office.next_to_send("p1", "session"))
    mail.clock.advance(1000)
    mail.office.session_lost("p1", "session")
    assert mail.send("p1", 1000) == LEAST_MESSAGES
    assert mail.office._outgoing._paces["p1"].messages == 2 * LEAST_MESSAGES, "as the first one told"

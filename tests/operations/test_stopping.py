"""A clean stop: duties in order, none of them able to keep the others from being done."""

import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher

from gateway.operations.stopping import perform, reload_on_hangup, stop_in_order


@pytest.fixture
def told() -> Iterator[list[str]]:
    events: list[str] = []

    def observe(event: dict[str, Any]) -> None:
        events.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def _duty(
    name: str, done: list[str], fault: Exception | None = None
) -> tuple[str, Callable[[], Awaitable[None]]]:
    async def duty() -> None:
        done.append(name)
        if fault:
            raise fault

    return name, duty


def test_duties_are_done_in_order_and_a_failed_one_is_told(told: list[str]) -> None:
    done: list[str] = []
    duties = [_duty("line", done), _duty("exchange", done, OSError("disk")), _duty("ledger", done)]
    finished = perform(Clock(), duties, timeout_seconds=5)
    assert finished.called
    assert done == ["line", "exchange", "ledger"]
    assert told == ["while stopping: exchange failed"]


def test_a_duty_that_hangs_is_left_after_its_time_and_the_next_is_done(told: list[str]) -> None:
    async def hangs() -> None:
        await Deferred()

    clock, done = Clock(), list[str]()
    finished = perform(clock, [("line", hangs), _duty("ledger", done)], timeout_seconds=5)
    clock.advance(4.9)
    assert (finished.called, done) == (False, [])
    clock.advance(0.2)
    assert (finished.called, done) == (True, ["ledger"])
    assert told == ["while stopping: line failed"]


def test_it_is_done_before_the_reactor_stops(running: Any) -> None:
    done: list[str] = []
    reactor = running.reactor
    running.do(lambda: stop_in_order(reactor, reactor, [_duty("ledger", done)], timeout_seconds=5))
    running.stop()
    assert done == ["ledger"]


def test_a_hangup_asks_for_a_reload_in_the_reactor() -> None:
    class Threads:
        calls: list[Any] = []  # noqa: RUF012 - one instance, one test

        def callFromThread(self, call: Any) -> None:
            self.calls.append(call)

    registered: dict[int, Any] = {}
    reloads: list[bool] = []
    threads = Threads()
    reload_on_hangup(threads, lambda: reloads.append(True), register=registered.__setitem__)  # type: ignore[arg-type]  # a dummy
    registered[signal.SIGHUP](signal.SIGHUP, None)
    assert reloads == []
    threads.calls[0]()
    assert reloads == [True]

"""A pump works while there is work, sleeps, wakes, and tries again what fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from gateway.exchange.pump import Pump


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_steps_while_there_is_more_then_sleeps(clock: Clock) -> None:
    left = [True, True, False, False]
    steps: list[float] = []

    async def step() -> bool:
        steps.append(clock.seconds())
        return left.pop(0)

    pump = Pump("p", step, clock, idle_seconds=5)
    pump.start()
    assert steps == [0, 0, 0]
    clock.advance(4.9)
    assert len(steps) == 3
    clock.advance(0.1)
    assert len(steps) == 4


def test_waking_cuts_the_sleep_short(clock: Clock) -> None:
    steps: list[float] = []

    async def step() -> bool:
        steps.append(clock.seconds())
        return False

    pump = Pump("p", step, clock)
    pump.start()
    clock.advance(1)
    pump.wake()
    assert steps == [0, 1]


def test_a_wake_during_a_step_is_not_lost(clock: Clock) -> None:
    waits: list[Deferred[None]] = []

    async def step() -> bool:
        waits.append(Deferred())
        await waits[-1]
        return False

    pump = Pump("p", step, clock)
    pump.start()
    pump.wake()
    waits[0].callback(None)
    assert len(waits) == 2, "the step runs again at once"


@pytest.fixture
def logged() -> Iterator[list[str]]:
    events: list[str] = []

    def observer(event: dict[str, object]) -> None:
        events.append(str(event.get("log_format")))

    globalLogPublisher.addObserver(observer)
    yield events
    globalLogPublisher.removeObserver(observer)


def test_a_failing_step_is_told_and_tried_again_ever_more_slowly(clock: Clock, logged: list[str]) -> None:
    steps: list[float] = []
    alarms: list[tuple[str, str | None]] = []

    async def step() -> bool:
        steps.append(clock.seconds())
        if len(steps) < 4:
            raise OSError("no space left")
        return False

    pump = Pump("p", step, clock, alarm=lambda name, trouble: alarms.append((name, trouble)))
    pump.start()
    pump.wake()  # does not hurry a pump that fails
    for _ in range(80):
        clock.advance(0.1)
    assert [round(at) for at in steps][:4] == [0, 1, 3, 7]
    assert alarms == [("p", "no space left")] * 3 + [("p", None)]
    assert len([line for line in logged if "try again" in line]) == 3


def test_stopping_finishes_the_step_in_hand(clock: Clock) -> None:
    wait: Deferred[None] = Deferred()
    done: list[str] = []

    async def step() -> bool:
        await wait
        done.append("step")
        return True

    pump = Pump("p", step, clock)
    pump.start()
    stopped = ensureDeferred(pump.stop())
    stopped.addCallback(lambda _: done.append("stopped"))
    assert done == []
    wait.callback(None)
    assert done == ["step", "stopped"]
    assert not clock.getDelayedCalls()


def test_stopping_a_sleeper(clock: Clock) -> None:
    async def step() -> bool:
        return False

    pump = Pump("p", step, clock)
    pump.start()
    ensureDeferred(pump.stop())
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("can't start new thread"), OSError(24, "Too many")]
)
def test_what_the_machine_lacks_is_no_fault_of_this_program(clock: Clock, error: Exception) -> None:
    told: list[str | None] = []

    async def step() -> bool:
        raise error

    Pump("p", step, clock, alarm=lambda _name, trouble: told.append(trouble)).start()
    assert told[0] is not None
    assert "this program" not in told[0]

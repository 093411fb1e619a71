"""One seed from beginning to end: business with everything going wrong, then calm, then judgement."""

from __future__ import annotations

import gc
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from unittest import mock

from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import implementer

from gateway.clock import BUSINESS_ZONE
from gateway.errors import EnvironmentFault
from gateway.exchange import passing
from tests.simulation.adversary import HOUR_SECONDS, Adversary
from tests.simulation.agreement import agree
from tests.simulation.business import Issuers
from tests.simulation.judge import (
    Verdict,
    days_that_differ,
    held_rows,
    is_reported,
    is_settled,
    judge,
    reports_without_answer,
)
from tests.simulation.template import made_once, papers, repeatable_cryptography, template
from tests.simulation.town import Town

#: Simulated seconds within which all must be settled once nothing goes wrong any more.
CALM_SECONDS = HOUR_SECONDS
#: Of so many seeds the day is seen to its end: closed at ten past midnight, and no clock is out by more.
_DAYS_SHARE = 0.5
_CLOSED_BY = time(0, 15)
#: A file that is larger may be passed by others: some licences, since no more are dropped at once.
_SMALL_BYTES = 12_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a seed: what was found wrong, what was simulated, and the story's last lines."""

    seed: int
    verdict: Verdict
    simulated_seconds: float
    kills: int
    cuts: int
    drops: int
    digest: str
    story: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.verdict.faults


def simulate(seed: int) -> Outcome:
    """Play the seed. The same seed gives the same story, to the letter (`Outcome.digest`)."""
    with _without_collection():
        return _simulate(seed)


def _simulate(seed: int) -> Outcome:
    chance = Random(f"seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=_fast()))
    try:
        with repeatable_cryptography():
            instance = template()
        keys = papers()
        with repeatable_cryptography(), made_once(), _with_large_files():
            town = Town(folder, instance, seed, _beginning(chance))
            agree(town.instance, keys, Random(f"agreement {seed}"), seed)
            with _listening(town), town.disks.mounted():
                return _play(town, chance, seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(town: Town, chance: Random, seed: int) -> Outcome:
    issuers = Issuers(town, chance, seed % 100_000)
    adversary = Adversary(town, issuers, chance)
    town.start("customs")
    town.start("gateway")
    for _ in range(chance.randint(1, 3)):
        _burst(town, issuers, adversary, chance)
        town.pass_over(chance.choice((0.0, 2 * HOUR_SECONDS, 9 * HOUR_SECONDS)) * chance.random())
    town.calm()
    _let_go(town)
    _settle(town, lambda: is_settled(town.instance))
    day_is_over = Random(f"day {seed}").random() < _DAYS_SHARE
    if day_is_over:
        _end_of_day(town)
    _hear_of_failures_nobody_handled(town)
    verdict = judge(town.instance, issuers.drops, town.faults, day_is_over=day_is_over)
    kills = sum(house.kills for house in town.houses.values())
    for name in town.houses:
        town.stop(name)
    town.run(120.0, lambda: not any(house.life and house.life.is_alive for house in town.houses.values()))
    return Outcome(
        seed,
        verdict,
        town.timeline.seconds(),
        kills,
        town.network.cuts,
        len(issuers.drops),
        town.digest,
        tuple(town.story),
    )


def _settle(town: Town, is_over: Callable[[], bool]) -> None:
    began = town.timeline.seconds()
    while town.timeline.seconds() < began + CALM_SECONDS and not is_over():
        town.run(20.0)


def _end_of_day(town: Town) -> None:
    """The day is over: both sides compare what they have of it (对账)."""
    local = town.now().astimezone(BUSINESS_ZONE)
    morning = datetime.combine(local.date() + timedelta(days=1), _CLOSED_BY, BUSINESS_ZONE)
    town.say("the day is over")
    town.pass_over((morning - local).total_seconds())
    day = local.date()
    _settle(town, lambda: is_reported(town.instance, day) and is_settled(town.instance))
    # What had not been sent when an earlier day was closed is there now: another report finds it.
    for differing in days_that_differ(town.instance):
        town.ask("gateway", "reconcile run", date=differing)
        town.run(1.0)
    _settle(town, lambda: not reports_without_answer(town.instance) and is_settled(town.instance))


def _burst(town: Town, issuers: Issuers, adversary: Adversary, chance: Random) -> None:
    """A busy minute or two: drops and mishaps at random moments."""
    seconds = chance.uniform(10, 90)
    for _ in range(chance.randint(1, 8)):
        town.timeline.call_later(seconds * chance.random(), issuers.drop_something)
    for _ in range(chance.randint(0, 6)):
        town.timeline.call_later(seconds * chance.random(), adversary.strike)
    town.run(seconds)


def _let_go(town: Town) -> None:
    """Operators let go of what they held, and bring the line up: nobody waits for them any more."""

    def let_go() -> None:
        town.ask("gateway", "line up", partner="customs")
        held = held_rows(town.instance)
        if held:
            town.ask("gateway", "queue release", ids=held)

    town.timeline.call_later(60.0, let_go)
    town.run(61.0)


def _beginning(chance: Random) -> datetime:
    """Any time of any day in the months after the instance was made."""
    return datetime(2026, 2, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(9 * 30 * 86_400))


def _fast() -> str | None:
    """Memory instead of a disk, where there is one: what a disk can do is simulated."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def _with_large_files() -> Iterator[None]:
    """A few licences are a large file, so that some pass others at the reception."""
    with mock.patch.object(passing, "SMALL_BYTES", _SMALL_BYTES):
        yield


@contextmanager
def _without_collection() -> Iterator[None]:
    """When the interpreter collects is not the seed's to decide, and what is collected may speak."""
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        # What was there before is spared, which is most of it.
        _collect()
        gc.enable()
        gc.unfreeze()


def _hear_of_failures_nobody_handled(town: Town) -> None:
    """A failure that no code of ours waited for is told of when its Deferred is collected."""
    town.is_over = True
    _collect()


def _collect() -> None:
    """Files that a killed process had open are the kernel's to close, and no fault of anybody's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def _listening(town: Town) -> Iterator[None]:
    """What the daemons log is part of the story."""

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        level = getattr(event.get("log_level"), "name", "info")
        running = town.timeline.running.name if town.timeline.running else "nobody"
        if not town.is_over:
            town.say(f"{running} {level}: {formatEvent(event)}")
        failure = event.get("log_failure")
        if failure is not None and not failure.check(OSError, EnvironmentFault):
            town.faults.append(f"{running}: {event.get('log_format')}: {failure}")

    globalLogPublisher.addObserver(observe)
    try:
        yield
    finally:
        globalLogPublisher.removeObserver(observe)

"""Group commit: together or alone, told only when durable, each effect once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from twisted.internet.defer import Deferred

from gateway.errors import ConfigurationFault, EnvironmentFault
from gateway.ledger.lock import LedgerInUse
from gateway.ledger.runners import InlineRunners
from gateway.ledger.store import (
    FEW_MESSAGES,
    MAX_WAITING_UNITS,
    MESSAGES_PER_COMMIT,
    Ledger,
    LedgerBusy,
    LedgerClosed,
    UnitOfWork,
)
from tests.ledger.makers import FakeClock, now

T = TypeVar("T")


class Bad(Exception):
    """What a bad unit raises."""


class SteppedRunners(InlineRunners):
    """Writes when told to: what is submitted meanwhile waits, as behind a busy thread."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def write(self, work: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()
        self._waiting.append(lambda: done.callback(work()))
        return done

    def step(self) -> None:
        self._waiting.pop(0)()

    def run(self) -> None:
        while self._waiting:
            self.step()


def add(name: str) -> Callable[[UnitOfWork], str]:
    def work(uow: UnitOfWork) -> str:
        uow.connection.execute(
            text("INSERT INTO entry (at, kind, data) VALUES ('', :name, '{}')"), {"name": name}
        )
        return name

    return work


def add_and_fail(name: str) -> Callable[[UnitOfWork], str]:
    def work(uow: UnitOfWork) -> str:
        add(name)(uow)
        raise Bad(name)

    return work


def names(ledger: Ledger) -> list[str]:
    return now(ledger.read(lambda connection: list(connection.scalars(text("SELECT kind FROM entry")))))


@pytest.fixture
def runners() -> SteppedRunners:
    return SteppedRunners()


@pytest.fixture
def stepped(tmp_path: Path, clock: FakeClock, runners: SteppedRunners) -> Any:
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock, runners=runners)
    yield ledger
    closing = ledger.close()
    runners.run()
    now(closing)


def test_what_waits_is_committed_together_and_told_after(stepped: Ledger, runners: SteppedRunners) -> None:
    commits: list[list[str]] = []
    told: list[tuple[str, list[str]]] = []
    event.listen(stepped._writer, "commit", lambda _: commits.append(list(told)))
    for name in "abcd":
        stepped.submit(add(name)).addCallback(lambda name: told.append((name, names(stepped))))

    runners.step()
    assert told == [("a", ["a"])]
    runners.step()
    assert [name for name, _ in told] == ["a", "b", "c", "d"]
    assert told[1][1] == ["a", "b", "c", "d"], "when the first is told, all of its commit is durable"
    assert len(commits) == 2


@pytest.mark.parametrize(
    ("messages", "commits"),
    [
        ([1, 40, 40, 24, 40], ["a", "b", "cd", "e"]),
        ([1, 10 * MESSAGES_PER_COMMIT, 9], ["a", "b", "c"]),
        ([1] * 5, ["a", "bcde"]),
        ([1, 40, FEW_MESSAGES, 24, 1], ["a", "ce", "bd"]),
        ([1, 10 * MESSAGES_PER_COMMIT, 1, 9, 1], ["a", "ce", "b", "d"]),
    ],
)
def test_few_messages_go_first_and_a_commit_holds_no_more_than_its_first_should_wait_for(
    stepped: Ledger, runners: SteppedRunners, messages: list[int], commits: list[str]
) -> None:
    told: list[str] = []
    for name, count in zip("abcde", messages, strict=False):
        stepped.submit(add(name), messages=count).addCallback(told.append)
    for commit in commits:
        before = len(told)
        runners.step()
        assert "".join(told[before:]) == commit
    assert names(stepped) == told


def test_whether_a_unit_goes_first_can_be_said(stepped: Ledger, runners: SteppedRunners) -> None:
    told: list[str] = []
    for name, count, first in (("a", 1, None), ("b", 64, None), ("c", 1, False), ("d", 64, True)):
        stepped.submit(add(name), messages=count, first=first).addCallback(told.append)
    runners.run()
    assert "".join(told) == "adbc"


def test_what_goes_first_does_not_hold_up_the_others_for_ever(
    stepped: Ledger, runners: SteppedRunners
) -> None:
    told: list[str] = []

    def again(name: str) -> None:
        told.append(name)
        if len(told) < 20:
            stepped.submit(add("few")).addCallback(again)

    stepped.submit(add("few")).addCallback(again)
    for number in range(3):
        stepped.submit(add(f"many {number}"), messages=MESSAGES_PER_COMMIT).addCallback(told.append)
    runners.run()
    assert [told.index(f"many {number}") for number in range(3)] == [3, 6, 9]


@settings(max_examples=30, deadline=None)
@given(good=st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_bad_unit_takes_no_other_with_it(
    good: list[bool], tmp_path_factory: pytest.TempPathFactory
) -> None:
    runners = SteppedRunners()
    ledger = Ledger.open(tmp_path_factory.mktemp("ledger") / "l", clock=FakeClock(), runners=runners)
    told: list[str] = []
    failed: list[str] = []
    for number, is_good in enumerate(good):
        unit = ledger.submit((add if is_good else add_and_fail)(str(number)))
        unit.addCallbacks(
            told.append, lambda failure: failed.append(str(failure.trap(Bad) and failure.value))
        )
    runners.run()

    assert told == [str(number) for number, is_good in enumerate(good) if is_good]
    assert sorted(failed) == sorted(str(number) for number, is_good in enumerate(good) if not is_good)
    assert names(ledger) == told, "each effect is there once, in order"
    now(ledger.close())


def test_a_broken_constraint_fails_its_own_unit_only(stepped: Ledger, runners: SteppedRunners) -> None:
    def broken(uow: UnitOfWork) -> None:
        uow.connection.execute(text("INSERT INTO entry (at, kind) VALUES ('', 'x')"))

    results: list[Any] = []
    for work in (add("a"), add("b"), broken, add("c")):
        stepped.submit(work).addBoth(results.append)  # type: ignore[arg-type]  # any result will do
    runners.run()

    assert results[:2] == ["a", "b"]
    assert isinstance(results[2].value, IntegrityError)
    assert names(stepped) == ["a", "b", "c"]


def test_a_unit_submitted_by_a_callback_is_committed_too(ledger: Ledger) -> None:
    chained: list[str] = []

    def go_on(name: str) -> None:
        if len(name) < 300:
            ledger.submit(add(name + "a")).addCallback(go_on)
        else:
            chained.append(name)

    ledger.submit(add("a")).addCallback(go_on)
    assert len(chained) == 1
    assert len(names(ledger)) == 300


def test_a_failing_disk_fails_all_that_waits_and_leaves_nothing_half_done(
    stepped: Ledger, runners: SteppedRunners
) -> None:
    now_full: list[bool] = [True]

    def refuse_commit(_connection: object) -> None:
        if now_full[0]:
            raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    event.listen(stepped._writer, "commit", refuse_commit)
    failures: list[Any] = []
    for name in "abc":
        stepped.submit(add(name)).addErrback(failures.append)
    runners.run()
    assert [failure.type for failure in failures] == [EnvironmentFault] * 3
    assert names(stepped) == []

    now_full[0] = False
    retried = stepped.submit(add("a"))
    runners.run()
    assert now(retried) == "a"
    assert names(stepped) == ["a"]


def test_a_really_full_database_leaves_nothing_half_done(ledger: Ledger) -> None:
    def limit(uow: UnitOfWork, pages: int) -> None:
        uow.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def big(uow: UnitOfWork) -> None:
        add("first half")(uow)
        for _ in range(100):
            uow.connection.execute(
                text("INSERT INTO entry (at, kind, data) VALUES ('', 'big', :data)"), {"data": "x" * 100_000}
            )

    now(ledger.submit(lambda uow: limit(uow, 200)))
    with pytest.raises(EnvironmentFault, match="full"):
        now(ledger.submit(big))
    assert names(ledger) == []
    now(ledger.submit(lambda uow: limit(uow, 100_000)))
    now(ledger.submit(add("small")))
    assert names(ledger) == ["small"]


def test_a_unit_that_hides_a_lost_transaction_is_not_told_as_committed(ledger: Ledger) -> None:
    def lose(uow: UnitOfWork) -> None:
        add("lost")(uow)
        driver: Any = uow.connection.connection.dbapi_connection
        driver.rollback()

    with pytest.raises(EnvironmentFault, match="ended the transaction"):
        now(ledger.submit(lose))
    assert names(ledger) == []


def test_a_second_daemon_is_told_clearly(ledger: Ledger, tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(LedgerInUse, match=r"in use by another gatewayd \(process \d+\)"):
        Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)

    now(ledger.close())
    now(Ledger.open(tmp_path / "ledger.sqlite3", clock=clock).close())


def test_the_ledger_is_its_owners_only(ledger: Ledger, tmp_path: Path) -> None:
    now(ledger.submit(add("a")))
    files = list(tmp_path.iterdir())

    assert {file.name for file in files} >= {"ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3.lock"}
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"] * len(files)


def test_a_reader_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(EnvironmentFault, match="readonly"):
        now(ledger.read(lambda connection: connection.execute(text("DELETE FROM outbox"))))


def test_durability_is_as_promised(ledger: Ledger) -> None:
    def pragmas(uow: UnitOfWork) -> list[object]:
        return [
            uow.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert now(ledger.submit(pragmas)) == ["wal", 2, 1]


def test_a_closed_ledger_says_so(ledger: Ledger) -> None:
    closing = ledger.close()
    assert ledger.close() is closing
    now(closing)
    with pytest.raises(LedgerClosed):
        now(ledger.submit(add("a")))
    with pytest.raises(LedgerClosed):
        now(ledger.read(lambda _: None))


def test_closing_commits_what_waits(tmp_path: Path, clock: FakeClock, runners: SteppedRunners) -> None:
    ledger = Ledger.open(tmp_path / "l", clock=clock, runners=runners)
    units = [ledger.submit(add(name)) for name in "abc"]
    closing = ledger.close()
    runners.run()
    now(closing)

    assert [now(unit) for unit in units] == ["a", "b", "c"]


def test_the_queue_has_a_bound(stepped: Ledger, runners: SteppedRunners) -> None:
    for _ in range(MAX_WAITING_UNITS + 1):
        stepped.submit(lambda _: None)
    with pytest.raises(LedgerBusy):
        now(stepped.submit(lambda _: None))
    runners.run()


@pytest.mark.parametrize("location", ["postgresql://host/ledger", "sqlite://"])
def test_what_is_no_sqlite_file_is_refused(location: str, clock: FakeClock) -> None:
    with pytest.raises(ConfigurationFault):
        Ledger.open(location, clock=clock)


def test_a_missing_folder_and_a_file_that_is_no_database_are_faults_of_the_environment(
    tmp_path: Path, clock: FakeClock
) -> None:
    with pytest.raises(EnvironmentFault):
        Ledger.open(tmp_path / "nowhere" / "l", clock=clock)
    (tmp_path / "l").write_bytes(b"this is no database" * 100)
    with pytest.raises(EnvironmentFault, match="not a database"):
        Ledger.open(tmp_path / "l", clock=clock)

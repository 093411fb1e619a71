"""Days are closed in the morning after them, once, missed ones too; what is not in order is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher

from gateway.config import ContactConfig
from gateway.exchange.threads import inline
from gateway.ledger import daily, daily_query
from gateway.ledger.store import Ledger
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.almanac import LOOK_SECONDS, MAX_MISSED_DAYS, Almanac, Hours
from gateway.service.day_handlers import DayHandlers
from gateway.service.day_shelf import DayShelf
from gateway.service.directory import Directory
from licencexml import messages as m
from tests.exchange.house import DAY, House
from tests.ledger.makers import PARTNER, FakeClock, now
from tests.licences import makers as law

HOTLINE = ContactConfig(role="customs-hotline", name="海关值班室", phone="12345", hours="全天")
TOMORROW = DAY + timedelta(days=1)


class World(House):
    """A house with an almanac in it, and a clock that moves both."""

    def __init__(self, folder: Path, ledger: Ledger, clock: FakeClock) -> None:
        super().__init__(ledger, clock)
        self.folder = folder
        self.alerts: dict[str, str] = {}
        self.written = 0
        self.restart()

    def restart(self) -> None:
        self.reactor = Clock()
        directory = Directory([HOTLINE])
        shelf = DayShelf(self.folder / "reports", directory, PARTNER)
        self.almanac = Almanac(
            ledger=self.ledger,
            daybook=self.book,
            shelf=shelf,
            hours=Hours(time(0, 10), timedelta(minutes=60)),
            directory=directory,
            clock=self.clock,
            reactor=self.reactor,
            in_thread=inline,
            written=self._written,
            alarm=self._alarm,
        )
        self.handlers = DayHandlers(
            ledger=self.ledger,
            almanac=self.almanac,
            shelf=shelf,
            directory=directory,
            offices=self.book.offices,
            clock=self.clock,
        )

    def at(self, *instant: int) -> None:
        """It is that time in Shanghai."""
        self.clock.instant = datetime(*instant, tzinfo=UTC) - timedelta(hours=8)  # type: ignore[misc,arg-type]  # a date's parts

    def later(self, **amount: float) -> None:
        self.clock.advance(**amount)
        self.reactor.advance(LOOK_SECONDS)

    def closed(self) -> list[str]:
        rows = self.look(lambda connection: daily_query.days(connection, 1_000))
        return sorted(row["day"] for row in rows if row["closed_at"] is not None)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        commands = Commands()
        self.handlers.register(commands)
        answer = now(Deferred.fromCoroutine(commands.answer(command, arguments, None)))  # type: ignore[arg-type]  # no stream
        assert answer is not None
        return answer

    def _written(self) -> None:
        self.written += 1

    def _alarm(self, name: str, trouble: str | None) -> None:
        if trouble is None:
            self.alerts.pop(name, None)
        else:
            self.alerts[name] = trouble


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    made = World(tmp_path, ledger, clock)
    made.at(2026, 6, 1, 12, 0)
    yield made
    now(Deferred.fromCoroutine(made.almanac.stop()))
    now(ledger.close())


def test_a_day_is_closed_at_the_time_that_is_configured_and_once(world: World) -> None:
    world.almanac.start()
    world.at(2026, 6, 2, 0, 9)
    world.later(seconds=50)
    assert world.closed() == []
    world.later(seconds=11)
    assert world.closed() == ["2026-06-01"]
    assert world.written == 1
    assert world.expired_by == [TOMORROW]
    world.later(hours=23)
    assert world.closed() == ["2026-06-01"]
    world.later(hours=1)
    assert world.closed() == ["2026-06-01", "2026-06-02"]


def test_saturdays_and_sundays_have_an_end_too(world: World) -> None:
    world.at(2026, 6, 5, 12, 0)
    world.almanac.start()
    for _ in range(3):
        world.later(days=1)
    assert world.closed() == ["2026-06-05", "2026-06-06", "2026-06-07"]


def test_days_that_were_missed_are_closed_at_the_next_start(world: World) -> None:
    world.issue(1)
    world.almanac.start()
    now(Deferred.fromCoroutine(world.almanac.stop()))
    world.at(2026, 6, 5, 9, 0)
    world.restart()
    world.almanac.start()
    assert world.closed() == ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"]
    assert world.expired_by == [date(2026, 6, day) for day in (2, 3, 4, 5)]


def test_of_very_many_missed_days_only_the_last_are_closed_and_the_log_says_so(world: World) -> None:
    world.issue(1)
    world.close()
    world.at(2026, 9, 1, 9, 0)
    logged: list[str] = []
    globalLogPublisher.addObserver(observer := lambda event: logged.append(formatEvent(event)))
    world.almanac.start()
    globalLogPublisher.removeObserver(observer)
    assert "60 days from 2026-06-02 on went by and are not closed any more" in logged
    closed = world.closed()[1:]
    assert (len(closed), closed[0], closed[-1]) == (MAX_MISSED_DAYS, "2026-08-01", "2026-08-31")


def test_while_the_clock_has_leapt_ahead_no_day_is_closed_and_an_alert_says_so(world: World) -> None:
    world.almanac.start()
    world.at(2056, 6, 1, 9, 0)
    for _ in range(3):
        world.later(minutes=1)
    assert world.closed() == []
    assert world.alerts["clock"] == (
        "the clock went from 2026-06-01 12:00:00+08:00 to 2056-06-01 09:03:00+08:00 at once: no day is closed"
        " until it is back or, if it is right now, the daemon is started again"
    )
    world.at(2026, 6, 2, 9, 0)
    world.later(seconds=0)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01"]
    assert "clock" not in world.alerts


def test_a_clock_that_is_right_after_a_leap_is_treated_as_a_long_pause_at_the_next_start(
    world: World,
) -> None:
    world.issue(1)
    world.almanac.start()
    world.at(2056, 6, 1, 9, 0)
    world.later(seconds=0)
    now(Deferred.fromCoroutine(world.almanac.stop()))
    world.restart()
    world.almanac.start()
    closed = world.closed()
    assert (len(closed), closed[-1]) == (MAX_MISSED_DAYS, "2056-05-31")


def ahead(world: World) -> None:
    """The clock is ahead at a start, and closes three days of which none is over."""
    world.issue(1)
    world.at(2026, 6, 4, 9, 0)
    world.almanac.start()
    assert world.closed() == ["2026-06-01", "2026-06-02", "2026-06-03"]


def test_a_day_that_was_closed_before_it_was_over_is_closed_and_reported_again(world: World) -> None:
    ahead(world)
    world.at(2026, 6, 2, 9, 0)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01"]
    assert world.alerts["days closed too early"] == (
        "the clock was ahead when it closed 2026-06-02, 2026-06-03: to be closed and reported again when over"
    )
    world.at_customs(2)
    before = set(world._ours())
    world.at(2026, 6, 3, 0, 11)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01", "2026-06-02"]
    [report] = [part for name, part in world._ours().items() if name not in before]
    assert report.business_date == date(2026, 6, 2)
    assert [one.message_id for one in report.transfers] == ["s-2"], "what came after the clock was set right"
    assert "2026-06-02" not in world.alerts["days closed too early"]
    world.at(2026, 6, 4, 0, 11)
    world.later(seconds=0)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01", "2026-06-02", "2026-06-03"]
    assert "days closed too early" not in world.alerts


def test_a_day_that_was_closed_too_early_is_opened_again_after_a_restart_too(world: World) -> None:
    ahead(world)
    now(Deferred.fromCoroutine(world.almanac.stop()))
    world.at(2026, 6, 3, 9, 0)
    world.restart()
    world.almanac.start()
    assert world.closed() == ["2026-06-01", "2026-06-02"]
    world.at(2026, 6, 4, 0, 11)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01", "2026-06-02", "2026-06-03"]


def test_a_clock_that_goes_back_by_minutes_closes_no_day_twice(world: World) -> None:
    world.almanac.start()
    world.at(2026, 6, 2, 0, 10)
    world.later(seconds=5)
    world.at(2026, 6, 2, 0, 5)
    world.later(seconds=0)
    assert world.closed() == ["2026-06-01"]
    world.at(2026, 6, 2, 0, 11)
    world.later(seconds=0)
    assert world.written == 1


def test_a_new_ledger_has_no_days_before_it(world: World) -> None:
    world.almanac.start()
    assert world.closed() == []
    world.restart()
    world.issue(1)
    world.almanac.start()
    assert world.closed() == []


def test_a_restart_closes_nothing_twice(world: World) -> None:
    world.almanac.start()
    world.later(days=1)
    now(Deferred.fromCoroutine(world.almanac.stop()))
    world.restart()
    world.almanac.start()
    assert world.closed() == ["2026-06-01"]
    assert world.written == 1


def test_an_answer_that_does_not_come_is_an_alert_until_it_comes(world: World) -> None:
    [report] = closing(world)
    world.later(minutes=59)
    assert world.alerts == {}
    world.later(minutes=2)
    assert world.alerts == {
        "answer to the reconciliation of 2026-06-01": (
            "customs has not answered the reconciliation of 2026-06-01; "
            "call customs-hotline: 海关值班室, 12345 (全天)"
        )
    }
    world.take(*world.customs_reports(report))
    world.later(seconds=10)
    assert world.alerts == {}


def closing(world: World) -> list[m.Reconciliation]:
    """The almanac closes the first day; what it sent."""
    world.almanac.start()
    world.at(2026, 6, 2, 0, 10)
    before = set(world._ours())
    world.later(seconds=0)
    return [part for name, part in world._ours().items() if name not in before]


def test_differences_are_one_alert_a_day_until_they_are_settled(world: World) -> None:
    world.at_customs(1)
    world.at_customs(2)
    [report] = closing(world)
    world.take(*world.customs_reports(report, transfers=[]))
    world.later(seconds=10)
    [(name, trouble)] = world.alerts.items()
    assert name == "reconciliation of 2026-06-01"
    assert trouble.startswith("2 differences: see `ctl reconcile show 2026-06-01`; call customs-hotline")
    assert trouble.endswith("; no contact is configured for licence-bureau-duty")
    world.restart()
    world.almanac.start()
    assert list(world.alerts) == ["reconciliation of 2026-06-01"], "the ledger knows it, not the memory"
    answer = world.ask("reconcile run")
    assert (answer["day"], answer["transfers"]) == ("2026-06-01", 2)
    world.take(*world.customs_reports(list(world._ours().values())[-1]))
    world.later(seconds=10)
    assert world.alerts == {}


def test_a_report_that_customs_refused_is_told_at_once(world: World) -> None:
    [report] = closing(world)
    refused = m.ApplicationAck(
        m.Header("A-1", "CN-CUSTOMS", "CN-GATEWAY", world.clock(), report.header.message_id),
        m.AckSubject(report.header.message_id, "Reconciliation"),
        m.AckStatus.REFUSED,
    )
    world.take(refused)
    world.later(seconds=10)
    assert world.alerts == {}, "without a reason it is waited for"
    reason = law_reason()
    world.take(
        m.ApplicationAck(
            m.Header("A-2", "CN-CUSTOMS", "CN-GATEWAY", world.clock(), report.header.message_id),
            m.AckSubject(report.header.message_id, "Reconciliation"),
            m.AckStatus.REFUSED,
            None,
            (reason,),
        )
    )
    world.later(seconds=10)
    assert "has refused it (MESSAGE_ID_CONFLICT)" in str(world.alerts)


def law_reason() -> Any:
    from gateway.licences.identity import MESSAGE_ID_CONFLICT  # noqa: PLC0415 - one test's

    return MESSAGE_ID_CONFLICT.reject(message_id="G-1")


def test_the_report_is_in_files_of_three_kinds(world: World) -> None:
    world.at_customs(1)
    [report] = closing(world)
    world.take(*world.customs_reports(report, transfers=[]))
    world.later(seconds=10)
    folder = world.folder / "reports"
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-06-01.csv",
        "2026-06-01.json",
        "2026-06-01.xml",
    ]
    content = json.loads((folder / "2026-06-01.json").read_text("utf-8"))
    assert content["differences"][0]["class"] == "NOT_RECEIVED"
    assert content["contacts"]["customs-hotline"] == ["海关值班室, 12345 (全天)"]
    assert content["contacts"]["licence-bureau-duty"] == []
    assert (folder / "2026-06-01.json").stat().st_mode & 0o777 == 0o600
    assert world.look(daily.unwritten) == []


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(world: World) -> None:
    [report] = closing(world)
    (world.folder / "reports").write_text("in the way")
    world.take(*world.customs_reports(report))
    world.later(seconds=10)
    assert "File exists" in world.alerts["day's end"]
    (world.folder / "reports").unlink()
    world.later(seconds=60)
    world.later(seconds=60)
    assert world.alerts == {}
    assert (world.folder / "reports" / "2026-06-01.xml").exists()


def test_an_open_call_is_an_alert_and_is_done_once(world: World) -> None:
    world.issue(1, urgent=True)
    world.almanac.start()
    assert world.alerts == {
        "telephone calls": (
            "1 call to be made: see `ctl call list`; no contact is configured for exchange-hub-duty"
        )
    }
    [row] = world.ask("call list")["rows"]
    assert row["contact"] == "no contact is configured for exchange-hub-duty"
    made = world.ask("call done", id=row["id"], by="值班员", note="已转告")
    assert (made["made_by"], made["note"]) == ("值班员", "已转告")
    world.later(seconds=10)
    assert world.alerts == {}
    with pytest.raises(CommandRefused, match="值班员 has made call 1 already"):
        world.ask("call done", id=row["id"], by="另一人")


def test_contacts_are_listed(world: World) -> None:
    assert world.ask("contact list")["rows"] == [
        {"role": "customs-hotline", "name": "海关值班室", "phone": "12345", "hours": "全天"}
    ]


def test_days_are_listed_and_shown(world: World) -> None:
    world.at_customs(1)
    [report] = closing(world)
    world.take(*world.customs_reports(report, transfers=[]))
    [row] = world.ask("reconcile list")["rows"]
    assert (row["day"], row["differences_open"]) == ("2026-06-01", 1)
    shown = world.ask("reconcile show")
    assert shown["day"] == "2026-06-01"
    assert "compared" not in shown["report"]
    assert len(world.ask("reconcile show", date="2026-06-01", compared=True)["report"]["compared"]) == 3
    assert law.key(1).number in shown["report"]["differences"][0]["zh"]


@pytest.mark.parametrize(
    ("command", "arguments", "kind"),
    [
        ("call done", {"id": 1}, "usage"),
        ("call done", {"id": "1", "by": "x"}, "usage"),
        ("call done", {"id": 1, "by": " "}, "usage"),
        ("call done", {"id": 1, "by": "a\nb"}, "usage"),
        ("call done", {"id": 1, "by": "x"}, "not-found"),
        ("reconcile run", {"date": "2026-06-02"}, "usage"),
        ("reconcile run", {"date": "yesterday"}, "usage"),
        ("reconcile run", {}, "not-found"),
        ("reconcile show", {}, "not-found"),
        ("reconcile show", {"date": "2026-05-01"}, "not-found"),
        ("reconcile show", {"date": 20260501}, "usage"),
        ("reconcile list", {"limit": 0}, "usage"),
    ],
)
def test_senseless_questions_are_refused_in_plain_words(
    world: World, command: str, arguments: dict[str, Any], kind: str
) -> None:
    with pytest.raises(CommandRefused) as refused:
        world.ask(command, **arguments)
    assert refused.value.kind == kind

"""The end of a business day on a ledger of its own: closed, reported, answered by hand, compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from gateway.exchange import day
from gateway.ledger import book, daily, daily_query, daily_sides, looking, query
from gateway.ledger.check import differences as ledger_differences
from gateway.ledger.store import Ledger
from licencexml import messages as m
from tests.exchange.house import DAY, House, figures, received
from tests.ledger.makers import PARTNER, FakeClock, now, sealed
from tests.licences import makers as law


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FakeClock()
    ledger = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield House(ledger, clock)
    now(ledger.close())


def test_a_day_is_reported_with_what_was_sent_and_how_licences_stand(house: House) -> None:
    key = house.at_customs(1)
    house.write_off(1, "30")
    house.issue(2)
    house.seal(2)
    [report] = house.close()
    assert (report.business_date, report.part_number, report.part_count) == (DAY, 1, 1)
    assert {one.message_id: one.status for one in report.transfers} == {
        "s-1": m.TransferStatus.ACCEPTED,
        "s-2": m.TransferStatus.NOT_SENT,
    }
    assert {one.kind for one in report.transfers} == {"LicenceIssue"}
    assert report.transfers[0].digest == sealed(key, "s-1").digest
    assert report.licences == (figures(key, "30", 1),)
    shown = house.shown()
    assert (shown["expired"], shown["transfers"], shown["licences"]) == (3, 2, 1)
    assert (shown["answered_at"], shown["report"]) == (None, None)
    assert house.expired_by == [DAY + timedelta(days=1)]


def test_a_day_without_business_is_reported_with_nought(house: House) -> None:
    [report] = house.close()
    assert report.day == report.part == m.ReconciliationTotals(0, 0)


def test_a_licence_belongs_to_the_days_on_which_it_was_made_or_sent(house: House) -> None:
    house.issue(1)
    house.seal(1)
    [first] = house.close()
    assert [one.status for one in first.transfers] == [m.TransferStatus.NOT_SENT]
    house.send()
    tomorrow = DAY + timedelta(days=1)
    [second] = house.close(tomorrow)
    assert [(one.message_id, one.status) for one in second.transfers] == [("s-1", m.TransferStatus.SENT)]
    [third] = house.close(DAY + timedelta(days=2))
    assert third.transfers == third.licences == ()


def test_a_licence_that_expires_is_not_reported_for_it(house: House) -> None:
    house.at_customs(1)
    house.write_off(1, "30")
    house.clock.instant = datetime(2026, 12, 31, 16, 10, tzinfo=UTC)
    expired = house.run(lambda uow: [one for batch in book.expire(uow, date(2027, 1, 1)) for one in batch])
    assert [one.key for one in expired] == [law.key(1)]
    side = house.look(lambda connection: daily_sides.side_of(connection, date(2027, 1, 1)))
    assert side.transfers == side.licences == ()


def test_a_day_closed_by_a_clock_that_was_ahead_has_what_came_after_it_was_set_right(house: House) -> None:
    tomorrow = DAY + timedelta(days=1)
    for ahead in (DAY, tomorrow, DAY + timedelta(days=2)):
        house.close(ahead)
    house.clock.instant = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
    house.at_customs(1)
    [report] = house.close(tomorrow)
    assert [one.message_id for one in report.transfers] == ["s-1"]
    house.clock.advance(seconds=1)
    assert house.run(lambda uow: house.book.close(uow, tomorrow)) is None


def test_acts_on_a_licence_are_transfers_of_their_own(house: House) -> None:
    house.at_customs(1)
    act = house.suspend(1)
    house.send()
    house.customs_answers(act, m.AckStatus.REFUSED)
    [report] = house.close()
    assert [(one.message_id, one.kind, one.status) for one in report.transfers] == [
        ("s-1", "LicenceIssue", m.TransferStatus.ACCEPTED),
        (act, "LicenceSuspension", m.TransferStatus.REFUSED),
    ]
    house.take(*house.customs_reports(report))
    assert house.found() == []


def test_midnight_is_that_of_shanghai(house: House) -> None:
    house.clock.instant = datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC)
    house.at_customs(1)
    house.clock.instant = datetime(2026, 6, 1, 16, 0, 0, tzinfo=UTC)
    house.at_customs(2)
    [first] = house.close()
    assert [one.message_id for one in first.transfers] == ["s-1"]
    [second] = house.close(DAY + timedelta(days=1))
    assert [one.message_id for one in second.transfers] == ["s-2"]


def test_customs_says_the_same(house: House) -> None:
    house.at_customs(1)
    house.write_off(1, "30")
    [report] = house.close()
    [answer] = house.customs_reports(report)
    [ack] = house.take(answer)
    assert (ack.status, ack.answers.kind) == (m.AckStatus.ACCEPTED, "Reconciliation")
    shown = house.shown()
    assert shown["answered_at"] is not None
    assert (shown["differences_open"], shown["report"]["differences"]) == (0, [])
    assert {row["class"] for row in shown["report"]["compared"]} == {"AGREES"}
    assert house.look(ledger_differences_of) == []


def ledger_differences_of(connection: Connection) -> list[Any]:
    return list(ledger_differences(connection))


def test_every_way_to_differ_is_found_with_its_next_step(house: House) -> None:
    lost, refused, changed, sent_none = (house.at_customs(number) for number in (1, 2, 3, 4))
    house.write_off(4, "30")
    house.issue(5)
    house.seal(5)
    [report] = house.close()
    by_id = {one.message_id: one for one in report.transfers}
    theirs = [
        replace(by_id["s-2"], status=m.TransferStatus.REFUSED),
        replace(by_id["s-3"], digest=b"\3" * 32),
        by_id["s-4"],
        replace(by_id["s-4"], message_id="X-1", licence=law.key(99)),
    ]
    assert lost != refused != changed
    house.take(
        *house.customs_reports(report, theirs, [figures(sent_none, "31", 2), figures(law.key(98), "1", 1)])
    )
    assert sorted(house.found()) == [
        "CONTENT_DIFFERS",
        "NOT_RECEIVED",
        "NOT_SENT",
        "QUANTITY_DIFFERS",
        "REFUSED_BY_CUSTOMS",
        "UNKNOWN_TO_US",
        "UNKNOWN_TO_US",
        "USES_DIFFER",
    ]
    for row in house.shown()["report"]["differences"]:
        assert row["zh"].endswith("。")
        assert row["en"].endswith(".")
        assert row["article"]
        assert row["remedy"]
        assert row["call"]
    assert house.look(query.counts)["daily"] == {"day_differences": 8, "days_unanswered": 0, "calls": 0}


def test_what_came_before_customs_report_counts(house: House) -> None:
    """The ledger of midnight is old by the time of the answer."""
    key = house.at_customs(1)
    [report] = house.close()
    house.write_off(1, "30")
    house.take(*house.customs_reports(report, licences=[figures(key, "30", 1)]))
    assert house.found() == []


def test_customs_may_list_what_we_list_on_another_day(house: House) -> None:
    key = house.at_customs(1)
    [first] = house.close()
    house.take(*house.customs_reports(first))
    [second] = house.close(DAY + timedelta(days=1))
    house.take(*house.customs_reports(second, first.transfers, [figures(key, "0", 0)]))
    assert house.found(DAY + timedelta(days=1)) == []


def test_a_later_report_settles_what_it_no_longer_finds(house: House) -> None:
    house.at_customs(1)
    [report] = house.close()
    house.take(*house.customs_reports(report, transfers=[]))
    assert house.found() == ["NOT_RECEIVED"]
    house.clock.advance(hours=1)
    [again] = house.report()
    assert house.shown()["answered_at"] is None, "the last report is not answered"
    house.take(*house.customs_reports(again))
    shown = house.shown()
    assert (shown["differences_open"], shown["differences_settled"]) == (0, 1)
    house.clock.advance(hours=1)
    [third] = house.report()
    house.take(*house.customs_reports(third, transfers=[]))
    shown = house.shown()
    assert (shown["differences_open"], shown["differences_settled"]) == (1, 0)


def test_a_late_answer_to_an_earlier_report_changes_nothing_of_the_later(house: House) -> None:
    house.at_customs(1)
    [first] = house.close()
    house.clock.advance(hours=1)
    [second] = house.report()
    house.take(*house.customs_reports(second))
    house.take(*house.customs_reports(first, transfers=[]))
    assert house.shown()["differences_open"] == 0


def test_of_two_answers_to_one_report_the_one_made_last_holds(house: House) -> None:
    house.at_customs(1)
    [report] = house.close()
    older = house.customs_reports(report, transfers=[])
    newer = house.customs_reports(report)
    house.take(*newer)
    [ack] = house.take(*older)
    assert ack.status is m.AckStatus.ACCEPTED
    assert (house.found(), house.shown()["differences_open"]) == ([], 0)
    assert house.shown()["report"]["customs_as_of"] == "2026-06-01T16:12:00.000000Z"


def in_parts(house: House, report: m.Reconciliation, **said: Any) -> list[m.Reconciliation]:
    """Customs' answer in two parts; the figures of licences are all in the first."""
    more = [replace(report.transfers[0], message_id=f"U-{number}") for number in range(600)]
    return house.customs_reports(report, [*report.transfers, *more], **said)


def test_what_customs_tells_after_it_made_its_report_is_no_difference(house: House) -> None:
    house.at_customs(1)
    house.write_off(1, "10")
    [report] = house.close()
    first, second = in_parts(house, report)
    house.take(first)
    house.write_off(1, "5", declaration=2)
    house.take(second)
    assert set(house.found()) == {"UNKNOWN_TO_US"}
    moved = [row for row in house.shown()["report"]["compared"] if row["class"] == "MOVED_SINCE"]
    assert [row["subject"] for row in moved] == ["USES", "GOODS_LINE"]
    assert house.shown()["report"]["totals"]["MOVED_SINCE"] == 2

    [tomorrow] = house.close(DAY + timedelta(days=1))
    assert [one.licence for one in tomorrow.licences] == [law.key(1)], "it is compared again"


def test_what_nobody_can_tell_settles_no_difference(house: House) -> None:
    key = house.at_customs(1)
    house.write_off(1, "10")
    [report] = house.close()
    house.take(*house.customs_reports(report, licences=[figures(key, "20", 1)]))
    assert house.shown()["differences_open"] == 1
    answer = house.customs_reports(report)
    house.write_off(1, "5", declaration=2)
    house.take(*answer)
    assert house.shown()["differences_open"] == 1
    house.take(*house.customs_reports(report, licences=[figures(key, "15", 2)]))
    assert house.shown()["differences_open"] == 0


def test_a_clock_of_customs_that_is_years_behind_hides_no_difference(house: House) -> None:
    key = house.at_customs(1)
    house.write_off(1, "10")
    house.clock.advance(hours=1)
    [report] = house.close()
    [answer] = house.customs_reports(report, licences=[figures(key, "20", 1)])
    house.take(replace(answer, as_of=datetime(2020, 1, 1, tzinfo=UTC)))
    assert house.found() == ["QUANTITY_DIFFERS"]


@given(
    st.lists(
        st.none() | st.tuples(st.integers(0, 5), st.sets(st.sampled_from(["s-1", "s-2", "s-3"]))), max_size=8
    )
)
@settings(max_examples=20, deadline=None)
def test_what_is_open_is_what_the_latest_answered_report_found(
    steps: list[tuple[int, set[str]] | None],
) -> None:
    """Whatever is reported how often, and answered in whatever order. None: the day is reported again."""
    clock = FakeClock()
    with TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder) / "ledger.sqlite3", clock=clock)
        house = House(ledger, clock)
        for number in (1, 2, 3):
            house.at_customs(number)
        reports = house.close()
        answered: dict[int, set[str]] = {}
        for step in steps:
            if step is None:
                clock.advance(minutes=1)
                reports += house.report()
                continue
            which, lost = step[0] % len(reports), step[1]
            kept = [one for one in reports[which].transfers if one.message_id not in lost]
            house.take(*house.customs_reports(reports[which], kept))
            answered[which] = lost
            assert house.shown()["differences_open"] == len(answered[max(answered)])
            assert house.look(daily_query.standing).differences == (
                {(DAY, PARTNER): len(answered[max(answered)])} if answered[max(answered)] else {}
            )
        now(ledger.close())


def test_an_answer_in_parts_is_compared_when_the_last_has_come(house: House) -> None:
    house.at_customs(1)
    [report] = house.close()
    more = [replace(report.transfers[0], message_id=f"U-{number}") for number in range(600)]
    parts = house.customs_reports(report, [*report.transfers, *more])
    assert len(parts) == 2
    house.take(parts[1])
    assert house.shown()["answered_at"] is None
    house.take(parts[0])
    assert len(house.found()) == 600


def test_a_repeated_part_is_answered_again_and_counts_once(house: House) -> None:
    [report] = house.close()
    [answer] = house.customs_reports(report)
    house.take(answer)
    [ack] = house.take(answer)
    assert ack.status is m.AckStatus.REPEATED
    [conflict] = house.take(replace(answer, as_of=answer.as_of - timedelta(seconds=1)))
    assert [one.code for one in conflict.rejections] == ["MESSAGE_ID_CONFLICT"]


def test_senseless_answers_are_refused_with_the_reason(house: House) -> None:
    [report] = house.close()
    [answer] = house.customs_reports(report)

    def refused(part: m.Reconciliation) -> list[str]:
        [ack] = house.take(part)
        assert ack.status is m.AckStatus.REFUSED
        return [one.code for one in ack.rejections]

    unasked = replace(answer.header, in_reply_to="nothing")
    assert refused(replace(answer, header=unasked)) == ["REPORT_NOT_ASKED_FOR"]
    assert refused(replace(answer, header=replace(unasked, in_reply_to=None))) == ["REPORT_NOT_ASKED_FOR"]
    other = replace(answer, business_date=DAY - timedelta(days=1))
    assert refused(other) == ["REPORT_OF_OTHER_DAY"]
    [ack] = house.take(answer)
    assert ack.status is m.AckStatus.ACCEPTED, "a refusal uses no identity up"
    twice = replace(answer, header=replace(answer.header, message_id="C-99"))
    assert refused(twice) == ["REPORT_PART_KNOWN"]


def test_parts_that_contradict_one_another_settle_nothing(house: House) -> None:
    house.at_customs(1)
    [report] = house.close()
    more = [replace(report.transfers[0], message_id=f"U-{number}") for number in range(600)]
    first, second = house.customs_reports(report, more)
    house.take(first)
    [ack] = house.take(replace(second, day=m.ReconciliationTotals(1, 0)))
    assert [one.code for one in ack.rejections] == ["REPORT_PARTS_DISAGREE"]
    assert "DAY_TOTALS" in ack.rejections[0].en
    assert house.shown()["answered_at"] is None
    house.take(*house.customs_reports(report))
    assert house.shown()["answered_at"] is not None


def test_a_refusal_of_our_report_is_kept_with_it(house: House) -> None:
    [report] = house.close()
    rejection = law_rejection()
    ack = m.ApplicationAck(
        m.Header("A-1", "CN-CUSTOMS", "CN-GATEWAY", house.clock(), report.header.message_id),
        m.AckSubject(report.header.message_id, "Reconciliation"),
        m.AckStatus.REFUSED,
        None,
        (rejection,),
    )
    house.take(ack)
    house.take(ack)
    assert house.shown()["refused"] == [rejection.code]
    stranger = replace(
        ack,
        header=replace(ack.header, message_id="A-2"),
        answers=m.AckSubject("nothing", "Reconciliation"),
    )
    house.take(stranger)
    assert house.look(lambda connection: looking.show_message(connection, "A-2")) is not None


def law_rejection() -> Any:
    return day.day_faults.REPORT_PARTS_DISAGREE.reject(contradictions="SUM")


def test_late_and_missing_sends_are_evidence_with_both_times(house: House) -> None:
    house.at_customs(1)
    house.issue(2)
    house.seal(2)
    house.issue(3)
    issued = house.clock()
    [report] = house.close()
    house.send()
    sent = house.clock()
    house.take(*house.customs_reports(report))
    late = {row["licence"]: row for row in house.shown()["report"]["late"]}
    assert set(late) == {str(law.key(2)), str(law.key(3))}
    second, third = late[str(law.key(2))], late[str(law.key(3))]
    assert datetime.fromisoformat(second["issued_at"]) == issued
    assert datetime.fromisoformat(second["sent_at"]) == sent
    assert (third["sealed_at"], third["sent_at"]) == (None, None)


def test_messages_of_an_interchange_are_cut_after_each_report(house: House) -> None:
    [report] = house.close()
    [answer] = house.customs_reports(report)
    before, after = law.write_off(message_id="w-1"), law.write_off(message_id="w-2", declaration=2)
    examined = [received(one) for one in (before, answer, after)]
    cut = [[one.message.header.message_id for one in part] for part in day.up_to_each_report(examined)]
    assert cut == [["w-1", answer.header.message_id], ["w-2"]]
    assert [list(part) for part in day.up_to_each_report([])] == [[]]


def test_the_report_is_json_that_a_file_can_hold(house: House) -> None:
    house.at_customs(1)
    [report] = house.close()
    house.take(*house.customs_reports(report, transfers=[]))
    [waiting] = house.look(daily.unwritten)
    content = json.loads(waiting.content)
    assert content["business_date"] == DAY.isoformat()
    assert content["totals"]["NOT_RECEIVED"] == 1
    house.run(lambda uow: daily.mark_written(uow, waiting.id))
    assert house.look(daily.unwritten) == []


def test_days_long_ago_are_found_by_their_time(house: House) -> None:
    """A ledger has many days: each is found by halving, and none has what belongs to another."""
    for number in range(1, 31):
        house.clock.instant = datetime(2026, 6, number, 4, tzinfo=UTC)
        house.at_customs(number)
    for number in (1, 7, 15, 30):
        side = house.look(lambda connection, n=number: daily_sides.side_of(connection, date(2026, 6, n)))
        assert [one.message_id for one in side.transfers] == [f"s-{number}"]
        issued = house.look(lambda connection, n=number: daily_sides.issued_on(connection, date(2026, 6, n)))
        assert [one.message_id for one in issued] == [f"i-{number}"]
    empty = house.look(lambda connection: daily_sides.side_of(connection, date(2026, 7, 9)))
    assert empty.transfers == empty.licences == ()


def test_the_last_days_are_listed_latest_first(house: House) -> None:
    for number in (1, 2, 3):
        house.close(date(2026, 6, number))
    rows = house.look(lambda connection: daily_query.days(connection, 2))
    assert [row["day"] for row in rows] == ["2026-06-03", "2026-06-02"]
    assert house.look(daily_query.last_day) == date(2026, 6, 3)
    assert house.look(lambda connection: daily_query.report(connection, date(2026, 5, 1))) is None

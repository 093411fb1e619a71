"""A licence as of an earlier time: what was known then, and what was true then by what is known today."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.expiring import expire
from gateway.ledger.looking import Answer
from gateway.licences.facts import Clearance
from licencexml.messages import ReplacementMode
from tests.ledger.lives import HOUR, Life, amended, left, released, withdrawn
from tests.ledger.makers import FakeClock, clearance_received
from tests.licences.acts import act_header, replacement, resumption, suspension
from tests.licences.makers import POLICY, goods, key, licence

Run = Callable[..., Any]
LATE = timedelta(days=300)


@pytest.fixture
def life(run: Run, look: Run, clock: FakeClock) -> Life:
    one = Life(run, look, clock)
    one.issue()
    return one


def eventful(life: Life) -> datetime:
    """Late news, an amendment, withdrawals, suspensions and a replacement; the start of it."""
    start = life.clock()
    life.tell(released("60", start, declaration=1))
    life.tell(withdrawn("5", start + 90 * HOUR / 60, declaration=2))
    life.tell(released("50", start + HOUR, declaration=2))
    life.tell(amended("30", life.clock(), released_at=start))
    stop = life.clock()
    life.act(replace(suspension(at=stop), header=act_header("s-1", stop)))
    life.tell(released("5", stop + HOUR / 2, declaration=3))
    on = life.clock()
    life.act(replace(resumption(at=on), header=act_header("s-2", on)))
    life.resolve(2)
    life.tell(released("8", start - HOUR / 2, declaration=4))
    life.tell(withdrawn("30", life.clock(), declaration=1))
    new = licence(key(2), goods(1, "10"))
    life.act(replacement(new, mode=ReplacementMode.WRITE_OFF))
    life.tell(released("1", stop - HOUR / 2, declaration=5))
    return start


def test_what_was_known_at_each_step_is_what_was_shown_then(life: Life, look: Run) -> None:
    eventful(life)
    steps = len(life.seen)
    assert steps == 15
    assert len({repr(shown) for _, shown in life.seen}) > steps - 2, "nearly every step changes something"
    for at, shown in life.seen:
        assert life.known(at) == shown
        assert life.known(at + HOUR / 2) == shown
    assert look(lambda connection: list(differences(connection))) == []


def test_as_of_now_both_are_the_licence_as_it_stands(life: Life) -> None:
    eventful(life)
    shown = life.shown()
    assert shown["status"] == "REPLACED"
    for at in (life.clock(), life.clock() + LATE):
        assert life.known(at) == shown
        assert life.true(at) == shown


def test_before_the_licence_there_was_none(life: Life) -> None:
    first = life.seen[0][0]
    before = first - timedelta(microseconds=1)
    assert life.known(before) is life.true(before) is None
    assert life.known(first) == life.true(first) == life.seen[0][1]


def test_an_earlier_release_that_is_told_late_was_true_before_it_was_known(life: Life) -> None:
    start = life.clock()
    life.clock.advance(hours=1)
    life.tell(released("60", start + HOUR / 2, declaration=2))
    asked = life.clock() - HOUR / 2
    life.tell(released("50", start + HOUR / 4, declaration=1))

    assert left(life.known(asked)) == "40.00000"
    assert left(life.true(asked)) == "50.00000"
    assert left(life.true(start + HOUR / 4)) == "50.00000"
    assert left(life.true(start)) == "100.00000"
    then, now = life.true(start + HOUR / 3), life.shown()
    assert then is not None
    assert [use["message_id"] for use in then["uses"]] == ["w-1"]
    assert then["discrepancies"] == []
    assert [(one["message_id"], one["status"]) for one in now["discrepancies"]] == [("w-2", "OPEN")]


def test_an_amendment_and_a_withdrawal_count_from_when_customs_made_them(life: Life) -> None:
    start = life.clock()
    change, back = start + 10 * HOUR / 60, start + 20 * HOUR / 60
    life.tell(released("60", start))
    life.clock.advance(days=1)
    life.tell(amended("30", change, released_at=start), withdrawn("30", back))

    true = [life.true(at) for at in (start, change, back)]
    assert [left(one) for one in true] == ["40.00000", "70.00000", "100.00000"]
    assert [one["status"] for one in true if one] == ["PART_USED", "PART_USED", "RECEIVED"]
    assert left(life.known(back)) == "40.00000"
    shown = life.shown()
    [use] = shown["uses"]
    figures = ("released", "amended", "withdrawn", "quantity")
    assert [use[name] for name in figures] == ["60.00000", "30.00000", "30.00000", "0.00000"]
    assert [step["number"] for step in use["amendments"] + use["withdrawals"]] == [1, 1]
    assert (shown["counted"], shown["declarations"]) == (0, [])


def test_a_suspension_holds_from_the_time_that_it_states(life: Life) -> None:
    start = life.clock()
    life.clock.advance(hours=5)
    told = life.clock()
    life.act(replace(suspension(at=start + HOUR), header=act_header("s-1", told)))
    ended = life.clock()
    life.act(replace(resumption(at=ended), header=act_header("s-2", ended)))

    def suspended(shown: Answer | None) -> bool:
        assert shown is not None
        return bool(shown["suspended"])

    assert [suspended(life.true(at)) for at in (start, start + HOUR, told, ended)] == [
        False,
        True,
        True,
        False,
    ]
    assert [suspended(life.known(at)) for at in (start + HOUR, told, ended)] == [False, True, False]


def test_what_came_after_a_replacement_was_against_it_even_before(life: Life) -> None:
    """A release before the replacement, told after it, never counted: its time does not heal it."""
    before = life.clock()
    life.clock.advance(hours=1)
    life.act(replacement())
    life.tell(released("10", before))

    then = life.true(before)
    assert then is not None
    assert (then["status"], then["replaced_by"], left(then)) == ("RECEIVED", None, "100.00000")
    assert [one["code"] for found in then["discrepancies"] for one in found["rejections"]] == [
        "LICENCE_REPLACED"
    ]


def test_an_expired_licence_had_expired_at_midnight_whenever_that_was_entered(life: Life, run: Run) -> None:
    life.clock.instant = datetime.fromisoformat("2026-07-03T09:00:00+08:00")
    run(lambda uow: list(expire(uow, date(2026, 7, 3))))
    midnight = datetime.fromisoformat("2026-07-01T00:00:00+08:00")

    def standing(shown: Answer | None) -> str:
        assert shown is not None
        return str(shown["standing"])

    assert standing(life.true(midnight - timedelta(seconds=1))) == "IN_FORCE"
    assert standing(life.true(midnight)) == "EXPIRED"
    assert standing(life.known(midnight)) == "IN_FORCE"
    assert life.true(life.clock()) == life.shown()


def test_what_did_not_fit_then_by_what_is_known_today_is_told_as_open(life: Life) -> None:
    """The later of two releases fits because goods of the earlier one were withdrawn after it."""
    start = life.clock()
    life.tell(released("60", start, declaration=1), withdrawn("60", start + HOUR / 2, declaration=1))
    life.tell(released("60", start + HOUR / 4, declaration=2))
    assert life.shown()["discrepancies"] == []

    then = life.true(start + HOUR / 3)
    assert then is not None
    [found] = then["discrepancies"]
    assert (found["id"], found["message_id"], found["status"]) == (None, "w-2", "OPEN")
    assert life.true(life.clock()) == life.shown()


@pytest.mark.parametrize("seed", range(6))
def test_what_was_true_does_not_depend_on_the_order_in_which_it_was_told(
    seed: int, run: Run, look: Run, clock: FakeClock
) -> None:
    lives = [Life(run, look, clock, key(number)) for number in (1, 2)]
    for one in lives:
        one.issue()
    start = clock() + HOUR
    messages: list[Clearance] = [
        released("60", start, declaration=1),
        released("50", start + HOUR, declaration=2),
        amended("35", start + 2 * HOUR, released_at=start),
        withdrawn("10", start + 3 * HOUR, declaration=2),
        released("20", start + 4 * HOUR, declaration=3),
        withdrawn("20", start + 5 * HOUR, declaration=3),
        withdrawn("1", start + 5 * HOUR, declaration=9),
    ]
    clock.advance(days=1)
    shuffled = list(messages)
    random.Random(seed).shuffle(shuffled)
    for one, order in zip(lives, (messages, shuffled), strict=True):
        number = one.key.number
        for message in order:
            header = replace(message.header, message_id=f"{message.header.message_id}-{number}")
            other = replace(message, header=header, licence=one.key)
            run(book.record_clearances, [clearance_received(other)], POLICY)
    for hours in range(8):
        first, second = (one.true(start + hours * HOUR) for one in lives)
        assert _essence(first) == _essence(second)
    assert lives[1].true(clock()) == lives[1].shown()


def _essence(shown: Answer | None) -> Any:
    """What is shown, without names and without when things were told."""
    assert shown is not None
    figures = {name: shown[name] for name in ("status", "usage", "lines", "counted", "declarations")}
    uses = [
        {
            name: value
            for name, value in use.items()
            if name in ("entry_id", "released", "amended", "quantity")
        }
        for use in shown["uses"]
    ]
    waits = [(one["entry_id"], one["kind"]) for one in shown["parked"]]
    return figures, uses, waits

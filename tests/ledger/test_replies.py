"""Customs' figures and expiry in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway.ledger import book, post
from gateway.ledger.check import differences
from gateway.ledger.kinds import DiscrepancyStatus, EntryKind, OutcomeStatus, Priority
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import discrepancy
from gateway.ledger.unsettled import unsettled
from gateway.licences.figures import reply_to
from gateway.licences.life import LicenceStatus
from gateway.licences.state import LicenceState
from licencexml.messages import Header, LicenceQuery, LicenceQueryReply
from licencexml.values import LicenceKey
from tests.ledger.makers import PARTNER, FakeClock, answer_received, clearance_received, digest, identity
from tests.ledger.test_acts import TRUSTING, accept, at_customs, seal_all
from tests.ledger.test_issuing import entries, statements
from tests.licences.acts import HOUR, replacement, suspension
from tests.licences.clearances import reversal
from tests.licences.makers import NOW, POLICY, key, state, write_off

Run = Callable[..., Any]


def ask(run: Run, which: LicenceKey, message_id: str = "q-1") -> None:
    run(
        post.enqueue,
        PARTNER,
        message_id,
        kind="LicenceQuery",
        priority=Priority.NORMAL,
        xml=b"?",
        licence=which,
    )


def reply(
    knows: LicenceState | None,
    message_id: str = "qr-1",
    *,
    answers: str = "q-1",
    of: LicenceKey | None = None,
    as_of: datetime = NOW,
) -> book.ReplyReceived:
    header = Header(message_id, "CN-CUSTOMS", "CN-GATEWAY", as_of, answers)
    query = LicenceQuery(header, of or (key() if knows is None else knows.key))
    made: LicenceQueryReply = reply_to(query, knows, header, as_of)
    return book.ReplyReceived(made, digest(repr(made)), message_id.encode(), "customs:1")


def record(run: Run, *batch: book.ReplyReceived) -> list[book.Confirmation]:
    found: list[book.Confirmation] = run(book.record_replies, batch)
    return found


def stands(look: Run, which: LicenceKey) -> LicenceState:
    found: LicenceState = look(load_states, [which])[which]
    return found


def discrepancies(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute(select(discrepancy).order_by(discrepancy.c.id))
    return [(row.message_id, row.status) for row in rows]


def sound(look: Run) -> bool:
    found: list[Any] = look(lambda connection: list(differences(connection)))
    return found == []


def test_equal_figures_are_a_confirmation_as_of_their_instant(run: Run, look: Run) -> None:
    at_customs(run, 1)
    ask(run, key())
    [found] = record(run, reply(stands(look, key()), as_of=NOW - HOUR))
    assert (found.differences, found.early) == ((), False)
    assert stands(look, key()).confirmed_at == NOW - HOUR
    assert look(entries)[-1] == EntryKind.CONFIRMED
    assert sound(look)


def test_figures_of_a_time_to_come_are_those_of_now(run: Run, look: Run) -> None:
    at_customs(run, 1)
    ask(run, key())
    record(run, reply(stands(look, key()), as_of=NOW + HOUR))
    assert stands(look, key()).confirmed_at == NOW
    assert sound(look)


def test_other_figures_are_a_discrepancy_until_equal_ones_come(run: Run, look: Run) -> None:
    at_customs(run, 1)
    before = stands(look, key())
    run(book.record_clearances, [clearance_received(write_off())], POLICY)
    ask(run, key())
    [found] = record(run, reply(before))
    assert [one.code for one in found.differences] == ["FIGURES_DIFFER", "DECLARATIONS_DIFFER"]
    assert stands(look, key()).confirmed_at is None
    assert look(discrepancies) == [("qr-1", DiscrepancyStatus.OPEN)]
    assert look(entries)[-1] == EntryKind.FIGURES_DIFFER
    assert sound(look)

    ask(run, key(), "q-2")
    record(run, reply(stands(look, key()), "qr-2", answers="q-2"))
    assert look(discrepancies) == [("qr-1", DiscrepancyStatus.SETTLED)]
    assert sound(look)


def test_within_a_batch_what_was_said_last_holds(run: Run, look: Run) -> None:
    at_customs(run, 1)
    ask(run, key())
    ask(run, key(), "q-2")
    ours = stands(look, key())
    wrong = replace(ours, declarations=frozenset({"220020260000000009"}))
    record(run, reply(wrong), reply(ours, "qr-2", answers="q-2"))
    assert look(discrepancies) == [("qr-1", DiscrepancyStatus.SETTLED)]
    assert sound(look)


def test_what_customs_has_yet_to_hear_makes_no_discrepancy(run: Run, look: Run) -> None:
    at_customs(run, 1)
    before = stands(look, key())
    accept(run, suspension(at=NOW - HOUR))
    seal_all(run, look)
    ask(run, key())
    [found] = record(run, reply(before))
    assert [one.code for one in found.differences] == ["SUSPENSION_DIFFERS"]
    assert found.early
    assert look(discrepancies) == []
    assert stands(look, key()).confirmed_at is None
    assert sound(look)


def suspended_at_customs(run: Run, look: Run, since: datetime) -> LicenceState:
    at_customs(run, 1)
    accept(run, suspension(at=since))
    seal_all(run, look)
    run(book.record_customs_answers, [answer_received("sealed-s-1", "a-9", licence=key())])
    return stands(look, key())


def test_what_customs_says_of_a_suspended_licence_is_of_no_time_before_it_was_asked(
    run: Run, look: Run, clock: FakeClock
) -> None:
    """Its clock is behind: by that it was asked before the suspension, which it has all the same."""
    ours = suspended_at_customs(run, look, NOW)
    clock.advance(seconds=1)
    ask(run, key())
    clock.advance(seconds=1)
    late = replace(reply(ours).reply, as_of=NOW - timedelta(seconds=3))
    [found] = record(run, replace(reply(ours), reply=late))
    assert (found.differences, found.early, found.ask_again_at) == ((), False, None)
    assert stands(look, key()).confirmed_at == NOW + timedelta(seconds=1)
    assert not accept(run, replacement(), policy=POLICY)[0].rejections
    assert sound(look)


def test_unless_customs_has_yet_to_take_what_the_issuer_decided(
    run: Run, look: Run, clock: FakeClock
) -> None:
    at_customs(run, 1)
    accept(run, suspension())
    clock.advance(seconds=1)
    ask(run, key())
    late = replace(reply(stands(look, key())).reply, as_of=NOW - timedelta(seconds=3))
    [found] = record(run, replace(reply(stands(look, key())), reply=late))
    assert (found.early, stands(look, key()).confirmed_at) == (True, NOW - timedelta(seconds=3))
    assert sound(look)


@pytest.mark.parametrize("ahead_seconds", [60, 4_000])
def test_equal_figures_of_before_the_use_stood_still_are_asked_for_again(
    run: Run, look: Run, ahead_seconds: int
) -> None:
    ahead = timedelta(seconds=ahead_seconds)
    trusted = replace(TRUSTING, release_ahead=HOUR * 2)
    at_customs(run, 1)
    accept(run, suspension(at=NOW + ahead), policy=trusted)
    ask(run, key())
    [found] = record(run, reply(stands(look, key())))
    assert (found.differences, found.early) == ((), True)
    assert found.ask_again_at == NOW + min(ahead, HOUR)
    assert sound(look)


def test_a_licence_that_may_be_used_is_not_asked_about_again(run: Run, look: Run) -> None:
    at_customs(run, 1)
    ask(run, key())
    [found] = record(run, reply(stands(look, key()), as_of=NOW - HOUR))
    assert found.ask_again_at is None


def test_what_is_parked_holds_up_nothing_once_figures_are_equal_without_it(
    run: Run, look: Run, clock: FakeClock
) -> None:
    suspended_at_customs(run, look, NOW - HOUR)
    end = replacement()

    def told(number: int) -> None:
        clock.advance(minutes=1)
        one = clearance_received(reversal(number=number, message_id=f"rv-{number}"))
        [outcome] = run(book.record_clearances, [one], POLICY).outcomes
        assert outcome.status is OutcomeStatus.PARKED

    def equal(number: int) -> None:
        clock.advance(minutes=1)
        ask(run, key(), f"q-{number}")
        ours, as_of = stands(look, key()), clock()
        [found] = record(run, reply(ours, f"qr-{number}", answers=f"q-{number}", as_of=as_of))
        assert not found.differences

    equal(1)
    told(1)
    assert "RELEASES_NOT_SETTLED" in [one.code for one in accept(run, end, policy=POLICY)[0].rejections]
    equal(2)
    assert not look(unsettled, [key()])
    told(2)
    assert look(unsettled, [key()])
    equal(3)
    assert not accept(run, end, policy=POLICY)[0].rejections
    assert sound(look)


def test_a_message_waits_for_its_time(run: Run, clock: FakeClock) -> None:
    later = post.Letter("q-7", "LicenceQuery", Priority.NORMAL, b"?", key(), NOW + HOUR)
    run(post.enqueue_all, PARTNER, [later])
    ask(run, key(), "q-8")
    made = run(post.gather, PARTNER, 100, 10**6, identity)
    assert made.member_count == 1
    assert run(post.gather, PARTNER, 100, 10**6, identity) is None
    clock.advance(hours=1)
    assert run(post.gather, PARTNER, 100, 10**6, identity).member_count == 1


def test_a_reply_to_what_was_never_asked_is_refused_and_leaves_its_identity_free(run: Run, look: Run) -> None:
    at_customs(run, 1, 2)
    ask(run, key(1))
    ours = stands(look, key(1))
    for wrong in (reply(ours, answers="q-9"), reply(ours, answers="i-1"), reply(stands(look, key(2)))):
        [found] = record(run, wrong)
        assert [one.code for one in found.outcome.rejections] == ["QUERY_NOT_ASKED"]
    assert record(run, reply(ours))[0].outcome.status is OutcomeStatus.ACCEPTED
    again = record(run, reply(ours))[0].outcome
    assert again.status is OutcomeStatus.REPEATED
    assert sound(look)


def test_a_reply_about_an_unknown_licence_is_refused(run: Run) -> None:
    ask(run, key())
    [found] = record(run, reply(None))
    assert [one.code for one in found.outcome.rejections] == ["QUERY_NOT_ASKED"]
    assert record(run) == []


def test_a_query_of_customs_is_registered_once(run: Run) -> None:
    query = LicenceQuery(Header("cq-1", "CN-CUSTOMS", "CN-GATEWAY", NOW), key())
    received = book.QueryReceived(query, digest("cq-1"), b"?", "customs:1")
    other = replace(received, digest=digest("other"))
    found = run(book.record_queries, [received, received, other])
    assert [one.status for one in found] == [
        OutcomeStatus.ACCEPTED,
        OutcomeStatus.REPEATED,
        OutcomeStatus.CONFLICT,
    ]


def expire(run: Run, today: date) -> list[LicenceKey]:
    keys: list[LicenceKey] = run(lambda uow: [one.key for batch in book.expire(uow, today) for one in batch])
    return keys


def test_494_art_14_a_licence_expires_with_the_day_after_its_last(run: Run, look: Run) -> None:
    at_customs(run, 1)
    assert expire(run, state().valid_to) == []
    assert expire(run, date(2026, 7, 1)) == [key()]
    assert stands(look, key()).status is LicenceStatus.EXPIRED
    assert look(entries)[-1] == EntryKind.EXPIRED
    assert expire(run, date(2026, 7, 2)) == []
    assert sound(look)


def test_many_licences_expire_by_the_batch(
    run: Run, look: Run, ledger: Ledger, clock: FakeClock, monkeypatch: Any
) -> None:
    at_customs(run, *range(1, 8))
    monkeypatch.setattr("gateway.ledger.expiring.BATCH", 5)
    clock.advance(days=40)
    with statements(ledger) as seen:
        assert len(expire(run, date(2026, 7, 1))) == 7
    assert len(seen) <= 15, "\n".join(seen)
    assert sound(look)


def test_a_release_that_comes_after_customs_figures_unsays_that_they_are_ours(run: Run, look: Run) -> None:
    """It was in flight when they were asked for: they are to be asked for anew."""
    at_customs(run, 1)
    ask(run, key())
    record(run, reply(stands(look, key()), as_of=NOW - HOUR))
    [message] = run(book.record_clearances, [clearance_received(write_off())], POLICY).outcomes
    assert not message.rejections

    assert stands(look, key()).confirmed_at is None
    assert look(lambda connection: list(differences(connection))) == []

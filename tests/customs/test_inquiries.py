"""A query is answered from the register: status, suspension, validity, uses, balances, declarations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.clock import BUSINESS_ZONE
from licencexml import messages as m
from licencexml.values import LicenceType, UsageMode
from tests.customs.conftest import MakeCounter
from tests.customs.counter import DAY, NOON, Counter, acks, licence, of_kind
from tests.customs.test_taking import replacement, revocation, suspension

ONE = licence(1, lines=2)
REFUSED = m.AckStatus.REFUSED


def standing(reply: m.LicenceQueryReply) -> m.LicenceStanding:
    assert reply.standing is not None
    return reply.standing


def test_an_unknown_licence_has_no_standing(counter: Counter) -> None:
    reply = counter.ask(ONE.key, "Q-1")
    assert (reply.licence, reply.status, reply.standing) == (ONE.key, m.StandingStatus.UNKNOWN, None)
    assert (reply.header.in_reply_to, reply.as_of) == ("Q-1", NOON)


def test_an_unused_licence_is_told_with_its_validity(counter: Counter) -> None:
    counter.issue(ONE)
    counter.later(hours=1)
    reply = counter.ask(ONE.key)
    stands = standing(reply)
    assert (reply.status, reply.suspended) == (m.StandingStatus.UNUSED, False)
    assert reply.as_of == reply.header.created == NOON + timedelta(hours=1)
    assert (stands.valid_from, stands.valid_to) == (ONE.valid_from, ONE.valid_to)
    assert (stands.uses, stands.live_declarations) == (0, ())
    assert [(one.line_number, one.goods_code, one.issued) for one in stands.lines] == [
        (one.line_number, one.goods_code, one.quantity) for one in ONE.lines
    ]
    assert all(one.balance == one.issued and not one.written_off.amount for one in stands.lines)


@pytest.mark.parametrize(
    ("usage", "kind", "cap"),
    [
        (UsageMode.SINGLE, LicenceType.IMPORT, 1),
        (UsageMode.MULTI, LicenceType.IMPORT, 12),
        (UsageMode.MULTI, LicenceType.EXPORT, 12),
        (UsageMode.MULTI, LicenceType.AUTOMATIC_IMPORT, 6),
    ],
)
def test_the_cap_follows_from_the_usage(
    counter: Counter, usage: UsageMode, kind: LicenceType, cap: int
) -> None:
    one = licence(1, usage, kind)
    counter.issue(one)
    assert standing(counter.ask(one.key)).cap == cap


def test_what_is_released_counts_at_once_and_until_the_gateway_refuses_it(make_counter: MakeCounter) -> None:
    """The gateway may not have it yet: so it learns what is still on its way."""
    counter = make_counter(multi={"declarations": 2})
    first, second = of_kind(m.WriteOff, counter.issue(ONE))
    entry_ids = tuple(one.declaration.entry_id for one in (first, second))
    for _ in ("not answered", "agreed to"):
        reply = counter.ask(ONE.key)
        assert reply.status is m.StandingStatus.PART_USED
        assert standing(reply).live_declarations == entry_ids
        assert standing(reply).uses == 2
        counter.answer(first)
    counter.answer(second, REFUSED, "CAP")
    stands = standing(counter.ask(ONE.key))
    assert stands.live_declarations == entry_ids[:1]
    assert [one.written_off for one in stands.lines] == [one.quantity for one in first.declaration.lines]


def test_a_licence_is_exhausted_and_unused_again(make_counter: MakeCounter) -> None:
    used_up = {"declarations": 1, "share": Decimal(1)}
    assert _asked(make_counter(multi=used_up)).status is m.StandingStatus.EXHAUSTED
    withdrawn = _asked(make_counter(multi=used_up | {"withdraw": 1}))
    assert withdrawn.status is m.StandingStatus.UNUSED
    assert (standing(withdrawn).uses, standing(withdrawn).live_declarations) == (0, ())


def _asked(counter: Counter) -> m.LicenceQueryReply:
    counter.issue(ONE)
    return counter.ask(ONE.key)


def test_what_went_beyond_is_over_shipment(make_counter: MakeCounter) -> None:
    counter = make_counter(multi={"declarations": 0, "mischief": ["excess"]})
    first, second = standing(_asked(counter)).lines
    assert first.over_shipment is not None
    assert first.over_shipment.amount == 1
    assert first.balance.amount == 0
    assert second.over_shipment is None


def test_the_last_day_of_the_validity_still_counts(counter: Counter) -> None:
    one = replace(ONE, valid_to=DAY)
    counter.issue(one)
    midnight = counter.now.astimezone(BUSINESS_ZONE).replace(hour=23, minute=59, second=59)
    counter.now = midnight
    assert counter.ask(one.key).status is m.StandingStatus.UNUSED
    counter.later(seconds=1)
    assert counter.ask(one.key).status is m.StandingStatus.EXPIRED


def test_endings_and_suspensions_are_told(counter: Counter) -> None:
    old = licence(1)
    counter.issue(old)
    counter.receive(counter.sealed(suspension(counter)))
    assert counter.ask(old.key).suspended
    counter.receive(counter.sealed(replacement(counter)))
    assert counter.ask(old.key).status is m.StandingStatus.REPLACED
    new = licence(2)
    assert counter.ask(new.key).status is m.StandingStatus.UNUSED
    assert standing(counter.ask(new.key)).valid_to == new.valid_to, "read from the replacement"
    counter.receive(counter.sealed(revocation(counter, new.key)))
    assert counter.ask(new.key).status is m.StandingStatus.REVOKED


def test_a_repeated_query_gets_the_same_answer_and_another_content_none(counter: Counter) -> None:
    counter.issue(ONE)
    query = counter.signed(m.LicenceQuery(counter.header("Q-1"), ONE.key))
    (first,) = counter.receive(query)
    counter.later(hours=1)
    (again,) = counter.receive(query)
    assert again == first
    other = counter.signed(m.LicenceQuery(counter.header("Q-1"), licence(3).key))
    assert acks(counter.receive(other)) == [(REFUSED, ["MESSAGE_CONFLICT"])]


def test_a_query_in_one_interchange_with_a_licence_knows_it(make_counter: MakeCounter) -> None:
    """And its answer comes after all that it tells of."""
    counter = make_counter(multi={"declarations": 2})
    issue = counter.sealed(m.LicenceIssue(counter.from_issuer(), ONE))
    *_, second, reply = counter.receive(issue, counter.signed(m.LicenceQuery(counter.header(), ONE.key)))
    assert isinstance(second, m.WriteOff)
    assert isinstance(reply, m.LicenceQueryReply)
    assert standing(reply).uses == 2


def test_a_reply_of_the_gateway_is_only_noted(counter: Counter) -> None:
    reply = m.LicenceQueryReply(counter.header(answers="Q-0"), ONE.key, NOON, m.StandingStatus.UNKNOWN)
    assert counter.receive(counter.signed(reply)) == []
    (notice,) = counter.notices
    assert (notice.facts["licence"], notice.facts["status"]) == (str(ONE.key), "UNKNOWN")


def test_wrong_figures_are_off_by_the_smallest_unit(make_counter: MakeCounter) -> None:
    right = standing(_asked(make_counter(multi={"declarations": 1})))
    wrong = standing(_asked(make_counter(multi={"declarations": 1}, wrong_figures_every=1)))
    assert wrong.lines[0].written_off.amount - right.lines[0].written_off.amount == Decimal("-0.00001")
    assert wrong.lines[0].balance.amount - right.lines[0].balance.amount == Decimal("0.00001")
    assert wrong.lines[1:] == right.lines[1:]

"""Customs' figures held against ours, and what is told of an expired licence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.licences.confirm import compare, confirmed, only_on_the_way
from gateway.licences.expire import prompt
from gateway.licences.figures import reply_to, standing_of, status_of
from gateway.licences.life import LicenceEvent, Life, Transmission
from gateway.licences.state import Draw, LicenceState
from gateway.licences.suspend import resumed, suspended
from licencexml.messages import LicenceQuery, LicenceQueryReply, StandingStatus
from licencexml.values import Quantity
from tests.licences.acts import HOUR, IN_FLIGHT, act_header
from tests.licences.makers import NOW, POLICY, TONNE, entry_id, goods, key, licence, state

QUERY = LicenceQuery(act_header("q-1"), key())


def used(one: LicenceState) -> LicenceState:
    return one.used(entry_id(), [Draw(1, Decimal(40))])


def said(of: LicenceState | None) -> LicenceQueryReply:
    """What the other side says if it knows just this."""
    return reply_to(QUERY, of, act_header("a-1"), NOW)


def codes(ours: LicenceState, reply: LicenceQueryReply) -> list[str]:
    return [one.code for one in compare(ours, reply)]


def test_the_same_on_both_sides_is_a_confirmation() -> None:
    for one in (state(), used(state()), suspended(state(), IN_FLIGHT, NOW - HOUR), state(goods(1), goods(2))):
        assert codes(one, said(one)) == []


def test_the_latest_confirmation_counts() -> None:
    assert confirmed(state(), NOW).confirmed_at == NOW
    assert confirmed(confirmed(state(), NOW), NOW - HOUR).confirmed_at == NOW


def test_539_art_6_what_is_written_off_is_the_same_on_both_sides() -> None:
    [told, count] = compare(used(state()), said(state()))
    assert (told.code, count.code) == ("FIGURES_DIFFER", "DECLARATIONS_DIFFER")
    assert "written off 40.00000 [070], left 60.00000 [070]" in told.en
    assert "核销 0.00000 [070]，余额 100.00000 [070]" in told.zh
    assert codes(state(), said(state(goods(1), goods(2)))) == ["FIGURES_DIFFER"]


def test_539_art_6_over_shipment_is_told_as_such() -> None:
    bulk = replace(state(), lines=(replace(state().lines[0], tolerance_percent=5),))
    over = bulk.used(entry_id(), [Draw(1, Decimal(103))])
    assert codes(over, said(over)) == []
    [told, _] = compare(over, said(state()))
    assert "over-shipment 3.00000 [070]" in told.en


def test_539_art_8_5_the_same_declarations_count() -> None:
    other = state().used(entry_id(2), [Draw(1, Decimal(40))])
    assert codes(used(state()), said(other)) == ["DECLARATIONS_DIFFER"]


def test_configured_a_declaration_that_was_withdrawn_may_count_on_either_side_or_on_none() -> None:
    """What the cap counts is each side's law; what stands released is a fact."""
    kept = used(state()).counting(entry_id(2))
    for ours in (kept, used(state())):
        assert codes(ours, said(kept)) == ([] if ours is kept else ["DECLARATIONS_DIFFER"])
    assert codes(kept, said(used(state()))) == []

    stated = said(kept).standing
    assert stated is not None
    assert (stated.uses, stated.live_declarations) == (2, (entry_id(),))


def test_configured_a_licence_is_suspended_on_both_sides_or_on_none() -> None:
    stopped = suspended(state(), IN_FLIGHT, NOW - HOUR)
    assert codes(stopped, said(state())) == ["SUSPENSION_DIFFERS"]
    assert codes(resumed(stopped, IN_FLIGHT, NOW), said(stopped)) == ["SUSPENSION_DIFFERS"]


def test_configured_a_licence_ended_on_both_sides_or_on_none() -> None:
    ended = state().after(LicenceEvent.REVOKE)
    assert codes(ended, said(state())) == ["STATUS_DIFFERS"]
    assert codes(state(), said(ended)) == ["STATUS_DIFFERS"]
    assert codes(ended, said(ended)) == []
    assert codes(state(), said(None)) == ["STATUS_DIFFERS"]


def test_how_far_a_licence_is_used_or_expired_is_for_the_figures_to_say() -> None:
    assert codes(state().after(LicenceEvent.EXPIRE), said(state())) == []


def test_what_customs_has_yet_to_hear_is_no_difference_of_figures() -> None:
    stopped = suspended(state(), IN_FLIGHT, NOW - HOUR)
    assert only_on_the_way(compare(stopped, said(state())))
    assert not only_on_the_way(compare(used(stopped), said(state())))


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (LicenceState.issued(licence(), POLICY), StandingStatus.ISSUED),
        (replace(state(), life=Life(Transmission.CUSTOMS_REFUSED)), StandingStatus.CUSTOMS_REFUSED),
        (state(), StandingStatus.UNUSED),
        (used(state()), StandingStatus.PART_USED),
        (state().used(entry_id(), [Draw(1, Decimal(100))]), StandingStatus.EXHAUSTED),
        (used(state()).after(LicenceEvent.EXPIRE), StandingStatus.EXPIRED),
        (state().after(LicenceEvent.REPLACE), StandingStatus.REPLACED),
        (state().after(LicenceEvent.REVOKE), StandingStatus.REVOKED),
    ],
)
def test_494_art_15_where_a_licence_is_is_told_in_a_word(one: LicenceState, status: StandingStatus) -> None:
    assert status_of(one) is status


def test_494_art_15_a_query_is_answered_with_all_that_is_known() -> None:
    reply = said(used(state()))
    assert reply.standing == standing_of(used(state()))
    assert reply.standing is not None
    assert (reply.standing.uses, reply.standing.live_declarations) == (1, (entry_id(),))
    assert reply.standing.lines[0].balance == Quantity.of(60, TONNE)
    unknown = said(None)
    assert (unknown.status, unknown.standing) == (StandingStatus.UNKNOWN, None)


def test_494_art_18_an_expired_licence_that_was_not_used_is_prompted_for() -> None:
    expired = state().after(LicenceEvent.EXPIRE)
    told = prompt(expired)
    assert told is not None
    assert told.article == "商办配函〔2015〕494号 art. 18"
    assert "2026-06-30" in told.zh
    assert prompt(used(state()).after(LicenceEvent.EXPIRE)) is None

"""Suspension and resumption, and what every act on a licence must keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.licences.life import LicenceEvent
from gateway.licences.state import LicenceState, Suspension
from gateway.licences.suspend import BACKDATING, decide_suspension, resumed, suspended
from licencexml.messages import LicenceSuspension, SuspensionGround
from tests.licences.acts import HOUR, IN_FLIGHT, act, resumption, suspension
from tests.licences.makers import NOW, POLICY, RELEASED, found, key, state, write_off

LOSS = SuspensionGround.LOSS_REPORT


def codes(
    licence: LicenceState | None, message: LicenceSuspension, sender: str = "ISSUER-BEIJING"
) -> list[str]:
    return [one.code for one in decide_suspension(message, act(licence, sender=sender)).rejections]


def after(licence: LicenceState, message: LicenceSuspension) -> LicenceState:
    decision = decide_suspension(message, act(licence))
    assert decision.state is not None, decision.rejections
    return decision.state


def test_use_stops_from_the_effective_time_until_it_goes_on() -> None:
    stopped = after(state(), suspension(at=NOW - HOUR))
    assert stopped.is_suspended
    assert stopped.suspensions == (Suspension(IN_FLIGHT, NOW - HOUR),)

    going = after(stopped, resumption())
    assert not going.is_suspended
    assert going.suspensions == (Suspension(IN_FLIGHT, NOW - HOUR, NOW),)


def test_each_ground_stands_and_falls_by_itself() -> None:
    both = after(after(state(), suspension()), suspension(ground=LOSS, at=NOW - HOUR))
    assert [one.ground for one in both.suspensions] == [LOSS, IN_FLIGHT]
    assert after(both, resumption()).is_suspended
    assert not after(after(both, resumption()), resumption(ground=LOSS)).is_suspended


def test_494_art_13_only_what_was_issued_is_suspended() -> None:
    assert codes(None, suspension()) == ["LICENCE_NOT_ISSUED"]


def test_configured_a_licence_is_in_the_hands_of_its_issuer() -> None:
    assert codes(state(), suspension(), sender="ISSUER-OTHER") == ["ISSUER_DIFFERS"]


def test_494_art_17_a_replaced_licence_names_its_successor() -> None:
    ended = replace(state().after(LicenceEvent.REPLACE), replaced_by=key(2))
    [rejection] = decide_suspension(suspension(), act(ended)).rejections
    assert rejection.code == "REPLACED_ALREADY"
    assert str(key(2)) in rejection.en


def test_494_art_18_a_revoked_licence_has_ended() -> None:
    assert codes(state().after(LicenceEvent.REVOKE), suspension()) == ["REVOKED_ALREADY"]


def test_an_expired_licence_can_be_suspended_still() -> None:
    assert codes(state().after(LicenceEvent.EXPIRE), suspension()) == []


def test_configured_one_ground_suspends_once_at_a_time() -> None:
    stopped = after(state(), suspension(at=NOW - HOUR))
    [rejection] = decide_suspension(suspension(), act(stopped)).rejections
    assert rejection.code == "SUSPENDED_ALREADY"
    assert "11:00:00+08:00" in rejection.zh
    assert codes(stopped, suspension(ground=LOSS)) == []
    assert codes(after(stopped, resumption()), suspension()) == []


def test_configured_only_what_was_stopped_goes_on() -> None:
    assert codes(state(), resumption()) == ["NOT_SUSPENDED"]
    assert codes(after(state(), suspension()), resumption(ground=LOSS)) == ["NOT_SUSPENDED"]


def test_configured_a_suspension_is_not_announced_for_later() -> None:
    assert codes(state(), suspension(at=NOW + POLICY.release_ahead)) == []
    late = NOW + POLICY.release_ahead + timedelta(microseconds=1)
    assert codes(state(), suspension(at=late)) == ["EFFECTIVE_TIME_IN_FUTURE"]
    assert codes(after(state(), suspension()), resumption(at=late)) == ["EFFECTIVE_TIME_IN_FUTURE"]


def test_configured_a_suspension_begins_at_most_a_day_before_its_message() -> None:
    assert codes(state(), suspension(at=NOW - BACKDATING)) == []
    early = NOW - BACKDATING - timedelta(microseconds=1)
    assert codes(state(), suspension(at=early)) == ["EFFECTIVE_TIME_TOO_EARLY"]
    assert codes(state(), suspension(at=early, created=early)) == []


def test_configured_a_suspension_begins_neither_before_the_licence_nor_in_resumed_time() -> None:
    today = replace(state(), licence_date=NOW.date())
    midnight = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
    assert codes(today, suspension(at=midnight)) == []
    assert codes(today, suspension(at=midnight - HOUR)) == ["EFFECTIVE_TIME_TOO_EARLY"]

    going = after(after(state(), suspension(at=NOW - 3 * HOUR)), resumption(at=NOW - HOUR))
    assert codes(going, suspension(ground=LOSS, at=NOW - HOUR)) == []
    assert codes(going, suspension(ground=LOSS, at=NOW - 2 * HOUR)) == ["EFFECTIVE_TIME_TOO_EARLY"]


def test_configured_use_goes_on_after_it_was_stopped() -> None:
    stopped = after(state(), suspension(at=NOW - HOUR))
    assert codes(stopped, resumption(at=NOW - HOUR)) == []
    assert codes(stopped, resumption(at=NOW - 2 * HOUR)) == ["EFFECTIVE_TIME_TOO_EARLY"]


def test_what_customs_confirmed_of_a_licence_in_use_is_of_no_weight_once_it_is_suspended() -> None:
    confirmed = replace(state(), confirmed_at=NOW)
    stopped = suspended(confirmed, IN_FLIGHT, NOW - HOUR)
    assert stopped.confirmed_at is None

    again = replace(stopped, confirmed_at=NOW)
    assert suspended(again, LOSS, NOW).confirmed_at == NOW
    assert resumed(again, IN_FLIGHT, NOW).confirmed_at == NOW


@pytest.mark.parametrize(
    ("since", "until", "lawful"),
    [
        (RELEASED, None, False),
        (RELEASED - HOUR, RELEASED, True),
        (RELEASED - HOUR, RELEASED + HOUR, False),
        (RELEASED + timedelta(seconds=1), None, True),
    ],
)
def test_configured_a_licence_is_not_used_while_it_is_suspended(
    since: datetime, until: datetime | None, lawful: bool
) -> None:
    stopped = replace(state(), suspensions=(Suspension(IN_FLIGHT, since, until),))
    rejections = found(stopped, write_off())[1].rejections
    assert [one.code for one in rejections] == ([] if lawful else ["LICENCE_SUSPENDED"])

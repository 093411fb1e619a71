"""The law of issue; each rule has a test named after its article."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.licences.issue import decide_issue
from gateway.licences.life import LicenceStatus
from gateway.licences.policy import Policy
from licencexml.values import LicenceType, UsageMode
from tests.licences.makers import POLICY, TODAY, goods, key, licence, state


def codes(*args, **kwargs) -> list[str]:
    return [rejection.code for rejection in decide_issue(*args, **kwargs).rejections]


def test_a_lawful_licence_begins_with_its_whole_quantity() -> None:
    decision = decide_issue(licence(key(), goods(2, "7.5"), goods(1, "100")), None, POLICY, TODAY)

    assert decision.rejections == ()
    assert decision.state is not None
    assert decision.state.status is LicenceStatus.ACCEPTED
    assert [(line.line_number, str(line.balance)) for line in decision.state.lines] == [
        (1, "100.00000"),
        (2, "7.50000"),
    ]


def test_494_art_16_what_is_issued_is_not_altered_by_another_message() -> None:
    assert codes(licence(), state(), POLICY, TODAY) == ["LICENCE_EXISTS"]


def test_494_art_14_the_validity_has_an_order() -> None:
    reversed_dates = licence(valid_from=date(2026, 12, 31), valid_to=date(2026, 12, 30))

    assert codes(reversed_dates, None, POLICY, TODAY) == ["VALIDITY_REVERSED"]


def test_494_art_14_an_expired_licence_is_not_issued() -> None:
    assert codes(licence(valid_to=TODAY), None, POLICY, TODAY) == []
    assert codes(licence(valid_to=TODAY - timedelta(days=1)), None, POLICY, TODAY) == ["LICENCE_EXPIRED"]


def test_all_faults_are_told_at_once() -> None:
    bad = licence(valid_from=date(2026, 5, 2), valid_to=date(2026, 5, 1))

    assert codes(bad, state(), POLICY, TODAY) == ["LICENCE_EXISTS", "VALIDITY_REVERSED", "LICENCE_EXPIRED"]


def test_539_art_8_5_the_cap_is_by_mode_and_type() -> None:
    policy = Policy(cap_multi=12, cap_automatic=6)
    automatic = key(licence_type=LicenceType.AUTOMATIC_IMPORT)

    assert policy.cap(licence()) == 12
    assert policy.cap(licence(automatic)) == 6
    assert policy.cap(licence(mode=UsageMode.SINGLE)) == 1
    assert policy.cap(licence(automatic, mode=UsageMode.SINGLE)) == 1

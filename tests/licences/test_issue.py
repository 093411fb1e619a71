"""The law of issue; each rule has a test named after its article."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from gateway.licences.issue import decide_issue
from gateway.licences.life import LicenceStatus
from licencexml.messages import Licence
from licencexml.values import LicenceType, Medium, UsageMode
from tests.licences.makers import POLICY, TODAY, goods, key, licence, state


def codes(*args, **kwargs) -> list[str]:
    return [rejection.code for rejection in decide_issue(*args, **kwargs).rejections]


def dated(value: Licence, day: date) -> Licence:
    """The same licence, issued on `day` and valid on it alone."""
    return replace(value, licence_date=day, valid_from=day, valid_to=day)


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
    reversed_dates = licence(valid_from=date(2026, 7, 31), valid_to=date(2026, 7, 30))

    assert codes(reversed_dates, None, POLICY, TODAY) == ["VALIDITY_REVERSED"]


def test_494_art_14_an_expired_licence_is_not_issued() -> None:
    assert codes(licence(valid_to=TODAY), None, POLICY, TODAY) == []
    assert codes(licence(valid_to=TODAY - timedelta(days=1)), None, POLICY, TODAY) == ["LICENCE_EXPIRED"]


def test_all_faults_are_told_at_once() -> None:
    bad = licence(valid_from=date(2026, 5, 2), valid_to=date(2026, 5, 1))

    assert codes(bad, state(), POLICY, TODAY) == ["LICENCE_EXISTS", "VALIDITY_REVERSED", "LICENCE_EXPIRED"]


def test_539_art_8_5_the_cap_is_by_mode_and_type() -> None:
    automatic = key(licence_type=LicenceType.AUTOMATIC_IMPORT)

    assert POLICY.cap(licence()) == 12
    assert POLICY.cap(licence(automatic)) == 6
    assert POLICY.cap(licence(mode=UsageMode.SINGLE)) == 1
    assert POLICY.cap(licence(automatic, mode=UsageMode.SINGLE)) == 1


def test_539_art_1_textiles_under_quota_are_outside() -> None:
    under_quota = dated(
        licence(key(), goods(goods_code="6109100021"), mode=UsageMode.SINGLE), date(2004, 12, 31)
    )
    under_quota = replace(under_quota, medium=Medium.PAPER)
    after = dated(under_quota, date(2005, 1, 1))

    assert codes(under_quota, None, POLICY, under_quota.licence_date) == ["TEXTILE_QUOTA_EXCLUDED"]
    assert codes(after, None, POLICY, after.licence_date) == []


def test_494_art_5_electronic_licences_are_issued_for_what_is_announced() -> None:
    refrigerant = licence(key(licence_type=LicenceType.IMPORT), goods(goods_code="2903710000"))

    assert codes(refrigerant, None, POLICY, TODAY) == ["ELECTRONIC_OUT_OF_SCOPE"]
    assert codes(replace(refrigerant, medium=Medium.PAPER), None, POLICY, TODAY) == []
    early = dated(licence(), date(2019, 12, 31))
    assert codes(early, None, POLICY, early.licence_date) == ["ELECTRONIC_OUT_OF_SCOPE"]


def test_configured_multi_use_is_for_listed_goods_or_trade_modes() -> None:
    antimony = licence(key(), goods(goods_code="8110101000"))

    assert codes(antimony, None, POLICY, TODAY) == ["MULTI_USE_NOT_LISTED"]
    assert codes(replace(antimony, usage_mode=UsageMode.SINGLE), None, POLICY, TODAY) == []
    assert codes(replace(antimony, terms_of_trade="进料加工"), None, POLICY, TODAY) == []
    imported = replace(antimony, key=key(licence_type=LicenceType.IMPORT))
    assert codes(imported, None, POLICY, TODAY) == []

"""Revocation (撤销): 商办配函〔2015〕494号 art. 18; of forms 证书管理规定 art. 26."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.licences.acts import end_of_validity
from gateway.licences.calendar import WorkingDays
from gateway.licences.life import LicenceEvent, LicenceStatus
from gateway.licences.policy import Policy
from gateway.licences.revoke import RevocationDecision, decide_revocation
from gateway.licences.state import Draw, LicenceState
from licencexml.messages import LicenceRevocation, RevocationGround
from licencexml.values import LicenceType, Medium, Party
from tests.licences.acts import act, quiet, revocation
from tests.licences.makers import NOW, POLICY, TODAY, entry_id, state

EXPIRED_UNUSED = RevocationGround.EXPIRED_UNUSED
NOT_COLLECTED = RevocationGround.NOT_COLLECTED
MISPRINTED = RevocationGround.MISPRINTED


def decide(
    licence: LicenceState | None, message: LicenceRevocation, now: datetime = NOW, policy: Policy = POLICY
) -> RevocationDecision:
    return decide_revocation(message, act(licence, now=now, policy=policy))


def codes(licence: LicenceState | None, message: LicenceRevocation, now: datetime = NOW) -> list[str]:
    return [one.code for one in decide(licence, message, now).rejections]


def paper(licence_date: date) -> LicenceState:
    return replace(quiet(state()), medium=Medium.PAPER, licence_date=licence_date)


def test_494_art_18_an_unused_licence_that_is_not_to_be_used_is_revoked() -> None:
    decision = decide(quiet(state()), revocation())
    assert decision.state is not None
    assert decision.state.status is LicenceStatus.REVOKED


def test_494_art_18_a_used_licence_is_not_revoked() -> None:
    used = quiet(state().used(entry_id(), [Draw(1, Decimal(1))]))
    assert codes(used, revocation()) == ["REVOCATION_OF_USED"]


@pytest.mark.parametrize("ground", [NOT_COLLECTED, MISPRINTED])
def test_494_art_18_no_ground_revokes_a_used_licence(ground: RevocationGround) -> None:
    used = paper(date(2026, 1, 5)).used(entry_id(), [Draw(1, Decimal(1))])
    assert codes(used, revocation(ground)) == ["REVOCATION_OF_USED"]


def test_494_art_18_each_ground_has_its_time() -> None:
    past = quiet(state(valid_to=date(2026, 5, 31)))
    assert codes(past, revocation()) == ["GROUND_AFTER_EXPIRY"]
    assert codes(past, revocation(EXPIRED_UNUSED)) == []
    assert codes(quiet(state(valid_to=TODAY)), revocation()) == []
    assert codes(quiet(state(valid_to=TODAY)), revocation(EXPIRED_UNUSED)) == ["GROUND_BEFORE_EXPIRY"]


def test_494_art_18_an_expired_licence_is_revoked_once_customs_confirmed_it_unused() -> None:
    expired = state(valid_to=date(2026, 5, 31)).after(LicenceEvent.EXPIRE)
    assert codes(expired, revocation(EXPIRED_UNUSED)) == ["CUSTOMS_NOT_RECONCILED"]
    midnight = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
    assert end_of_validity(expired) == midnight
    early = replace(expired, confirmed_at=midnight - timedelta(seconds=1))
    assert codes(early, revocation(EXPIRED_UNUSED)) == ["CUSTOMS_NOT_RECONCILED"]
    decision = decide(replace(expired, confirmed_at=midnight), revocation(EXPIRED_UNUSED))
    assert decision.state is not None
    assert decision.state.status is LicenceStatus.REVOKED


def test_494_art_18_the_enterprise_confirms_upon_the_prompt() -> None:
    expired = replace(state(valid_to=date(2026, 5, 31)).after(LicenceEvent.EXPIRE), confirmed_at=NOW)
    before = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)
    assert codes(expired, revocation(EXPIRED_UNUSED, confirmed_at=before)) == ["CONFIRMED_BEFORE_EXPIRY"]


def test_494_art_18_the_licences_own_enterprise_asks_or_confirms() -> None:
    older_code, another = Party("旧代码", "1100600037341"), Party("别的公司", "1100600037342")
    assert codes(quiet(state()), revocation(confirmed_by=older_code)) == []
    assert codes(quiet(state()), revocation(confirmed_by=another)) == ["CONFIRMED_BY_STRANGER"]
    assert codes(paper(date(2026, 5, 29)), revocation(MISPRINTED, confirmed_by=None)) == []


def test_configured_a_confirmation_lies_not_in_the_future() -> None:
    late = NOW + POLICY.release_ahead + timedelta(microseconds=1)
    assert codes(quiet(state()), revocation(confirmed_at=NOW + POLICY.release_ahead)) == []
    assert codes(quiet(state()), revocation(confirmed_at=late)) == ["CONFIRMED_IN_FUTURE"]


def test_forms_art_26_a_paper_licence_waits_twenty_working_days_to_be_collected() -> None:
    # 2026-05-01 to 05 are days off, and 9 May is worked: the twentieth working day is 29 May.
    assert codes(paper(date(2026, 4, 29)), revocation(NOT_COLLECTED)) == []
    [rejection] = decide(paper(TODAY), revocation(NOT_COLLECTED)).rejections
    assert rejection.code == "COLLECTION_NOT_OVERDUE"
    assert rejection.article == "进出口许可证证书管理规定 art. 26"


def test_configured_an_electronic_automatic_licence_waits_a_month_others_have_no_period() -> None:
    automatic = replace(
        quiet(state(licence_type=LicenceType.AUTOMATIC_IMPORT)), licence_date=date(2026, 4, 30)
    )
    message = revocation(NOT_COLLECTED, licence=automatic.key)
    assert codes(automatic, message) == []
    assert codes(replace(automatic, licence_date=date(2026, 5, 2)), message) == ["COLLECTION_NOT_OVERDUE"]
    assert codes(quiet(state()), revocation(NOT_COLLECTED)) == ["NOT_TO_BE_COLLECTED"]


def test_configured_a_deadline_in_an_unannounced_year_is_not_guessed() -> None:
    tables = replace(POLICY.tables, calendar=WorkingDays())
    [rejection] = decide(
        paper(date(2026, 4, 29)), revocation(NOT_COLLECTED), policy=replace(POLICY, tables=tables)
    ).rejections
    assert rejection.code == "DEADLINE_UNKNOWN"
    assert "2026" in rejection.en


def test_forms_art_26_only_a_form_is_misprinted() -> None:
    assert codes(quiet(state()), revocation(MISPRINTED)) == ["MISPRINT_OF_ELECTRONIC"]


def test_494_art_18_what_has_ended_is_not_revoked_again() -> None:
    assert codes(state().after(LicenceEvent.REVOKE), revocation()) == ["REVOKED_ALREADY"]


def test_configured_a_licence_in_use_at_customs_is_not_revoked() -> None:
    assert codes(state(), revocation()) == ["CUSTOMS_NOT_RECONCILED"]

"""Replacement (换证): 商办配函〔2015〕494号 art. 16, 17, and what is configured about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.licences.acts import OnRecord
from gateway.licences.life import LicenceEvent, LicenceStatus
from gateway.licences.policy import Policy
from gateway.licences.replace import ReplacementDecision, decide_replacement
from gateway.licences.revoke import decide_revocation
from gateway.licences.state import Draw, LicenceState
from gateway.licences.suspend import resumed, suspended
from licencexml.messages import (
    Licence,
    LicenceReplacement,
    ReplacementKind,
    ReplacementMode,
    SuspensionGround,
)
from tests.licences.acts import HOUR, ISSUER, act, quiet, replacement, revocation
from tests.licences.makers import KILOGRAM, NOW, POLICY, TODAY, entry_id, goods, key, licence, state

USED = ReplacementMode.WRITE_OFF
EXTENSION, LOSS = ReplacementKind.EXTENSION, ReplacementKind.LOSS


def decide(
    old: LicenceState | None,
    message: LicenceReplacement,
    *,
    existing: LicenceState | None = None,
    now: datetime = NOW,
    policy: Policy = POLICY,
) -> ReplacementDecision:
    return decide_replacement(message, act(old, now=now, policy=policy), existing)


def codes(old: LicenceState | None, message: LicenceReplacement, *, now: datetime = NOW) -> list[str]:
    return [one.code for one in decide(old, message, now=now).rejections]


def used(old: LicenceState, *draws: tuple[int, str]) -> LicenceState:
    return old.used(entry_id(), [Draw(line, Decimal(amount)) for line, amount in draws])


def new(*lines: tuple[str, str], valid_to: date = date(2026, 6, 30)) -> Licence:
    made = [goods(number, amount, code) for number, (code, amount) in enumerate(lines, 1)]
    return licence(key(2), *made, valid_to=valid_to)


def test_494_art_17_an_unused_licence_is_revoked_and_replaced() -> None:
    decision = decide(quiet(state()), replacement())
    assert decision.new is not None
    assert decision.old is not None
    assert decision.new.replaces == key()
    assert decision.new.status is LicenceStatus.ACCEPTED
    assert decision.old.replaced_by == key(2)
    assert decision.old.status is LicenceStatus.REPLACED
    assert decision.old.lines[0].balance == 100


def test_494_art_17_a_used_licence_is_written_off_and_replaced() -> None:
    old = quiet(used(state(), (1, "40")))
    decision = decide(old, replacement(new(("1006108101", "60")), mode=USED))
    assert decision.old is not None
    assert decision.old.status is LicenceStatus.REPLACED
    assert decision.old.lines[0].balance == 60


def test_494_art_17_the_mode_follows_from_the_use_alone() -> None:
    assert codes(quiet(state()), replacement(mode=USED)) == ["WRITE_OFF_OF_UNUSED"]
    assert codes(quiet(used(state(), (1, "40"))), replacement()) == ["REVOKE_OF_USED"]


def test_494_art_16_a_licence_is_replaced_up_to_its_last_day() -> None:
    old = quiet(state(valid_to=TODAY))
    message = replacement(new(("1006108101", "100")))
    last = datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC)
    assert codes(old, message, now=last) == []
    assert codes(old, message, now=last + timedelta(seconds=1)) == ["REPLACEMENT_AFTER_EXPIRY"]
    assert "REPLACEMENT_AFTER_EXPIRY" in codes(state().after(LicenceEvent.EXPIRE), message)


def test_494_art_17_a_replaced_licence_is_not_replaced_again() -> None:
    ended = decide(quiet(state()), replacement()).old
    [rejection] = decide(ended, replacement(licence(key(3)))).rejections
    assert rejection.code == "REPLACED_ALREADY"
    assert str(key(2)) in rejection.zh


def test_494_art_18_a_revoked_licence_is_not_replaced() -> None:
    assert codes(state().after(LicenceEvent.REVOKE), replacement()) == ["REVOKED_ALREADY"]


def test_494_art_13_a_licence_that_was_never_issued_is_not_replaced() -> None:
    assert codes(None, replacement()) == ["LICENCE_NOT_ISSUED"]


def test_494_art_17_of_a_used_licence_no_more_moves_than_is_left() -> None:
    old = quiet(
        used(state(goods(1, "100"), goods(2, "30"), goods(3, "5", "2709000000")), (1, "90"), (2, "30"))
    )
    assert codes(old, replacement(new(("1006108101", "10"), ("2709000000", "5")), mode=USED)) == []
    [rejection] = decide(
        old, replacement(new(("1006108101", "8"), ("1006108101", "2.00001")), mode=USED)
    ).rejections
    assert rejection.code == "MORE_THAN_IS_LEFT"
    assert "10.00001 [070]" in rejection.en
    assert "10.00000 [070]" in rejection.en


def test_494_art_17_what_is_left_is_counted_in_its_own_unit_and_goods() -> None:
    old = quiet(used(state(), (1, "40")))
    other_unit = licence(key(2), goods(1, "1", unit=KILOGRAM))
    assert codes(old, replacement(other_unit, mode=USED)) == ["MORE_THAN_IS_LEFT"]
    assert codes(old, replacement(new(("2709000000", "1")), mode=USED)) == ["MORE_THAN_IS_LEFT"]


def test_494_art_17_an_exhausted_licence_has_nothing_to_move() -> None:
    assert codes(quiet(used(state(), (1, "100"))), replacement(mode=USED)) == ["NOTHING_LEFT_TO_MOVE"]


def test_494_art_17_over_shipment_of_one_line_takes_nothing_from_another() -> None:
    bulk = state(goods(1, "100", "1006108101"), goods(2, "50", "2709000000"))
    over = replace(bulk, lines=(replace(bulk.lines[0], tolerance_percent=5), bulk.lines[1]))
    old = quiet(used(over, (1, "105")))
    assert codes(old, replacement(new(("2709000000", "50")), mode=USED)) == []


def test_configured_an_extension_is_valid_for_longer() -> None:
    old = quiet(state(valid_to=date(2026, 6, 10)))
    longer = new(("1006108101", "100"), valid_to=date(2026, 6, 11))
    assert codes(old, replacement(longer, kind=EXTENSION)) == []
    same = new(("1006108101", "100"), valid_to=date(2026, 6, 10))
    assert codes(old, replacement(same, kind=EXTENSION)) == ["EXTENSION_NOT_LATER"]
    assert codes(old, replacement(same)) == []


@pytest.mark.parametrize(
    ("kind", "lawful"), [(ReplacementKind.CHANGE, True), (EXTENSION, False), (LOSS, False)]
)
def test_configured_only_a_change_is_for_more_than_was_issued(kind: ReplacementKind, lawful: bool) -> None:
    old = suspended(quiet(state(valid_to=date(2026, 6, 10))), SuspensionGround.LOSS_REPORT, NOW)
    more = new(("1006108101", "100.00001"))
    assert codes(old, replacement(more, kind=kind)) == ([] if lawful else ["MORE_THAN_WAS_ISSUED"])
    assert codes(old, replacement(new(("1006108101", "100")), kind=kind)) == []


def test_configured_a_loss_is_reported_before_the_licence_is_reissued() -> None:
    assert codes(quiet(state()), replacement(kind=LOSS)) == ["LOSS_NOT_REPORTED"]
    lost = replace(suspended(state(), SuspensionGround.LOSS_REPORT, NOW - HOUR), confirmed_at=NOW)
    assert codes(lost, replacement(kind=LOSS)) == []


def test_494_art_16_the_new_licence_keeps_the_law_of_issue() -> None:
    ended = replacement(licence(key(2), valid_to=date(2026, 5, 31)))
    assert codes(quiet(state()), ended) == ["LICENCE_EXPIRED"]
    taken = decide(quiet(state()), replacement(), existing=state()).rejections
    assert [one.code for one in taken] == ["LICENCE_EXISTS"]


def test_all_faults_of_old_and_new_are_told_at_once() -> None:
    more = licence(key(2), goods(1, "101"), valid_to=date(2026, 5, 31))
    assert codes(state(), replacement(more, mode=USED, kind=EXTENSION)) == [
        "WRITE_OFF_OF_UNUSED",
        "MORE_THAN_IS_LEFT",
        "EXTENSION_NOT_LATER",
        "CUSTOMS_NOT_RECONCILED",
        "LICENCE_EXPIRED",
    ]


def test_configured_a_licence_that_customs_has_is_replaced_when_no_release_is_in_flight() -> None:
    assert codes(state(), replacement()) == ["CUSTOMS_NOT_RECONCILED"]
    stopped = suspended(state(), SuspensionGround.RELEASE_IN_FLIGHT, NOW - HOUR)
    assert codes(stopped, replacement()) == ["CUSTOMS_NOT_RECONCILED"]
    too_early = replace(stopped, confirmed_at=NOW - HOUR - timedelta(microseconds=1))
    assert codes(too_early, replacement()) == ["CUSTOMS_NOT_RECONCILED"]
    assert codes(replace(stopped, confirmed_at=NOW - HOUR), replacement()) == []
    assert codes(replace(state(), confirmed_at=NOW), replacement()) == ["CUSTOMS_NOT_RECONCILED"]


def test_configured_a_licence_is_replaced_when_all_that_customs_said_of_it_is_settled() -> None:
    unsettled = replace(act(quiet(state())), record=OnRecord(quiet(state()), ISSUER, unsettled=2))
    [rejection] = decide_replacement(replacement(), unsettled, None).rejections
    assert rejection.code == "RELEASES_NOT_SETTLED"
    assert "2" in rejection.en


@pytest.mark.parametrize(
    "ground", [SuspensionGround.ANNOTATION_UNCLEAR, SuspensionGround.DIFFERENCE_UNRESOLVED]
)
def test_539_art_7_in_doubt_a_licence_is_neither_replaced_nor_revoked(ground: SuspensionGround) -> None:
    doubtful = suspended(quiet(state()), ground, NOW)
    assert codes(doubtful, replacement()) == ["DOUBT_NOT_CLEARED"]
    assert [one.code for one in decide_revocation(revocation(), act(doubtful)).rejections] == [
        "DOUBT_NOT_CLEARED"
    ]
    assert codes(resumed(doubtful, ground, NOW), replacement()) == []


def test_configured_what_customs_refused_is_replaced_at_once_and_not_what_is_on_its_way_there() -> None:
    unsent = LicenceState.issued(licence(), POLICY)
    assert codes(unsent, replacement()) == ["CUSTOMS_NOT_RECONCILED"]
    assert codes(unsent.after(LicenceEvent.SEAL), replacement()) == ["CUSTOMS_NOT_RECONCILED"]
    refused = unsent.after(LicenceEvent.SEAL).after(LicenceEvent.CUSTOMS_REFUSE)
    assert codes(refused, replacement()) == []


def test_configured_the_need_of_equal_figures_can_be_switched_off() -> None:
    trusting = replace(POLICY, replacement_needs_reconciliation=False)
    assert decide(state(), replacement(), policy=trusting).rejections == ()

"""The law of use; each rule has a test named after its article."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from gateway.licences.life import LicenceStatus, Life, Transmission
from gateway.licences.settlement import Verdict
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff
from licencexml.values import LicenceType, UsageMode
from tests.licences.makers import KILOGRAM, NOW, POLICY, drawn, entry_id, found, goods, state, write_off


def codes(licence: LicenceState | None, presented: WriteOff) -> list[str]:
    return [rejection.code for rejection in found(licence, presented)[1].rejections]


def used_by(licence: LicenceState, declarations: Iterable[int]) -> LicenceState:
    return replace(licence, declarations=frozenset(entry_id(number) for number in declarations))


def test_a_lawful_write_off_leaves_the_rest() -> None:
    after, finding = found(state(), write_off(drawn("10.00001")))

    assert finding.verdict is Verdict.APPLIED
    assert after is not None
    assert after.lines[0].balance == Decimal("89.99999")
    assert after.status is LicenceStatus.PART_USED
    assert after.declarations == {entry_id(1)}


def test_the_last_of_it_exhausts_the_licence() -> None:
    after, _ = found(state(goods(1, "10"), goods(2, "5")), write_off(drawn("10", licence_line=1)))
    assert after is not None
    assert after.status is LicenceStatus.PART_USED

    after, _ = found(after, write_off(drawn("5", licence_line=2), declaration=2))
    assert after is not None
    assert after.status is LicenceStatus.EXHAUSTED


def test_494_art_13_an_unknown_licence_is_not_used() -> None:
    assert codes(None, write_off()) == ["LICENCE_UNKNOWN"]


@pytest.mark.parametrize("reached", [Transmission.ACCEPTED, Transmission.CUSTOMS_REFUSED])
def test_494_art_13_a_licence_that_is_not_at_customs_is_not_used(reached: Transmission) -> None:
    assert codes(replace(state(), life=Life(reached)), write_off()) == ["LICENCE_NOT_AT_CUSTOMS"]


@pytest.mark.parametrize("reached", [Transmission.SEALED, Transmission.SENT, Transmission.RECEIVED])
def test_customs_may_use_a_licence_before_its_acknowledgement_came(reached: Transmission) -> None:
    assert codes(replace(state(), life=Life(reached)), write_off()) == []


@pytest.mark.parametrize(
    ("released", "lawful"),
    [
        (datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), False),
    ],
)
def test_494_art_14_validity_is_by_the_day_of_shanghai_both_ends_included(
    released: datetime, lawful: bool
) -> None:
    licence = state(valid_from=date(2026, 3, 2), valid_to=date(2026, 3, 31))

    expected = [] if lawful else ["OUTSIDE_VALIDITY"]
    assert codes(licence, write_off(release_time=released)) == expected


def test_configured_a_single_use_licence_serves_one_declaration() -> None:
    licence = used_by(state(mode=UsageMode.SINGLE), [1])

    assert codes(licence, write_off(declaration=2)) == ["SINGLE_USE_SPENT"]
    assert codes(licence, write_off(drawn(line_number=2), declaration=1)) == []


def test_539_art_8_5_the_twelfth_declaration_passes_and_the_thirteenth_does_not() -> None:
    eleven = used_by(state(), range(1, 12))
    assert codes(eleven, write_off(declaration=12)) == []

    twelve = used_by(state(), range(1, 13))
    [rejection] = found(twelve, write_off(declaration=13))[1].rejections
    assert rejection.code == "MULTI_USE_CAP_REACHED"
    assert rejection.article == "外经贸配管发〔2000〕539号 art. 8(5)"
    assert "13" in rejection.en
    assert "13" in rejection.zh
    assert codes(twelve, write_off(drawn(line_number=2), declaration=12)) == []


def test_configured_an_automatic_import_licence_serves_six() -> None:
    licence = state(licence_type=LicenceType.AUTOMATIC_IMPORT)

    assert codes(used_by(licence, range(1, 6)), write_off(declaration=6)) == []
    assert codes(used_by(licence, range(1, 7)), write_off(declaration=7)) == ["AUTOMATIC_USE_CAP_REACHED"]


def test_539_art_5_the_goods_are_goods_of_the_licence() -> None:
    assert codes(state(), write_off(drawn(goods_code="2709000000"))) == ["GOODS_NOT_ON_LICENCE"]
    assert codes(state(), write_off(drawn(licence_line=2))) == ["GOODS_NOT_ON_LICENCE"]


def test_configured_which_goods_line_is_drawn_on_is_not_guessed() -> None:
    two_alike = state(goods(1), goods(2))

    assert codes(two_alike, write_off(drawn())) == ["LICENCE_LINE_UNCLEAR"]
    after, _ = found(two_alike, write_off(drawn(licence_line=2)))
    assert after is not None
    assert [line.balance for line in after.lines] == [100, 90]


def test_539_art_6_units_are_equal_and_never_converted() -> None:
    assert codes(state(), write_off(drawn("1", unit=KILOGRAM))) == ["UNIT_MISMATCH"]


def test_configured_a_use_takes_something() -> None:
    assert codes(state(), write_off(drawn("0"))) == ["QUANTITY_NOT_POSITIVE"]


def test_539_art_5_the_balance_is_exact() -> None:
    assert codes(state(), write_off(drawn("100"))) == []
    assert codes(state(), write_off(drawn("100.00001"))) == ["QUANTITY_EXCEEDS_BALANCE"]


def test_539_art_5_lines_of_one_declaration_draw_one_after_another() -> None:
    lines = [drawn("60", line_number=1), drawn("40.00001", line_number=2)]

    after, finding = found(state(), write_off(*lines))
    [rejection] = finding.rejections
    assert rejection.code == "QUANTITY_EXCEEDS_BALANCE"
    assert "40.00000 [070]" in rejection.en
    assert finding.lines == ()
    assert after == state()


def test_all_faults_of_all_lines_are_told_at_once() -> None:
    licence = used_by(state(valid_to=date(2026, 5, 31)), range(1, 13))
    lines = [
        drawn("1", line_number=1, unit=KILOGRAM),
        drawn("1", line_number=2, goods_code="2709000000"),
        drawn("1000", line_number=3),
    ]

    assert codes(licence, write_off(*lines, declaration=13)) == [
        "OUTSIDE_VALIDITY",
        "MULTI_USE_CAP_REACHED",
        "GOODS_NOT_ON_LICENCE",
        "UNIT_MISMATCH",
        "QUANTITY_EXCEEDS_BALANCE",
    ]


def test_configured_the_same_key_and_content_is_a_repeat() -> None:
    first = write_off(drawn())
    after, finding = found(state(), write_off(drawn(), message_id="w-2"), first)

    assert finding.verdict is Verdict.REPEATED
    assert after == found(state(), first)[0]


def test_configured_the_same_key_with_other_content_is_a_conflict() -> None:
    _, finding = found(state(), write_off(drawn("10"), message_id="w-2"), write_off(drawn("11")))

    assert finding.verdict is Verdict.CONFLICT
    assert [rejection.code for rejection in finding.rejections] == ["WRITE_OFF_CONFLICT"]


def test_only_what_is_new_is_decided_and_applied() -> None:
    more = write_off(drawn("8", line_number=1), drawn("2", line_number=2), message_id="w-2")

    after, finding = found(state(goods(1, "10")), more, write_off(drawn("8", line_number=1)))

    assert finding.verdict is Verdict.APPLIED
    assert [one.line.line_number for one in finding.lines] == [2]
    assert after is not None
    assert after.lines[0].balance == 0
    assert after.declarations == {entry_id(1)}


def test_configured_a_line_stands_once_in_a_message() -> None:
    assert codes(state(), write_off(drawn("1"), drawn("2"))) == ["LINE_TWICE"]
    assert codes(state(), write_off(drawn("1", sequence=1), drawn("2", sequence=2))) == []


def test_494_art_13_goods_released_before_the_issue_cannot_use_it() -> None:
    licence = replace(state(), licence_date=date(2026, 6, 1))

    shanghai_midnight = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
    assert codes(licence, write_off(release_time=shanghai_midnight)) == []
    before = shanghai_midnight - timedelta(seconds=1)
    assert codes(licence, write_off(release_time=before)) == ["RELEASED_BEFORE_ISSUE"]


def test_configured_a_release_does_not_lie_in_the_future() -> None:
    assert codes(state(), write_off(release_time=NOW + POLICY.release_ahead)) == []
    beyond = NOW + POLICY.release_ahead + timedelta(microseconds=1)
    assert codes(state(), write_off(release_time=beyond)) == ["RELEASED_IN_FUTURE"]

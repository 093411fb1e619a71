"""A day's report in parts: split and joined it is what it was, whatever the order, and a loss shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licencexml import messages as m
from licencexml import reading, reconciling, writing
from licencexml.reconciling import Contradiction, join, split
from licencexml.schema import Schemas
from licencexml.values import LicenceKey, LicenceType, Quantity

DAY = date(2026, 11, 20)
AS_OF = datetime(2026, 11, 20, 16, tzinfo=UTC)
EARLIER = AS_OF - timedelta(hours=1)
KEYS = [LicenceKey(LicenceType.EXPORT, f"26-AA-{number:06d}") for number in range(1500)]
LINE = m.GoodsLineBalance(1, "1006302001", *(Quantity.of(n, "070") for n in (10, 4, 6)))


def header(number: int) -> m.Header:
    return m.Header(f"REPORT.{number}", "CN-GATEWAY", "CN-CUSTOMS", AS_OF)


def transfers(count: int) -> list[m.Transfer]:
    return [
        m.Transfer(f"SEAL-{n}", "LicenceIssue", KEYS[n], bytes(32), m.TransferStatus.ACCEPTED)
        for n in range(count)
    ]


def figures(count: int) -> list[m.LicenceFigures]:
    return [m.LicenceFigures(KEYS[n], n, (LINE,)) for n in range(count)]


def report(sent: int, used: int) -> list[m.Reconciliation]:
    return split(header, DAY, AS_OF, transfers(sent), figures(used))


sizes = st.integers(0, 1500) | st.sampled_from([0, 1, 249, 250, 251, 499, 500, 501, 1000])


@given(sizes, sizes)
def test_parts_keep_the_bounds_and_count_right(sent: int, used: int) -> None:
    parts = report(sent, used)
    assert [one.part_number for one in parts] == list(range(1, len(parts) + 1))
    assert {one.part_count for one in parts} == {len(parts)}
    assert {one.day for one in parts} == {m.ReconciliationTotals(sent, used)}
    assert [one.header.message_id for one in parts] == [f"REPORT.{n}" for n in range(1, len(parts) + 1)]
    for one in parts:
        assert len(one.transfers) <= 500
        assert len(one.licences) <= 250
        assert one.part == m.ReconciliationTotals(len(one.transfers), len(one.licences))
    fewest = max(1, (sent + 499) // 500, (used + 249) // 250)
    assert len(parts) == fewest


@given(sizes, sizes, st.randoms(use_true_random=False))
def test_joined_in_any_order_it_is_what_was_split(sent: int, used: int, random: Random) -> None:
    parts = report(sent, used)
    came = [*parts, *random.sample(parts, random.randint(0, len(parts)))]
    random.shuffle(came)
    joined = join(came)
    assert joined.is_sound
    assert (joined.business_date, joined.as_of) == (DAY, AS_OF)
    assert joined.first == header(1)
    assert joined.transfers == tuple(transfers(sent))
    assert joined.licences == tuple(figures(used))


@given(st.integers(501, 1500), st.data())
def test_what_has_not_come_is_named(sent: int, data: st.DataObject) -> None:
    parts = report(sent, 0)
    lost = data.draw(st.sets(st.sampled_from(parts), min_size=1, max_size=len(parts) - 1), label="lost")
    joined = join(one for one in parts if one not in lost)
    assert joined.missing == tuple(sorted(one.part_number for one in lost))
    assert not joined.is_whole
    assert not joined.is_sound
    assert joined.contradictions == ()
    assert (joined.first is None) == (parts[0] in lost)


def _other_count(parts: list[m.Reconciliation]) -> Sequence[m.Reconciliation]:
    return [parts[0], replace(parts[1], part_count=3)]


def _other_totals(parts: list[m.Reconciliation]) -> Sequence[m.Reconciliation]:
    return [parts[0], replace(parts[1], day=m.ReconciliationTotals(600, 1))]


def _other_content(parts: list[m.Reconciliation]) -> Sequence[m.Reconciliation]:
    again = replace(parts[0], header=replace(parts[0].header, message_id="Z"))
    return [*parts, replace(again, transfers=again.transfers[1:], part=m.ReconciliationTotals(499, 0))]


def _in_both(parts: list[m.Reconciliation]) -> Sequence[m.Reconciliation]:
    return [parts[0], replace(parts[1], transfers=parts[0].transfers[:100])]


def _one_less(parts: list[m.Reconciliation]) -> Sequence[m.Reconciliation]:
    return [parts[0], replace(parts[1], transfers=parts[1].transfers[1:], part=m.ReconciliationTotals(99, 0))]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_other_count, {Contradiction.PART_COUNT}),
        (_other_totals, {Contradiction.DAY_TOTALS, Contradiction.SUM}),
        (_other_content, {Contradiction.PART_TWICE}),
        (_in_both, {Contradiction.ENTRY_TWICE}),
        (_one_less, {Contradiction.SUM}),
    ],
)
def test_parts_that_disagree_are_told(spoil: object, told: set[Contradiction]) -> None:
    assert callable(spoil)
    came = spoil(report(600, 0))
    for order in (came, list(reversed(came))):
        joined = join(order)
        assert set(joined.contradictions) == told
        assert not joined.is_sound


def test_of_two_contents_the_one_created_first_is_read_whatever_came_first() -> None:
    (part,) = report(2, 0)
    one = m.ReconciliationTotals(1, 0)
    later = replace(part, transfers=part.transfers[:1], day=one, part=one)
    earlier = replace(part, header=replace(part.header, message_id="Z", created=EARLIER))
    assert join([later, earlier]).transfers == join([earlier, later]).transfers == part.transfers


def test_the_same_part_under_another_message_is_no_contradiction() -> None:
    (part,) = report(2, 2)
    again = replace(part, header=replace(part.header, message_id="AGAIN", in_reply_to="Q", created=EARLIER))
    assert join([part, again]).is_sound


def test_nothing_is_reported_twice_and_no_more_than_can_be_counted() -> None:
    with pytest.raises(ValueError, match="SEAL-0"):
        split(header, DAY, AS_OF, transfers(1) * 2, [])
    with pytest.raises(ValueError, match="EXPORT/26-AA-000000"):
        split(header, DAY, AS_OF, [], figures(1) * 2)
    with pytest.raises(ValueError, match="999999"):
        split(header, DAY, AS_OF, transfers(1) * (reconciling.MAX_COUNT + 1), [])


def test_parts_of_different_reports_are_never_joined() -> None:
    (part,) = report(1, 0)
    with pytest.raises(AssertionError, match="several reports"):
        join([part, replace(part, as_of=EARLIER)])


@pytest.mark.parametrize(("sent", "used"), [(0, 0), (501, 251)])
def test_every_part_is_a_message_that_the_schema_takes(schemas: Schemas, sent: int, used: int) -> None:
    for part in report(sent, used):
        element = writing.write_message(part)
        assert not schemas.check(element)
        assert reading.read_message(element) == part

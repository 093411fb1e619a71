"""The balances once more, reckoned differently: integers, one list sorted once, no rulebooks.

For write-offs and withdrawals that contradict nothing; amendments and conflicts are left to the properties.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.licences.facts import Clearance
from gateway.licences.settlement import Verdict, settle
from gateway.licences.state import LicenceState
from licencexml.messages import DeclarationLine, WriteOff, WriteOffReversal
from tests.licences.clearances import MAIZE, MINUTE, reversal, withdrawn
from tests.licences.makers import (
    GOODS_CODE,
    KILOGRAM,
    POLICY,
    RELEASED,
    TONNE,
    drawn,
    fact,
    goods,
    state,
    write_off,
)
from tests.profile import examples

#: Quantities in hundredths of a tonne.
hundredths = st.sampled_from([1, 100, 250, 400, 500, 510, 515, 1000])
UNIT = 100_000


@st.composite
def releases(draw: st.DrawFn) -> list[WriteOff]:
    """One write-off a declaration, each line of it once."""
    made = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        lines = [
            drawn(
                _text(draw(hundredths)),
                line_number=line,
                goods_code=draw(st.sampled_from([GOODS_CODE, MAIZE])),
                unit=draw(st.sampled_from([TONNE] * 8 + [KILOGRAM])),
                licence_line=draw(st.sampled_from([None, None, None, 1, 2])),
            )
            for line in range(1, draw(st.integers(1, 3)) + 1)
        ]
        when = RELEASED + draw(st.integers(0, 3)) * MINUTE + draw(st.sampled_from([0] * 7 + [60])) * _DAY
        one = write_off(*lines, declaration=number, message_id=f"w-{number}", release_time=when)
        if draw(st.integers(0, 9)) == 0:
            one = dataclasses.replace(one, declaration=dataclasses.replace(one.declaration, country="KOR"))
        made.append(one)
    return made


_DAY = timedelta(days=1)


@st.composite
def stories(draw: st.DrawFn) -> tuple[LicenceState, list[Clearance]]:
    """A licence, releases, and withdrawals of them or of declarations that never come."""
    of_releases = draw(releases())
    messages: list[Clearance] = list(of_releases)
    for one in of_releases:
        entry = int(one.declaration.entry_id[-8:])
        for number in range(1, draw(st.integers(0, 2)) + 1):
            line = draw(st.sampled_from(one.declaration.lines))
            amount = draw(st.sampled_from([line.quantity.amount, "0.01", "2.5"]))
            back = withdrawn(amount, line_number=line.line_number, unit=line.quantity.unit)
            messages.append(reversal(back, number=number, declaration=entry))
    if draw(st.booleans()):
        messages.append(reversal(declaration=9))
    codes = draw(st.sampled_from([(GOODS_CODE,), (MAIZE,), (GOODS_CODE, MAIZE), (MAIZE, MAIZE)]))
    lines = [goods(n, draw(st.sampled_from(["5", "10", "20"])), code) for n, code in enumerate(codes, 1)]
    return dataclasses.replace(state(*lines), cap=draw(st.sampled_from([1, 2, 3, 12]))), messages


@given(story=stories())
@examples(150)
def test_another_reckoning_comes_to_the_same_balances_and_counts(
    story: tuple[LicenceState, list[Clearance]],
) -> None:
    licence, messages = story
    settlement = settle(licence, [fact(one) for one in messages], POLICY)
    assert settlement.state is not None

    left, counted, refused = reckon(licence, messages)
    assert {one.line_number: int(one.balance * UNIT) for one in settlement.state.lines} == left
    assert settlement.state.declarations == counted
    assert {
        one.header.message_id
        for one in messages
        if settlement.findings[one.header.message_id].verdict is Verdict.REFUSED
    } == refused


def reckon(
    licence: LicenceState, messages: list[Clearance]
) -> tuple[dict[int, int], frozenset[str], set[str]]:
    """What is left of each line in hundred-thousandths, the declarations that count, the refused messages."""
    refused: set[str] = set()
    out = {
        (one.declaration.entry_id, line.line_number): int(line.quantity.amount * UNIT)
        for one in messages
        if isinstance(one, WriteOff)
        for line in one.declaration.lines
    }
    back = [one for one in messages if isinstance(one, WriteOffReversal)]
    for one in sorted(back, key=lambda each: each.reversal_number):
        [line] = one.lines
        place, amount = (one.entry_id, line.line_number), int(line.quantity.amount * UNIT)
        if place in out and amount > out[place]:
            refused.add(one.header.message_id)
        elif place in out:
            out[place] -= amount

    left = {line.line_number: int(line.issued * UNIT) for line in licence.lines}
    bulk = {line.line_number: line.goods_code == MAIZE for line in licence.lines}
    counted: set[str] = set()
    presented = [one for one in messages if isinstance(one, WriteOff)]
    for one in sorted(presented, key=lambda each: (each.declaration.release_time, each.declaration.entry_id)):
        entry = one.declaration.entry_id
        taking = [line for line in one.declaration.lines if out[entry, line.line_number] > 0]
        trial = dict(left)
        lawful = one.declaration.country == "JPN" and one.declaration.release_time < RELEASED + 30 * _DAY
        lawful = lawful and len(counted | {entry}) <= licence.cap
        for line in taking:
            lawful = lawful and _take(trial, bulk, licence, line, out[entry, line.line_number])
        if taking and lawful:
            left, counted = trial, counted | {entry}
        elif taking:
            refused.add(one.header.message_id)
    return left, frozenset(counted), refused


def _take(
    left: dict[int, int], bulk: dict[int, bool], licence: LicenceState, line: DeclarationLine, amount: int
) -> bool:
    """Take `amount` from the one goods line that it can mean; whether there is one and it allows that."""
    meant = [
        one.line_number
        for one in licence.lines
        if one.goods_code == line.goods_code and line.licence_line_number in (None, one.line_number)
    ]
    if len(meant) != 1 or line.quantity.unit != TONNE:
        return False
    which = meant[0]
    allowed = left[which] * 105 if bulk[which] and left[which] > 0 else left[which] * 100
    if amount * 100 > allowed:
        return False
    left[which] -= amount
    return True


def _text(count: int) -> str:
    return f"{count // 100}.{count % 100:02d}"

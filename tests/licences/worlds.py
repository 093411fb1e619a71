"""Whole sets of what customs may say of a licence, generated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from gateway.licences.facts import Clearance, Fact
from gateway.licences.life import LicenceEvent
from gateway.licences.policy import Policy
from gateway.licences.state import LicenceState, Suspension
from licencexml.messages import (
    DeclarationLine,
    SuspensionGround,
    WriteOff,
    WriteOffAmendment,
    WriteOffReversal,
)
from licencexml.values import UsageMode
from tests.licences.clearances import MAIZE, MINUTE, M, again, amendment, created, reversal, withdrawn
from tests.licences.makers import (
    GOODS_CODE,
    KILOGRAM,
    POLICY,
    RELEASED,
    TONNE,
    drawn,
    fact,
    goods,
    key,
    state,
    write_off,
)


@dataclass(frozen=True)
class World:
    """A licence, all that customs says of it, and what is configured."""

    state: LicenceState
    facts: tuple[Fact, ...]
    policy: Policy

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Short: hypothesis prints it."""
        printer.text(str(self))

    def __str__(self) -> str:
        state = self.state
        lines = [f"{one.line_number}:{one.goods_code}:{one.issued}" for one in state.lines]
        head = f"{state.usage_mode} {state.cap} {lines} restored={self.policy.count_restored}"
        return "\n  ".join([head, *map(_short, self.facts)])


def _short(one: Fact) -> str:
    message = one.message
    minute = (message.header.created - RELEASED) // MINUTE
    head = f"{'late ' if one.late else ''}{one.message_id} +{minute}"
    match message:
        case WriteOff():
            of = message.declaration
            lines = [_line(x) for x in of.lines]
            return f"{head} {of.entry_id[-2:]} {of.release_time:%m-%d %H:%M} {of.port} {lines}"
        case WriteOffAmendment():
            of, number = message.declaration, message.amendment_number
            line = _line(of.lines[0])
            return f"{head} {of.entry_id[-2:]} #{number} {of.release_time:%m-%d %H:%M} {of.port} {line}"
        case WriteOffReversal():
            back = [f"{x.line_number}/{x.sequence} {x.quantity}" for x in message.lines]
            return f"{head} {message.entry_id[-2:]} #{message.reversal_number} back {back}"


def _line(one: DeclarationLine) -> str:
    stated = f">{one.licence_line_number}" if one.licence_line_number else ""
    return f"{one.line_number}/{one.sequence} {one.goods_code}{stated} {one.quantity}"


amounts = st.sampled_from(["0.00001", "1", "2.5", "4", "5", "5.25", "10", "10.00001"])
units = st.sampled_from([TONNE] * 9 + [KILOGRAM])
codes = st.sampled_from([GOODS_CODE, GOODS_CODE, MAIZE])
stated = st.sampled_from([None, None, 1, 2, 3])
declarations = st.integers(1, 4)
numbers = st.integers(1, 3)
few = st.integers(1, 2)
minutes = st.integers(0, 5)
#: Also on the day after the licence's last one, and in the future.
releases = st.sampled_from(
    [RELEASED + n * MINUTE for n in (0, 0, 1, 2, 3)] * 4 + [datetime(2026, 7, 1, tzinfo=UTC)]
)
ports = st.sampled_from(["2200"] * 12 + ["5300"])

lines = st.builds(
    lambda amount, line, sequence, code, unit, licence_line: drawn(
        amount, line_number=line, sequence=sequence, goods_code=code, unit=unit, licence_line=licence_line
    ),
    amounts,
    few,
    few,
    codes,
    units,
    stated,
)


@st.composite
def write_offs(draw: st.DrawFn, message_id: str) -> WriteOff:
    taken = draw(st.lists(lines, min_size=1, max_size=3))
    made = write_off(*taken, declaration=draw(declarations), release_time=draw(releases))
    declaration = dataclasses.replace(made.declaration, port=draw(ports))
    return dataclasses.replace(made, header=created(message_id, draw(minutes)), declaration=declaration)


@st.composite
def amendments(draw: st.DrawFn, message_id: str) -> WriteOffAmendment:
    return amendment(
        draw(amounts),
        number=draw(numbers),
        declaration=draw(declarations),
        line_number=draw(few),
        sequence=draw(few),
        message_id=message_id,
        minutes=draw(minutes),
        goods_code=draw(codes),
        unit=draw(units),
        port=draw(ports),
        release_time=draw(releases),
        licence_line=draw(stated),
    )


@st.composite
def reversals(draw: st.DrawFn, message_id: str) -> WriteOffReversal:
    each = st.builds(
        lambda amount, line, sequence, unit: withdrawn(
            amount, line_number=line, sequence=sequence, unit=unit
        ),
        amounts,
        few,
        few,
        units,
    )
    taken = st.lists(each, min_size=1, max_size=2, unique_by=lambda one: (one.line_number, one.sequence))
    return reversal(
        *draw(taken),
        number=draw(numbers),
        declaration=draw(declarations),
        message_id=message_id,
        minutes=draw(minutes),
    )


@st.composite
def about_a_line(draw: st.DrawFn, line: tuple[WriteOff, DeclarationLine], message_id: str) -> Clearance:
    """A withdrawal or an amendment of a line that was released, so that most of them meet something."""
    of, taken = line
    entry = int(of.declaration.entry_id[-8:])
    if draw(st.booleans()):
        part = draw(st.sampled_from([taken.quantity.amount, Decimal("0.00001"), Decimal("2.5")]))
        one = withdrawn(
            part, line_number=taken.line_number, sequence=taken.sequence, unit=taken.quantity.unit
        )
        return reversal(
            one, number=draw(numbers), declaration=entry, message_id=message_id, minutes=draw(minutes)
        )
    return amendment(
        draw(amounts),
        number=draw(numbers),
        declaration=entry,
        line_number=taken.line_number,
        sequence=taken.sequence,
        message_id=message_id,
        minutes=draw(minutes),
        goods_code=draw(st.sampled_from([taken.goods_code] * 4 + [MAIZE])),
        unit=draw(st.sampled_from([taken.quantity.unit] * 4 + [KILOGRAM, TONNE])),
        port=draw(ports),
        release_time=draw(releases),
        licence_line=draw(st.sampled_from([taken.licence_line_number, None, 1])),
    )


@st.composite
def licences(draw: st.DrawFn) -> LicenceState:
    """One to three goods lines, bulk or not, two of which may have one code; maybe suspended for a while."""
    which = draw(
        st.sampled_from([(GOODS_CODE,), (MAIZE,), (GOODS_CODE, MAIZE), (GOODS_CODE, GOODS_CODE, MAIZE)])
    )
    made = state(
        *(goods(n, draw(st.sampled_from(["5", "10", "20"])), code) for n, code in enumerate(which, 1)),
        mode=draw(st.sampled_from([UsageMode.MULTI, UsageMode.MULTI, UsageMode.SINGLE])),
    )
    made = dataclasses.replace(made, cap=draw(st.sampled_from([2, 12]))) if made.cap > 1 else made
    if draw(st.integers(0, 5)) == 0:
        stopped = Suspension(SuspensionGround.LOSS_REPORT, RELEASED + MINUTE, RELEASED + 2 * MINUTE)
        made = dataclasses.replace(made, suspensions=(stopped,))
    return made


def _ended(which: LicenceState, *, by_replacement: bool) -> LicenceState:
    if by_replacement:
        return dataclasses.replace(which.after(LicenceEvent.REPLACE), replaced_by=key(99))
    return which.after(LicenceEvent.REVOKE)


@st.composite
def worlds(draw: st.DrawFn, *, restored: bool | None = None, most: int = 4) -> World:
    """Write-offs, what is said of their lines, what is said of none, repeats; some of it late."""
    of_releases = [draw(write_offs(f"w-{n}")) for n in range(draw(st.integers(0, most)))]
    released = [(one, line) for one in of_releases for line in one.declaration.lines]
    messages: list[Clearance] = list(of_releases)
    if released:
        for number in range(draw(st.integers(0, most))):
            messages.append(draw(about_a_line(draw(st.sampled_from(released)), f"x-{number}")))
    messages += [draw(amendments(f"a-{n}")) for n in range(draw(st.integers(0, 2)))]
    messages += [draw(reversals(f"r-{n}")) for n in range(draw(st.integers(0, 2)))]
    if messages:
        for number in range(draw(st.integers(0, 2))):
            messages.append(again(draw(st.sampled_from(messages)), f"z-{number}", draw(minutes)))
    made = draw(licences())
    late = [False] * len(messages)
    if draw(st.integers(0, 4)) == 0:
        made = _ended(made, by_replacement=draw(st.booleans()))
        late = draw(st.lists(st.booleans(), min_size=len(messages), max_size=len(messages)))
    facts = tuple(fact(one, late=is_late) for one, is_late in zip(messages, late, strict=True))
    option = draw(st.booleans()) if restored is None else restored
    return World(made, facts, dataclasses.replace(POLICY, count_restored=option))


def of_kind(facts: Iterable[Fact], kind: type[M]) -> list[tuple[Fact, M]]:
    """The facts of one kind, with their messages."""
    return [(one, one.message) for one in facts if isinstance(one.message, kind)]

"""What must hold after any history: exact balances, caps, repeats without effect, telling entries."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import discrepancy, entry, write_off_line
from gateway.licences.tables import BEGINNING, DatedTable, Period, Row
from licencexml.messages import DeclarationLine, Licence, WriteOff
from licencexml.values import LicenceKey, LicenceType, UsageMode
from tests.ledger.makers import FakeClock, answer_received, clearance_received, issue_received, now, sealed
from tests.ledger.test_issuing import content
from tests.licences.makers import KILOGRAM, POLICY, TONNE, drawn, goods, key, licence, write_off

OTHER_GOODS = "2709000000"

LICENCES: dict[LicenceKey, Licence] = {
    value.key: value
    for value in (
        licence(key(1), goods(1, "10"), goods(2, "0.00003", OTHER_GOODS), mode=UsageMode.SINGLE),
        licence(key(2), goods(1, "3.00001"), mode=UsageMode.MULTI),
        licence(key(4), goods(1, "10", OTHER_GOODS), mode=UsageMode.MULTI),
        licence(key(3, LicenceType.AUTOMATIC_IMPORT), goods(1, "5"), goods(2, "5"), mode=UsageMode.MULTI),
    )
}
UNKNOWN = key(9)
SMALL_CAPS = {LicenceType.IMPORT: 3, LicenceType.EXPORT: 3, LicenceType.AUTOMATIC_IMPORT: 2}
SMALL_TABLE = DatedTable(
    "caps", tuple(Row(which, "", Period(BEGINNING), cap, "a test") for which, cap in SMALL_CAPS.items())
)
SMALL_POLICY = replace(POLICY, tables=replace(POLICY.tables, caps=SMALL_TABLE))

amounts = st.sampled_from(["0.00001", "1", "2.5", "3", "5", "10.00001"]).map(Decimal)


@st.composite
def declaration_lines(draw: st.DrawFn) -> tuple[DeclarationLine, ...]:
    count = draw(st.integers(1, 3))
    return tuple(
        drawn(
            draw(amounts),
            line_number=draw(st.integers(1, 3)),
            sequence=draw(st.integers(1, 2)),
            goods_code=draw(st.sampled_from([goods().goods_code, OTHER_GOODS])),
            unit=draw(st.sampled_from([TONNE, TONNE, TONNE, KILOGRAM])),
            licence_line=draw(st.sampled_from([None, 1, 2])),
        )
        for _ in range(count)
    )


class Histories(RuleBasedStateMachine):
    """Issues, seals, answers and write-offs in any order, in batches, repeated, over restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.ledger = Ledger.open(self.folder / "l", clock=self.clock)
        self.sent: list[book.ClearanceReceived] = []
        self.answers: dict[str, book.Outcome] = {}
        self.entries: list[Any] = []

    def teardown(self) -> None:
        now(self.ledger.close())
        shutil.rmtree(self.folder)

    def run_unit(self, function: Callable[..., Any], *args: Any) -> Any:
        return now(self.ledger.submit(lambda uow: function(uow, *args)))

    def look(self, function: Callable[[Connection], Any]) -> Any:
        return now(self.ledger.read(function))

    @initialize()
    def issue_some(self) -> None:
        self.issue(list(LICENCES)[:2])

    @rule(keys=st.lists(st.sampled_from(list(LICENCES)), min_size=1, max_size=4))
    def issue(self, keys: list[LicenceKey]) -> None:
        batch = [issue_received(LICENCES[each], f"i-{each}") for each in keys]
        outcomes = self.run_unit(book.accept_issues, batch, SMALL_POLICY)
        assert all(outcome.is_accepted for outcome in outcomes)

    @rule(keys=st.lists(st.sampled_from(list(LICENCES)), min_size=1, max_size=4))
    def seal(self, keys: list[LicenceKey]) -> None:
        self.run_unit(book.record_seals, [sealed(each, f"s-{each}", f"i-{each}") for each in keys])

    @rule(which=st.sampled_from(list(LICENCES)))
    def answer(self, which: LicenceKey) -> None:
        self.run_unit(book.record_customs_answers, [answer_received(f"s-{which}", f"a-{which}")])

    @rule(
        batch=st.lists(
            st.tuples(st.sampled_from([*LICENCES, UNKNOWN]), st.integers(1, 5), declaration_lines()),
            min_size=1,
            max_size=4,
        ),
    )
    def use(self, batch: list[tuple[LicenceKey, int, tuple[DeclarationLine, ...]]]) -> None:
        write_offs: list[WriteOff] = [
            write_off(
                *lines,
                declaration=declaration,
                message_id=f"w-{len(self.sent) + number}",
                licence_key=which,
            )
            for number, (which, declaration, lines) in enumerate(batch)
        ]
        received = [clearance_received(each) for each in write_offs]
        outcomes = self.run_unit(book.record_clearances, received, SMALL_POLICY).outcomes
        self.sent += received
        self.answers |= {outcome.message_id: outcome for outcome in outcomes}

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if not self.sent:
            return
        again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=4))
        before = self.look(content)
        for outcome in self.run_unit(book.record_clearances, again, SMALL_POLICY).outcomes:
            first = self.answers[outcome.message_id]
            assert outcome.status is OutcomeStatus.REPEATED
            assert (outcome.already, outcome.rejections) == (first.status, first.rejections)
        assert self.look(content) == before, "a repeat changes nothing"

    @rule()
    def restart(self) -> None:
        before = self.look(content)
        now(self.ledger.close())
        self.ledger = Ledger.open(self.folder / "l", clock=self.clock)
        assert self.look(content) == before

    @invariant()
    def applied_and_balance_make_what_was_issued(self) -> None:
        states = self.look(lambda connection: load_states(connection, LICENCES))
        used = self.look(lambda connection: connection.execute(select(write_off_line)).all())
        for state in states.values():
            for line in state.lines:
                applied = sum(
                    (
                        row.quantity
                        for row in used
                        if (row.licence_type, row.licence_no, row.licence_line)
                        == (state.key.type, state.key.number, line.line_number)
                    ),
                    Decimal(0),
                )
                assert applied + line.balance == line.issued
                assert -line.balance * 100 <= line.issued * line.tolerance_percent

    @invariant()
    def uses_stay_within_the_cap(self) -> None:
        for state in self.look(lambda connection: load_states(connection, LICENCES)).values():
            assert len(state.declarations) <= state.cap == SMALL_POLICY.cap(LICENCES[state.key])

    @invariant()
    def the_entries_tell_the_projection(self) -> None:
        assert self.look(lambda connection: list(differences(connection))) == []

    @invariant()
    def entries_are_only_ever_added(self) -> None:
        entries = self.look(lambda connection: connection.execute(select(entry)).all())
        assert entries[: len(self.entries)] == self.entries
        self.entries = entries

    @invariant()
    def each_refusal_is_one_discrepancy(self) -> None:
        rows = self.look(lambda connection: connection.execute(select(discrepancy)).all())
        refused = sorted(each.message_id for each in self.answers.values() if each.rejections)
        assert sorted(row.message_id for row in rows) == refused


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=20,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

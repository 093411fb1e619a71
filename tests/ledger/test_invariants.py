"""What must hold after any history: exact balances, caps, repeats without effect, telling entries.

`LAW_EXAMPLES=20` (`make invariants`) looks at twenty times as many histories.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.discrepancies import against
from gateway.ledger.kinds import DiscrepancyStatus, OutcomeStatus
from gateway.ledger.projection import key_of, load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import clearance, discrepancy, entry, write_off_line
from gateway.licences.facts import Clearance
from gateway.licences.settlement import Verdict
from gateway.licences.tables import BEGINNING, DatedTable, Period, Row
from licencexml.messages import (
    AckStatus,
    DeclarationLine,
    Licence,
    ReplacementMode,
    SuspensionAction,
    SuspensionGround,
    WriteOff,
    kind_of,
)
from licencexml.values import LicenceKey, LicenceType, UsageMode
from tests.ledger.makers import (
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    digest,
    issue_received,
    now,
    sealed,
)
from tests.ledger.test_issuing import content
from tests.ledger.test_replies import ask, reply
from tests.licences.acts import HOUR, replacement, revocation, suspension
from tests.licences.clearances import MAIZE, MINUTE
from tests.licences.makers import NOW, POLICY, RELEASED, drawn, goods, key, licence, write_off
from tests.licences.worlds import about_a_line, amendments, reversals, write_offs
from tests.profile import examples

LICENCES: dict[LicenceKey, Licence] = {
    value.key: value
    for value in (
        licence(key(1), goods(1, "10"), goods(2, "0.00003", MAIZE), mode=UsageMode.SINGLE),
        licence(key(2), goods(1, "20.00001"), mode=UsageMode.MULTI),
        licence(key(4), goods(1, "10", MAIZE), mode=UsageMode.MULTI, valid_to=date(2026, 6, 1)),
        licence(key(3, LicenceType.AUTOMATIC_IMPORT), goods(1, "5"), goods(2, "5"), mode=UsageMode.MULTI),
    )
}
#: What takes the place of the second, and of what took its place.
SUCCESSORS = [
    licence(key(number), goods(1, amount), mode=UsageMode.MULTI)
    for number, amount in ((12, "5"), (22, "20.00001"))
]
SUCCEEDING = [one.key for one in SUCCESSORS]
ALL = {**LICENCES, **{one.key: one for one in SUCCESSORS}}
UNKNOWN = key(9)
SMALL_CAPS = {LicenceType.IMPORT: 3, LicenceType.EXPORT: 3, LicenceType.AUTOMATIC_IMPORT: 2}
SMALL_TABLE = DatedTable(
    "caps", tuple(Row(which, "", Period(BEGINNING), cap, "a test") for which, cap in SMALL_CAPS.items())
)
SMALL_POLICY = replace(
    POLICY, tables=replace(POLICY.tables, caps=SMALL_TABLE), replacement_needs_reconciliation=False
)
AS_TOLD = {
    Verdict.APPLIED: OutcomeStatus.ACCEPTED,
    Verdict.REPEATED: OutcomeStatus.REPEATED,
    Verdict.PARKED: OutcomeStatus.PARKED,
    Verdict.CONFLICT: OutcomeStatus.CONFLICT,
    Verdict.REFUSED: OutcomeStatus.REFUSED,
}
some_licence = st.sampled_from([*ALL, *([key(2)] * 3)])


class Histories(RuleBasedStateMachine):
    """Issues, seals, answers, releases with all that is said of them later, and issuers' acts, in any order.

    In batches, repeated, over restarts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.ledger = Ledger.open(self.folder / "l", clock=self.clock)
        self.sent: list[book.ClearanceReceived] = []
        self.released: list[tuple[LicenceKey, tuple[WriteOff, DeclarationLine]]] = []
        self.acts = self.asked = 0
        self.entries: list[Any] = []

    def teardown(self) -> None:
        now(self.ledger.close())
        shutil.rmtree(self.folder)

    def run_unit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return now(self.ledger.submit(lambda uow: function(uow, *args, **kwargs)))

    def look(self, function: Callable[[Connection], Any]) -> Any:
        return now(self.ledger.read(function))

    @initialize()
    def issue_some(self) -> None:
        self.issue(list(LICENCES)[:2])
        self.seal(list(LICENCES)[:2])

    @rule(keys=st.lists(st.sampled_from(list(LICENCES)), min_size=1, max_size=4))
    def issue(self, keys: list[LicenceKey]) -> None:
        batch = [issue_received(LICENCES[each], f"i-{each}") for each in keys]
        outcomes = self.run_unit(book.accept_issues, batch, SMALL_POLICY)
        assert all(outcome.is_accepted for outcome in outcomes)

    @rule(keys=st.lists(st.sampled_from(list(LICENCES)), min_size=1, max_size=4))
    def seal(self, keys: list[LicenceKey]) -> None:
        self.run_unit(book.record_seals, [sealed(each, f"s-{each}", f"i-{each}") for each in keys])

    @rule(which=st.sampled_from(list(LICENCES)), status=st.sampled_from(AckStatus))
    def answer(self, which: LicenceKey, status: AckStatus) -> None:
        """What customs answers settles a licence again: whether it has it decides whether it can use it."""
        message_id = f"a-{which}-{status}"
        self.run_unit(book.record_customs_answers, [answer_received(f"s-{which}", message_id, status)])
        self.run_unit(book.resettle, {which: message_id}, SMALL_POLICY)

    @rule(
        batch=st.lists(st.tuples(st.sampled_from([*ALL, UNKNOWN]), write_offs("?")), min_size=1, max_size=4)
    )
    def use(self, batch: list[tuple[LicenceKey, WriteOff]]) -> None:
        for which, message in batch:
            self.released += [(which, (message, line)) for line in message.declaration.lines]
        self.tell(batch)

    @rule(declaration=st.integers(1, 4), which=st.sampled_from([key(2), key(2), key(12), key(4)]))
    def use_lawfully(self, declaration: int, which: LicenceKey) -> None:
        code = MAIZE if which == key(4) else goods().goods_code
        one = write_off(drawn("1", goods_code=code), declaration=declaration)
        self.released.append((which, (one, one.declaration.lines[0])))
        self.tell([(which, one)])

    @rule(data=st.data(), count=st.integers(1, 3))
    def change(self, data: st.DataObject, count: int) -> None:
        """Amendments and withdrawals, most of them of what was released."""
        said: list[tuple[LicenceKey, Clearance]] = []
        for _ in range(count):
            if self.released and data.draw(st.integers(0, 4)):
                which, line = data.draw(st.sampled_from(self.released))
                said.append((which, data.draw(about_a_line(line, "?"))))
            else:
                said.append((data.draw(some_licence), data.draw(amendments("?") | reversals("?"))))
        self.tell(said)

    def tell(self, said: list[tuple[LicenceKey, Any]]) -> None:
        received = []
        for number, (which, message) in enumerate(said, len(self.sent)):
            header = replace(message.header, message_id=f"m-{number}")
            received.append(clearance_received(replace(message, header=header, licence=which)))
        outcomes = self.run_unit(book.record_clearances, received, SMALL_POLICY).outcomes
        assert [one.message_id for one in outcomes] == [one.message.header.message_id for one in received]
        self.sent += received

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if not self.sent:
            return
        again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=4))
        before = self.look(content)
        rows = {row.message_id: row for row in before["clearance"]}
        for outcome in self.run_unit(book.record_clearances, again, SMALL_POLICY).outcomes:
            row = rows[outcome.message_id]
            assert outcome.status is OutcomeStatus.REPEATED
            assert outcome.already is AS_TOLD[row.verdict]
            assert [one.code for one in outcome.rejections] == [one["code"] for one in row.rejections]
        assert self.look(content) == before, "a repeat changes nothing"

    @rule(
        which=some_licence,
        action=st.sampled_from(SuspensionAction),
        ground=st.sampled_from(list(SuspensionGround)[:2]),
        minutes=st.integers(0, 4),
    )
    def suspend(
        self, which: LicenceKey, action: SuspensionAction, ground: SuspensionGround, minutes: int
    ) -> None:
        when = RELEASED + minutes * MINUTE if action is SuspensionAction.SUSPEND else NOW - HOUR
        self.act(which, suspension(action, ground=ground, at=when, licence=which, message_id=self.next_act()))

    @rule(new=st.sampled_from(SUCCESSORS), mode=st.sampled_from(ReplacementMode), data=st.data())
    def replace(self, new: Licence, mode: ReplacementMode, data: st.DataObject) -> None:
        old = key(2) if new is SUCCESSORS[0] else data.draw(st.sampled_from([key(2), key(12)]))
        self.act(old, replacement(new, replaced=old, mode=mode, message_id=self.next_act()))

    @rule(which=st.sampled_from([*LICENCES, *SUCCEEDING]))
    def revoke(self, which: LicenceKey) -> None:
        self.act(which, revocation(licence=which, message_id=self.next_act()))

    @rule()
    def expire(self) -> None:
        self.run_unit(lambda uow: list(book.expire(uow, date(2026, 6, 2))))

    def next_act(self) -> str:
        self.acts += 1
        return f"act-{self.acts}"

    def act(self, which: LicenceKey, message: Any) -> None:
        """An act and, if it is taken, its seal and customs' answer, after which all is settled again."""
        message_id = message.header.message_id
        [outcome] = self.run_unit(book.accept_acts, [act_received(message)], SMALL_POLICY)
        event(f"{kind_of(message)} {getattr(message, 'mode', '')} {outcome.status}")
        if outcome.rejections:
            return
        waiting = [one for one in self.look(lambda c: book.to_seal(c, 50)) if one.message_id == message_id]
        for one in waiting:
            seal = sealed(one.licence, f"s-{message_id}", message_id)
            self.run_unit(book.record_seals, [replace(seal, is_act=one.is_act)])
            answer = answer_received(f"s-{message_id}", f"a-{message_id}")
            self.run_unit(book.record_customs_answers, [answer])
        self.run_unit(book.resettle, {which: f"a-{message_id}"}, SMALL_POLICY)

    @rule(data=st.data())
    def other_content(self, data: st.DataObject) -> None:
        """A MessageID that comes with other content is told so, and changes no licence."""
        if not self.sent:
            return
        one = data.draw(st.sampled_from(self.sent))
        before = self.look(lambda connection: load_states(connection, ALL))
        wrong = replace(one, digest=digest("other"), xml=b"other")
        [outcome] = self.run_unit(book.record_clearances, [wrong], SMALL_POLICY).outcomes
        assert [each.code for each in outcome.rejections] == ["MESSAGE_ID_CONFLICT"]
        assert self.look(lambda connection: load_states(connection, ALL)) == before

    @rule(which=some_licence, unused=st.booleans())
    def compare_figures(self, which: LicenceKey, unused: bool) -> None:
        """Customs is asked, and says the same as we, or that nothing was used."""
        state = self.look(lambda connection: load_states(connection, [which])).get(which)
        if state is None:
            return
        self.asked += 1
        ask(self.run_unit, which, f"q-{self.asked}")
        said = reply(state.unused() if unused else state, f"qr-{self.asked}", answers=f"q-{self.asked}")
        [found] = self.run_unit(book.record_replies, [said])
        assert found.outcome.is_accepted
        assert unused or {one.code for one in found.differences} <= {"STATUS_DIFFERS"}

    @rule(data=st.data())
    def resolve(self, data: st.DataObject) -> None:
        """An operator says how a discrepancy was cleared up."""
        rows = self.look(lambda connection: connection.execute(select(discrepancy)).all())
        if rows:
            row = data.draw(st.sampled_from(rows))
            why_not = self.run_unit(book.resolve, row.id, "operator", "cleared up with customs")
            assert (why_not is None) is (row.status == DiscrepancyStatus.OPEN)

    @rule()
    def restart(self) -> None:
        before = self.look(content)
        now(self.ledger.close())
        self.ledger = Ledger.open(self.folder / "l", clock=self.clock)
        assert self.look(content) == before

    @invariant()
    def applied_and_balance_make_what_was_issued(self) -> None:
        states = self.look(lambda connection: load_states(connection, ALL))
        applied: defaultdict[tuple[LicenceKey, int], Decimal] = defaultdict(Decimal)
        for row in self.look(lambda connection: connection.execute(select(write_off_line)).all()):
            applied[key_of(row), row.licence_line] += row.quantity
        for state in states.values():
            for line in state.lines:
                assert applied[state.key, line.line_number] + line.balance == line.issued
                assert -line.balance * 100 <= line.issued * line.tolerance_percent

    @invariant()
    def uses_stay_within_the_cap(self) -> None:
        for state in self.look(lambda connection: load_states(connection, ALL)).values():
            assert len(state.declarations) <= state.cap == SMALL_POLICY.cap(ALL[state.key])

    @invariant()
    def the_entries_tell_the_projection(self) -> None:
        assert self.look(lambda connection: list(differences(connection))) == []

    @invariant()
    def entries_are_only_ever_added(self) -> None:
        entries = self.look(lambda connection: connection.execute(select(entry)).all())
        assert entries[: len(self.entries)] == self.entries
        self.entries = entries

    @invariant()
    def what_does_not_fit_is_a_discrepancy(self) -> None:
        """One that is open, or that an operator resolved; and what fits now is none, or a settled one."""
        rows = self.look(lambda connection: connection.execute(select(clearance)).all())
        assert len(rows) == len(self.sent)
        wrong = {row.message_id for row in rows if against(row.verdict, row.rejections)}
        digests = {one.message.header.message_id: one.digest for one in self.sent}
        found = [
            row
            for row in self.look(lambda connection: connection.execute(select(discrepancy)).all())
            if digests.get(row.message_id) == row.digest
        ]
        unsettled = {row.message_id for row in found if row.status != DiscrepancyStatus.SETTLED}
        assert unsettled == wrong


TestHistories = Histories.TestCase
TestHistories.settings = examples(10, stateful_step_count=15)

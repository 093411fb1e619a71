"""The same messages of customs in another order, in other batches and twice: both ledgers end alike."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from gateway.ledger import book
from gateway.ledger.check import differences
from gateway.ledger.kinds import DiscrepancyStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import clearance, declaration_use, discrepancy, message, write_off_line
from gateway.licences.facts import Clearance
from gateway.licences.policy import Policy
from gateway.licences.settlement import Verdict
from licencexml.messages import Licence
from licencexml.values import UsageMode
from tests.ledger.makers import FakeClock, act_received, clearance_received, issue_received, now, sealed
from tests.licences.acts import suspension
from tests.licences.clearances import MAIZE, MINUTE
from tests.licences.makers import POLICY, RELEASED, goods, key, licence
from tests.licences.worlds import worlds
from tests.profile import examples

STARTS: tuple[Licence, ...] = (
    licence(key(), goods(1, "10"), goods(2, "5", MAIZE)),
    licence(key(), goods(1, "20"), mode=UsageMode.SINGLE),
    licence(key(), goods(1, "10", MAIZE), goods(2, "20", MAIZE)),
)


@contextmanager
def opened(which: Licence, *, suspended: bool) -> Iterator[Ledger]:
    """A ledger with that licence, sealed, and maybe suspended from the third minute of its releases."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder) / "l", clock=FakeClock())
        run(ledger, book.accept_issues, [issue_received(which)], POLICY)
        run(ledger, book.record_seals, [sealed(which.key, "s-1")])
        if suspended:
            stop = suspension(at=RELEASED + 2 * MINUTE, message_id="stop")
            run(ledger, book.accept_acts, [act_received(stop)], POLICY)
        yield ledger
        now(ledger.close())


def run(ledger: Ledger, function: Any, *arguments: Any) -> Any:
    return now(ledger.submit(lambda uow: function(uow, *arguments)))


def told(ledger: Ledger, batches: Sequence[Sequence[Clearance]], policy: Policy) -> dict[str, Any]:
    """What is so after these batches, but for what tells of their coming.

    What customs was told last of each message must be what is so.
    """
    last: dict[str, tuple[str, list[str]]] = {}
    for batch in batches:
        cleared = run(ledger, book.record_clearances, [clearance_received(one) for one in batch], policy)
        first = [one for one in cleared.outcomes if one.message_id not in last and one.already is None]
        for outcome in [*first, *(change.outcome for change in cleared.changes)]:
            codes = sorted(one.code for one in outcome.rejections)
            last[outcome.message_id] = str(outcome.status), codes
    found: dict[str, Any] = now(ledger.read(so))
    assert last == found.pop("answers")
    assert now(ledger.read(lambda connection: list(differences(connection)))) == []
    return found


def so(connection: Connection) -> dict[str, Any]:
    """Balances, counts, lines, verdicts, open discrepancies, what waits, what repeats would be told."""
    rows = connection.execute(select(clearance)).all()
    found = connection.execute(select(discrepancy)).all()
    lines = connection.execute(select(write_off_line)).all()
    which = message.c.message_id.in_([row.message_id for row in rows])
    answers = connection.execute(select(message).where(which)).all()
    return {
        "state": load_states(connection, [key()]),
        "uses": sorted(row.entry_id for row in connection.execute(select(declaration_use))),
        "lines": sorted(
            (row.message_id, row.entry_id, row.line_number, row.sequence, row.licence_line, row.quantity)
            for row in lines
        ),
        "verdicts": sorted((row.message_id, row.verdict, str(row.rejections)) for row in rows),
        "open": sorted(
            (row.message_id, str([one["code"] for one in row.rejections]))
            for row in found
            if row.status == DiscrepancyStatus.OPEN
        ),
        "parked": sorted(row.message_id for row in rows if row.verdict == Verdict.PARKED),
        "answers": {
            row.message_id: (row.status, sorted(one["code"] for one in row.answer["rejections"]))
            for row in answers
        },
    }


def in_batches(messages: Sequence[Clearance], sizes: Sequence[int]) -> list[Sequence[Clearance]]:
    """`messages` in batches of these sizes, over and over."""
    batches, place, turn = [], 0, 0
    while place < len(messages):
        size = sizes[turn % len(sizes)]
        batches.append(messages[place : place + size])
        place, turn = place + size, turn + 1
    return batches


@given(
    world=worlds(),
    which=st.sampled_from(STARTS),
    suspended=st.booleans(),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    data=st.data(),
)
@examples(8)
def test_in_any_order_in_any_batches_and_twice_all_ends_alike(
    world: Any, which: Licence, suspended: bool, sizes: list[int], data: st.DataObject
) -> None:
    messages = [one.message for one in world.facts]
    policy = replace(POLICY, count_restored=world.policy.count_restored)
    order = data.draw(st.permutations([*range(len(messages))] * 2))
    with opened(which, suspended=suspended) as one, opened(which, suspended=suspended) as other:
        straight = told(one, [messages] if messages else [], policy)
        shuffled = told(other, in_batches([messages[index] for index in order], sizes), policy)

    event(f"open: {bool(straight['open'])}, parked: {bool(straight['parked'])}")
    assert shuffled == straight

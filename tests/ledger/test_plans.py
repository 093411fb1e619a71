"""No statement of the hot path reads a whole table: each one that runs is put to the planner."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, event

from gateway.ledger import (
    book,
    discrepancy_query,
    feedback,
    left_over,
    looking,
    looking_back,
    post,
    query,
)
from gateway.ledger.acts import IssuerAct
from gateway.ledger.check import differences
from gateway.ledger.depths import depths
from gateway.ledger.explaining import explain_licence
from gateway.ledger.explaining_messages import explain_message
from gateway.ledger.kinds import OutboxStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import metadata
from licencexml.messages import AckStatus
from licencexml.values import LicenceType
from tests.ledger.makers import (
    PARTNER,
    FakeClock,
    act_received,
    answer_received,
    clearance_received,
    identity,
    issue_received,
    sealed,
)
from tests.ledger.test_replies import ask, reply
from tests.licences.acts import replacement, revocation, suspension
from tests.licences.makers import POLICY, drawn, key, licence, write_off

Run = Callable[..., Any]
Statement = tuple[str, Any]

#: Indexes that hold waiting rows only, and so may be read whole; and the one that is counted.
SMALL = {
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
COUNTED = "ix_licence_status"
SCAN = re.compile(r"SCAN (?P<table>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?")


@pytest.fixture
def seen(ledger: Ledger) -> list[Statement]:
    statements: list[Statement] = []

    def record(_c: object, _cursor: object, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.startswith(("EXPLAIN", "BEGIN", "PRAGMA")):
            many = rest[-1]
            statements.append((statement, parameters[0] if many else parameters))

    for engine in (ledger._writer, ledger._reader):
        event.listen(engine, "before_cursor_execute", record)
    return statements


def whole_table_scans(
    engine: Engine, statements: list[Statement], small: Collection[str] = (*SMALL, COUNTED)
) -> list[str]:
    found = []
    with engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for row in plan:
                scan = SCAN.fullmatch(row.detail)
                if scan and scan["table"] in metadata.tables and scan["index"] not in small:
                    found.append(f"{row.detail}: {statement}")
    return found


def test_no_statement_reads_a_whole_table(
    ledger: Ledger, run: Run, look: Run, seen: list[Statement], clock: FakeClock
) -> None:
    keys = [
        *[key(number, LicenceType.EXPORT) for number in range(3)],
        *[key(number, LicenceType.IMPORT) for number in range(3)],
    ]
    run(book.accept_issues, [issue_received(licence(each), f"i-{each}") for each in keys], POLICY)
    look(book.to_seal, 10)
    look(book.origins, keys)
    run(book.record_seals, [sealed(each, f"s-{each}", f"i-{each}") for each in keys])
    made = run(post.gather, PARTNER, 4, 10_000, identity)
    look(post.members, made.id)
    look(post.unfinished, PARTNER)
    look(post.unfinished, PARTNER, made.created)
    run(post.mark_sent, made.id)
    run(post.mark_delivered, made.id)
    run(post.hold, [f"s-{keys[-1]}"])
    run(post.release, [f"s-{keys[-1]}"])
    run(book.record_customs_answers, [answer_received(f"s-{each}", f"a-{each}") for each in keys])
    offs = [
        write_off(drawn(amount), message_id=f"w-{each}", licence_key=each)
        for each, amount in zip(keys, ["1", "2", "3", "4", "5", "1000"], strict=True)
    ]
    run(book.record_clearances, [clearance_received(each) for each in offs], POLICY)
    run(book.record_clearances, [clearance_received(each, "other") for each in offs], POLICY)
    file = run(post.inbound_offer, PARTNER, identity(1), 10, "p")
    run(post.inbound_stored, file.id, 10)
    look(post.inbound_to_process, 10)
    look(post.receipts_due, PARTNER, 10)
    run(post.receipt_sent, file.id)
    run(feedback.add, "default", "a", b"1", origin="x")
    look(feedback.unwritten, 10, "default")
    look(feedback.waiting, "default", 10)
    run(feedback.mark_written, [1])
    look(looking.show_licence, keys[0])
    look(looking.licence_history, keys[0])
    look(looking.show_message, f"s-{keys[0]}")
    look(explain_licence, keys[0], POLICY, clock())
    look(discrepancy_query.show_discrepancy, 1)
    for message_id in (f"i-{keys[0]}", f"s-{keys[0]}", f"w-{keys[0]}", f"w-{keys[-1]}", f"a-{keys[0]}"):
        look(explain_message, message_id)
    look(looking_back.known_then, keys[0], clock())
    look(looking_back.true_then, keys[0], clock(), POLICY)
    for which in (None, keys[-1]):
        look(discrepancy_query.discrepancies, key=which)
        look(discrepancy_query.discrepancies, key=which, every=True)
        look(discrepancy_query.parked, key=which)
    look(query.counts)
    look(left_over.left_over)
    before = len(seen)
    look(depths)
    counted = [one for one in seen[before:] if whole_table_scans(ledger._writer, [one], small={*SMALL})]
    assert counted == [], "asked every few seconds, it may not even count an index of everything"
    look(query.queue, OutboxStatus.DUE, partner=PARTNER)

    assert len(seen) > 80
    scans = whole_table_scans(ledger._writer, seen)
    assert scans == [], "\n".join(scans)


def test_what_issuers_do_and_customs_replies_reads_no_whole_table(
    ledger: Ledger, run: Run, look: Run, seen: list[Statement]
) -> None:
    keys = [key(number) for number in range(6)]
    run(book.accept_issues, [issue_received(licence(each), f"i-{each}") for each in keys], POLICY)
    run(book.record_seals, [sealed(each, f"s-{each}", f"i-{each}") for each in keys])
    stops = [suspension(licence=each, message_id=f"u-{each}") for each in keys]
    run(book.accept_acts, [act_received(one) for one in stops], POLICY)
    ends: list[IssuerAct] = [
        replacement(licence(key(9)), replaced=keys[0], message_id="r-1"),
        revocation(licence=keys[1], message_id="v-1"),
    ]
    run(book.accept_acts, [act_received(one) for one in ends], POLICY)
    waiting = look(book.to_seal, 10)
    seals = [
        replace(sealed(one.licence, f"z-{one.message_id}", one.message_id), is_act=True) for one in waiting
    ]
    run(book.record_seals, seals)
    made = run(post.gather, PARTNER, 100, 100_000, identity)
    run(post.mark_sent, made.id)
    look(book.sealed_acts, [one.sealed_message_id for one in seals])
    for status in (AckStatus.REFUSED, AckStatus.ACCEPTED):
        answers = [answer_received(f"z-u-{each}", f"a-{each}-{status}", status, each) for each in keys]
        run(book.record_customs_answers, answers)
    for each in keys:
        ask(run, each, f"q-{each}")
    told = [reply(look(load_states, [each])[each], f"qr-{each}", answers=f"q-{each}") for each in keys]
    for confirmation in run(book.record_replies, told):
        assert confirmation.state is not None
    run(lambda uow: list(book.expire(uow, date(2026, 7, 1))))

    scans = whole_table_scans(ledger._writer, seen)
    assert scans == [], "\n".join(scans)


def test_the_check_goes_by_the_key(
    ledger: Ledger, run: Run, look: Run, seen: list[Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.check.PAGE", 2)
    issues = [issue_received(licence(key(number)), f"i-{number}") for number in range(5)]
    run(book.accept_issues, issues, POLICY)
    seen.clear()
    look(lambda connection: list(differences(connection)))

    inner_pages = [statement for statement in seen if " > (" in statement[0]]
    assert len(inner_pages) > 5
    assert whole_table_scans(ledger._writer, inner_pages) == []

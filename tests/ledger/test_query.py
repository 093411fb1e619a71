"""The operators' questions: whole answers, in plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.ledger import book, looking, post, query
from gateway.ledger.kinds import OutboxStatus
from tests.ledger.makers import answer_received, clearance_received, issue_received, sealed
from tests.ledger.test_post import gather
from tests.licences.makers import POLICY, drawn, key, write_off

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def a_used_licence(run: Run) -> None:
    run(book.accept_issues, [issue_received(urgent=True)], POLICY)
    run(book.record_seals, [sealed(key(), "s-1")])
    made = gather(run)
    assert made is not None
    run(post.mark_delivered, made.id)
    run(book.record_customs_answers, [answer_received("s-1", "a-1")])
    run(
        book.record_clearances,
        [
            clearance_received(write_off()),
            clearance_received(write_off(drawn("500"), declaration=2, message_id="w-2")),
        ],
        POLICY,
    )


def test_counts(look: Run) -> None:
    assert look(query.counts) == {
        "licences": {"PART_USED": 1},
        "outbox": {"DUE": 0, "HELD": 0, "ASSIGNED": 0},
        "interchanges": {"READY": 0, "SENT": 0},
        "inbound": {"RECEIVING": 0, "STORED": 0},
        "receipts_due": 0,
        "discrepancies": 1,
        "daily": {"day_differences": 0, "days_unanswered": 0, "calls": 1},
    }


def test_a_licence_is_shown_whole(look: Run) -> None:
    shown = look(looking.show_licence, key())

    assert json.loads(json.dumps(shown)) == shown
    assert shown["status"] == "PART_USED"
    life = ("transmission", "usage", "standing", "suspended", "counted", "cap")
    assert [shown[name] for name in life] == ["RECEIVED", "PART_USED", "IN_FORCE", False, 1, 12]
    assert shown["lines"] == [
        {
            "line_number": 1,
            "goods_code": "1006108101",
            "goods_name": "籼米稻谷",
            "unit": "070",
            "issued": "100.00000",
            "written_off": "10.00000",
            "balance": "90.00000",
            "over_shipment": None,
            "tolerance_percent": 0,
        }
    ]
    assert (shown["licence_date"], shown["permitted"]) == ("2026-01-01", [])
    assert [use["quantity"] for use in shown["uses"]] == ["10.00000"]
    assert [each["message_id"] for each in shown["discrepancies"]] == ["w-2"]
    assert look(looking.show_licence, key(99)) is None


def test_a_licences_history_is_told_in_order(look: Run) -> None:
    history = look(looking.licence_history, key())

    assert [(each["kind"], each["message_id"]) for each in history] == [
        ("ISSUE_ACCEPTED", "i-1"),
        ("SEALED", "s-1"),
        ("SENT", "s-1"),
        ("CUSTOMS_ACCEPTED", "a-1"),
        ("WRITE_OFF_APPLIED", "w-1"),
        ("WRITE_OFF_REFUSED", "w-2"),
    ]


def test_a_message_is_shown_with_its_answer_and_its_way(look: Run, run: Run) -> None:
    refused = look(looking.show_message, "w-2")
    assert refused["status"] == "REFUSED"
    assert [each["code"] for each in refused["rejections"]] == ["QUANTITY_EXCEEDS_BALANCE"]
    ours = look(looking.show_message, "s-1")
    assert [each["status"] for each in ours["sendings"]] == ["DELIVERED"]
    assert look(looking.message_xml, "s-1") == b"sealed s-1"
    assert look(looking.show_message, "nothing") is None

    run(book.accept_issues, [issue_received(message_id="i-2")], POLICY)
    burnt_nothing = look(looking.show_message, "i-2")
    assert [each["kind"] for each in burnt_nothing["entries"]] == ["MESSAGE_REFUSED"]


def test_the_queue_is_shown_in_its_order(look: Run, run: Run) -> None:
    run(post.requeue, ["s-1"])

    [sending] = look(query.queue, OutboxStatus.DUE)
    assert (sending["message_id"], sending["licence"], sending["interchange"]) == ("s-1", str(key()), None)
    assert look(query.queue, OutboxStatus.DUE, partner="another") == []
    assert look(query.sending, sending["id"]) == sending
    assert look(query.sending, 99) is None


def test_the_totals_of_each_goods_line(look: Run) -> None:
    assert look(query.totals) == [
        {
            "licence": str(key()),
            "line": 1,
            "unit": "070",
            "issued": "100.00000",
            "written_off": "10.00000",
            "balance": "90.00000",
        }
    ]

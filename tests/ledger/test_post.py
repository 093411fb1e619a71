"""The post: gathered in order and within bounds, told of in any order, and never lost by a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.ledger import book, post
from gateway.ledger.check import differences
from gateway.ledger.interchanges import flush
from gateway.ledger.kinds import (
    InboundStatus,
    InterchangeStatus,
    OutboxStatus,
    OutcomeStatus,
    Priority,
    ReceiptStatus,
)
from gateway.ledger.projection import load_lives
from gateway.ledger.store import Ledger
from gateway.ledger.tables import outbox
from gateway.licences.life import LicenceStatus, Life
from licencexml.messages import TechnicalAck, TechnicalStatus
from licencexml.rejection import Rejection, Where
from oftp2.attributes import FileAttributes
from tests.ledger.makers import PARTNER, FakeClock, digest, identity, issue_received, now, sealed
from tests.licences.makers import POLICY, header, key, licence

Run = Callable[..., Any]


def enqueue(run: Run, *names: str, priority: Priority = Priority.NORMAL, size: int = 10) -> None:
    for name in names:
        xml = name.encode().ljust(size, b".")
        run(post.enqueue, PARTNER, name, kind="ApplicationAck", priority=priority, xml=xml)


def gather(run: Run, count: int = 100, size: int = 10_000) -> post.Interchange | None:
    made: post.Interchange | None = run(post.gather, PARTNER, count, size, identity)
    return made


def names(look: Run, interchange: post.Interchange) -> list[str]:
    return [xml.decode().rstrip(".") for xml in look(post.members, interchange.id)]


def sendings(look: Run, message_id: str) -> list[str]:
    query = select(outbox.c.status).where(outbox.c.message_id == message_id).order_by(outbox.c.id)
    return list(look(lambda connection: connection.execute(query).scalars()))


def sent_licence(run: Run) -> post.Interchange:
    """A sealed licence in an interchange."""
    run(book.accept_issues, [issue_received()], POLICY)
    run(book.record_seals, [sealed(key(), "s-1")])
    made = gather(run)
    assert made is not None
    return made


def status(look: Run) -> LicenceStatus:
    lives: dict[Any, Life] = look(load_lives, [key()])
    return lives[key()].status


def test_nothing_due_makes_no_interchange(run: Run) -> None:
    assert gather(run) is None


def test_answers_go_first_then_the_oldest(run: Run, look: Run) -> None:
    enqueue(run, "a", "b")
    enqueue(run, "c", "d", priority=Priority.ANSWER)

    made = gather(run, count=3)
    assert made is not None
    assert names(look, made) == ["c", "d", "a"]
    assert (made.member_count, made.size_bytes, made.status) == (3, 30, InterchangeStatus.READY)
    assert made.identity == identity(made.id)
    second = gather(run)
    assert second is not None
    assert names(look, second) == ["b"]
    assert gather(run) is None


def test_what_is_urgent_goes_before_all_and_with_nothing_that_is_not(run: Run, look: Run) -> None:
    enqueue(run, "a", "b")
    enqueue(run, "c", priority=Priority.ANSWER)
    enqueue(run, "d", "e", "f", priority=Priority.URGENT)

    gone = []
    while (made := gather(run, count=2)) is not None:
        gone.append(names(look, made))
    assert gone == [["d", "e"], ["f"], ["c", "a"], ["b"]]


def test_an_interchange_is_bounded_by_bytes_but_carries_one_at_least(run: Run, look: Run) -> None:
    enqueue(run, "a", size=100)
    enqueue(run, "b", "c", size=20)

    members = []
    while (made := gather(run, size=40)) is not None:
        members.append(names(look, made))
    assert members == [["a"], ["b", "c"]]


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 50), max_size=30), count=st.integers(1, 7), max_bytes=st.integers(1, 120)
)
def test_everything_due_goes_once_in_order_within_the_bounds(
    sizes: list[int], count: int, max_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = Ledger.open(tmp_path_factory.mktemp("post") / "l", clock=FakeClock())

    def fill(uow: Any) -> None:
        for number, size in enumerate(sizes):
            xml = bytes([number]) * size
            post.enqueue(uow, PARTNER, str(number), kind="x", priority=Priority.NORMAL, xml=xml)

    now(ledger.submit(fill))
    gone: list[int] = []
    while made := now(ledger.submit(lambda uow: post.gather(uow, PARTNER, count, max_bytes, identity))):
        members = now(ledger.read(lambda c, made=made: post.members(c, made.id)))  # type: ignore[misc]  # bound now
        assert 1 <= len(members) <= count
        assert len(members) == 1 or sum(map(len, members)) <= max_bytes
        gone += [member[0] for member in members]
    assert gone == list(range(len(sizes)))
    now(ledger.close())


def test_partners_have_their_own_post(run: Run) -> None:
    enqueue(run, "a")

    assert run(post.gather, "another", 10, 1000, identity) is None


def test_the_reference_follows_from_the_file_and_is_an_identifier(run: Run) -> None:
    made = sent_licence(run)

    assert made.control_reference == "202606011200000001-LICENCES.000001"
    assert post.control_reference(made.identity) == made.control_reference


def test_sent_then_delivered(run: Run, look: Run) -> None:
    made = sent_licence(run)
    assert status(look) is LicenceStatus.SEALED
    assert [one.id for one in look(post.unfinished, PARTNER)] == [made.id]

    run(post.mark_sent, made.id)
    run(post.mark_sent, made.id)
    assert status(look) is LicenceStatus.SENT
    assert look(post.unfinished, PARTNER) == []
    assert sendings(look, "s-1") == [OutboxStatus.ASSIGNED]

    run(post.mark_delivered, made.id)
    run(post.mark_sent, made.id)
    assert sendings(look, "s-1") == [OutboxStatus.DELIVERED]
    found = look(post.find_interchange, made.identity)
    assert found.status is InterchangeStatus.DELIVERED
    assert look(lambda connection: list(differences(connection))) == []


def test_an_answer_without_a_counter_is_about_our_file_of_that_second(run: Run, look: Run) -> None:
    made = sent_licence(run)
    short = made.identity.without_counter()
    assert short != made.identity
    assert look(post.find_interchange, short) == look(post.find_interchange, made.identity)
    other_second = f"{(int(short.time[:6]) + 1):06d}0000"
    assert look(post.find_interchange, replace(short, time=other_second)) is None
    other_counter = f"{short.time[:6]}9999"
    assert look(post.find_interchange, replace(short, time=other_counter)) is None


def test_what_the_partner_already_has_counts_as_sent_too(run: Run, look: Run) -> None:
    made = sent_licence(run)
    run(post.mark_delivered, made.id)

    assert status(look) is LicenceStatus.SENT


def test_a_refused_file_is_tried_again_when_it_is_time(run: Run, look: Run, clock: FakeClock) -> None:
    made = sent_licence(run)
    later = clock() + timedelta(minutes=5)
    run(post.mark_refused, made.id, "SFNA 06", later)

    assert look(post.unfinished, PARTNER, clock()) == []
    [ready] = look(post.unfinished, PARTNER, later)
    assert (ready.attempts, ready.last_reason, ready.identity) == (1, "SFNA 06", made.identity)


def test_operators_can_have_what_waits_tried_at_once(run: Run, look: Run, clock: FakeClock) -> None:
    made = sent_licence(run)
    run(post.mark_refused, made.id, "SFNA 06", clock() + timedelta(minutes=5))

    assert run(flush, "another") == 0
    assert run(flush, PARTNER) == 1
    assert run(flush, None) == 0
    assert [ready.id for ready in look(post.unfinished, PARTNER, clock())] == [made.id]


def test_a_refusal_that_comes_too_late_changes_nothing(run: Run, look: Run, clock: FakeClock) -> None:
    made = sent_licence(run)
    run(post.mark_sent, made.id)
    run(post.mark_refused, made.id, "SFNA 06", clock())

    assert look(post.unfinished, PARTNER) == []
    assert look(post.find_interchange, made.identity).status is InterchangeStatus.SENT


def test_a_file_that_is_given_up_keeps_its_members_for_the_operators(run: Run, look: Run) -> None:
    made = sent_licence(run)
    run(post.mark_refused, made.id, "SFNA 02")

    assert look(post.unfinished, PARTNER) == []
    assert sendings(look, "s-1") == [OutboxStatus.HELD]
    assert run(post.release, ["s-1"], "customs has put it right") == ["s-1"]
    assert sendings(look, "s-1") == [OutboxStatus.REQUEUED, OutboxStatus.DUE]
    again = gather(run)
    assert again is not None
    assert look(post.members, again.id) == look(post.members, made.id) == [b"sealed s-1"]


def test_hold_and_release(run: Run, look: Run) -> None:
    enqueue(run, "a", "b")

    assert run(post.hold, ["a", "unknown"], "wait") == ["a"]
    assert run(post.hold, ["a"]) == []
    made = gather(run)
    assert made is not None
    assert names(look, made) == ["b"]
    assert run(post.release, ["a", "b"]) == ["a"]
    assert sendings(look, "a") == [OutboxStatus.DUE]


def test_requeue_sends_again_what_is_no_longer_on_its_way(run: Run, look: Run) -> None:
    enqueue(run, "a")
    assert run(post.requeue, ["a"]) == []
    made = gather(run)
    assert made is not None
    assert run(post.requeue, ["a"]) == []

    run(post.mark_sent, made.id)
    assert run(post.requeue, ["a"]) == ["a"]
    assert run(post.requeue, ["a"]) == []
    assert sendings(look, "a") == [OutboxStatus.REQUEUED, OutboxStatus.DUE]
    assert names(look, made) == ["a"], "what an interchange held stays known"


def test_a_message_sent_twice_is_requeued_once(run: Run, look: Run) -> None:
    enqueue(run, "a")
    run(post.repeat, "a")
    made = gather(run)
    assert made is not None
    assert names(look, made) == ["a"], "within a file, messages differ"
    run(post.mark_delivered, made.id)
    again = gather(run)
    assert again is not None
    run(post.mark_delivered, again.id)

    assert run(post.requeue, ["a"]) == ["a"]
    assert sendings(look, "a").count(OutboxStatus.DUE) == 1


def technical_ack(
    reference: str, status: TechnicalStatus = TechnicalStatus.ACCEPTED, message_id: str = "t-1"
) -> TechnicalAck:
    rejections = ()
    if status is TechnicalStatus.REFUSED:
        rejections = (Rejection("NOT_XML", Where(), "不是XML", "not XML", "configured", "Send XML."),)
    return TechnicalAck(header(message_id), reference, status, 1, rejections)


def answer(run: Run, ack: TechnicalAck, content: str = "t") -> book.Outcome:
    outcome: book.Outcome = run(post.technical_answer, ack, digest(content), content.encode(), "customs:1")
    return outcome


def test_what_could_be_read_was_delivered(run: Run, look: Run) -> None:
    made = sent_licence(run)

    assert answer(run, technical_ack(made.control_reference)).status is OutcomeStatus.ACCEPTED
    assert status(look) is LicenceStatus.SENT
    assert look(post.find_interchange, made.identity).status is InterchangeStatus.DELIVERED
    again = answer(run, technical_ack(made.control_reference))
    assert (again.status, again.already) == (OutcomeStatus.REPEATED, OutcomeStatus.ACCEPTED)
    assert answer(run, technical_ack(made.control_reference), "other").status is OutcomeStatus.CONFLICT


def test_what_could_not_be_read_is_held(run: Run, look: Run) -> None:
    made = sent_licence(run)
    run(post.mark_delivered, made.id)
    answer(run, technical_ack(made.control_reference, TechnicalStatus.REFUSED))

    refused = look(post.find_interchange, made.identity)
    assert (refused.status, refused.last_reason) == (InterchangeStatus.REFUSED, "NOT_XML: not XML")
    assert sendings(look, "s-1") == [OutboxStatus.HELD]
    run(post.mark_delivered, made.id)
    assert look(post.find_interchange, made.identity).status is InterchangeStatus.REFUSED


def test_an_answer_to_what_was_never_sent_is_refused_and_burns_nothing(run: Run) -> None:
    refused = answer(run, technical_ack("nothing"))
    assert [rejection.code for rejection in refused.rejections] == ["CONTROL_REFERENCE_UNKNOWN"]

    made = sent_licence(run)
    assert answer(run, technical_ack(made.control_reference)).status is OutcomeStatus.ACCEPTED


def offer(run: Run, number: int = 1, size: int = 100, path: str = "p") -> post.InboundFile:
    file: post.InboundFile = run(post.inbound_offer, PARTNER, identity(number), size, path)
    return file


def test_a_cut_file_goes_on_at_its_durable_position(run: Run) -> None:
    file = offer(run)
    assert (file.status, file.position_bytes, file.path) == (InboundStatus.RECEIVING, 0, "p")
    run(post.inbound_progress, file.id, 60)

    resumed = offer(run, path="q")
    assert (resumed.id, resumed.position_bytes, resumed.path) == (file.id, 60, "p")
    anew = offer(run, size=120)
    assert (anew.id, anew.position_bytes, anew.size_bytes) == (file.id, 0, 120)


def test_a_file_that_comes_again_after_other_services_begins_anew(run: Run) -> None:
    """Encrypted once more it is another file, of which nothing is here yet."""
    file = offer(run)
    run(post.inbound_progress, file.id, 60)
    wrapped = FileAttributes(encrypted=True, enveloped=True, cipher_suite=4, description="a\0b")
    anew = run(post.inbound_offer, PARTNER, identity(1), 100, "p", attributes=wrapped)
    assert (anew.id, anew.position_bytes) == (file.id, 0)
    assert anew.attributes == replace(wrapped, description="ab"), "PostgreSQL takes no NUL"
    run(post.inbound_progress, file.id, 60)
    again = run(post.inbound_offer, PARTNER, identity(1), 100, "p", attributes=wrapped)
    assert again.position_bytes == 60


def test_what_is_settled_is_found_among_any_number_of_files(run: Run, look: Run) -> None:
    """More than a statement of SQLite has room for: files that were cut are kept, however many."""
    file = offer(run, path="p7")
    run(post.inbound_processed, file.id, None)
    assert look(post.inbound_settled, [f"p{number}" for number in range(260_000)]) == {"p7": False}


def test_an_enveloped_file_is_receipted_when_it_was_opened(run: Run, look: Run) -> None:
    file = offer(run)
    run(post.inbound_stored, file.id, 100, is_enveloped=True)
    assert look(post.receipts_due, PARTNER, 10) == []
    run(post.inbound_opened, file.id)
    assert [one.id for one in look(post.receipts_due, PARTNER, 10)] == [file.id]
    run(post.receipt_sent, file.id)
    run(post.inbound_opened, file.id)
    assert look(post.receipts_due, PARTNER, 10) == []


@pytest.mark.parametrize("end", ["delivered", "refused"])
def test_bytes_that_cannot_be_made_again_are_kept_until_the_partner_has_them(
    run: Run, look: Run, end: str
) -> None:
    made = sent_licence(run)
    attributes = FileAttributes(encrypted=True, enveloped=True, cipher_suite=4, original_size_blocks=1)
    form = post.OutgoingForm(attributes, b"first", b"hash")
    assert run(post.keep_form, made.id, form) == form
    assert run(post.keep_form, made.id, replace(form, content=b"second")) == form, "the first stands"
    assert look(post.form_of, made.id) == form
    if end == "delivered":
        run(post.mark_delivered, made.id)
    else:
        run(post.mark_refused, made.id, "SFNA 16")
    assert look(post.form_of, made.id) == replace(form, content=None)


def test_a_stored_file_is_known_for_ever(run: Run, look: Run) -> None:
    file = offer(run)
    run(post.inbound_stored, file.id, 100)
    assert offer(run, size=500).status is InboundStatus.STORED
    assert [one.id for one in look(post.inbound_to_process, 10)] == [file.id]
    assert [one.id for one in look(post.receipts_due, PARTNER, 10)] == [file.id]

    run(post.inbound_processed, file.id, "ref")
    run(post.receipt_sent, file.id)
    assert look(post.inbound_to_process, 10) == []
    assert look(post.receipts_due, PARTNER, 10) == []
    known = look(post.inbound_find, PARTNER, identity(1))
    assert (known.status, known.receipt_status, known.control_reference) == (
        InboundStatus.PROCESSED,
        ReceiptStatus.SENT,
        "ref",
    )


def test_partners_take_turns_so_that_one_with_many_files_waits_for_itself(run: Run, look: Run) -> None:
    for number, partner in enumerate(["a"] * 5 + ["c"] * 3 + ["b"]):
        file = run(post.inbound_offer, partner, identity(number), 10, f"p{number}")
        run(post.inbound_stored, file.id, 10)

    def turns(limit: int, after: str = "") -> str:
        return "".join(one.partner for one in look(post.inbound_to_process, limit, after))

    assert turns(2) == "ab"
    assert turns(2, "b") == "ca"
    assert turns(2, "c") == "ab"
    assert turns(100) == "abcacacaa"
    ids = [one.id for one in look(post.inbound_to_process, 100) if one.partner == "a"]
    assert ids == sorted(ids), "of one partner the oldest comes first"


def test_small_files_are_found_behind_large_ones_each_once(run: Run, look: Run) -> None:
    ids = []
    for number, size in enumerate((5_000, 10, 5_000, 20, 30), start=1):
        file = run(post.inbound_offer, PARTNER, identity(number), size, f"/in/{number}")
        ids.append(file.id)
        if number != 4:
            run(post.inbound_stored, file.id, size)

    def small(after: int, limit: int = 10) -> list[int]:
        return [one.id for one in look(post.inbound_small, 1_000, after, limit)]

    assert small(0) == [ids[1], ids[4]], "the fourth is not whole yet"
    assert small(0, 1) == [ids[1]]
    assert small(ids[1]) == [ids[4]]
    assert small(ids[4]) == []


def test_whether_messages_were_sent_once(run: Run, look: Run) -> None:
    sent_licence(run)
    assert look(post.sent_once, ["s-1"])
    assert not look(post.sent_once, ["s-1", "not ours"])
    run(post.repeat, "s-1")
    assert not look(post.sent_once, ["s-1"])


def test_a_corrupt_file_is_not_offered_again_to_the_workers(run: Run, look: Run) -> None:
    file = offer(run)
    run(post.inbound_stored, file.id, 100)
    run(post.inbound_corrupt, file.id, "XML_MALFORMED")

    assert look(post.inbound_to_process, 10) == []
    assert offer(run).status is InboundStatus.CORRUPT


def test_an_own_message_needs_its_licence_only_if_it_has_one(run: Run, look: Run) -> None:
    run(book.accept_issues, [issue_received(licence())], POLICY)
    run(
        post.enqueue,
        PARTNER,
        "a-1",
        kind="ApplicationAck",
        priority=Priority.URGENT,
        xml=b"x",
        licence=key(),
    )
    query = select(outbox.c.licence_no)
    assert look(lambda connection: connection.execute(query).scalar_one()) == "26-AA-000001"

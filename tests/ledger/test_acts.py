"""Issuers' acts on licences that exist: one transaction, entries that tell them, and a way of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from gateway.ledger import book, discrepancy_query, post
from gateway.ledger.check import differences
from gateway.ledger.kinds import EntryKind, OutcomeStatus
from gateway.ledger.projection import load_states
from gateway.ledger.store import Ledger
from gateway.ledger.tables import act, discrepancy
from gateway.licences.identity import MESSAGE_ID_CONFLICT
from gateway.licences.life import LicenceStatus, Transmission
from gateway.licences.state import LicenceState
from licencexml.messages import AckStatus, SuspensionGround
from licencexml.values import LicenceKey
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
from tests.ledger.test_issuing import entries, statements
from tests.licences.acts import HOUR, IN_FLIGHT, replacement, resumption, revocation, suspension
from tests.licences.clearances import reversal
from tests.licences.makers import NOW, POLICY, key, licence, write_off

Run = Callable[..., Any]
LOSS = SuspensionGround.LOSS_REPORT
TRUSTING = replace(POLICY, replacement_needs_reconciliation=False)


def at_customs(run: Run, *serials: int) -> None:
    for serial in serials:
        run(book.accept_issues, [issue_received(licence(key(serial)), f"i-{serial}")], POLICY)
        run(book.record_seals, [sealed(key(serial), f"z-{serial}", f"i-{serial}")])
        run(book.record_customs_answers, [answer_received(f"z-{serial}", f"a-{serial}", licence=key(serial))])


def accept(run: Run, *acts: Any, policy: Any = TRUSTING) -> list[book.Outcome]:
    outcomes: list[book.Outcome] = run(book.accept_acts, [act_received(one) for one in acts], policy)
    return outcomes


def codes(outcome: book.Outcome) -> list[str]:
    return [one.code for one in outcome.rejections]


def stands(look: Run, which: LicenceKey) -> LicenceState:
    state: LicenceState = look(load_states, [which])[which]
    return state


def transmissions(connection: Connection) -> dict[str, str]:
    return {row.message_id: row.transmission for row in connection.execute(select(act))}


def seal_all(run: Run, look: Run) -> list[str]:
    """Seal what waits, each under "sealed-" and its own MessageID; returns these, in order."""
    waiting = look(book.to_seal, 10)
    batch = [
        replace(
            sealed(one.licence, f"sealed-{one.message_id}", one.message_id),
            is_act=one.is_act,
            urgent=one.urgent,
        )
        for one in waiting
    ]
    return [one.issue_message_id for one in run(book.record_seals, batch)]


def send_all(run: Run) -> None:
    made = run(post.gather, PARTNER, 100, 10**6, identity)
    run(post.mark_sent, made.id)


def sound(look: Run) -> bool:
    found: list[Any] = look(lambda connection: list(differences(connection)))
    return found == []


def test_a_suspension_is_kept_with_the_licence_and_ends_with_its_resumption(run: Run, look: Run) -> None:
    at_customs(run, 1)
    [stopped] = accept(run, suspension(at=NOW - HOUR))
    assert stopped == book.Outcome(OutcomeStatus.ACCEPTED, "s-1", key())
    assert stands(look, key()).is_suspended
    assert stands(look, key()).status is LicenceStatus.RECEIVED

    accept(run, suspension(ground=LOSS, message_id="s-3"), resumption())
    assert [(one.ground, one.until) for one in stands(look, key()).suspensions] == [
        (IN_FLIGHT, NOW),
        (LOSS, None),
    ]
    assert look(entries)[-3:] == [EntryKind.SUSPENDED, EntryKind.SUSPENDED, EntryKind.RESUMED]
    assert sound(look)


def test_a_refused_act_is_an_entry_and_leaves_its_identity_free(run: Run, look: Run) -> None:
    at_customs(run, 1)
    [refused] = accept(run, resumption(message_id="x"))
    assert refused.status is OutcomeStatus.REFUSED
    assert codes(refused) == ["NOT_SUSPENDED"]
    assert look(entries)[-1] == EntryKind.MESSAGE_REFUSED
    assert not accept(run, suspension(message_id="x"))[0].rejections
    assert sound(look)


def test_the_same_act_again_gets_the_same_answer_and_another_under_its_identity_is_a_conflict(
    run: Run,
) -> None:
    at_customs(run, 1)
    first, again = accept(run, suspension(), suspension())
    assert (first.status, again.status) == (OutcomeStatus.ACCEPTED, OutcomeStatus.REPEATED)
    [other] = accept(run, suspension(ground=LOSS))
    assert codes(other) == ["MESSAGE_ID_CONFLICT"]


def test_an_act_of_another_issuer_is_refused(run: Run) -> None:
    at_customs(run, 1)
    foreign = suspension()
    foreign = replace(foreign, header=replace(foreign.header, sender="ISSUER-OTHER"))
    assert codes(accept(run, foreign)[0]) == ["ISSUER_DIFFERS"]
    assert codes(accept(run, suspension(licence=key(7), message_id="s-7"))[0]) == ["LICENCE_NOT_ISSUED"]


def test_a_replacement_issues_the_new_licence_and_ends_the_old_in_one_transaction(
    run: Run, look: Run
) -> None:
    at_customs(run, 1)
    [outcome] = accept(run, replacement())
    assert outcome == book.Outcome(OutcomeStatus.ACCEPTED, "r-1", key(2))
    old, new = stands(look, key(1)), stands(look, key(2))
    assert (old.status, old.replaced_by) == (LicenceStatus.REPLACED, key(2))
    assert (new.status, new.replaces) == (LicenceStatus.ACCEPTED, key(1))
    [waiting] = look(book.to_seal, 10)
    assert (waiting.message_id, waiting.licence, waiting.is_act) == ("r-1", key(2), False)
    assert look(book.origins, [key(2)])[key(2)].message_id == "r-1"
    assert sound(look)


def test_of_two_replacements_at_once_the_second_is_told(run: Run, look: Run) -> None:
    at_customs(run, 1)
    first, second = accept(run, replacement(), replacement(licence(key(3)), message_id="r-2"))
    assert not first.rejections
    assert codes(second) == ["REPLACED_ALREADY"]
    assert str(key(2)) in second.rejections[0].en
    assert key(3) not in look(load_states, [key(3)])
    assert sound(look)


def test_a_licence_that_was_issued_by_replacement_is_replaced_in_its_turn(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, replacement())
    seal_all(run, look)
    accept(run, replacement(licence(key(3)), replaced=key(2), message_id="r-2"))
    chain = look(load_states, [key(1), key(2), key(3)])
    assert [chain[key(n)].replaced_by for n in (1, 2, 3)] == [key(2), key(3), None]
    assert sound(look)


def test_a_number_is_issued_once_even_by_replacement(run: Run, look: Run) -> None:
    at_customs(run, 1, 2)
    assert codes(accept(run, replacement())[0]) == ["LICENCE_EXISTS"]
    assert stands(look, key(1)).status is LicenceStatus.RECEIVED


def test_a_revoked_licence_is_ended_and_customs_is_told(run: Run, look: Run) -> None:
    at_customs(run, 1)
    [outcome] = accept(run, revocation())
    assert outcome == book.Outcome(OutcomeStatus.ACCEPTED, "v-1", key())
    assert stands(look, key()).status is LicenceStatus.REVOKED
    [waiting] = look(book.to_seal, 10)
    assert (waiting.message_id, waiting.is_act, waiting.urgent) == ("v-1", True, False)
    assert codes(accept(run, suspension())[0]) == ["REVOKED_ALREADY"]
    assert sound(look)


@pytest.mark.parametrize("act", [revocation(), replacement()], ids=["revocation", "replacement"])
def test_a_licence_does_not_end_while_something_about_it_is_not_settled(run: Run, act: Any) -> None:
    at_customs(run, 1)
    accept(run, suspension(at=NOW - 3 * HOUR))
    run(book.record_clearances, [clearance_received(write_off())], POLICY)
    assert "RELEASES_NOT_SETTLED" in codes(accept(run, act, policy=POLICY)[0])
    assert not accept(run, act)[0].rejections

    at_customs(run, 2)
    parked = replace(reversal(message_id="rv-9"), licence=key(2))
    [outcome] = run(book.record_clearances, [clearance_received(parked)], POLICY).outcomes
    assert outcome.status is OutcomeStatus.PARKED
    waits = accept(run, revocation(licence=key(2), message_id="v-9"), policy=POLICY)
    assert "RELEASES_NOT_SETTLED" in codes(waits[0])


@pytest.mark.parametrize("policy", [POLICY, TRUSTING], ids=["reconciled", "trusting"])
@pytest.mark.parametrize("act", [revocation(), replacement()], ids=["revocation", "replacement"])
def test_a_licence_that_has_yet_to_go_to_customs_does_not_end(
    run: Run, look: Run, act: Any, policy: Any
) -> None:
    """It would be in force there, and ended here."""
    run(book.accept_issues, [issue_received(licence())], POLICY)
    assert codes(accept(run, act, policy=policy)[0]) == ["CUSTOMS_NOT_RECONCILED"]
    assert seal_all(run, look) == ["i-1"]
    assert ("CUSTOMS_NOT_RECONCILED" in codes(accept(run, act, policy=policy)[0])) is (policy is POLICY)
    assert sound(look)


def test_a_refused_licence_that_is_sent_again_ends_only_when_customs_has_answered(
    run: Run, look: Run
) -> None:
    refused_by_customs(run)
    assert run(post.requeue, ["z-1"]) == ["z-1"]
    assert codes(accept(run, revocation(), policy=POLICY)[0]) == ["CUSTOMS_NOT_RECONCILED"]
    send_all(run)
    run(book.record_customs_answers, [answer_received("z-1", "a-2", AckStatus.REFUSED, key())])
    assert not accept(run, revocation(), policy=POLICY)[0].rejections
    assert sound(look)


def refused_by_customs(run: Run) -> None:
    run(book.accept_issues, [issue_received(licence())], POLICY)
    run(book.record_seals, [sealed(key(), "z-1")])
    send_all(run)
    run(book.record_customs_answers, [answer_received("z-1", "a-1", AckStatus.REFUSED, key())])


@pytest.mark.parametrize(
    ("act", "status"),
    [(suspension(), LicenceStatus.CUSTOMS_REFUSED), (revocation(), LicenceStatus.REVOKED)],
    ids=["suspension", "revocation"],
)
def test_an_act_on_a_licence_that_customs_refused_waits_until_it_is_there_after_all(
    run: Run, look: Run, act: Any, status: LicenceStatus
) -> None:
    refused_by_customs(run)
    assert not accept(run, act)[0].rejections
    message_id = act.header.message_id
    assert look(book.to_seal, 10) == []
    assert run(book.record_seals, [replace(sealed(key(), "z-2", message_id), is_act=True)]) == []
    assert (stands(look, key()).status, look(transmissions)) == (status, {message_id: Transmission.ACCEPTED})
    assert sound(look)

    run(book.record_customs_answers, [answer_received("z-1", "a-2", licence=key())])
    assert seal_all(run, look) == [message_id]
    assert sound(look)


@pytest.mark.parametrize("act", [revocation(), replacement()], ids=["revocation", "replacement"])
def test_a_licence_that_has_ended_is_never_sent_again(run: Run, look: Run, act: Any) -> None:
    refused_by_customs(run)
    accept(run, act)
    assert look(post.never_again, ["z-1"]) == {"z-1": key()}
    assert run(post.requeue, ["z-1"]) == []
    assert EntryKind.REQUEUED not in look(entries)


def test_its_revocation_may_be_sent_again(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, revocation())
    seal_all(run, look)
    send_all(run)
    assert run(post.requeue, ["z-1", "sealed-v-1"]) == ["sealed-v-1"]


def test_an_act_has_a_way_of_its_own_to_customs_and_back(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, suspension())
    assert look(transmissions) == {"s-1": Transmission.ACCEPTED}
    assert seal_all(run, look) == ["s-1"]
    assert seal_all(run, look) == []
    assert look(transmissions) == {"s-1": Transmission.SEALED}
    send_all(run)
    assert look(transmissions) == {"s-1": Transmission.SENT}
    run(book.record_customs_answers, [answer_received("sealed-s-1", "a-2", licence=key())])
    assert look(transmissions) == {"s-1": Transmission.RECEIVED}
    told = [EntryKind.ACT_SEALED, EntryKind.ACT_SENT, EntryKind.ACT_CUSTOMS_ACCEPTED]
    assert [kind for kind in look(entries) if kind.startswith("ACT_")] == told
    assert sound(look)


def test_a_refused_suspension_does_not_touch_the_licences_own_transmission(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, suspension())
    seal_all(run, look)
    send_all(run)
    run(book.record_customs_answers, [answer_received("sealed-s-1", "a-2", AckStatus.REFUSED, key())])
    assert look(transmissions) == {"s-1": Transmission.CUSTOMS_REFUSED}
    assert stands(look, key()).life.transmission is Transmission.RECEIVED
    assert sound(look)


def discrepancies(connection: Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(select(discrepancy).order_by(discrepancy.c.id))
    return [(row.message_id, row.kind, row.status) for row in rows]


def test_an_act_that_customs_refuses_is_a_discrepancy_until_it_takes_it(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, suspension())
    seal_all(run, look)
    why = [MESSAGE_ID_CONFLICT.reject(message_id="sealed-s-1")]
    for ack in ("a-2", "a-3"):
        refused = answer_received("sealed-s-1", ack, AckStatus.REFUSED, key(), why)
        run(book.record_customs_answers, [refused])
    assert look(discrepancies) == [("a-2", "LicenceSuspension", "OPEN")]
    assert sound(look)

    run(book.record_customs_answers, [answer_received("sealed-s-1", "a-4", licence=key())])
    assert look(transmissions) == {"s-1": Transmission.RECEIVED}
    assert look(discrepancies) == [("a-2", "LicenceSuspension", "SETTLED")]
    shown = look(discrepancy_query.show_discrepancy, 1)
    assert [one["status"] for one in shown["history"]] == ["OPEN", "SETTLED"]
    assert sound(look)


def test_a_replacement_that_customs_refuses_is_one_too_and_an_issue_is_not(run: Run, look: Run) -> None:
    at_customs(run, 1)
    run(book.accept_issues, [issue_received(licence(key(5)), "i-5")], POLICY)
    accept(run, replacement())
    seal_all(run, look)
    answers = [
        answer_received("sealed-i-5", "a-5", AckStatus.REFUSED, key(5)),
        answer_received("sealed-r-1", "a-6", AckStatus.REFUSED, key(2)),
    ]
    run(book.record_customs_answers, answers)
    assert look(discrepancies) == [("a-6", "LicenceReplacement", "OPEN")]
    assert stands(look, key(1)).status is LicenceStatus.REPLACED
    assert sound(look)
    run(book.record_customs_answers, [answer_received("sealed-r-1", "a-7", licence=key(2))])
    assert look(discrepancies) == [("a-6", "LicenceReplacement", "SETTLED")]
    assert stands(look, key(2)).status is LicenceStatus.RECEIVED
    assert sound(look)


def test_a_suspension_goes_first_but_never_before_its_licence(run: Run, look: Run) -> None:
    at_customs(run, 1)
    run(book.accept_issues, [issue_received(licence(key(2)), "i-2")], POLICY)
    accept(run, revocation(), suspension(licence=key(2), message_id="s-2"))
    assert [one.message_id for one in look(book.to_seal, 10)] == ["i-2", "v-1", "s-2"]
    at_customs(run, 3)
    accept(run, suspension(licence=key(3), message_id="s-3"))
    assert [one.message_id for one in look(book.to_seal, 10)] == ["s-3", "i-2", "v-1", "s-2"]


def test_what_follows_about_a_licence_never_overtakes_what_customs_has_yet_to_hear(
    run: Run, look: Run
) -> None:
    run(book.accept_issues, [issue_received(licence(key(1)), "i-1")], POLICY)
    accept(run, suspension())
    seal_all(run, look)
    run(book.record_customs_answers, [answer_received("sealed-i-1", "a-1", licence=key(1))])
    accept(run, resumption(), replacement(urgent=True))
    assert [(one.message_id, one.urgent) for one in look(book.to_seal, 10)] == [
        ("r-1", False),
        ("s-2", False),
    ]


def test_a_suspension_waits_while_its_licence_is_in_a_file_that_has_still_to_be_sent(
    run: Run, look: Run, clock: FakeClock
) -> None:
    run(book.accept_issues, [issue_received(licence(key(1)), "i-1")], POLICY)
    seal_all(run, look)
    first = run(post.gather, PARTNER, 100, 1_000_000, identity)
    run(post.mark_refused, first.id, "SFNA 06", clock() + timedelta(minutes=1))
    run(book.accept_issues, [issue_received(licence(key(2)), "i-2")], POLICY)
    accept(run, suspension())
    seal_all(run, look)

    second = run(post.gather, PARTNER, 100, 1_000_000, identity)
    assert look(post.members, second.id) == [sealed(key(2), "sealed-i-2").xml]
    assert run(post.gather, PARTNER, 100, 1_000_000, identity) is None

    run(post.mark_sent, first.id)
    third = run(post.gather, PARTNER, 100, 1_000_000, identity)
    assert third.member_count == 1
    assert look(transmissions)["s-1"] == "SEALED"


def test_a_release_while_suspended_is_a_discrepancy(run: Run, look: Run) -> None:
    at_customs(run, 1)
    accept(run, suspension(at=NOW - 3 * HOUR))
    [outcome] = run(book.record_clearances, [clearance_received(write_off())], POLICY).outcomes
    assert codes(outcome) == ["LICENCE_SUSPENDED"]


def test_a_batch_of_acts_is_a_handful_of_statements_whatever_its_size(
    run: Run, ledger: Ledger, clock: FakeClock
) -> None:
    at_customs(run, *range(1, 31))
    clock.advance(hours=1)
    acts = [act_received(suspension(licence=key(n), message_id=f"s-{n}x")) for n in range(1, 31)]
    with statements(ledger) as seen:
        outcomes = run(book.accept_acts, acts, POLICY)
    assert not any(outcome.rejections for outcome in outcomes)
    assert len(seen) <= 12, "\n".join(seen)


@pytest.mark.parametrize("message", [suspension(), revocation(), replacement()], ids=["s", "v", "r"])
def test_a_batch_without_licences_is_refused_whole(run: Run, message: Any) -> None:
    assert codes(accept(run, message)[0]) == ["LICENCE_NOT_ISSUED"]
    assert accept(run) == []


def test_a_suspension_that_was_just_accepted_counts_for_the_next_act_in_the_batch(
    run: Run, look: Run
) -> None:
    at_customs(run, 1)
    late = NOW + timedelta(minutes=1)
    outcomes = accept(run, suspension(), resumption(at=late), suspension(at=late, message_id="s-9"))
    assert [outcome.rejections for outcome in outcomes] == [(), (), ()]
    assert len(stands(look, key()).suspensions) == 2
    assert sound(look)

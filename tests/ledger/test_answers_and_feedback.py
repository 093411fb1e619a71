"""Customs' answers to each licence, and the files that tell the issuing systems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.ledger import book, feedback, post
from gateway.ledger.check import differences
from gateway.ledger.kinds import OutcomeStatus
from gateway.ledger.projection import load_lives
from gateway.licences.life import LicenceStatus, Life
from licencexml.messages import AckStatus
from licencexml.rejection import NOWHERE, Rejection
from tests.ledger.makers import answer_received, clearance_received, issue_received, sealed
from tests.ledger.test_issuing import content
from tests.ledger.test_post import gather, sendings
from tests.licences.makers import POLICY, key, licence, write_off

Run = Callable[..., Any]
FAULT = Rejection("SEAL_INVALID", NOWHERE, "印章无效", "the seal is invalid", "configured", "Seal it again.")


@pytest.fixture(autouse=True)
def at_customs(run: Run) -> None:
    issues = [issue_received(licence(key(number)), f"i-{number}") for number in (1, 2)]
    run(book.accept_issues, issues, POLICY)
    run(book.record_seals, [sealed(key(number), f"s-{number}") for number in (1, 2)])
    gather(run)


def record(run: Run, *answers: book.AnswerReceived) -> list[book.Outcome]:
    outcomes: list[book.Outcome] = run(book.record_customs_answers, answers)
    return outcomes


def status(look: Run, number: int = 1) -> LicenceStatus:
    lives: dict[Any, Life] = look(load_lives, [key(number)])
    return lives[key(number)].status


def test_customs_accepts_one_and_refuses_another(run: Run, look: Run) -> None:
    outcomes = record(
        run,
        answer_received("s-1", "a-1", licence=key(1)),
        answer_received("s-2", "a-2", AckStatus.REFUSED, rejections=[FAULT]),
    )

    assert [(outcome.status, outcome.licence) for outcome in outcomes] == [
        (OutcomeStatus.ACCEPTED, key(1)),
        (OutcomeStatus.ACCEPTED, key(2)),
    ]
    assert [status(look, number) for number in (1, 2)] == [
        LicenceStatus.RECEIVED,
        LicenceStatus.CUSTOMS_REFUSED,
    ]
    assert sendings(look, "s-1") == ["DELIVERED"]
    assert look(lambda connection: list(differences(connection))) == []


@pytest.mark.parametrize(
    ("rejections", "expected"),
    [((), LicenceStatus.RECEIVED), ((FAULT,), LicenceStatus.CUSTOMS_REFUSED)],
)
def test_a_repeat_says_what_customs_said_first(
    run: Run, look: Run, rejections: tuple[Rejection, ...], expected: LicenceStatus
) -> None:
    record(run, answer_received("s-1", "a-1", AckStatus.REPEATED, rejections=rejections))

    assert status(look) is expected


def test_the_same_answer_again_changes_nothing(run: Run, look: Run) -> None:
    record(run, answer_received("s-1", "a-1"))
    before = look(content)

    [outcome] = record(run, answer_received("s-1", "a-1"))
    assert (outcome.status, outcome.already) == (OutcomeStatus.REPEATED, OutcomeStatus.ACCEPTED)
    assert look(content) == before


def test_an_answer_that_comes_after_the_first_use_does_no_harm(run: Run, look: Run) -> None:
    run(book.record_clearances, [clearance_received(write_off())], POLICY)
    record(run, answer_received("s-1", "a-1"), answer_received("s-1", "a-2", AckStatus.REFUSED))

    assert status(look) is LicenceStatus.PART_USED
    assert look(lambda connection: list(differences(connection))) == []


def test_a_refused_licence_that_was_sent_again_may_be_accepted(run: Run, look: Run) -> None:
    record(run, answer_received("s-1", "a-1", AckStatus.REFUSED, rejections=[FAULT]))
    assert run(post.requeue, ["s-1"], "customs had the wrong certificate") == ["s-1"]
    record(run, answer_received("s-1", "a-2"))

    assert status(look) is LicenceStatus.RECEIVED


@pytest.mark.parametrize(
    ("answers", "stated", "code"),
    [
        ("nothing", None, "ANSWERED_MESSAGE_UNKNOWN"),
        ("i-1", None, "ANSWERED_MESSAGE_UNKNOWN"),
        ("s-1", key(2), "ANSWERED_LICENCE_DIFFERS"),
    ],
)
def test_a_senseless_answer_is_refused_and_burns_nothing(
    run: Run, look: Run, answers: str, stated: Any, code: str
) -> None:
    [outcome] = record(run, answer_received(answers, "a-1", licence=stated))
    assert [rejection.code for rejection in outcome.rejections] == [code]
    assert status(look) is LicenceStatus.SEALED

    [outcome] = record(run, answer_received("s-1", "a-1"))
    assert outcome.status is OutcomeStatus.ACCEPTED


def test_feedback_is_written_once_in_its_order(run: Run, look: Run) -> None:
    run(feedback.add, "default", "a.json", b"1", origin="x")
    run(feedback.add, "default", "a.json", b"again", origin="x")
    run(feedback.add, "default", "a.json", b"2", origin="y")

    waiting = look(feedback.unwritten, 10, "default")
    assert [(file.tree, file.name, file.content) for file in waiting] == [
        ("default", "a.json", b"1"),
        ("default", "a.json", b"2"),
    ]
    assert look(feedback.count_unwritten) == 2
    assert [look(feedback.waiting, "default", most) for most in (1, 2, 3)] == [1, 2, 2]
    run(feedback.mark_written, [waiting[0].id])
    assert [file.content for file in look(feedback.unwritten, 10, "default")] == [b"2"]


def test_urgent_feedback_is_written_before_all_that_waits(run: Run, look: Run) -> None:
    files = [
        feedback.NewFeedback("default", "x", f"{number}.json", b"", urgent=number > 2)
        for number in (1, 2, 3, 4)
    ]
    run(feedback.add_all, files)
    waiting = look(feedback.unwritten, 3, "default")
    assert [file.name for file in waiting] == ["3.json", "4.json", "1.json"]


def test_a_copy_of_what_the_register_has_is_not_kept_twice(run: Run, look: Run) -> None:
    copy = feedback.NewFeedback("default", "s-1", "one.sealed.xml", None)
    run(feedback.add_all, [copy, feedback.NewFeedback("default", "s-1", "one.json", b"{}")])

    waiting = look(feedback.unwritten, 10, "default")
    assert [(file.name, file.content) for file in waiting] == [
        ("one.sealed.xml", sealed(key(1), "s-1").xml),
        ("one.json", b"{}"),
    ]
    run(feedback.mark_written, [file.id for file in waiting])
    assert look(feedback.unwritten, 10, "default") == []

"""What operators are told of licences and discrepancies, and what they may say of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from gateway.ledger.store import Ledger
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.discrepancy_handlers import DiscrepancyHandlers
from gateway.service.looking_handlers import LookingHandlers
from tests.ledger.conftest import clock, ledger, look, run  # noqa: F401 - fixtures
from tests.ledger.lives import HOUR, TRUSTING, Life, released, withdrawn
from tests.ledger.makers import FakeClock, now
from tests.licences.makers import key

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def life(run: Any, look: Any, clock: FakeClock) -> Life:  # noqa: F811 - fixtures
    one = Life(run, look, clock)
    one.issue()
    return one


@pytest.fixture
def ask(ledger: Ledger, clock: FakeClock) -> Ask:  # noqa: F811 - fixtures
    commands = Commands()
    LookingHandlers(ledger=ledger, policy=lambda: TRUSTING, clock=clock).register(commands)
    DiscrepancyHandlers(ledger=ledger, clock=clock, alarm=lambda _name, _trouble: None).register(commands)

    def ask(command: str, **arguments: Any) -> dict[str, Any]:
        coroutine = commands.answer(command, arguments, None)  # type: ignore[arg-type]  # no stream is asked
        answer = now(Deferred.fromCoroutine(coroutine))
        assert answer is not None
        return answer

    return ask


def test_now_is_what_is_shown_plainly_and_says_which_of_the_two_it_is(life: Life, ask: Ask) -> None:
    life.tell(released("10", life.clock()))
    plain = ask("licence show", licence=str(key()))
    for business, basis in ((False, "KNOWN"), (True, "TRUE")):
        shown = ask("licence show", licence=str(key()), as_of="now", business=business)
        assert shown.pop("basis") == basis
        assert shown.pop("as_of") == "2026-06-01T08:00:00.000000Z"
        assert shown.pop("basis_zh").endswith("。")
        assert shown.pop("basis_en").endswith(".")
        assert shown == plain


@pytest.mark.parametrize(
    ("as_of", "balance"),
    [
        ("2026-06-01 14:00", "100.00000"),
        ("2026-06-01 15:00", "90.00000"),
        ("2026-06-01T15:00:00", "90.00000"),
        ("2026-06-01T07:00:00Z", "90.00000"),
        ("2026-06-01T08:00:00+01:00", "90.00000"),
        ("2026-06-01", "90.00000"),
        ("2026-06-02", "80.00000"),
        ("2026-06-03", "80.00000"),
        ("now", "80.00000"),
    ],
)
def test_a_time_without_a_zone_is_that_of_shanghai_and_a_date_is_its_end(
    as_of: str, balance: str, life: Life, ask: Ask
) -> None:
    life.tell(released("10", life.clock()))
    life.clock.advance(days=1)
    life.tell(released("10", life.clock(), declaration=2))
    life.clock.advance(days=1)
    shown = ask("licence show", licence=str(key()), as_of=as_of)
    assert shown["lines"][0]["balance"] == balance


@pytest.mark.parametrize(
    "as_of",
    ["", "yesterday", "2026-13-01", "2026-06-01 25:00", 5, ["x"], "2027-01-01", "0001-01-01", "x" * 99],
)
def test_a_time_that_is_none_or_is_to_come_is_a_usage_error(as_of: object, life: Life, ask: Ask) -> None:
    with pytest.raises(CommandRefused) as refused:
        ask("licence show", licence=str(key()), as_of=as_of)
    kinds = {"usage", "not-found"} if as_of == "0001-01-01" else {"usage"}
    assert refused.value.kind in kinds


def test_business_alone_asks_nothing(life: Life, ask: Ask) -> None:
    with pytest.raises(CommandRefused, match="together with as_of"):
        ask("licence show", licence=str(key()), business=True)
    with pytest.raises(CommandRefused, match="true or false"):
        ask("licence show", licence=str(key()), as_of="now", business="yes")


@pytest.mark.parametrize("business", [False, True])
def test_before_it_was_accepted_a_licence_was_not_there(business: bool, life: Life, ask: Ask) -> None:
    with pytest.raises(CommandRefused, match="accepted at 2026-06-01 12:00:00") as refused:
        ask("licence show", licence=str(key()), as_of="2026-05-31", business=business)
    assert refused.value.kind == "not-found"
    with pytest.raises(CommandRefused, match="knows nothing"):
        ask("licence show", licence=str(key(9)), as_of="now", business=business)


def test_a_licence_that_was_never_issued_is_only_named(life: Life, ask: Ask) -> None:
    life.tell(replace(released("10", life.clock()), licence=key(9)))
    for command in ("licence show", "licence explain"):
        with pytest.raises(CommandRefused, match="messages name it: see `licence history`"):
            ask(command, licence=str(key(9)))
    assert [row["kind"] for row in ask("licence history", licence=str(key(9)))["rows"]] == [
        "WRITE_OFF_REFUSED"
    ]
    assert [row["licence"] for row in ask("discrepancy list")["rows"]] == [str(key(9))]
    assert ask("discrepancy show", id=1)["position"] is None


def test_discrepancies_and_what_waits_are_two_lists(life: Life, ask: Ask) -> None:
    life.tell(released("500", life.clock()))
    life.tell(withdrawn("5", life.clock(), declaration=7))
    life.clock.advance(days=2, hours=2)
    shown = ask("discrepancy list")
    assert [(one["id"], one["licence"], one["status"]) for one in shown["rows"]] == [(1, str(key()), "OPEN")]
    assert [(one["kind"], one["waiting"]) for one in shown["parked"]] == [("WriteOffReversal", "2 d 3 h")]
    assert ask("discrepancy list", licence=str(key())) == shown
    assert ask("discrepancy list", licence=str(key(2))) == {"rows": [], "parked": []}


def test_a_resolved_discrepancy_keeps_who_and_why_and_leaves_the_list(life: Life, ask: Ask) -> None:
    life.tell(released("500", life.clock()))
    before = ask("discrepancy show", id=1)
    assert before["said"]["lines"][0]["quantity"] == "500.00000"
    assert before["position"]["lines"][0]["balance"] == "100.00000"
    assert "resolve 1" in before["next_steps"][-1]["what"]

    resolved = ask("discrepancy resolve", id=1, by=" 王 ", why="海关已更正")
    assert (resolved["status"], resolved["ended_by"], resolved["note"]) == ("RESOLVED", "王", "海关已更正")
    assert resolved["next_steps"] == []
    assert [(one["status"], one["by"], one["note"]) for one in resolved["history"]] == [
        ("OPEN", "w-1", None),
        ("RESOLVED", "王", "海关已更正"),
    ]
    assert ask("discrepancy list")["rows"] == []
    assert [one["status"] for one in ask("discrepancy list", all=True)["rows"]] == ["RESOLVED"]
    with pytest.raises(CommandRefused, match="RESOLVED by 王") as refused:
        ask("discrepancy resolve", id=1, by="李", why="again")
    assert refused.value.kind == "refused"


def test_a_resolved_one_that_is_found_for_another_reason_is_open_again(life: Life, ask: Ask) -> None:
    """More than is left, and resolved; an earlier release takes the whole cap: another reason."""
    start = life.clock()
    life.clock.advance(hours=14)
    life.tell(released("500", start + 13 * HOUR, declaration=20))
    ask("discrepancy resolve", id=1, by="王", why="to be amended")
    life.tell(*[released("1", start + one * HOUR, declaration=one) for one in range(1, 13)])

    shown = ask("discrepancy show", id=1)
    assert shown["status"] == "OPEN"
    assert [one["status"] for one in shown["history"]] == ["OPEN", "RESOLVED", "OPEN"]
    assert "MULTI_USE_CAP_REACHED" in shown["history"][-1]["codes"]
    assert shown["history"][-1]["by"] == "w-12"


def test_what_settles_by_itself_says_by_what(life: Life, ask: Ask) -> None:
    start = life.clock()
    life.tell(released("60", start, declaration=1))
    life.tell(released("60", start + HOUR, declaration=2))
    life.tell(withdrawn("60", life.clock(), declaration=1))
    shown = ask("discrepancy show", id=1)
    assert (shown["status"], shown["ended_by"]) == ("SETTLED", "b-1-1")
    assert [(one["status"], one["by"]) for one in shown["history"]] == [("OPEN", "w-2"), ("SETTLED", "b-1-1")]
    assert ask("discrepancy list") == {"rows": [], "parked": []}


def test_many_discrepancies_are_listed_page_by_page(life: Life, ask: Ask) -> None:
    life.tell(*[released("500", life.clock(), declaration=number) for number in range(1, 6)])
    first = ask("discrepancy list", limit=3)
    assert first["more"].endswith("--after 3")
    assert [one["id"] for one in ask("discrepancy list", after=3)["rows"]] == [4, 5]
    assert "more" not in ask("discrepancy list", limit=5)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, "usage"),
        ({"id": 1}, "usage"),
        ({"id": 1, "by": "王"}, "usage"),
        ({"id": 1, "by": "王", "why": "  "}, "usage"),
        ({"id": 1, "by": "", "why": "x"}, "usage"),
        ({"id": 1, "by": "王", "why": "two\nlines"}, "usage"),
        ({"id": 1, "by": "x" * 65, "why": "x"}, "usage"),
        ({"id": 9, "by": "王", "why": "x"}, "not-found"),
    ],
)
def test_who_and_why_are_both_said(arguments: dict[str, Any], kind: str, life: Life, ask: Ask) -> None:
    life.tell(released("500", life.clock()))
    with pytest.raises(CommandRefused) as refused:
        ask("discrepancy resolve", **arguments)
    assert refused.value.kind == kind

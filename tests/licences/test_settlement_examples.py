"""Releases, withdrawals and amendments, case by case, each in every order in which they can come."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from gateway.licences import settlement
from gateway.licences.life import Usage
from gateway.licences.settlement import Finding, Verdict, settle
from gateway.licences.state import LicenceState
from licencexml.messages import PaperFace, PaperLine
from licencexml.values import Medium, Quantity, UsageMode
from tests.licences.clearances import MAIZE, MINUTE, again, amendment, reversal, withdrawn
from tests.licences.makers import (
    GOODS_CODE,
    KILOGRAM,
    NOW,
    OPERATOR,
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
from tests.licences.told import Told, released, told

KEPT = dataclasses.replace(POLICY, count_restored=False)


def single() -> LicenceState:
    return state(mode=UsageMode.SINGLE)


# ── The order of releases ────────────────────────────────────────────────────────────────────────


def test_539_art_5_a_release_that_was_earlier_displaces_a_later_one() -> None:
    """In whatever order they are told: the balance is that of the goods' own order."""
    later, earlier = released("60", 1, minutes=2), released("70", 2, minutes=1)

    alone = told(later)
    assert (alone.left, alone.uses) == (["40"], [1])
    both = told(later, earlier)
    assert (both.left, both.uses) == (["30"], [2])
    assert both.codes("w-1") == ["QUANTITY_EXCEEDS_BALANCE"]


def test_releases_of_one_instant_stand_in_the_order_of_their_declarations() -> None:
    found = told(released("60", 2), released("60", 1))

    assert found.uses == [1]
    assert found.codes("w-2") == ["QUANTITY_EXCEEDS_BALANCE"]


def test_539_art_8_5_an_earlier_release_takes_the_last_use() -> None:
    twelve = [released("1", n, minutes=n) for n in range(2, 14)]
    facts = [fact(one) for one in [*twelve, released("1", 1, minutes=1)]]
    after = settle(state(), facts, POLICY)

    assert after.findings["w-13"].verdict is Verdict.REFUSED
    assert after.findings["w-1"].verdict is Verdict.APPLIED


def test_configured_the_last_lot_is_the_last_by_release() -> None:
    """Of bulk goods the one released last may be over, whichever is told last."""
    of = state(goods(1, "100", MAIZE))
    lots = [
        write_off(drawn(amount, goods_code=MAIZE), declaration=n, message_id=f"w-{n}", release_time=when)
        for n, amount, when in [(1, "42", RELEASED + MINUTE), (2, "60", RELEASED)]
    ]
    assert told(*lots, of=of).left == ["-2"]


# ── Withdrawals ──────────────────────────────────────────────────────────────────────────────────


def test_539_art_6_what_is_withdrawn_is_given_back_whichever_comes_first() -> None:
    found = told(released("10"), reversal(withdrawn("4")))

    assert (found.left, found.uses) == (["94"], [1])
    assert found.verdicts("w-1", "r-1-1") == ["APPLIED", "APPLIED"]


def test_539_art_6_a_withdrawal_waits_for_its_release() -> None:
    found = told(reversal(withdrawn("4")))

    assert found.left == ["100"]
    assert found.verdicts("r-1-1") == ["PARKED"]


def test_539_art_6_a_withdrawal_waits_for_each_of_its_lines() -> None:
    found = told(released("10"), reversal(withdrawn("4"), withdrawn("1", line_number=2)))

    assert found.left == ["90"]
    assert found.verdicts("w-1", "r-1-1") == ["APPLIED", "PARKED"]


def test_539_art_6_a_withdrawal_heals_what_did_not_fit() -> None:
    first, second = released("60", 1), released("60", 2, minutes=1)
    assert told(first, second).codes("w-2") == ["QUANTITY_EXCEEDS_BALANCE"]

    found = told(first, second, reversal(withdrawn("30")))
    assert found.verdicts("w-1", "w-2", "r-1-1") == ["APPLIED", "APPLIED", "APPLIED"]
    assert found.left == ["10"]


def test_539_art_6_a_withdrawal_of_the_excess_itself_heals_it() -> None:
    found = told(released("101"), reversal(withdrawn("1")))

    assert found.verdicts("w-1", "r-1-1") == ["APPLIED", "APPLIED"]
    assert found.left == ["0"]


def test_539_art_6_no_more_is_withdrawn_than_was_released() -> None:
    found = told(released("10"), reversal(withdrawn("7")), reversal(withdrawn("4"), number=2))

    assert found.left == ["97"]
    assert found.codes("r-1-2") == ["REVERSAL_EXCEEDS_RELEASE"]


def test_configured_withdrawals_count_in_the_order_of_their_numbers_whichever_was_created_first() -> None:
    second = reversal(withdrawn("7"), number=2, minutes=1)
    found = told(released("10"), second, reversal(withdrawn("4"), number=1, minutes=2))

    assert found.left == ["94"]
    assert found.codes("r-1-2") == ["REVERSAL_EXCEEDS_RELEASE"]


def test_539_art_6_a_withdrawal_is_whole_or_not_at_all() -> None:
    both = write_off(drawn("10"), drawn("5", line_number=2))
    found = told(both, reversal(withdrawn("4"), withdrawn("5.00001", line_number=2)))

    assert found.left == ["85"]
    assert found.codes("r-1-1") == ["REVERSAL_EXCEEDS_RELEASE"]


def test_539_art_6_a_withdrawal_is_in_the_unit_of_the_release() -> None:
    found = told(released("10"), reversal(withdrawn("10", unit=KILOGRAM)))

    assert found.left == ["90"]
    assert found.codes("r-1-1") == ["REVERSAL_UNIT_MISMATCH"]


def test_configured_one_number_of_withdrawal_has_one_content() -> None:
    first = reversal(withdrawn("4"), message_id="first", minutes=1)
    same, other = again(first, "same", 2), reversal(withdrawn("5"), message_id="other", minutes=3)
    found = told(released("10"), first, same, other)

    assert found.left == ["94"]
    assert found.verdicts("first", "same", "other") == ["APPLIED", "REPEATED", "REFUSED"]
    assert found.codes("other") == ["REVERSAL_CONFLICT"]


def test_configured_a_declaration_withdrawn_whole_gives_its_use_back() -> None:
    found = told(released("10"), reversal(withdrawn("10")))

    assert (found.left, found.uses) == (["100"], [])
    assert found.state.life.usage is Usage.UNUSED
    assert found["w-1"] == Finding(Verdict.APPLIED)


def test_configured_a_declaration_withdrawn_whole_may_keep_its_use() -> None:
    found = told(released("10"), reversal(withdrawn("10")), policy=KEPT)

    assert (found.left, found.uses) == (["100"], [1])
    assert found.state.life.usage is Usage.PART_USED
    assert found["w-1"] == Finding(Verdict.APPLIED, counted=True)


def test_configured_a_single_use_licence_serves_again_after_all_was_withdrawn() -> None:
    messages = (released("10"), reversal(withdrawn("10")), released("20", 2, minutes=1))

    found = told(*messages, of=single())
    assert (found.left, found.uses) == (["80"], [2])
    kept = told(*messages, of=single(), policy=KEPT)
    assert (kept.left, kept.uses) == (["100"], [1])
    assert kept.codes("w-2") == ["SINGLE_USE_SPENT"]


def test_configured_a_part_withdrawn_gives_no_use_back() -> None:
    found = told(released("10"), reversal(withdrawn("9.99999")), released("1", 2, minutes=1), of=single())

    assert (found.left, found.uses) == (["99.99999"], [1])
    assert found.codes("w-2") == ["SINGLE_USE_SPENT"]


def test_configured_one_line_withdrawn_whole_leaves_the_declaration_its_use() -> None:
    both = write_off(drawn("10"), drawn("5", line_number=2))
    found = told(both, reversal(withdrawn("10")))

    assert (found.left, found.uses) == (["95"], [1])


# ── Amendments ───────────────────────────────────────────────────────────────────────────────────


def test_539_art_6_an_amendment_holds_whichever_comes_first() -> None:
    found = told(released("10"), amendment("12"))

    assert found.left == ["88"]
    assert found.verdicts("w-1", "a-1-1-1") == ["APPLIED", "APPLIED"]


def test_539_art_6_an_amendment_waits_for_its_release() -> None:
    assert told(amendment("12")).verdicts("a-1-1-1") == ["PARKED"]


def test_configured_the_highest_number_of_amendment_holds_whatever_comes_first() -> None:
    """Also when a lower number was created later."""
    found = told(released("10"), amendment("11", number=2, minutes=1), amendment("12", number=1, minutes=2))

    assert found.left == ["89"]
    assert found.verdicts("a-1-1-1", "a-1-1-2") == ["APPLIED", "APPLIED"]


def test_configured_one_number_of_amendment_has_one_content() -> None:
    first = amendment("11", message_id="first", minutes=1)
    same, other = again(first, "same", 2), amendment("12", message_id="other", minutes=3)
    found = told(released("10"), first, same, other)

    assert found.left == ["89"]
    assert found.verdicts("first", "same", "other") == ["APPLIED", "REPEATED", "REFUSED"]
    assert found.codes("other") == ["AMENDMENT_CONFLICT"]


def test_539_art_6_an_amendment_that_would_break_the_law_leaves_what_was() -> None:
    found = told(released("10"), amendment("10", country="KOR"))

    assert found.left == ["90"]
    assert found.verdicts("w-1", "a-1-1-1") == ["APPLIED", "REFUSED"]
    assert found.codes("a-1-1-1") == ["COUNTRY_MISMATCH"]


def test_539_art_6_of_several_amendments_the_last_lawful_one_holds() -> None:
    found = told(
        released("10"), amendment("20", number=1), amendment("101", number=2), amendment("102", number=3)
    )

    assert found.left == ["80"]
    assert found.verdicts("w-1", "a-1-1-1", "a-1-1-2", "a-1-1-3") == [
        "APPLIED",
        "APPLIED",
        "REFUSED",
        "REFUSED",
    ]


def test_539_art_6_an_amendment_heals_a_release_that_was_unlawful() -> None:
    found = told(released("10", country="KOR"), amendment("10"))

    assert found.left == ["90"]
    assert found.verdicts("w-1", "a-1-1-1") == ["APPLIED", "APPLIED"]


def test_539_art_6_where_nothing_is_lawful_all_is_refused() -> None:
    found = told(released("10", country="KOR"), amendment("101"))

    assert found.left == ["100"]
    assert found.codes("w-1") == found.codes("a-1-1-1") == ["QUANTITY_EXCEEDS_BALANCE"]


def test_539_art_6_an_amended_release_takes_its_place_by_the_time_that_holds() -> None:
    """An amendment that does not hold does not move its release behind another either."""
    moved = amendment("60", release_time=RELEASED + 4 * MINUTE, country="KOR")
    found = told(released("60", 1), released("60", 2, minutes=2), moved)

    assert (found.left, found.uses) == (["40"], [1])
    assert found.verdicts("w-1", "w-2", "a-1-1-1") == ["APPLIED", "REFUSED", "REFUSED"]


def test_539_art_6_a_lawful_amendment_moves_its_release_to_its_time() -> None:
    moved = amendment("60", release_time=RELEASED + 4 * MINUTE)
    found = told(released("60", 1), released("30", 2, minutes=2), moved)

    assert (found.left, found.uses) == (["10"], [1, 2])


def test_configured_whether_a_release_lies_in_the_future_is_asked_of_the_message_that_says_so() -> None:
    """A release time is amended the next day: it was no future then."""
    release, later = released("10"), NOW + timedelta(hours=3)
    moved = amendment("10", release_time=later)

    in_time = Told(state(), [fact(release), fact(moved, received_at=NOW + timedelta(days=1))])
    assert in_time.verdicts("w-1", "a-1-1-1") == ["APPLIED", "APPLIED"]
    too_soon = Told(state(), [fact(release), fact(moved)])
    assert too_soon.codes("a-1-1-1") == ["RELEASED_IN_FUTURE"]


def test_539_art_6_a_withdrawal_is_measured_by_what_is_amended() -> None:
    found = told(released("10"), amendment("12"), reversal(withdrawn("11")))

    assert found.left == ["99"]
    assert found.verdicts("w-1", "a-1-1-1", "r-1-1") == ["APPLIED", "APPLIED", "APPLIED"]


def test_539_art_6_a_withdrawal_is_not_measured_by_an_amendment_that_does_not_hold() -> None:
    found = told(released("10"), amendment("20", country="KOR"), reversal(withdrawn("15")))

    assert found.left == ["90"]
    assert found.codes("a-1-1-1") == ["COUNTRY_MISMATCH"]
    assert found.codes("r-1-1") == ["REVERSAL_EXCEEDS_RELEASE"]


def test_539_art_6_kilograms_never_give_back_tonnes() -> None:
    """Neither by way of an amendment into kilograms, which does not hold."""
    found = told(released("10"), amendment("1000", unit=KILOGRAM), reversal(withdrawn("500", unit=KILOGRAM)))

    assert found.left == ["90"]
    assert found.codes("a-1-1-1") == ["UNIT_MISMATCH"]
    assert found.codes("r-1-1") == ["REVERSAL_UNIT_MISMATCH"]


def test_an_amendment_and_its_repeat_count_once_even_if_they_are_one_value() -> None:
    """What is the same is found by what it says, not by where it is kept."""
    first = reversal(withdrawn("1"))
    found = told(released("10"), first, again(first, "again", 1))

    assert found.left == ["91"]
    assert found.verdicts("again") == ["REPEATED"]


def test_539_art_5_what_the_paper_showed_stays_through_an_amendment() -> None:
    """An amendment says nothing of the paper: what was read at the release holds."""
    of = dataclasses.replace(
        state(goods(1, "100")), medium=Medium.PAPER, country="JPN", terms_of_trade="一般贸易"
    )
    face = PaperFace(
        operator=OPERATOR,
        lines=(PaperLine(GOODS_CODE, "籼米稻谷", Quantity.of("100", TONNE)),),
        country="JPN",
        terms_of_trade="一般贸易",
        valid_to=of.valid_to,
        clearance_port="2200",
    )
    made = released("10")
    on_paper = dataclasses.replace(made, declaration=dataclasses.replace(made.declaration, paper_face=face))

    assert told(on_paper, amendment("12"), of=of).left == ["88"]
    assert told(made, amendment("12"), of=of).codes("a-1-1-1") == ["PAPER_FACE_MISSING"]


# ── Repeats, and what came too late ──────────────────────────────────────────────────────────────


def test_configured_a_repeat_is_answered_as_what_it_repeats() -> None:
    """With the reasons, if that does not hold: nobody takes a repeat of a refusal for an acceptance."""
    excess = released("500", 1)
    found = told(excess, again(excess, "w-again", 1), released("10", 2))

    assert found.verdicts("w-1", "w-again", "w-2") == ["REFUSED", "REPEATED", "APPLIED"]
    assert found.codes("w-again") == found.codes("w-1") == ["QUANTITY_EXCEEDS_BALANCE"]


def test_494_art_17_what_repeats_something_of_before_the_end_is_a_repeat() -> None:
    """Of withdrawals and amendments as of write-offs; what is new after the end is told so."""
    change, back = amendment("5", message_id="a-1"), reversal(withdrawn("2"), message_id="r-1")
    late = [
        fact(again(change, "a-late", 5), late=True),
        fact(again(back, "r-late", 5), late=True),
        fact(reversal(withdrawn("1"), number=2, message_id="r-new"), late=True),
    ]
    ended = dataclasses.replace(state(), replaced_by=key(2))
    facts = [fact(released("10", 1)), fact(change), fact(back), *late]
    findings = settle(ended, facts, POLICY).findings

    assert findings["a-late"].verdict is findings["r-late"].verdict is Verdict.REPEATED
    assert [one.code for one in findings["r-new"].rejections] == ["LICENCE_REPLACED"]


def test_amendments_that_do_not_hold_cost_no_more_than_they_are() -> None:
    """Each is judged once or twice, not once for each that fails before it."""
    judged = 0

    def counted(case: object) -> tuple[object, ...]:
        nonlocal judged
        judged += 1
        return original(case)  # type: ignore[arg-type]

    many = 60
    facts = [
        fact(one)
        for n in range(1, many + 1)
        for one in (
            released("1", n, minutes=n, country="USA"),
            amendment("1", declaration=n, country="USA", message_id=f"a-{n}", minutes=n),
        )
    ]
    original, settlement.USE.judge = settlement.USE.judge, counted  # type: ignore[method-assign,assignment]
    try:
        settle(state(), facts, POLICY)
    finally:
        del settlement.USE.judge
    assert judged <= 3 * many


def test_configured_what_was_never_lawful_takes_no_use_even_if_uses_are_kept() -> None:
    unlawful, back = released("10", 1, country="USA"), reversal(withdrawn("10"))
    assert told(unlawful, back, policy=KEPT).uses == []

    lawful = released("10", 1)
    assert told(lawful, back, policy=KEPT).uses == [1]

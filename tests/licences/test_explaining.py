"""A licence explained: what it says in each situation, and to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.licences import sentences
from gateway.licences.account import Account, Milestone, Told
from gateway.licences.explaining import explain
from gateway.licences.facts import Clearance
from gateway.licences.life import NEW, LicenceEvent
from gateway.licences.policy import Policy
from gateway.licences.recognition import key_of
from gateway.licences.sentences import Said, Sentence
from gateway.licences.settlement import settle
from gateway.licences.state import LicenceState
from gateway.licences.steps import About, Step
from gateway.licences.suspend import suspended
from gateway.licences.tables import DatedTable
from gateway.licences.uses import line_uses
from licencexml.messages import RevocationGround, SuspensionGround
from licencexml.values import LicenceType, UsageMode
from tests.licences.acts import quiet
from tests.licences.makers import NOW, POLICY, drawn, fact, goods, key, state, write_off

WHEAT = "1001990001"
AFTER = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


def account(
    licence: LicenceState,
    *messages: Clearance,
    now: datetime = NOW,
    policy: Policy = POLICY,
    milestones: tuple[Milestone, ...] = (),
) -> Account:
    """The account of a licence after these messages of customs."""
    facts = [fact(one) for one in messages]
    settlement = settle(licence, facts, policy)
    assert settlement.state is not None
    findings = settlement.findings
    lines = [line for finding in findings.values() for line in finding.lines]
    return Account(
        state=settlement.state,
        issuer="ISSUER-BEIJING",
        issue_message_id="i-1",
        accepted_at=NOW,
        policy=policy,
        now=now,
        milestones=milestones,
        told=tuple(
            Told(one, findings[one.message_id].verdict, findings[one.message_id].rejections) for one in facts
        ),
        uses=line_uses(facts, {name: finding.verdict for name, finding in findings.items()}),
        drawn_on={key_of(one.declaration, one.line): one.licence_line for one in lines},
    )


def about(what: About, steps: list[Step]) -> list[str]:
    return [step.said.en for step in steps if step.about is what]


def next_of(licence: LicenceState, *messages: Clearance, now: datetime = NOW) -> str:
    return "\n".join(about(About.NEXT, explain(account(licence, *messages, now=now))))


def test_what_it_was_issued_for_says_what_each_limit_rests_on() -> None:
    steps = explain(account(state(goods(1, "100", WHEAT), goods(2, "5"))))
    issued = about(About.ISSUE, steps)
    assert issued[0].startswith("Issued by ISSUER-BEIJING")
    assert "at most 12 declarations" in issued[1]
    assert "caps.toml: 外经贸配管发〔2000〕539号 art. 8(5)" in issued[1]
    assert "exceed the balance by 5 per cent" in issued[2]
    assert "tolerance.toml" in issued[2]
    assert issued[3] == "Not bulk goods, so without over-shipment: the goods of line 2."
    assert "validity.toml" in issued[4]
    articles = [step.article for step in steps if step.about is About.ISSUE]
    assert articles[1] == "外经贸配管发〔2000〕539号 art. 8(5)"
    assert articles[4] == "商办配函〔2015〕494号 art. 14"


def test_a_single_use_licence_is_closed_by_one_declaration() -> None:
    steps = explain(account(state(mode=UsageMode.SINGLE), write_off()))
    assert about(About.ISSUE, steps)[1] == "Single-use: one declaration uses it, and closes it."
    assert "its uses are spent" in about(About.NEXT, steps)[0]
    assert "write-off-and-replace" in about(About.NEXT, steps)[1]


def test_a_table_that_says_something_else_by_now_does_not_bind_the_licence() -> None:
    rows = tuple(replace(row, value=3) for row in POLICY.tables.caps.rows)
    tables = replace(POLICY.tables, caps=DatedTable("conf/tables/caps.toml", rows, gapless=True))
    said = about(About.ISSUE, explain(account(state(), policy=replace(POLICY, tables=tables))))[1]
    assert "caps.toml says 3 now; this licence keeps 12" in said


def test_each_use_says_what_was_drawn_and_what_is_left_in_customs_own_order() -> None:
    early = write_off(drawn("1"), declaration=2, message_id="w-2", release_time=NOW - timedelta(days=1))
    steps = explain(account(state(), write_off(drawn("10")), early))
    assert [step.message_id for step in steps if step.about is About.USE] == ["w-2", "w-1"]
    first, second = about(About.USE, steps)
    assert "1.00000 [070] of licence line 1 written off; then 99.00000 [070] of line 1 left" in first
    assert "then 89.00000 [070] of line 1 left" in second


def test_over_shipment_is_told_as_such() -> None:
    steps = explain(account(state(goods(1, "100", WHEAT)), write_off(drawn("105", goods_code=WHEAT))))
    assert "5.00000 [070] of line 1 over-shipped" in about(About.USE, steps)[0]
    assert about(About.NEXT, steps)[0] == "The enterprise: it is used up; nothing is to be done."


def test_what_does_not_fit_has_code_sentence_article_and_remedy() -> None:
    steps = explain(account(state(), write_off(drawn("500"))))
    [refused] = [step for step in steps if step.about is About.USE]
    assert "[QUANTITY_EXCEEDS_BALANCE]" in refused.said.zh
    assert refused.article == "外经贸配管发〔2000〕539号 art. 5"
    assert len(refused.remedies) == 1


def test_many_reasons_of_one_kind_are_told_once() -> None:
    lines = [drawn("500", line_number=number) for number in range(1, 5)]
    [said] = about(About.USE, explain(account(state(), write_off(*lines))))
    assert said.count("QUANTITY_EXCEEDS_BALANCE") == 1
    assert "(such reasons: 4)" in said


def test_the_way_is_told_with_its_times_and_customs_reasons() -> None:
    milestones = (Milestone(LicenceEvent.SEAL, NOW, "z-1"), Milestone(LicenceEvent.SEND, NOW, "z-1"))
    way = about(About.WAY, explain(account(state(), milestones=milestones)))
    assert way == [
        "2026-06-01 12:00:00: the issuer's message i-1 was accepted.",
        "2026-06-01 12:00:00: sealed, as message z-1.",
        "2026-06-01 12:00:00: sent to customs.",
    ]


LOSS = SuspensionGround.LOSS_REPORT


@pytest.mark.parametrize(
    ("licence", "now", "told"),
    [
        (replace(state(), life=NEW), NOW, ["The gateway: the licence waits for its seal", "may revoke it"]),
        (state(), NOW, ["declarations to go: 12", "may revoke it", "RELEASE_IN_FLIGHT"]),
        (quiet(state()), NOW, ["releases nothing while it is suspended", "may revoke it"]),
        (suspended(state(), LOSS, NOW), NOW, ["releases nothing while it is suspended", "may revoke it"]),
        (state(valid_from=(NOW + timedelta(days=9)).date()), NOW, ["from 2026-06-10 until 2026-06-30"]),
        (state(), AFTER, ["Have the enterprise confirm", "within the validity still count"]),
        (state().after(LicenceEvent.EXPIRE), AFTER, ["Have the enterprise confirm", "still count"]),
        (
            replace(state().after(LicenceEvent.REPLACE), replaced_by=key(2)),
            NOW,
            ["use licence EXPORT/26-AA-000002"],
        ),
        (state().after(LicenceEvent.REVOKE), NOW, ["a new licence is applied for"]),
    ],
    ids=["new", "unused", "quiet", "lost", "not begun", "past", "expired", "replaced", "revoked"],
)
def test_what_can_be_done_and_by_whom(licence: LicenceState, now: datetime, told: list[str]) -> None:
    said = next_of(licence, now=now)
    for one in told:
        assert one in said


def test_once_customs_figures_were_equal_nothing_must_come_first() -> None:
    assert "Before that" in next_of(suspended(state(), LOSS, NOW))
    assert "Before that" not in next_of(quiet(state()))


def test_what_is_not_settled_comes_before_its_end() -> None:
    one = replace(account(quiet(state())), unsettled=1)
    assert "clear them up with customs" in "\n".join(about(About.NEXT, explain(one)))


def test_a_used_licence_is_not_revoked_and_a_used_expired_one_is_done_with() -> None:
    assert "cannot revoke it" in next_of(state(), write_off())
    assert "Apply for a new licence" in next_of(state(), write_off(), now=AFTER)


def test_a_revocation_says_on_what_ground() -> None:
    one = Milestone(LicenceEvent.REVOKE, NOW, "v-1", ground=RevocationGround.NOT_TO_BE_USED)
    steps = explain(account(state().after(LicenceEvent.REVOKE), milestones=(one,)))
    assert about(About.END, steps) == ["2026-06-01 12:00:00: revoked, on the ground of not to be used."]


@pytest.mark.parametrize("licence_type", LicenceType)
def test_every_step_is_whole_in_both_languages(licence_type: LicenceType) -> None:
    for step in explain(account(state(licence_type=licence_type), now=NOW)):
        for text in (step.said.zh, step.said.en):
            assert text
            assert not re.search(r"[{}]|Said\(|  ", text)
        assert step.said.zh.endswith(("。", "）"))
        assert step.said.en.endswith((".", ")"))


def test_every_sentence_asks_for_the_same_facts_in_both_languages() -> None:
    found = [one for one in vars(sentences).values() if isinstance(one, Sentence)]
    assert len(found) > 40
    for one in found:
        assert set(re.findall(r"\{(\w+)\}", one.zh)) == set(re.findall(r"\{(\w+)\}", one.en)), one
    words = [one for table in sentences._WORDS.values() for one in table.values()]
    assert all(isinstance(one, Said) and one.zh and one.en for one in words)
    for kind, table in sentences._WORDS.items():
        assert set(table) == {member.value for member in kind}, kind

"""The worked cases of `cases.toml`, by the real path: document, schema, codec, book, law, entries, replay."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.data import data_dir
from gateway.ledger.check import differences
from gateway.ledger.store import Ledger
from gateway.licences.catalogue import BOOKS, CATALOGUE
from gateway.licences.settlement import Verdict
from licencexml.schema import Schemas
from tests.acceptance.play import Play
from tests.ledger.makers import FakeClock, now

BOOK = tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = BOOK["case"]
#: How a message ends that nothing speaks against.
GOOD = {"applied", "repeated", "parked", "equal", "expired", "nothing"}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas.load(data_dir("xsd"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[tuple[Ledger, FakeClock]]:
    clock = FakeClock()
    opened = Ledger.open(tmp_path / "ledger.sqlite3", clock=clock)
    yield opened, clock
    now(opened.close())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['requirement']}: {case['what']}")
def test_worked_case(case: Mapping[str, Any], ledger: tuple[Ledger, FakeClock], schemas: Schemas) -> None:
    play = Play(case, BOOK, *ledger, schemas)
    issued = play.issue()
    assert [one.code for one in issued.rejections] == case.get("refused", [])

    reasons = list(issued.rejections)
    for message, expected in zip(case.get("messages", []), case.get("expect", []), strict=True):
        for _ in range(message.get("times", 1)):
            ended = play.present(message)
            assert ended.word == expected
            reasons += ended.reasons

    if reasons and case["article"] != "several":
        assert {one.article for one in reasons} == {case["article"]}
    for number, verdict in case.get("in_the_end", {}).items():
        assert play.verdict(int(number)) == verdict
    for serial, name in ((1, "left"), (2, "left_of_new")):
        if name in case:
            assert [line.balance for line in play.state(serial).lines] == [Decimal(one) for one in case[name]]
    if "uses" in case:
        assert len(play.state().declarations) == case["uses"]
    if "stands" in case:
        assert play.state().status == case["stands"]
    assert now(play.ledger.read(lambda connection: list(differences(connection)))) == []


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 125


def test_every_rule_has_a_case() -> None:
    """Left out are what no document can say: its schema or its codec refuses it first."""
    unsayable = {"QUANTITY_NOT_POSITIVE", "LINE_TWICE"}
    told = {
        code
        for case in CASES
        for said in (*case.get("expect", []), *case.get("refused", []), *case.get("in_the_end", {}).values())
        for code in said.split()
    }
    rules = {rule.reason.code for rulebook in BOOKS for rule in rulebook.rules}
    assert rules - told == unsayable
    assert told - GOOD - {verdict.value.lower() for verdict in Verdict} <= CATALOGUE.keys()


def test_every_case_says_what_it_expects_in_known_words() -> None:
    """A word that is written wrongly would be read as nothing."""
    words = {"requirement", "article", "what", "licence", "options", "messages", "expect", "refused", "left"}
    words |= {"left_of_new", "uses", "stands", "in_the_end"}
    assert {word for case in CASES for word in case} <= words

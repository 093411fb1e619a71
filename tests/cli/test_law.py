"""`law list` and `law show` tell every rule; the page of the law is what the rules say."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.cli.law_page import OPTIONS, page
from gateway.cli.life_diagram import EVENTS, STATES
from gateway.config import LawConfig
from gateway.licences.catalogue import BOOKS
from gateway.licences.life import NEW, TRANSITIONS, LicenceEvent, Standing, Transmission, Usage
from tests.cli.conftest import Gatewayd

PAGE = Path(__file__).parents[2] / "docs" / "law.md"
RULES = [rule for book in BOOKS for rule in book.rules]


def test_every_rule_is_listed_with_its_article(gatewayd: Gatewayd) -> None:
    result = gatewayd("law", "list", "--json")

    assert result.exit_code == 0
    listed = json.loads(result.stdout)["rules"]
    assert [(one["code"], one["article"]) for one in listed] == [
        (rule.reason.code, rule.reason.article) for rule in RULES
    ]
    assert all(one["checks"].endswith(".") for one in listed), "every check says what it checks"


def test_people_get_a_table(gatewayd: Gatewayd) -> None:
    result = gatewayd("law", "list")

    assert result.exit_code == 0
    assert all(rule.reason.code in result.stdout for rule in RULES)


def test_one_rule_is_shown_whole(gatewayd: Gatewayd) -> None:
    shown = json.loads(gatewayd("law", "show", "operating_unit_not_exporter", "--json").stdout)

    assert shown["article"] == "外经贸配管发〔2000〕539号 art. 8(2)"
    assert shown["remedy_zh"].startswith("请")
    assert shown["remedy_en"].startswith("Check")
    assert "exporter" in gatewayd("law", "show", "OPERATING_UNIT_NOT_EXPORTER").stdout


def test_a_rule_that_there_is_not_has_a_neighbour(gatewayd: Gatewayd) -> None:
    result = gatewayd("law", "show", "COUNTRY_MISSMATCH")

    assert result.exit_code == 1
    assert "is it COUNTRY_MISMATCH?" in result.stderr


def test_the_page_of_the_law_is_what_the_rules_say() -> None:
    """If not: `python -m gateway.cli.law_page > docs/law.md`."""
    assert PAGE.read_text("utf-8") == page()


def test_the_page_explains_every_option() -> None:
    assert OPTIONS.keys() == LawConfig.model_fields.keys()


def test_the_page_draws_every_move_of_a_licences_life_once() -> None:
    drawn = [line.strip() for line in page().splitlines() if " --> " in line and "[*]" not in line]
    moves = [
        f"{before.value} --> {after.value}: {' '.join(EVENTS[event])}"
        for region in TRANSITIONS.values()
        for event, of in region.items()
        for before, after in of.items()
    ]

    assert drawn == moves
    assert page().count("[*] --> ") == len(TRANSITIONS)
    assert f"[*] --> {NEW.standing}" in page()


def test_every_state_and_event_has_a_name_in_both_languages() -> None:
    assert set(STATES) == {*Transmission, *Usage, *Standing}
    assert set(EVENTS) == set(LicenceEvent)
    for zh, en in (*STATES.values(), *EVENTS.values()):
        assert not zh.isascii()
        assert en.isascii()

"""Every rule can be read: by its code, in both languages, with its article and its remedy."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from gateway.licences.catalogue import CATALOGUE
from gateway.licences.parties import PARTIES
from gateway.licences.rules import CONFIGURED
from gateway.licences.write_off import LAW
from licencexml.rejection import Reason

ARTICLE = re.compile(r"(商办配函〔2015〕494号|外经贸配管发〔2000〕539号) art\. \d+(\(\d\))?")


def facts(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=lambda reason: reason.code)
def test_a_reason_is_whole(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][A-Z_]+", reason.code)
    assert re.search(r"[\u4e00-\u9fff]", reason.zh)
    assert reason.en[0].islower() or reason.en[0] in "MTL"
    assert reason.article == CONFIGURED or ARTICLE.fullmatch(reason.article)
    assert reason.remedy.endswith(".")
    assert facts(reason.zh) == facts(reason.en), "both languages tell the same facts"


def test_the_rules_on_who_and_where_have_their_place() -> None:
    assert PARTIES in LAW

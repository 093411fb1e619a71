"""Every rule of law rests on an article. How its sentences are put: `tests/test_catalogues.py`."""

from __future__ import annotations

import re

import pytest

from gateway.licences.catalogue import CATALOGUE
from gateway.licences.parties import PARTIES
from gateway.licences.rules import CONFIGURED
from gateway.licences.settlement import LAW
from licencexml.rejection import Reason

ARTICLE = re.compile(
    r"(商办配函〔2015〕494号|外经贸配管发〔2000〕539号|《货物[进出]口许可证管理办法》|进出口许可证证书管理规定)"
    r" art\. \d+(\(\d+\))?(, .+)?"
)


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=lambda reason: reason.code)
def test_a_rule_rests_on_an_article_or_says_that_it_is_ours(reason: Reason) -> None:
    assert reason.article == CONFIGURED or ARTICLE.fullmatch(reason.article)


def test_the_rules_on_who_and_where_have_their_place() -> None:
    assert PARTIES in LAW

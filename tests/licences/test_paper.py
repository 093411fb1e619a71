"""Paper and data agree in seven fields (外经贸配管发〔2000〕539号 art. 1, 5), or the difference is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.licences.paper import PAPER
from gateway.licences.policy import Policy, PortMatch
from gateway.licences.state import Draw, LicenceState
from gateway.licences.use import Use
from licencexml.messages import PaperFace, PaperLine
from licencexml.rejection import Rejection
from licencexml.values import LicenceType, Medium, Party, Quantity
from tests.licences.makers import (
    GOODS_CODE,
    KILOGRAM,
    NOW,
    OPERATOR,
    POLICY,
    TONNE,
    goods,
    state,
    write_off,
)

OTHER_CODE = "1005900001"
OLD_CODE = "1100" + OPERATOR.code[8:17]
RICE = PaperLine(GOODS_CODE, "籼米稻谷", Quantity.of(100, TONNE))
MAIZE = PaperLine(OTHER_CODE, "籼米稻谷", Quantity.of(7, TONNE))
TWO_GOODS = (goods(), goods(2, "7", OTHER_CODE))
SAME_CODE = (goods(), goods(2, "7"))


def on_paper(licence: LicenceState) -> LicenceState:
    return replace(licence, medium=Medium.PAPER)


LICENCE = on_paper(state())
FACE = PaperFace(
    operator=OPERATOR,
    lines=(RICE,),
    country="JPN",
    terms_of_trade="一般贸易",
    valid_to=LICENCE.valid_to,
    clearance_port="2200",
    valid_from=LICENCE.valid_from,
)


def told(
    face: PaperFace | None, licence: LicenceState = LICENCE, policy: Policy = POLICY
) -> tuple[Rejection, ...]:
    declaration = replace(write_off().declaration, paper_face=face)
    return PAPER.judge(Use(licence, declaration, declaration.lines, policy, NOW))


def codes(face: PaperFace | None, licence: LicenceState = LICENCE) -> list[str]:
    return [one.code for one in told(face, licence)]


def showing(**differently: Any) -> PaperFace:
    return replace(FACE, **differently)


@pytest.mark.parametrize("licence_type", LicenceType)
def test_539_art_1_a_paper_that_agrees_with_the_data_is_used(licence_type: LicenceType) -> None:
    assert codes(FACE, on_paper(state(licence_type=licence_type))) == []


def test_539_art_5_a_paper_that_nobody_read_is_not_enough() -> None:
    assert codes(None) == ["PAPER_FACE_MISSING"]


@pytest.mark.parametrize("face", [None, FACE, showing(country="KOR", lines=(MAIZE,), clearance_port="5300")])
def test_494_art_2_a_print_of_an_electronic_licence_is_ignored(face: PaperFace | None) -> None:
    assert codes(face, state()) == []


@pytest.mark.parametrize(
    ("differently", "code"),
    [
        ({"operator": Party(OPERATOR.name, "1100123456789")}, "PAPER_OPERATOR_DIFFERS"),
        ({"operator": Party("中国化工进出口公司", OPERATOR.code)}, "PAPER_OPERATOR_DIFFERS"),
        ({"lines": (replace(RICE, goods_name="籼米大米"),)}, "PAPER_GOODS_DIFFER"),
        ({"lines": (replace(RICE, goods_code=OTHER_CODE),)}, "PAPER_GOODS_DIFFER"),
        ({"lines": (replace(RICE, quantity=Quantity.of("100.00001", TONNE)),)}, "PAPER_QUANTITY_DIFFERS"),
        ({"lines": (replace(RICE, quantity=Quantity.of(100, KILOGRAM)),)}, "PAPER_QUANTITY_DIFFERS"),
        ({"country": "KOR"}, "PAPER_COUNTRY_DIFFERS"),
        ({"terms_of_trade": "进料加工"}, "PAPER_TRADE_MODE_DIFFERS"),
        ({"valid_to": date(2027, 1, 1)}, "PAPER_VALIDITY_DIFFERS"),
        ({"valid_from": date(2026, 1, 2)}, "PAPER_VALIDITY_DIFFERS"),
        ({"clearance_port": "2201"}, "PAPER_PORT_DIFFERS"),
    ],
)
def test_539_art_5_each_of_the_seven_fields_is_equal(differently: dict[str, Any], code: str) -> None:
    assert codes(showing(**differently)) == [code]


def test_539_art_5_all_that_differs_is_told_at_once() -> None:
    forged = PaperFace(
        operator=Party("另一公司", "1100123456789"),
        lines=(PaperLine(OTHER_CODE, "玉米", Quantity.of(1000, TONNE)),),
        country="KOR",
        terms_of_trade="进料加工",
        valid_to=date(2027, 12, 31),
        clearance_port="5300",
    )

    assert codes(forged) == [rule.reason.code for rule in PAPER.rules[1:]]


@pytest.mark.parametrize("name", [OPERATOR.name, f" {OPERATOR.name}\u3000"])
def test_the_same_enterprise_may_be_printed_with_its_older_code(name: str) -> None:
    assert codes(showing(operator=Party(name, OLD_CODE))) == []


def test_white_space_in_texts_is_collapsed_before_they_are_compared() -> None:
    licence = replace(LICENCE, terms_of_trade="边境 小额", operator=Party("A  Company", OPERATOR.code))
    spaced = showing(terms_of_trade=" 边境\u3000小额 ", operator=Party("A\nCompany", OLD_CODE))

    assert codes(spaced, licence) == []
    assert codes(showing(terms_of_trade="边境小额", operator=spaced.operator), licence) == [
        "PAPER_TRADE_MODE_DIFFERS"
    ]


def test_the_paper_may_show_the_end_of_the_validity_alone() -> None:
    assert codes(showing(valid_from=None)) == []
    [wrong] = told(showing(valid_from=None, valid_to=date(2027, 3, 31)))
    assert f"2027-03-31, the data say {LICENCE.valid_to}." in wrong.en


def test_the_quantity_on_the_paper_is_the_one_issued_not_the_balance() -> None:
    half_used = LICENCE.used("220020260000000009", [Draw(1, Quantity.of(60, TONNE).amount)])

    assert codes(FACE, half_used) == []
    left = showing(lines=(replace(RICE, quantity=Quantity.of(40, TONNE)),))
    assert codes(left, half_used) == ["PAPER_QUANTITY_DIFFERS"]


def test_no_option_widens_the_port_of_the_paper() -> None:
    """The declaration's port may be another of the district; the paper's code is the licence's."""
    policy = replace(POLICY, port_match=PortMatch.DISTRICT)

    assert [one.code for one in told(showing(clearance_port="2225"), policy=policy)] == ["PAPER_PORT_DIFFERS"]


def test_lines_are_matched_by_goods_code() -> None:
    licence = on_paper(state(*TWO_GOODS))

    assert codes(showing(lines=(RICE, MAIZE)), licence) == []
    assert codes(showing(lines=(MAIZE, RICE)), licence) == []
    swapped = (replace(RICE, quantity=MAIZE.quantity), replace(MAIZE, quantity=RICE.quantity))
    assert codes(showing(lines=swapped), licence) == ["PAPER_QUANTITY_DIFFERS"] * 2


def test_lines_of_one_goods_code_are_matched_in_their_order() -> None:
    licence = on_paper(state(*SAME_CODE))
    less = replace(RICE, quantity=MAIZE.quantity)

    assert codes(showing(lines=(RICE, less)), licence) == []
    assert codes(showing(lines=(less, RICE)), licence) == ["PAPER_QUANTITY_DIFFERS"] * 2


def test_539_art_8_6_the_trade_mode_compared_is_the_paper_s_own() -> None:
    """A declaration has none; see `test_parties`."""
    processing = replace(LICENCE, terms_of_trade="进料加工")

    assert codes(showing(terms_of_trade="进料加工"), processing) == []
    assert codes(FACE, processing) == ["PAPER_TRADE_MODE_DIFFERS"]


def test_a_line_that_the_paper_lacks_is_told() -> None:
    [missing] = told(FACE, on_paper(state(*TWO_GOODS)))

    assert missing.code == "PAPER_GOODS_DIFFER"
    assert f'the paper has no such line, the data have "籼米稻谷" ({OTHER_CODE})' in missing.en
    assert f"纸面没有相应的商品行，电子数据为“籼米稻谷”（{OTHER_CODE}）" in missing.zh


def test_a_line_that_the_paper_has_too_many_is_told() -> None:
    [surplus] = told(showing(lines=(RICE, MAIZE)))

    assert surplus.code == "PAPER_GOODS_DIFFER"
    assert f'the paper has "籼米稻谷" ({OTHER_CODE}), the data have no such line' in surplus.en
    assert f"纸面为“籼米稻谷”（{OTHER_CODE}），电子数据没有相应的商品行" in surplus.zh


def test_both_languages_tell_what_the_paper_and_what_the_data_say() -> None:
    [quantity] = told(showing(lines=(replace(RICE, quantity=Quantity.of(900, TONNE)),)))
    [validity] = told(showing(valid_to=date(2027, 12, 31)))
    [operator] = told(showing(operator=Party("另一公司", OLD_CODE)))

    for sentence in (quantity.zh, quantity.en):
        assert "900.00000 [070]" in sentence
        assert "100.00000 [070]" in sentence
    for sentence in (validity.zh, validity.en):
        assert "2026-01-01/2027-12-31" in sentence
        assert f"2026-01-01/{LICENCE.valid_to}" in sentence
    for sentence in (operator.zh, operator.en):
        assert "另一公司" in sentence
        assert OLD_CODE in sentence
        assert OPERATOR.name in sentence
        assert OPERATOR.code in sentence

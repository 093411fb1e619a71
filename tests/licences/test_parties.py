"""Who may use a licence, and where; each rule has a test named after its article."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.licences.policy import PortMatch
from gateway.licences.state import LicenceState
from licencexml.messages import WriteOff
from licencexml.party_code import uscc_check_character
from licencexml.values import LicenceType, Party, PermittedEnterprise, PermittedGround
from tests.licences.makers import OPERATOR, POLICY, drawn, found, goods, key, state, write_off

#: The same organisation under its older code, and under a code given by another registering department.
OLD_CODE = Party("名称不同", "1100" + OPERATOR.code[8:17])
RENEWED = Party(
    "名称不同", "A1110000" + OPERATOR.code[8:17] + uscc_check_character("A1110000" + OPERATOR.code[8:17])
)
OTHER = Party(OPERATOR.name, "1100123456789")
COUNTERPART = Party("收发货人", "3100987654321")
LOAN = PermittedGround.AGENT_LOAN_REPAYMENT_OR_COMPENSATION_TRADE
AGENT = PermittedGround.AGENT_FOR_FOREIGN_INVESTED_ENTERPRISE
UNIFIED = PermittedGround.UNIFIED_OPERATION_GOODS
CAR = "8703234110"


def codes(licence: LicenceState, presented: WriteOff, port_match: PortMatch = PortMatch.EXACT) -> list[str]:
    policy = replace(POLICY, port_match=port_match)
    return [one.code for one in found(licence, presented, policy=policy)[1].rejections]


def by(
    unit: Party, licence_type: LicenceType = LicenceType.EXPORT, goods_code: str | None = None
) -> WriteOff:
    lines = () if goods_code is None else (drawn(goods_code=goods_code),)
    made = write_off(*lines, licence_key=key(licence_type=licence_type))
    return replace(made, declaration=replace(made.declaration, operating_unit=unit))


def naming(*grounds: PermittedGround, goods_code: str | None = None) -> LicenceState:
    lines = () if goods_code is None else (goods(goods_code=goods_code),)
    return replace(state(*lines), permitted=tuple(PermittedEnterprise(OTHER, each) for each in grounds))


@pytest.mark.parametrize("licence_type", [LicenceType.IMPORT, LicenceType.AUTOMATIC_IMPORT])
@pytest.mark.parametrize("unit", [OPERATOR, OLD_CODE, RENEWED, COUNTERPART])
def test_539_art_8_1_importer_or_consignee_by_code(licence_type: LicenceType, unit: Party) -> None:
    licence = replace(state(licence_type=licence_type), counterpart=COUNTERPART)

    assert codes(licence, by(unit, licence_type)) == []


def test_539_art_8_1_nobody_else_imports_whatever_its_name() -> None:
    licence = state(licence_type=LicenceType.IMPORT)

    assert OTHER.name == licence.operator.name
    assert codes(licence, by(OTHER, LicenceType.IMPORT)) == ["OPERATING_UNIT_NOT_IMPORTER"]


def test_539_art_8_1_imports_have_no_exception() -> None:
    licence = replace(state(licence_type=LicenceType.IMPORT), permitted=(PermittedEnterprise(OTHER, AGENT),))

    assert codes(licence, by(OTHER, LicenceType.IMPORT)) == ["OPERATING_UNIT_NOT_IMPORTER"]


@pytest.mark.parametrize("unit", [OPERATOR, OLD_CODE, COUNTERPART])
def test_539_art_8_2_exporter_or_consignor_by_code(unit: Party) -> None:
    assert codes(replace(state(), counterpart=COUNTERPART), by(unit)) == []


def test_539_art_8_2_nobody_else_exports_who_is_not_named() -> None:
    assert codes(state(), by(OTHER)) == ["OPERATING_UNIT_NOT_EXPORTER"]


@pytest.mark.parametrize("ground", [LOAN, AGENT])
def test_539_art_8_2_an_agent_that_is_named_exports_any_goods(ground: PermittedGround) -> None:
    assert codes(naming(ground, goods_code=CAR), by(OTHER, goods_code=CAR)) == []


def test_539_art_8_2_goods_under_unified_operation_only() -> None:
    assert codes(naming(UNIFIED), by(OTHER)) == []
    assert codes(naming(UNIFIED, goods_code=CAR), by(OTHER, goods_code=CAR)) == [
        "PERMITTED_FOR_UNIFIED_OPERATION_ONLY"
    ]
    assert codes(naming(UNIFIED, AGENT, goods_code=CAR), by(OTHER, goods_code=CAR)) == []
    assert codes(naming(UNIFIED, goods_code=CAR), by(OPERATOR, goods_code=CAR)) == []


def test_539_art_5_the_country_is_the_licence_s() -> None:
    made = write_off()
    elsewhere = replace(made, declaration=replace(made.declaration, country="KOR"))

    assert codes(state(), elsewhere) == ["COUNTRY_MISMATCH"]


@pytest.mark.parametrize(
    ("port", "match", "lawful"),
    [
        ("2200", PortMatch.EXACT, True),
        ("2225", PortMatch.EXACT, False),
        ("2225", PortMatch.DISTRICT, True),
        ("2300", PortMatch.DISTRICT, False),
    ],
)
def test_539_art_5_one_port_by_code_or_by_district(port: str, match: PortMatch, lawful: bool) -> None:
    made = write_off()
    presented = replace(made, declaration=replace(made.declaration, port=port))

    assert codes(state(), presented, match) == ([] if lawful else ["CLEARANCE_PORT_MISMATCH"])


def test_539_art_8_6_the_trade_mode_is_never_compared() -> None:
    """A declaration says none that a rule could look at; whatever the licence says, it is used."""
    assert not {name for name in dir(write_off().declaration) if "trade" in name or "mode" in name}
    assert codes(replace(state(), terms_of_trade="进料加工"), write_off()) == []

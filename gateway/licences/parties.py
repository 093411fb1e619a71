"""Who may use the licence, and where: operating unit, country, port.

外经贸配管发〔2000〕539号 art. 5 (what customs verifies), art. 8(1) and 8(2) (the operating unit). Enterprises
are compared by their codes: the older 13-digit code and the social credit code hold the same organisation
code; names are never compared. The trade mode is never compared (art. 8(6)): a declaration has none here.
Remarks do not reach customs (art. 8(3)): who else may declare is data of the licence.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.licences.rules import Facts, Rulebook
from gateway.licences.use import Use
from licencexml.party_code import organisation_code
from licencexml.values import LicenceType, Party, PermittedEnterprise, PermittedGround

PARTIES: Rulebook[Use] = Rulebook("parties and places 经营单位、国别、口岸")

_UNIFIED = PermittedGround.UNIFIED_OPERATION_GOODS


@PARTIES.rule(
    code="OPERATING_UNIT_NOT_IMPORTER",
    zh=(
        "报关单的经营单位 {operating_unit} 与进口许可证 {licence} 的进口商 {operator} 或收货人 {counterpart}"
        " 均不一致。"
    ),
    en=(
        "Operating unit {operating_unit} is neither the importer {operator} nor the consignee {counterpart}"
        " of import licence {licence}."
    ),
    article="外经贸配管发〔2000〕539号 art. 8(1)",
    remedy=(
        "请核对经营单位的代码；进口报关的经营单位须为进口商或收货人。"
        " / Check the code of the operating unit; on imports it is the importer or the consignee."
    ),
)
def operating_unit_not_importer(case: Use) -> Iterator[Facts]:
    """On imports the operating unit is the importer or the consignee; there is no exception."""
    if case.state.key.type is not LicenceType.EXPORT and not _is_party(case):
        yield _unit_facts(case)


@PARTIES.rule(
    code="OPERATING_UNIT_NOT_EXPORTER",
    zh=(
        "报关单的经营单位 {operating_unit} 与出口许可证 {licence} 的出口商 {operator} 或发货人 {counterpart}"
        " 均不一致，也不是证上注明的企业。"
    ),
    en=(
        "Operating unit {operating_unit} is neither the exporter {operator} nor the consignor {counterpart}"
        " of export licence {licence}, nor an enterprise that it names."
    ),
    article="外经贸配管发〔2000〕539号 art. 8(2)",
    remedy=(
        "请核对经营单位的代码；由其他企业报关的，须在许可证的 PermittedEnterprise 中注明该企业及依据。"
        " / Check the code of the operating unit; for another enterprise to declare, the licence names it and"
        " the ground in PermittedEnterprise."
    ),
)
def operating_unit_not_exporter(case: Use) -> Iterator[Facts]:
    """On exports the operating unit is the exporter, the consignor, or an enterprise that is named."""
    if case.state.key.type is LicenceType.EXPORT and not _is_party(case) and not _permitted(case):
        yield _unit_facts(case)


@PARTIES.rule(
    code="PERMITTED_FOR_UNIFIED_OPERATION_ONLY",
    zh=(
        "报关单第 {line} 项：商品编码 {goods_code} 不属于国家组织统一联合经营的商品，"
        "而出口许可证 {licence} 仅就此类商品注明经营单位 {operating_unit}。"
    ),
    en=(
        "Declaration line {line}: goods code {goods_code} is not under unified operation, and export licence"
        " {licence} names operating unit {operating_unit} for such goods only."
    ),
    article="外经贸配管发〔2000〕539号 art. 8(2)",
    remedy=(
        "请核对商品编码和经营单位；其他商品由出口商或发货人报关。"
        " / Check the goods code and the operating unit; other goods are declared by the exporter or the"
        " consignor."
    ),
)
def permitted_for_unified_operation_only(case: Use) -> Iterator[Facts]:
    """An enterprise that is named for goods under unified operation declares those goods, and no others."""
    permitted = _permitted(case)
    if _is_party(case) or not permitted or any(one.ground is not _UNIFIED for one in permitted):
        return
    for line in case.lines:
        if not all(target.unified_operation for target in case.candidates(line)):
            yield {
                "line": line.line_number,
                "goods_code": line.goods_code,
                "licence": case.state.key,
                "operating_unit": case.declaration.operating_unit.code,
            }


@PARTIES.rule(
    code="COUNTRY_MISMATCH",
    zh="报关单的国家（地区）{country} 与许可证的国家（地区）{licence_country} 不同。",
    en="The declaration's country {country} is not the licence's country {licence_country}.",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy=(
        "请核对国家（地区）代码；国别有变的，须先换证。"
        " / Check the country code; if the country has changed, the licence is replaced first."
    ),
)
def country_mismatch(case: Use) -> Iterator[Facts]:
    """The country is the licence's country."""
    if case.declaration.country != case.state.country:
        yield {"country": case.declaration.country, "licence_country": case.state.country}


@PARTIES.rule(
    code="CLEARANCE_PORT_MISMATCH",
    zh="报关口岸 {port} 不是许可证的报关口岸 {clearance_port}。",
    en="Port {port} is not the licence's clearance port {clearance_port}.",
    article="外经贸配管发〔2000〕539号 art. 5",
    remedy=(
        "请在许可证的报关口岸报关；口岸有变的，须先换证。"
        " / Declare at the licence's clearance port; if the port has changed, the licence is replaced first."
    ),
)
def clearance_port_mismatch(case: Use) -> Iterator[Facts]:
    """One licence, one port (一证一关); what counts as the same port is configured."""
    if not case.policy.same_port(case.declaration.port, case.state.clearance_port):
        yield {"port": case.declaration.port, "clearance_port": case.state.clearance_port}


def _same(one: Party, other: Party) -> bool:
    return organisation_code(one.code) == organisation_code(other.code)


def _is_party(case: Use) -> bool:
    """Whether the operating unit is one of the two parties of the licence."""
    unit = case.declaration.operating_unit
    return _same(unit, case.state.operator) or _same(unit, case.state.counterpart)


def _permitted(case: Use) -> list[PermittedEnterprise]:
    """The operating unit as the licence names it beside its parties: more than once, with several grounds."""
    unit = case.declaration.operating_unit
    return [one for one in case.state.permitted if _same(unit, one.party)]


def _unit_facts(case: Use) -> Facts:
    return {
        "operating_unit": case.declaration.operating_unit.code,
        "licence": case.state.key,
        "operator": case.state.operator.code,
        "counterpart": case.state.counterpart.code,
    }

"""The catalogue of reasons for which the parts of a replacement, a reply or a reconciliation do not agree."""

from __future__ import annotations

from licencexml.rejection import Reason

_SCHEMA = "urn:licence-exchange:1"

REPLACES_ITSELF = Reason(
    "REPLACES_ITSELF",
    "新许可证与被换许可证同为 {licence}。",
    "The new licence and the licence replaced are the same, {licence}.",
    "商办配函〔2015〕494号 art. 16",
    "请为新许可证编制新的许可证号。 / Give the new licence a number of its own.",
)
REPLACES_OTHER_TYPE = Reason(
    "REPLACES_OTHER_TYPE",
    "新许可证的种类为 {found}，被换许可证的种类为 {expected}。",
    "The new licence is of the type {found}; the licence replaced is of the type {expected}.",
    _SCHEMA,
    "请换领同一种类的许可证，或另行签发。 / Replace by a licence of the same type, or issue it by itself.",
)
CONFIRMATION_MISSING = Reason(
    "CONFIRMATION_MISSING",
    "撤销事由为 {ground}，但未填确认企业（ConfirmedBy）。",
    "The ground is {ground}, and the enterprise that confirmed it (ConfirmedBy) is not named.",
    "商办配函〔2015〕494号 art. 18",
    "请取得企业确认后填写该企业。 / Obtain the confirmation of the enterprise, and name it.",
)
UNITS_MIXED = Reason(
    "UNITS_MIXED",
    "商品行余额使用了多种计量单位：{found}。",
    "The balance of a goods line uses more than one unit: {found}.",
    "外经贸配管发〔2000〕539号 art. 6",
    "请一律使用许可证的计量单位，不作换算。 / Use the unit of the licence throughout; never convert.",
)
BALANCE_WRONG = Reason(
    "BALANCE_WRONG",
    "签发 {issued}、核销 {written_off}、余额 {balance}、溢装 {over_shipment} 不能相符。",
    (
        "The quantities do not agree: issued {issued}, written off {written_off}, balance {balance},"
        " over-shipment {over_shipment}."
    ),
    _SCHEMA,
    (
        "请核对：余额为签发减核销，不足时余额为零、差额为溢装。"
        " / Check them: the balance is issued less written off;"
        " what goes beyond is over-shipment, and the balance zero."
    ),
)
STANDING_MISSING = Reason(
    "STANDING_MISSING",
    "许可证状态为 {status}，但未填使用情况（Standing）。",
    "The status of the licence is {status}, and its standing is not given (Standing).",
    _SCHEMA,
    "请补填使用情况。 / Supply the standing.",
)
STANDING_OF_UNKNOWN = Reason(
    "STANDING_OF_UNKNOWN",
    "许可证状态为 UNKNOWN，却填写了使用情况或暂停标志。",
    "The status of the licence is UNKNOWN, and yet a standing or a suspension is given.",
    _SCHEMA,
    "请更正状态，或去掉使用情况和暂停标志。 / Correct the status, or remove the standing and the suspension.",
)
PART_NUMBER = Reason(
    "PART_NUMBER_WRONG",
    "部分序号 {number} 大于部分总数 {count}。",
    "The part number {number} is greater than the part count {count}.",
    _SCHEMA,
    "请更正序号或总数。 / Correct the number or the count.",
)
COUNT_WRONG = Reason(
    "COUNT_WRONG",
    "合计（收发记录数、许可证数）为 {stated}，实有 {found}。",
    "The totals (transfers, licences) are {stated}; {found} were found.",
    _SCHEMA,
    "请使合计与所列各项一致。 / Make the totals agree with the entries.",
)
ENTRY_REPEATED = Reason(
    "ENTRY_REPEATED",
    "{key} 不止出现一次。",
    "{key} stands more than once.",
    _SCHEMA,
    "请去掉重复的一项。 / Remove the repetition.",
)

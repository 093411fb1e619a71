"""What the paper shows and what the electronic data say: the two must agree before goods are released.

外经贸配管发〔2000〕539号 art. 1 and 5: of a paper licence, customs compares seven fields. They are importer
or exporter, goods name with code, quantity, country, trade mode, validity, clearance port. All are compared
for equality: the quantity is the quantity issued, not the balance, and no option widens the port. Enterprises
are the same by organisation code (the paper may print the older 13-digit code) and by name; in texts, one
white space is as good as another. The declaration's own trade mode is never compared (art. 8(6)); the
paper's is.

An electronic licence is itself the basis (商办配函〔2015〕494号 art. 2): what is said of a print of it is
ignored.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import date
from itertools import zip_longest

from gateway.licences.rules import Facts, Rulebook
from gateway.licences.state import LineState
from gateway.licences.use import Use
from licencexml.messages import PaperFace, PaperLine
from licencexml.party_code import organisation_code
from licencexml.values import Medium, Quantity

PAPER: Rulebook[Use] = Rulebook("paper and data 纸面与电子数据")

#: A line of the paper and the goods line of the licence that it prints; None where there is none.
_Pair = tuple[PaperLine | None, LineState | None]

_ARTICLE = "外经贸配管发〔2000〕539号 art. 5"
_REMEDY = (
    "请核对纸面证书和报文；证面确与电子数据不一致的，请联系发证机构和许可证局。"
    " / Check the paper and the message; if the paper does differ from the data, contact the issuing"
    " authority and the licence bureau."
)


@PAPER.rule(
    code="PAPER_FACE_MISSING",
    zh="许可证 {licence} 为纸面证书，但报文未填纸面证书内容（PaperFace）。",
    en="Licence {licence} is on paper, and the message does not say what the paper shows (PaperFace).",
    article=_ARTICLE,
    remedy=(
        "请核查纸面证书的七项内容，并填写 PaperFace。"
        " / Compare the seven fields of the paper licence, and fill in PaperFace."
    ),
)
def paper_face_missing(case: Use) -> Iterator[Facts]:
    """Of a paper licence, what the paper shows is compared with the data before release."""
    if case.state.medium is Medium.PAPER and case.declaration.paper_face is None:
        yield {"licence": case.state.key}


@PAPER.rule(
    code="PAPER_OPERATOR_DIFFERS",
    zh=(
        "许可证 {licence} 的进（出）口商不一致，"
        "纸面为“{paper_name}”（{paper_code}），电子数据为“{name}”（{code}）。"
    ),
    en=(
        'The operator of licence {licence} differs: the paper says "{paper_name}" ({paper_code}), the data'
        ' say "{name}" ({code}).'
    ),
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_operator_differs(case: Use) -> Iterator[Facts]:
    """The importer or exporter on the paper is the licence's, by code and by name."""
    for face in _faces(case):
        paper, data = face.operator, case.state.operator
        same_code = organisation_code(paper.code) == organisation_code(data.code)
        if not same_code or _collapsed(paper.name) != _collapsed(data.name):
            yield {
                "licence": case.state.key,
                "paper_name": paper.name,
                "paper_code": paper.code,
                "name": data.name,
                "code": data.code,
            }


@PAPER.rule(
    code="PAPER_GOODS_DIFFER",
    zh="许可证 {licence} 的商品名称或编码不一致，纸面{paper_zh}，电子数据{data_zh}。",
    en="The goods of licence {licence} differ: the paper has {paper_en}, the data have {data_en}.",
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_goods_differ(case: Use) -> Iterator[Facts]:
    """The paper shows the goods of the licence, name and code, no line less and no line more.

    Lines are matched by goods code and, within one code, by their order.
    """
    for paper, data in _pairs(case):
        if paper is None or data is None or _goods(paper) != _goods(data):
            yield {"licence": case.state.key} | _told("paper", paper) | _told("data", data)


@PAPER.rule(
    code="PAPER_QUANTITY_DIFFERS",
    zh=(
        "许可证 {licence} 第 {line} 项（商品编码 {goods_code}）的数量不一致，"
        "纸面为 {paper}，电子数据为 {data}。"
    ),
    en=(
        "The quantity of licence {licence}, line {line} (goods code {goods_code}), differs: the paper says"
        " {paper}, the data say {data}."
    ),
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_quantity_differs(case: Use) -> Iterator[Facts]:
    """The quantity on the paper is the quantity issued, exactly and in the same unit."""
    for paper, data in _pairs(case):
        if paper is None or data is None:
            continue
        issued = Quantity(data.issued, data.unit)
        if paper.quantity != issued:
            yield {
                "licence": case.state.key,
                "line": data.line_number,
                "goods_code": data.goods_code,
                "paper": paper.quantity,
                "data": issued,
            }


@PAPER.rule(
    code="PAPER_COUNTRY_DIFFERS",
    zh="许可证 {licence} 的国家（地区）不一致，纸面为 {paper}，电子数据为 {data}。",
    en="The country of licence {licence} differs: the paper says {paper}, the data say {data}.",
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_country_differs(case: Use) -> Iterator[Facts]:
    """The country on the paper is the licence's."""
    for face in _faces(case):
        yield from _differing(case, face.country, case.state.country)


@PAPER.rule(
    code="PAPER_TRADE_MODE_DIFFERS",
    zh="许可证 {licence} 的贸易方式不一致，纸面为“{paper}”，电子数据为“{data}”。",
    en='The trade mode of licence {licence} differs: the paper says "{paper}", the data say "{data}".',
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_trade_mode_differs(case: Use) -> Iterator[Facts]:
    """The trade mode on the paper is the licence's; the declaration's own is never compared."""
    for face in _faces(case):
        yield from _differing(case, _collapsed(face.terms_of_trade), _collapsed(case.state.terms_of_trade))


@PAPER.rule(
    code="PAPER_VALIDITY_DIFFERS",
    zh="许可证 {licence} 的有效期不一致，纸面为 {paper}，电子数据为 {data}。",
    en="The validity of licence {licence} differs: the paper says {paper}, the data say {data}.",
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_validity_differs(case: Use) -> Iterator[Facts]:
    """The validity on the paper is the licence's: its last day, and its first where the paper shows one."""
    for face in _faces(case):
        first = None if face.valid_from is None else case.state.valid_from
        yield from _differing(
            case, _period(face.valid_from, face.valid_to), _period(first, case.state.valid_to)
        )


@PAPER.rule(
    code="PAPER_PORT_DIFFERS",
    zh="许可证 {licence} 的报关口岸不一致，纸面为 {paper}，电子数据为 {data}。",
    en="The clearance port of licence {licence} differs: the paper says {paper}, the data say {data}.",
    article=_ARTICLE,
    remedy=_REMEDY,
)
def paper_port_differs(case: Use) -> Iterator[Facts]:
    """The clearance port on the paper is the licence's very code: no option widens this comparison."""
    for face in _faces(case):
        yield from _differing(case, face.clearance_port, case.state.clearance_port)


def _faces(case: Use) -> Iterator[PaperFace]:
    """The face that counts: none of an electronic licence, none where none is told."""
    face = case.declaration.paper_face
    if case.state.medium is Medium.PAPER and face is not None:
        yield face


def _pairs(case: Use) -> Iterator[_Pair]:
    """The lines of the paper beside those of the licence, then what is left on either side, in order."""
    for face in _faces(case):
        waiting: defaultdict[str, deque[LineState]] = defaultdict(deque)
        for line in case.state.lines:
            waiting[line.goods_code].append(line)
        too_many: list[PaperLine] = []
        for shown in face.lines:
            if waiting[shown.goods_code]:
                yield shown, waiting[shown.goods_code].popleft()
            else:
                too_many.append(shown)
        missing = (line for line in case.state.lines if line in waiting[line.goods_code])
        yield from zip_longest(too_many, missing)


def _goods(line: PaperLine | LineState) -> tuple[str, str]:
    return line.goods_code, _collapsed(line.goods_name)


def _told(side: str, line: PaperLine | LineState | None) -> dict[str, object]:
    """A line of one side, or that it is not there, in both languages."""
    if line is None:
        return {f"{side}_zh": "没有相应的商品行", f"{side}_en": "no such line"}
    return {
        f"{side}_zh": f"为“{line.goods_name}”（{line.goods_code}）",
        f"{side}_en": f'"{line.goods_name}" ({line.goods_code})',
    }


def _differing(case: Use, paper: str, data: str) -> Iterator[Facts]:
    if paper != data:
        yield {"licence": case.state.key, "paper": paper, "data": data}


def _period(first: date | None, last: date) -> str:
    """Days as ISO 8601 has a period; only the last where the first is not shown."""
    return f"{last}" if first is None else f"{first}/{last}"


def _collapsed(text: str) -> str:
    return " ".join(text.split())

"""Recognition: which licence is it, and has the same been said before?

The business key of a use is (declaration, line, licence, sequence). The same key with the same content is a
repeat and changes nothing; with other content it is a conflict, and what was created first holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import Declaration, DeclarationLine, PaperFace, WriteOff, WriteOffLineKey
from licencexml.values import LicenceKey, Quantity


@dataclass(frozen=True, slots=True)
class LineContent:
    """What is said of a write-off line beside its key: all that a repeat of it must say again."""

    goods_code: str
    quantity: Quantity
    stated_line: int | None
    release_time: datetime
    operating_unit_code: str
    port: str
    country: str
    paper_face: PaperFace | None

    @classmethod
    def of(cls, declaration: Declaration, line: DeclarationLine) -> Self:
        """What `line` of `declaration` says."""
        return cls(
            goods_code=line.goods_code,
            quantity=line.quantity,
            stated_line=line.licence_line_number,
            release_time=declaration.release_time,
            operating_unit_code=declaration.operating_unit.code,
            port=declaration.port,
            country=declaration.country,
            paper_face=declaration.paper_face,
        )


@dataclass(frozen=True, slots=True)
class Named:
    """A message of customs, the licence that it names, and that licence's state; None if it is unknown."""

    licence: LicenceKey
    state: LicenceState | None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Presented:
    """A write-off as it comes, and what holds already under the keys of its lines."""

    write_off: WriteOff
    known: Mapping[WriteOffLineKey, LineContent]


RECOGNITION: Rulebook[Named] = Rulebook("recognition 识别")
IDENTITY: Rulebook[Presented] = Rulebook("identity 业务键")


def key_of(declaration: Declaration, line: DeclarationLine) -> WriteOffLineKey:
    """The business key of `line`, within its licence."""
    return WriteOffLineKey(declaration.entry_id, line.line_number, line.sequence)


@RECOGNITION.rule(
    code="LICENCE_UNKNOWN",
    zh="本网关没有许可证 {licence} 的签发和发送记录。",
    en="Licence {licence} is unknown: this gateway has no record of its being issued and sent.",
    article="商办配函〔2015〕494号 art. 13",
    remedy=(
        "请核对许可证种类和许可证号；核对无误的，请联系许可证局。"
        " / Check the licence's type and number; if they are right, contact the licence bureau."
    ),
)
def licence_unknown(case: Named) -> Iterator[Facts]:
    """Only a licence that was issued and sent to customs can be declared against."""
    if case.state is None:
        yield {"licence": case.licence}


@RECOGNITION.rule(
    code="LICENCE_REPLACED",
    zh="许可证 {licence} 在收到本报文之前已换证，由 {successor} 代替。",
    en="Licence {licence} was replaced by {successor} before this message came.",
    article="商办配函〔2015〕494号 art. 17",
    remedy=(
        "换证后原证不再核销、更改或退关；请与许可证局核对该报关单应计入哪一份许可证。"
        " / A replaced licence is written off, amended and given back no more; settle with the licence bureau"
        " which licence this declaration counts against."
    ),
)
def licence_replaced(case: Named) -> Iterator[Facts]:
    """What comes after a licence was replaced does not change it: its remainder has moved."""
    if case.late and case.state is not None and case.state.replaced_by is not None:
        yield {"licence": case.licence, "successor": case.state.replaced_by}


@RECOGNITION.rule(
    code="LICENCE_REVOKED",
    zh="许可证 {licence} 在收到本报文之前已作为未使用的许可证撤销。",
    en="Licence {licence} was revoked, as one never used, before this message came.",
    article="商办配函〔2015〕494号 art. 18",
    remedy=(
        "请立即与发证机构和许可证局核对：货物已放行，而许可证已撤销。"
        " / Settle this with the issuing authority and the licence bureau at once: goods were released and"
        " the licence is revoked."
    ),
)
def licence_revoked(case: Named) -> Iterator[Facts]:
    """A revoked licence serves no declaration."""
    if case.late and case.state is not None and case.state.replaced_by is None:
        yield {"licence": case.licence}


@IDENTITY.rule(
    code="WRITE_OFF_CONFLICT",
    zh="报关单 {entry_id} 第 {line} 项（序号 {sequence}）已有另一份核销报文，且内容与本次不同。",
    en="Declaration {entry_id} line {line} (sequence {sequence}) was written off with other content.",
    article=CONFIGURED,
    remedy=(
        "重发核销数据的，请保持内容不变；需要更改的，请报送更改。"
        " / To repeat a write-off, send it unchanged; to change one, send an amendment."
    ),
)
def write_off_conflict(case: Presented) -> Iterator[Facts]:
    """One business key, one content: what was created first holds."""
    declaration = case.write_off.declaration
    for line in declaration.lines:
        holds = case.known.get(key_of(declaration, line))
        if holds is not None and holds != LineContent.of(declaration, line):
            yield _facts(key_of(declaration, line))


@IDENTITY.rule(
    code="LINE_TWICE",
    zh="报关单 {entry_id} 第 {line} 项（序号 {sequence}）在同一报文中不止出现一次。",
    en="Declaration {entry_id} line {line} (sequence {sequence}) stands in the message more than once.",
    article=CONFIGURED,
    remedy=(
        "报关单的每一项请只填一次；同一项多次使用许可证的，请用不同的序号。"
        " / Give each line of the declaration once; several draws by one line differ in their sequence."
    ),
)
def line_twice(case: Presented) -> Iterator[Facts]:
    """One business key once in a message."""
    declaration = case.write_off.declaration
    for key, count in Counter(key_of(declaration, line) for line in declaration.lines).items():
        if count > 1:
            yield _facts(key)


def _facts(key: WriteOffLineKey) -> Facts:
    return {"entry_id": key.entry_id, "line": key.line_number, "sequence": key.sequence}

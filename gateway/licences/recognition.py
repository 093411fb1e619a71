"""Recognition: is the licence ours, and has this declaration said the same before?

The business key of a use is (declaration, line, licence, sequence). The same key with the same content is a
repeat and changes nothing; with other content it is a conflict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.licences.rules import CONFIGURED, Facts, Rulebook
from gateway.licences.state import LicenceState
from licencexml.messages import Declaration, DeclarationLine, WriteOff
from licencexml.values import Quantity


@dataclass(frozen=True, slots=True)
class LineId:
    """A line within its declaration and licence: with these two it is the business key."""

    line_number: int
    sequence: int

    @classmethod
    def of(cls, line: DeclarationLine) -> Self:
        """The id of `line`."""
        return cls(line.line_number, line.sequence)


@dataclass(frozen=True, slots=True)
class AppliedBefore:
    """What a use said, all that a repeat of it must say again."""

    goods_code: str
    quantity: Quantity
    stated_line: int | None
    release_time: datetime
    operating_unit_code: str
    port: str
    country: str

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
        )


@dataclass(frozen=True, slots=True)
class Presented:
    """A write-off as it comes: what is known of its licence, and what its declaration applied before."""

    state: LicenceState | None
    write_off: WriteOff
    known: Mapping[LineId, AppliedBefore]


RECOGNITION: Rulebook[Presented] = Rulebook("recognition 识别")


def is_known(line: DeclarationLine, known: Mapping[LineId, AppliedBefore]) -> bool:
    """Whether something was applied under the key of `line`."""
    return LineId.of(line) in known


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
def licence_unknown(case: Presented) -> Iterator[Facts]:
    """Only a licence that was issued and sent to customs can be declared against."""
    if case.state is None:
        yield {"licence": case.write_off.licence}


@RECOGNITION.rule(
    code="WRITE_OFF_CONFLICT",
    zh="报关单 {entry_id} 第 {line} 项（序号 {sequence}）此前已核销，且内容与本次不同。",
    en="Declaration {entry_id} line {line} (sequence {sequence}) was written off before with other content.",
    article=CONFIGURED,
    remedy=(
        "重发核销数据的，请保持内容不变；需要更改的，请报送更改。"
        " / To repeat a write-off, send it unchanged; to change one, send an amendment."
    ),
)
def write_off_conflict(case: Presented) -> Iterator[Facts]:
    """One business key, one content."""
    declaration = case.write_off.declaration
    for line in declaration.lines:
        before = case.known.get(LineId.of(line))
        if before is not None and before != AppliedBefore.of(declaration, line):
            yield _facts(declaration, LineId.of(line))


@RECOGNITION.rule(
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
    for line_id, count in Counter(LineId.of(line) for line in declaration.lines).items():
        if count > 1:
            yield _facts(declaration, line_id)


def _facts(declaration: Declaration, line_id: LineId) -> Facts:
    return {
        "entry_id": declaration.entry_id,
        "line": line_id.line_number,
        "sequence": line_id.sequence,
    }

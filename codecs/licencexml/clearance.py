"""What customs did with goods under a licence: released them, corrected that, took them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from licencexml.header import Header
from licencexml.travelling import travels
from licencexml.values import LicenceKey, Party, Quantity


@travels
@dataclass(frozen=True, slots=True)
class DeclarationLine:
    """One released line: `line_number` on the declaration, `sequence` within it (a line may draw twice).

    `licence_line_number` says which goods line is drawn on, where customs knows it.
    """

    line_number: int
    sequence: int
    goods_code: str
    quantity: Quantity
    licence_line_number: int | None = None


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One goods line as the paper licence shows it: `quantity` is what was issued, not what is left."""

    goods_code: str
    goods_name: str
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFace:
    """What the paper licence shows in the seven fields of 外经贸配管发〔2000〕539号 art. 5, as printed.

    `lines` (商品名称 with code, 数量) are in the order of the paper, `country` is alpha-3, `clearance_port`
    has four digits. The paper may show the end of its validity alone.
    """

    operator: Party
    lines: tuple[PaperLine, ...]
    country: str
    terms_of_trade: str
    valid_to: date
    clearance_port: str
    valid_from: date | None = None


@travels
@dataclass(frozen=True, slots=True)
class Declaration:
    """A released customs declaration: `entry_id` has 18 characters, `port` four digits, `country` alpha-3.

    `paper_face` is what the licence shows on paper, where customs compared one.
    """

    entry_id: str
    operating_unit: Party
    port: str
    country: str
    release_time: datetime
    lines: tuple[DeclarationLine, ...]
    paper_face: PaperFace | None = None


@travels
@dataclass(frozen=True, slots=True)
class WriteOff:
    """核销: customs released goods against a licence."""

    header: Header
    licence: LicenceKey
    declaration: Declaration


@dataclass(frozen=True, slots=True)
class WriteOffLineKey:
    """With its licence, what a write-off line is known by, for ever."""

    entry_id: str
    line_number: int
    sequence: int


@dataclass(frozen=True, slots=True)
class AmendedContent:
    """All of a write-off line that may change: what is not its key. See `Declaration` for the attributes."""

    operating_unit: Party
    port: str
    country: str
    release_time: datetime
    goods_code: str
    quantity: Quantity
    licence_line_number: int | None = None


@dataclass(frozen=True, slots=True)
class WriteOffAmendment:
    """更改 (外经贸配管发〔2000〕539号 art. 6): customs replaces the content of the one line `amends`.

    `amendment_number` counts the amendments of that line; the highest holds, whatever comes first.
    """

    header: Header
    licence: LicenceKey
    amends: WriteOffLineKey
    amendment_number: int
    amendment_time: datetime
    content: AmendedContent
    reason: str

    @property
    def declaration(self) -> Declaration:
        """The line as it stands now, alone in its declaration: what a WriteOff would have said."""
        key, content = self.amends, self.content
        line = DeclarationLine(
            key.line_number, key.sequence, content.goods_code, content.quantity, content.licence_line_number
        )
        return Declaration(
            key.entry_id,
            content.operating_unit,
            content.port,
            content.country,
            content.release_time,
            (line,),
        )


@dataclass(frozen=True, slots=True)
class ReversedLine:
    """What is withdrawn of one write-off line: all of its quantity, or a part."""

    line_number: int
    sequence: int
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class WriteOffReversal:
    """退关 (外经贸配管发〔2000〕539号 art. 6): released goods are withdrawn, the licence gets them back.

    `reversal_number` counts the withdrawals of this declaration from this licence.
    """

    header: Header
    licence: LicenceKey
    entry_id: str
    reversal_number: int
    withdrawal_time: datetime
    lines: tuple[ReversedLine, ...]
    reason: str

    @property
    def keys(self) -> tuple[WriteOffLineKey, ...]:
        """The key of each line, in order."""
        return tuple(WriteOffLineKey(self.entry_id, one.line_number, one.sequence) for one in self.lines)

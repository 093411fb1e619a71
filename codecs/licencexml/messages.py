"""The messages that issuers, the gateway and customs exchange, as frozen values.

Every field of the three licence forms is here. What a type does not have is None; which type requires which
field is the schema's to say. Instants are aware; dates are business dates (Asia/Shanghai).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from licencexml.rejection import Rejection
from licencexml.values import LicenceKey, Medium, Money, Party, PermittedEnterprise, Quantity, UsageMode


@dataclass(frozen=True, slots=True)
class Header:
    """What every message begins with. `message_id` is globally unique and never used again.

    `in_reply_to` is the MessageID (for a TechnicalAck: the control reference) that the message answers.
    """

    message_id: str
    sender: str
    receiver: str
    created: datetime
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """One goods line of a licence (boxes 11 to 17).

    `goods_status` (商品状态) exists on automatic import licences only. All money of a licence is in one
    currency, except `amount_usd`.
    """

    line_number: int
    goods_code: str
    goods_name: str
    quantity: Quantity
    unit_price: Money
    amount: Money
    amount_usd: Money
    specification: tuple[str, ...] = ()
    goods_status: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Box 18, derived from the lines; `quantity` is None where the lines have different units."""

    quantity: Quantity | None
    amount: Money
    amount_usd: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence of any of the three types.

    | attribute         | import     | export     | automatic import |
    |-------------------|------------|------------|------------------|
    | operator          | 进口商     | 出口商     | 进口商           |
    | counterpart       | 收货人     | 发货人     | 进口用户         |
    | country (alpha-3) | 出口国     | 进口国     | 贸易国           |

    `clearance_port` is a customs code of four digits. `terms_of_foreign_exchange`, `country_of_origin`,
    `use` are not on export licences; `contract_number`, `terms_of_payment`, `mode_of_transport` are on export
    licences only, and so is `permitted`: the enterprises that a paper form names in its remarks, as data.
    `form_number` is the seven-digit number of the paper form.
    """

    key: LicenceKey
    medium: Medium
    usage_mode: UsageMode
    operator: Party
    counterpart: Party
    valid_from: date
    valid_to: date
    licence_date: date
    issuing_authority: str
    terms_of_trade: str
    clearance_port: str
    country: str
    lines: tuple[GoodsLine, ...]
    terms_of_foreign_exchange: str | None = None
    contract_number: str | None = None
    country_of_origin: str | None = None
    terms_of_payment: str | None = None
    use: str | None = None
    mode_of_transport: str | None = None
    permitted: tuple[PermittedEnterprise, ...] = ()
    remarks: str | None = None
    form_number: str | None = None

    @property
    def totals(self) -> Totals:
        """Box 18. The lines share one currency; raises ValueError if a sum has more than 19 digits."""
        assert self.lines, "a licence has at least one line"
        units = {line.quantity.unit for line in self.lines}
        quantity = sum((line.quantity.amount for line in self.lines), Decimal(0))
        amount = sum((line.amount.amount for line in self.lines), Decimal(0))
        usd = sum((line.amount_usd.amount for line in self.lines), Decimal(0))
        return Totals(
            quantity=Quantity.of(quantity, units.pop()) if len(units) == 1 else None,
            amount=Money.of(amount, self.lines[0].amount.currency),
            amount_usd=Money.of(usd, "USD"),
        )


@dataclass(frozen=True, slots=True)
class LicenceIssue:
    """An issuing system hands over a licence. `urgent` (急证) goes before all that is not."""

    header: Header
    licence: Licence
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SealedLicence:
    """A licence as it goes to customs: the issuer's signed message, whole, under the central seal."""

    header: Header
    issue: LicenceIssue


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
class Declaration:
    """A released customs declaration: `entry_id` has 18 characters, `port` four digits, `country` alpha-3."""

    entry_id: str
    operating_unit: Party
    port: str
    country: str
    release_time: datetime
    lines: tuple[DeclarationLine, ...]


@dataclass(frozen=True, slots=True)
class WriteOff:
    """核销: customs released goods against a licence."""

    header: Header
    licence: LicenceKey
    declaration: Declaration


class TechnicalStatus(StrEnum):
    """Whether an interchange could be read at all."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class TechnicalAck:
    """The answer to an interchange: it could be read, or not. `header.in_reply_to` is its control reference.

    `message_count` is how many messages were found in it.
    """

    header: Header
    control_reference: str
    status: TechnicalStatus
    message_count: int
    rejections: tuple[Rejection, ...] = ()


class AckStatus(StrEnum):
    """What became of one message. REPEATED: it was known already, with the same content."""

    ACCEPTED = "ACCEPTED"
    REPEATED = "REPEATED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class AckSubject:
    """The message that an ApplicationAck answers; `kind` is its element's name, "WriteOff"."""

    message_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class ApplicationAck:
    """The answer to one message, with every reason if refused. `header.in_reply_to` is its MessageID."""

    header: Header
    answers: AckSubject
    status: AckStatus
    licence: LicenceKey | None = None
    rejections: tuple[Rejection, ...] = ()


Message = LicenceIssue | SealedLicence | WriteOff | TechnicalAck | ApplicationAck


def kind_of(message: Message) -> str:
    """The name of the message's XML element, "LicenceIssue"."""
    return type(message).__name__


@dataclass(frozen=True, slots=True)
class InterchangeFrame:
    """What stands round the messages of one interchange. It has no signature: each message keeps its own."""

    control_reference: str
    sender: str
    receiver: str
    created: datetime
    message_count: int


@dataclass(frozen=True, slots=True)
class Interchange(InterchangeFrame):
    """One virtual file on the line: a frame and its messages, in order."""

    messages: tuple[Message, ...]

"""The messages that issuers, the gateway and customs exchange, as frozen values: every one is to be had here.

The acknowledgements and the interchange are written here; `issuing` has what issuers send, `clearance` what
customs did, `standing` the queries and the reconciliation. Instants are aware; dates are business dates
(Asia/Shanghai).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from licencexml.clearance import (
    AmendedContent,
    Declaration,
    DeclarationLine,
    PaperFace,
    PaperLine,
    ReversedLine,
    WriteOff,
    WriteOffAmendment,
    WriteOffLineKey,
    WriteOffReversal,
)
from licencexml.header import Header
from licencexml.issuing import (
    IssuerMessage,
    LicenceIssue,
    LicenceReplacement,
    LicenceRevocation,
    LicenceSuspension,
    ReplacementKind,
    ReplacementMode,
    RevocationGround,
    SealedLicence,
    SuspensionAction,
    SuspensionGround,
)
from licencexml.licence import GoodsLine, Licence, Totals
from licencexml.rejection import Rejection
from licencexml.standing import (
    GoodsLineBalance,
    LicenceFigures,
    LicenceQuery,
    LicenceQueryReply,
    LicenceStanding,
    Reconciliation,
    ReconciliationTotals,
    StandingStatus,
    Transfer,
    TransferStatus,
)
from licencexml.travelling import travels
from licencexml.values import LicenceKey

__all__ = [
    "AckStatus",
    "AckSubject",
    "AmendedContent",
    "ApplicationAck",
    "Declaration",
    "DeclarationLine",
    "GoodsLine",
    "GoodsLineBalance",
    "Header",
    "Interchange",
    "InterchangeFrame",
    "IssuerMessage",
    "Licence",
    "LicenceFigures",
    "LicenceIssue",
    "LicenceQuery",
    "LicenceQueryReply",
    "LicenceReplacement",
    "LicenceRevocation",
    "LicenceStanding",
    "LicenceSuspension",
    "Message",
    "PaperFace",
    "PaperLine",
    "Reconciliation",
    "ReconciliationTotals",
    "ReplacementKind",
    "ReplacementMode",
    "ReversedLine",
    "RevocationGround",
    "SealedLicence",
    "StandingStatus",
    "SuspensionAction",
    "SuspensionGround",
    "TechnicalAck",
    "TechnicalStatus",
    "Totals",
    "Transfer",
    "TransferStatus",
    "WriteOff",
    "WriteOffAmendment",
    "WriteOffLineKey",
    "WriteOffReversal",
    "kind_of",
]


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


@travels
@dataclass(frozen=True, slots=True)
class AckSubject:
    """The message that an ApplicationAck answers; `kind` is its element's name, "WriteOff"."""

    message_id: str
    kind: str


@travels
@dataclass(frozen=True, slots=True)
class ApplicationAck:
    """The answer to one message, with every reason if refused. `header.in_reply_to` is its MessageID."""

    header: Header
    answers: AckSubject
    status: AckStatus
    licence: LicenceKey | None = None
    rejections: tuple[Rejection, ...] = ()


Message = (
    IssuerMessage
    | SealedLicence
    | WriteOff
    | WriteOffAmendment
    | WriteOffReversal
    | LicenceQuery
    | LicenceQueryReply
    | Reconciliation
    | TechnicalAck
    | ApplicationAck
)


def is_of_urgent_licence(message: Message | None) -> bool:
    """Whether a message brings an urgent licence (急证): all about it is as urgent."""
    return isinstance(message, LicenceIssue | LicenceReplacement) and message.urgent


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

"""Which element holds which value: one table a message, used in both directions.

A new message is a schema fragment, a value class, and a table: here those of the acknowledgements, in the
modules `mapping_…` those of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from licencexml import faults
from licencexml.leaves import IDENTIFIER_TEXT, INSTANT, INTEGER, PATH, SENTENCE, TEXT, one_of
from licencexml.mapping_clearance import WRITE_OFF, WRITE_OFF_AMENDMENT, WRITE_OFF_REVERSAL
from licencexml.mapping_issuing import ISSUER_MESSAGES, SEALED_LICENCE
from licencexml.mapping_parts import HEADER_FIELD, LICENCE_REFERENCE
from licencexml.mapping_standing import LICENCE_QUERY, LICENCE_QUERY_REPLY, RECONCILIATION
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    InterchangeFrame,
    TechnicalAck,
    TechnicalStatus,
)
from licencexml.record import Field, Record
from licencexml.rejection import Rejection, Where

MAX_ACK_REJECTIONS = 100


def _rejection(*, line: int | None = None, xpath: str | None = None, **others: Any) -> Rejection:
    return Rejection(where=Where(line, xpath), **others)


def _bounded_rejections(ack: TechnicalAck | ApplicationAck) -> tuple[Rejection, ...]:
    if len(ack.rejections) <= MAX_ACK_REJECTIONS:
        return ack.rejections
    kept = MAX_ACK_REJECTIONS - 1
    return (*ack.rejections[:kept], faults.LEFT_OUT.reject(shown=kept))


_REJECTION = Record(
    _rejection,
    (
        Field("Code", "code", TEXT),
        Field("Line", "line", INTEGER, optional=True, get=attrgetter("where.line")),
        Field("XPath", "xpath", PATH, optional=True, get=attrgetter("where.xpath")),
        Field("Chinese", "zh", SENTENCE),
        Field("English", "en", SENTENCE),
        Field("Article", "article", SENTENCE),
        Field("Remedy", "remedy", SENTENCE),
    ),
)
_REJECTIONS = Field("Rejection", "rejections", _REJECTION, optional=True, many=True, get=_bounded_rejections)
TECHNICAL_ACK = Record(
    TechnicalAck,
    (
        HEADER_FIELD,
        Field("ControlReference", "control_reference", IDENTIFIER_TEXT),
        Field("Status", "status", one_of(TechnicalStatus)),
        Field("MessageCount", "message_count", INTEGER),
        _REJECTIONS,
    ),
    is_message=True,
)
APPLICATION_ACK = Record(
    ApplicationAck,
    (
        HEADER_FIELD,
        Field(
            "Answers",
            "answers",
            Record(
                AckSubject, (Field("MessageID", "message_id", IDENTIFIER_TEXT), Field("Kind", "kind", TEXT))
            ),
        ),
        Field("Status", "status", one_of(AckStatus)),
        Field("LicenceReference", "licence", LICENCE_REFERENCE, optional=True),
        _REJECTIONS,
    ),
    is_message=True,
)

MESSAGES: Mapping[str, Record] = {
    **ISSUER_MESSAGES,
    "SealedLicence": SEALED_LICENCE,
    "WriteOff": WRITE_OFF,
    "WriteOffAmendment": WRITE_OFF_AMENDMENT,
    "WriteOffReversal": WRITE_OFF_REVERSAL,
    "LicenceQuery": LICENCE_QUERY,
    "LicenceQueryReply": LICENCE_QUERY_REPLY,
    "Reconciliation": RECONCILIATION,
    "TechnicalAck": TECHNICAL_ACK,
    "ApplicationAck": APPLICATION_ACK,
}
INTERCHANGE_FRAME = Record(
    InterchangeFrame,
    (
        Field("ControlReference", "control_reference", IDENTIFIER_TEXT),
        Field("Sender", "sender", IDENTIFIER_TEXT),
        Field("Receiver", "receiver", IDENTIFIER_TEXT),
        Field("Created", "created", INSTANT),
        Field("MessageCount", "message_count", INTEGER),
    ),
)

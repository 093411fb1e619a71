"""The tables of what several messages are made of."""

from __future__ import annotations

from licencexml.header import Header
from licencexml.leaves import IDENTIFIER_TEXT, INSTANT, PARTY_CODE, TEXT, one_of
from licencexml.record import Field, Record
from licencexml.values import LicenceKey, LicenceType, Party

HEADER = Record(
    Header,
    (
        Field("MessageID", "message_id", IDENTIFIER_TEXT),
        Field("Sender", "sender", IDENTIFIER_TEXT),
        Field("Receiver", "receiver", IDENTIFIER_TEXT),
        Field("Created", "created", INSTANT),
        Field("InReplyTo", "in_reply_to", IDENTIFIER_TEXT, optional=True),
    ),
)
HEADER_FIELD = Field("Header", "header", HEADER)
PARTY = Record(Party, (Field("Name", "name", TEXT), Field("Code", "code", PARTY_CODE)))
LICENCE_REFERENCE = Record(
    LicenceKey,
    (Field("LicenceType", "type", one_of(LicenceType)), Field("LicenceNumber", "number", TEXT)),
)
LICENCE_FIELD = Field("LicenceReference", "licence", LICENCE_REFERENCE)

"""Answers to what was sent to another: with several partners, each answers for itself alone.

An office cannot accept or refuse a licence of another's, reply to a question that it was not asked, or say
that an interchange could be read which it never got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from gateway.exchange.examination import Examined, ExaminedInterchange, Refused
from gateway.exchange.faults import NOT_SENT_TO_YOU
from gateway.exchange.offices import Offices
from gateway.ledger import whereabouts
from licencexml.messages import (
    ApplicationAck,
    LicenceQueryReply,
    Message,
    Reconciliation,
    TechnicalAck,
    kind_of,
)


def without_answers_of_others(
    connection: Connection, offices: Offices, partner: str, interchange: ExaminedInterchange
) -> ExaminedInterchange:
    """`interchange` of `partner`'s, with every answer refused in it to what was sent to another partner.

    What was sent to one who is not configured any more is anybody's: a partner may have got another name.
    """
    good = [one.message for one in interchange.messages if isinstance(one, Examined)]
    references = [one.control_reference for one in good if isinstance(one, TechnicalAck)]
    asked = [name for one in good if (name := _answered(one)) is not None]
    sent = {
        **whereabouts.interchange_receivers(connection, references),
        **whereabouts.receivers(connection, asked),
    }
    others = {name: to for name, to in sent.items() if to != partner and to in offices}
    if not others:
        return interchange
    return replace(interchange, messages=tuple(_judged(interchange.messages, others)))


def _judged(messages: Sequence[Examined | Refused], others: Mapping[str, str]) -> list[Examined | Refused]:
    return [_refused(one, others) if isinstance(one, Examined) else one for one in messages]


def _refused(one: Examined, others: Mapping[str, str]) -> Examined | Refused:
    message = one.message
    answered = message.control_reference if isinstance(message, TechnicalAck) else _answered(message)
    if answered is None or answered not in others:
        return one
    return Refused(
        kind=kind_of(message),
        message_id=message.header.message_id,
        sender=message.header.sender,
        licence=message.licence if isinstance(message, ApplicationAck | LicenceQueryReply) else None,
        rejections=(NOT_SENT_TO_YOU.reject(answered=answered, partner=others[answered]),),
        readable=True,
        xml=one.xml,
    )


def _answered(message: Message) -> str | None:
    """The message of ours that this one answers."""
    match message:
        case ApplicationAck():
            return message.answers.message_id
        case LicenceQueryReply() | Reconciliation():
            return message.header.in_reply_to
        case _:
            return None

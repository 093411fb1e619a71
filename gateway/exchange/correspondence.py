"""Who writes to whom, and the messages that answer messages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from gateway.trust.signing import Signer
from licencexml import writing
from licencexml.messages import (
    AckStatus,
    AckSubject,
    ApplicationAck,
    Header,
    Message,
    TechnicalAck,
    TechnicalStatus,
)
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey


def new_message_id() -> str:
    """A MessageID that no message ever had: a UUID of version 7 (RFC 9562 section 5.7), so time comes first.

    Those made one after the other stand side by side in the ledger's indexes: a commit writes few pages of
    them. The other 74 bits are chance.
    """
    milliseconds, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    high, low = chance >> 68, chance & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One end: its name in the configuration and the queues, and its name in messages."""

    name: str
    participant: str


class Secretary:
    """Writes and signs the messages of one participant to one partner.

    Signing here, and not in a worker, lets the answer be part of the transaction that it speaks of.
    """

    def __init__(
        self, signer: Signer, *, us: Correspondent, partner: Correspondent, new_id: Callable[[], str]
    ) -> None:
        self._signer = signer
        self._us = us
        self.partner = partner
        self._new_id = new_id

    def writing_to(self, partner: Correspondent) -> Self:
        """The same for another partner."""
        return type(self)(self._signer, us=self._us, partner=partner, new_id=self._new_id)

    def application_ack(
        self,
        answers: AckSubject,
        status: AckStatus,
        *,
        at: datetime,
        licence: LicenceKey | None,
        rejections: tuple[Rejection, ...] = (),
    ) -> tuple[ApplicationAck, bytes]:
        """The answer to one message, and its signed bytes."""
        ack = ApplicationAck(self._header(at, answers.message_id), answers, status, licence, rejections)
        return ack, self.sign(ack)

    def technical_ack(
        self,
        control_reference: str,
        status: TechnicalStatus,
        *,
        at: datetime,
        message_count: int,
        rejections: tuple[Rejection, ...] = (),
    ) -> tuple[TechnicalAck, bytes]:
        """The answer to one interchange, and its signed bytes."""
        ack = TechnicalAck(
            self._header(at, control_reference), control_reference, status, message_count, rejections
        )
        return ack, self.sign(ack)

    def header(self, at: datetime, in_reply_to: str | None = None) -> Header:
        """A header for a message that answers none, or the one whose MessageID is `in_reply_to`."""
        return self._header(at, in_reply_to)

    def sign(self, message: Message) -> bytes:
        """The message as signed bytes."""
        element = writing.write_message(message)
        _, signature = self._signer.signature(element)
        return writing.with_last(element, signature)

    def _header(self, at: datetime, in_reply_to: str | None) -> Header:
        return Header(self._new_id(), self._us.participant, self.partner.participant, at, in_reply_to)

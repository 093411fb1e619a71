"""Whether a message is for us, from whom it may be, and of now or before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from gateway.exchange import faults
from gateway.exchange.hints import where
from licencexml.header import Header
from licencexml.rejection import Reason, Rejection

#: How far a partner's clock may be ahead of ours.
MAX_CLOCK_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who takes messages, and why one is refused that is not from those who may have sent it."""

    participant: str
    wrong_sender: Reason

    def accepts(self, header: Header, received: datetime, senders: Collection[str] | None) -> bool:
        """Whether `faults` finds nothing."""
        return (
            header.receiver == self.participant
            and (senders is None or header.sender in senders)
            and header.created <= received + MAX_CLOCK_AHEAD
        )

    def faults(
        self,
        element: etree._Element,
        header: Header,
        received: datetime,
        senders: Collection[str] | None,
    ) -> Iterator[Rejection]:
        """What is wrong with the `header` of the message in `element`; `senders` None: anyone."""
        if header.receiver != self.participant:
            yield faults.WRONG_RECEIVER.reject(
                where(element, "Header/Receiver"), receiver=header.receiver, participant=self.participant
            )
        if senders is not None and header.sender not in senders:
            yield self.wrong_sender.reject(
                where(element, "Header/Sender"), sender=header.sender, expected=", ".join(sorted(senders))
            )
        if header.created > received + MAX_CLOCK_AHEAD:
            yield faults.CREATED_IN_FUTURE.reject(
                where(element, "Header/Created"),
                created=header.created.isoformat(),
                now=received.isoformat(),
                allowed=int(MAX_CLOCK_AHEAD.total_seconds()),
            )

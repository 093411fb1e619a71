"""What became of a received message: the answer that it gets, each time it comes."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ledger.kinds import OutcomeStatus
from licencexml.rejection import Rejection
from licencexml.values import LicenceKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one message.

    For REPEATED, `already` is what became of the message when it first came, and `rejections` are those of
    then. `rejections` is empty exactly if the message was, or had been, accepted.
    """

    status: OutcomeStatus
    message_id: str
    licence: LicenceKey | None
    rejections: tuple[Rejection, ...] = ()
    already: OutcomeStatus | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the message stands accepted, now or since it first came."""
        return not self.rejections

"""What customs says of releases: facts, that stand whatever the law makes of them.

A fact is one message, with the instant at which it came and whether its licence had ended by then. Nothing
else about its coming counts: a licence's position is settled from the set of its facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from licencexml.messages import WriteOff, WriteOffAmendment, WriteOffReversal

#: What customs tells of released goods.
Clearance = WriteOff | WriteOffAmendment | WriteOffReversal


@dataclass(frozen=True, slots=True)
class Fact:
    """A message of customs, when it first came (aware), and whether it came after its licence had ended."""

    message: Clearance
    received_at: datetime
    late: bool = False

    @property
    def message_id(self) -> str:
        """The MessageID."""
        return self.message.header.message_id

    @property
    def precedence(self) -> tuple[datetime, str]:
        """Of several that say different things of one key, the one that was created first holds."""
        return self.message.header.created, self.message_id


def entry_id_of(message: Clearance) -> str:
    """The declaration that the message is about."""
    if isinstance(message, WriteOff):
        return message.declaration.entry_id
    return message.amends.entry_id if isinstance(message, WriteOffAmendment) else message.entry_id

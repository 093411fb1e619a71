"""What waits for one partner: counted by indexes of what waits, for operators who look at its line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from gateway.ledger.depths import due_since
from gateway.ledger.kinds import InterchangeStatus, OutboxStatus
from gateway.ledger.portable import is_literally
from gateway.ledger.tables import interchange, outbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages by what they wait for; `without_receipt` counts the interchanges that were sent."""

    due: int
    held: int
    under_way: int
    without_receipt: int
    oldest_due: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        oldest = self.oldest_due and self.oldest_due.isoformat(timespec="seconds")
        return {
            "due": self.due,
            "oldest_due": oldest,
            "held": self.held,
            "under_way": self.under_way,
            "without_receipt": self.without_receipt,
        }


def waiting_for(connection: Connection, partner: str) -> Waiting:
    """What waits for `partner` now, by the name that the outbox knows it by."""

    def messages(status: OutboxStatus) -> int:
        query = select(func.count(literal_column("1"))).where(
            is_literally(outbox.c.status, status), outbox.c.partner == partner
        )
        return connection.execute(query).scalar_one()

    sent = select(func.count(literal_column("1"))).where(
        is_literally(interchange.c.status, InterchangeStatus.SENT), interchange.c.partner == partner
    )
    return Waiting(
        due=messages(OutboxStatus.DUE),
        held=messages(OutboxStatus.HELD),
        under_way=messages(OutboxStatus.ASSIGNED),
        without_receipt=connection.execute(sent).scalar_one(),
        oldest_due=due_since(connection, partner),
    )

"""Files received that are not worked off, shown and given up by operators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gateway.ledger import post
from gateway.ledger.columns import instant_text
from gateway.ledger.store import Ledger
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import Arguments, flag, line_of_text, whole_number

Answer = dict[str, Any]

_MAX_ROWS = 1_000
_MAX_NAME = 64
_MAX_REASON = 500


class InboundHandlers:
    """The control commands about files received."""

    def __init__(self, *, ledger: Ledger, give_up: Callable[[int, str, str], Awaitable[str | None]]) -> None:
        """`give_up` is `GivingUp.give_up`."""
        self._ledger = ledger
        self._give_up = give_up

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        commands.add("inbound list", self.list)
        commands.add("inbound refuse", self.refuse)

    async def list(self, arguments: Arguments) -> Answer:
        """What is coming in, or waits to be worked off; with `refused`, what never will be, latest first."""
        limit = whole_number("limit", arguments.get("limit", 100), _MAX_ROWS)
        if flag("refused", arguments.get("refused")):
            refused = await self._ledger.read(
                lambda connection: post.inbound_not_worked_off(connection, limit)
            )
            return {"rows": [_refused_row(file) for file in refused]}
        after = whole_number("after", arguments.get("after", 0), least=0)
        files = await self._ledger.read(lambda connection: post.inbound_waiting(connection, after, limit))
        return {"rows": [_row(file) for file in files]}

    async def refuse(self, arguments: Arguments) -> Answer:
        """Give up a stored file, and have its sender told."""
        number = whole_number("id", arguments.get("id"))
        by = line_of_text("by", arguments.get("by"), _MAX_NAME)
        why = line_of_text("why", arguments.get("why"), _MAX_REASON)
        try:
            told = await self._give_up(number, by, why)
        except KeyError:
            raise CommandRefused("not-found", f"there is no received file {number}") from None
        if told is None:
            raise CommandRefused(
                "refused", f"file {number} does not wait to be worked off; see `inbound list`"
            )
        return {"id": number, "told_by": told}


def _refused_row(file: post.InboundFile) -> Answer:
    """Why, and how its sender is told; `sent`: whether it has our EERP or NERP."""
    told = "TechnicalAck" if file.refusal_reason is None else f"NERP {file.refusal_reason:02d}"
    return {
        "id": file.id,
        "partner": file.partner,
        "dataset": file.identity.dataset_name,
        "at": instant_text(file.at),
        "reason": file.refusal_text,
        "told_by": told,
        "receipt": file.receipt_status.value,
        "file": f"corrupt/{Path(file.path).name}",
    }


def _row(file: post.InboundFile) -> Answer:
    return {
        "id": file.id,
        "partner": file.partner,
        "dataset": file.identity.dataset_name,
        "status": file.status.value,
        "size_bytes": file.size_bytes,
        "position_bytes": file.position_bytes,
        "receipt": file.receipt_status.value,
        "services": str(file.attributes),
        "description": file.attributes.description,
        "at": instant_text(file.at),
        "file": Path(file.path).name,
    }

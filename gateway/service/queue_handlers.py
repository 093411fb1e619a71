"""What waits to be sent, shown and changed by operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.ledger import post, query
from gateway.ledger.kinds import OutboxStatus
from gateway.ledger.store import Ledger, UnitOfWork
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import Arguments, whole_number
from licencexml.values import LicenceKey

Answer = dict[str, Any]

_MAX_ROWS = 10_000
_WAITING = (OutboxStatus.DUE, OutboxStatus.ASSIGNED, OutboxStatus.HELD)


class QueueHandlers:
    """The control commands about the outbox."""

    def __init__(self, *, ledger: Ledger, wake: Callable[[], None]) -> None:
        """`wake` is called after each change: something may have become due."""
        self._ledger = ledger
        self._wake = wake

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        for name, handler in {
            "queue list": self.queue_list,
            "queue show": self.queue_show,
            "queue hold": self.queue_hold,
            "queue release": self.queue_release,
            "queue requeue": self.queue_requeue,
            "queue flush": self.queue_flush,
        }.items():
            commands.add(name, handler)

    async def queue_list(self, arguments: Arguments) -> Answer:
        """What waits, most urgent first; with `status`, only that."""
        wanted = str(arguments.get("status") or "").upper()
        if wanted and wanted not in set(OutboxStatus):
            raise CommandRefused("usage", f"status: expected one of {', '.join(OutboxStatus)}")
        limit = whole_number("limit", arguments.get("limit", 100), _MAX_ROWS)
        partner = None if arguments.get("partner") is None else str(arguments["partner"])
        statuses = (OutboxStatus(wanted),) if wanted else _WAITING

        def rows(connection: Connection) -> list[Answer]:
            found: list[Answer] = []
            for status in statuses:
                found += query.queue(connection, status, partner=partner, limit=limit - len(found))
            return found

        return {"rows": await self._ledger.read(rows)}

    async def queue_show(self, arguments: Arguments) -> Answer:
        """One row, whole."""
        number = whole_number("id", arguments.get("id"))
        row = await self._ledger.read(lambda connection: query.sending(connection, number))
        if row is None:
            raise CommandRefused("not-found", f"the queue has no row {number}")
        return row

    async def queue_hold(self, arguments: Arguments) -> Answer:
        """Keep due rows back."""
        return await self._change(arguments, post.hold)

    async def queue_release(self, arguments: Arguments) -> Answer:
        """Let held rows go."""
        return await self._change(arguments, post.release)

    async def queue_requeue(self, arguments: Arguments) -> Answer:
        """Send rows again."""
        return await self._change(arguments, post.requeue, post.never_again)

    async def queue_flush(self, arguments: Arguments) -> Answer:
        """Try at once what waits for its next attempt."""
        partner = None if arguments.get("partner") is None else str(arguments["partner"])
        count = await self._ledger.submit(lambda uow: post.flush(uow, partner))
        self._wake()
        return {"due_now": count}

    async def _change(
        self,
        arguments: Arguments,
        change: Callable[[UnitOfWork, Sequence[str]], list[str]],
        bars: Callable[[Connection, Sequence[str]], dict[str, LicenceKey]] = lambda _connection, _ids: {},
    ) -> Answer:
        """Change the rows given; `bars` are those of their messages for which that is never done."""
        given = arguments.get("ids")
        if not isinstance(given, list) or not given:
            raise CommandRefused(
                "usage", "ids: expected the numbers of one row or more, as `queue list` shows them"
            )
        numbers = [whole_number("ids", number) for number in given]

        rows = await self._ledger.read(
            lambda connection: {number: query.sending(connection, number) for number in numbers}
        )
        missing = [str(number) for number, row in rows.items() if row is None]
        if missing:
            raise CommandRefused("not-found", f"the queue has no row {', '.join(missing)}")
        message_ids = {number: row["message_id"] for number, row in rows.items() if row is not None}
        wanted = list(message_ids.values())
        barred = await self._ledger.read(lambda connection: bars(connection, wanted))
        changed = await self._ledger.submit(lambda uow: change(uow, wanted))
        self._wake()
        if not changed and barred:
            ended = ", ".join(str(key) for key in barred.values())
            raise CommandRefused(
                "refused", f"never sent again, or customs would have in force what has ended here: {ended}"
            )
        if not changed:
            raise CommandRefused(
                "refused", "none of these rows is in a state that allows it; see `queue show`"
            )
        return {
            "changed": [number for number, message_id in message_ids.items() if message_id in changed],
            "left as they are": [number for number, one in message_ids.items() if one not in changed],
        }

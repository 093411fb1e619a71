"""What customs said that does not fit, and what waits: shown to operators, and resolved by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from gateway.clock import Clock
from gateway.exchange.cleared_up import alert_of
from gateway.ledger import book, discrepancy_query
from gateway.ledger.store import Ledger
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.arguments import Arguments, flag, line_of_text, maybe_licence_argument, whole_number

T = TypeVar("T")
Answer = dict[str, Any]

_MAX_ROWS = 1_000
_MAX_NAME, _MAX_REASON = 64, 1_000


class DiscrepancyHandlers:
    """The control commands about discrepancies."""

    def __init__(self, *, ledger: Ledger, clock: Clock, alarm: Callable[[str, str | None], None]) -> None:
        """`alarm` is told of the alert that ends when a discrepancy is resolved."""
        self._ledger = ledger
        self._clock = clock
        self._alarm = alarm

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        commands.add("discrepancy list", self.list_them)
        commands.add("discrepancy show", self.show)
        commands.add("discrepancy resolve", self.resolve)

    async def list_them(self, arguments: Arguments) -> Answer:
        """The open ones, or all; and the messages that wait for the write-off which they correct."""
        key = maybe_licence_argument(arguments)
        every = flag("all", arguments.get("all"))
        after = whole_number("after", arguments.get("after", 0), least=0)
        limit = whole_number("limit", arguments.get("limit", 100), _MAX_ROWS)
        rows = await self._read(
            lambda connection: discrepancy_query.discrepancies(
                connection, key=key, every=every, after=after, limit=limit + 1
            )
        )
        parked = await self._read(
            lambda connection: discrepancy_query.parked(connection, key=key, limit=limit)
        )
        now = self._clock()
        answer: Answer = {"rows": rows[:limit], "parked": [_waiting(one, now) for one in parked]}
        if len(rows) > limit:
            answer["more"] = f"there are more; go on with --after {rows[limit - 1]['id']}"
        return answer

    async def show(self, arguments: Arguments) -> Answer:
        """One of them, whole, with what to do next."""
        number = whole_number("id", arguments.get("id"))
        shown = await self._read(lambda connection: discrepancy_query.show_discrepancy(connection, number))
        if shown is None:
            raise CommandRefused("not-found", f"there is no discrepancy {number}")
        return {**shown, "next_steps": _next_steps(shown)}

    async def resolve(self, arguments: Arguments) -> Answer:
        """An operator says how one was cleared up."""
        number = whole_number("id", arguments.get("id"))
        by = line_of_text("by", arguments.get("by"), _MAX_NAME)
        why = line_of_text("why", arguments.get("why"), _MAX_REASON)
        try:
            refused = await self._ledger.submit(lambda uow: book.resolve(uow, number, by, why))
        except KeyError:
            raise CommandRefused("not-found", f"there is no discrepancy {number}") from None
        if refused is not None:
            raise CommandRefused("refused", f"discrepancy {number} is not open: {refused}")
        shown = await self.show({"id": number})
        alert = await self._read(lambda connection: alert_of(connection, shown))
        if alert is not None:
            self._alarm(alert, None)
        return shown

    def _read(self, question: Callable[[Connection], T]) -> Deferred[T]:
        return self._ledger.read(question)


def _waiting(one: Answer, now: datetime) -> Answer:
    return {**one, "waiting": _duration(now - datetime.fromisoformat(one["received_at"]))}


def _duration(waited: timedelta) -> str:
    """How long, in the two largest units."""
    minutes = max(int(waited.total_seconds()) // 60, 0)
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _next_steps(shown: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each reason says is to be done; and that the operators' word ends it."""
    if shown["status"] != "OPEN":
        return []
    steps = list(dict.fromkeys(one["remedy"] for one in shown["rejections"]))
    number = shown["id"]
    steps.append(
        f"与海关、发证机构核对清楚后，记录处理人和处理结果：ctl discrepancy resolve {number}。"
        f" / Once it is settled with customs and the issuing authority, record who settled it and how:"
        f" ctl discrepancy resolve {number} --by NAME --why TEXT."
    )
    return [{"step": str(number), "what": step} for number, step in enumerate(steps, start=1)]

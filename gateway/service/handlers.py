"""What the gateway answers to its operators: thin, from the ledger's queries and the rooms' own state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from gateway.clock import BUSINESS_ZONE, Clock
from gateway.config import GatewayConfig
from gateway.exchange.spool import SpoolTree
from gateway.exchange.threads import InThread
from gateway.ledger import discrepancy_query, feedback, post, query
from gateway.ledger.kinds import OutboxStatus
from gateway.ledger.store import UnitOfWork
from gateway.operations.commands import CommandRefused, Commands
from gateway.service.alerts import Alerts
from gateway.service.arguments import Arguments, whole_number
from gateway.service.law import policy_of
from gateway.service.line_commands import line_rows, register_line_commands
from gateway.service.looking_handlers import LookingHandlers
from gateway.service.station import Station

T = TypeVar("T")
Answer = dict[str, Any]

_MAX_ROWS = 10_000
_WAITING = (OutboxStatus.DUE, OutboxStatus.ASSIGNED, OutboxStatus.HELD)


class GatewayHandlers:
    """The gateway's control commands."""

    def __init__(
        self,
        *,
        config: GatewayConfig,
        station: Station,
        in_thread: InThread,
        trees: Sequence[SpoolTree],
        alerts: Alerts,
        clock: Clock,
    ) -> None:
        self._config = config
        self._station = station
        self._in_thread = in_thread
        self._trees = tuple(trees)
        self._alerts = alerts
        self._clock = clock
        self._started = clock()
        self._looking = LookingHandlers(ledger=station.ledger, policy=policy_of(config.law), clock=clock)

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        for name, handler in {
            "status": self.status,
            "totals": self.totals,
            "queue list": self.queue_list,
            "queue show": self.queue_show,
            "queue hold": self.queue_hold,
            "queue release": self.queue_release,
            "queue requeue": self.queue_requeue,
            "queue flush": self.queue_flush,
            "discrepancy list": self.discrepancy_list,
        }.items():
            commands.add(name, handler)
        self._looking.register(commands)
        register_line_commands(commands, self._station.line)

    async def found_at_start(self) -> str:
        """What the last run left, in a line for the log."""
        counts = await self._read(query.counts)
        for tree in await self._read(feedback.waiting_trees) - {tree.name for tree in self._trees}:
            self._alerts(f"spool {tree}", "answers wait for this tree, which is not configured any more")
        in_work = await self._in_thread(lambda: sum(len(tree.claimed()) for tree in self._trees))
        accepted = counts["licences"].get("ACCEPTED", 0)
        outbox = counts["outbox"]
        underway = sum(counts["interchanges"].values())
        return (
            f"{in_work} files left in work/ are examined again, {accepted} licences are to be sealed, "
            f"{outbox['DUE']} messages wait to be sent, {underway} interchanges are under way, "
            f"{counts['inbound']['STORED']} received files are to be settled"
        )

    async def status(self, arguments: Arguments) -> Answer:
        """The gateway at a glance."""
        counts = await self._read(query.counts)
        answers_waiting = await self._read(feedback.count_unwritten)
        waiting = await self._in_thread(self._spool_counts)
        return {
            "gateway": {
                "participant": self._config.gateway.participant,
                "running_since": _local(self._started),
                "now": _local(self._clock()),
            },
            "lines": line_rows(self._station.line),
            "queues": {
                **counts["outbox"],
                "interchanges_ready": counts["interchanges"]["READY"],
                "interchanges_without_receipt": counts["interchanges"]["SENT"],
                "inbound_to_settle": counts["inbound"]["STORED"],
                "receipts_due": counts["receipts_due"],
            },
            "spool": waiting,
            "ledger": {
                "licences": counts["licences"],
                "discrepancies_open": counts["discrepancies"],
                "feedback_waiting": answers_waiting,
            },
            "daily": counts["daily"],
            "alerts": self._alerts.rows(),
        }

    async def totals(self, arguments: Arguments) -> Answer:
        """Per goods line: issued, written off, left; what is compared with customs."""
        return {"rows": await self._read(query.totals)}

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

        return {"rows": await self._read(rows)}

    async def queue_show(self, arguments: Arguments) -> Answer:
        """One row, whole."""
        number = whole_number("id", arguments.get("id"))
        row = await self._read(lambda connection: query.sending(connection, number))
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
        return await self._change(arguments, post.requeue)

    async def queue_flush(self, arguments: Arguments) -> Answer:
        """Try at once what waits for its next attempt."""
        partner = None if arguments.get("partner") is None else str(arguments["partner"])
        count = await self._station.ledger.submit(lambda uow: post.flush(uow, partner))
        self._station.post_office.wake()
        return {"due_now": count}

    async def discrepancy_list(self, arguments: Arguments) -> Answer:
        """Write-offs that customs made and the law does not allow."""
        return {"rows": await self._read(discrepancy_query.discrepancies)}

    def _read(self, question: Callable[[Connection], T]) -> Deferred[T]:
        return self._station.ledger.read(question)

    async def _change(
        self, arguments: Arguments, change: Callable[[UnitOfWork, Sequence[str]], list[str]]
    ) -> Answer:
        given = arguments.get("ids")
        if not isinstance(given, list) or not given:
            raise CommandRefused(
                "usage", "ids: expected the numbers of one row or more, as `queue list` shows them"
            )
        numbers = [whole_number("ids", number) for number in given]

        rows = await self._read(
            lambda connection: {number: query.sending(connection, number) for number in numbers}
        )
        missing = [str(number) for number, row in rows.items() if row is None]
        if missing:
            raise CommandRefused("not-found", f"the queue has no row {', '.join(missing)}")
        message_ids = {number: row["message_id"] for number, row in rows.items() if row is not None}
        changed = await self._station.ledger.submit(lambda uow: change(uow, list(message_ids.values())))
        self._station.post_office.wake()
        if not changed:
            raise CommandRefused(
                "refused", "none of these rows is in a state that allows it; see `queue show`"
            )
        return {
            "changed": [number for number, message_id in message_ids.items() if message_id in changed],
            "left as they are": [number for number, one in message_ids.items() if one not in changed],
        }

    def _spool_counts(self) -> dict[str, Any]:
        return {tree.name: _spool_count(tree) for tree in self._trees}


def _spool_counts(self) -> dict[str, Any]:
    return {tree.name: _spool_count(tree) for tree in self._trees}


def whole_number(name: str, given: object, most: int) -> int:
    if type(given) is not int or not 1 <= given <= most:
        raise CommandRefused("usage", f"{name}: expected a whole number from 1 to {most}")
    return given


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _spool_count(tree: SpoolTree) -> dict[str, Any]:
    """How many files are where; a folder that cannot be read is no reason to show nothing else."""
    try:
        return {
            "path": str(tree.root),
            "in": tree.count_waiting(),
            "work": len(tree.claimed()),
            "held": _count_files(tree.held),
            "corrupt": _count_files(tree.corrupt),
        }
    except OSError as error:
        return {"path": str(tree.root), "trouble": str(error)}


def _count_files(folder: Path) -> int:
    return sum(not name.name.endswith(".reason.json") for name in folder.iterdir())


def _local(instant: datetime) -> str:
    return instant.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds")

"""What the gateway answers to its operators: thin, from the ledger's queries and the rooms' own state.

The whole at a glance is here; each family of commands has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from gateway.clock import Clock, local_text
from gateway.config import GatewayConfig, PartnerConfig
from gateway.exchange.spool import SpoolTree
from gateway.exchange.threads import InThread
from gateway.ledger import feedback, query
from gateway.ledger.kinds import OutboxStatus
from gateway.licences.policy import Policy
from gateway.operations.commands import Commands
from gateway.operations.expiring import Expiring
from gateway.service.alerts import Alerts
from gateway.service.arguments import Arguments
from gateway.service.discrepancy_handlers import DiscrepancyHandlers
from gateway.service.evidence_handlers import EvidenceHandlers
from gateway.service.inbound_handlers import InboundHandlers
from gateway.service.line_commands import register_line_commands
from gateway.service.line_report import line_rows
from gateway.service.looking_handlers import LookingHandlers
from gateway.service.queue_handlers import QueueHandlers
from gateway.service.station import Station

T = TypeVar("T")
Answer = dict[str, Any]

_WAITING = (OutboxStatus.DUE, OutboxStatus.HELD, OutboxStatus.ASSIGNED)


class GatewayHandlers:
    """The gateway's control commands."""

    def __init__(
        self,
        *,
        config: GatewayConfig,
        policy: Callable[[], Policy],
        station: Station,
        in_thread: InThread,
        trees: Sequence[SpoolTree],
        alerts: Alerts,
        clock: Clock,
        endings: Callable[[], Iterable[Expiring]],
    ) -> None:
        """`endings` tells the files of now that have an end."""
        self._config = config
        self._endings = endings
        self._partners = config.partners
        self._station = station
        self._in_thread = in_thread
        self._trees = tuple(trees)
        self._alerts = alerts
        self._clock = clock
        self._started = clock()
        ledger = station.ledger
        self._others = (
            QueueHandlers(ledger=ledger, wake=station.post_office.wake),
            EvidenceHandlers(ledger=ledger, transmitted=station.post_office.transmitted),
            InboundHandlers(ledger=ledger, give_up=station.give_up),
            DiscrepancyHandlers(ledger=ledger, clock=clock, alarm=alerts),
            LookingHandlers(ledger=ledger, policy=policy, clock=clock),
        )

    async def renew(self, partners: tuple[PartnerConfig, ...]) -> None:
        """There are other partners from now on."""
        self._partners = partners
        await self._tell_of_partners_gone()

    def register(self, commands: Commands) -> None:
        """Add all of them."""
        for name, handler in {
            "status": self.status,
            "totals": self.totals,
        }.items():
            commands.add(name, handler)
        for handlers in self._others:
            handlers.register(commands)
        register_line_commands(commands, self._station, self._endings, self._clock)

    async def tell_of_strays(self) -> None:
        """What waits for a spool tree or a partner that is not configured any more is an alert."""
        for tree in await self._read(feedback.waiting_trees) - {tree.name for tree in self._trees}:
            self._alerts(f"spool {tree}", "answers wait for this tree, which is not configured any more")
        await self._tell_of_partners_gone()

    async def _tell_of_partners_gone(self) -> None:
        """What waits for a partner that is not configured is an alert until the partner is."""
        waiting = await self._read(query.waiting)
        for partner in {*waiting, *self._station.partners}:
            count = sum(waiting.get(partner, {}).values())
            told = f"{count} messages wait for this partner, which is not configured any more"
            trouble = f"{told}: they go when it is configured again"
            self._alerts(f"partner {partner}", None if partner in self._station.partners else trouble)

    async def status(self, arguments: Arguments) -> Answer:
        """The gateway at a glance."""
        counts = await self._read(query.counts)
        answers_waiting = await self._read(feedback.count_unwritten)
        waiting = await self._in_thread(self._spool_counts)
        due = await self._read(query.waiting)
        return {
            "gateway": {
                "participant": self._config.gateway.participant,
                "running_since": local_text(self._started),
                "now": local_text(self._clock()),
            },
            "lines": line_rows(self._station.line),
            "partners": [_partner(one, due.get(one.name, {})) for one in self._partners],
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
            "recovery": self._station.recovery.shown(),
            "space": self._station.space.rows(),
            "alerts": self._alerts.rows(),
        }

    async def totals(self, arguments: Arguments) -> Answer:
        """Per goods line: issued, written off, left; what is compared with customs."""
        return {"rows": await self._read(query.totals)}

    def _read(self, question: Callable[[Connection], T]) -> Deferred[T]:
        return self._station.ledger.read(question)

    def _spool_counts(self) -> dict[str, Any]:
        return {tree.name: _spool_count(tree) for tree in self._trees}


def _partner(partner: PartnerConfig, waiting: Mapping[str, int]) -> dict[str, Any]:
    """A partner: whose licences it has, and what waits for it."""
    return {
        "partner": partner.name,
        "offices": ", ".join(partner.offices) or "all others",
        **{status.value: waiting.get(status, 0) for status in _WAITING},
    }


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

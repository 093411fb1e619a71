"""The daemon's measurements, gathered when somebody asks: from line, ledger, files and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gateway.clock import Clock
from gateway.config import OperationsConfig
from gateway.exchange.threads import InThread
from gateway.ledger.depths import Depths, depths
from gateway.line.status import LineStatus
from gateway.operations.commands import Commands
from gateway.operations.expiring import Expiring, Term, terms
from gateway.operations.metrics import Ending, LineReading, Reading, RoomReading, page
from gateway.operations.metrics_site import MetricsServer
from gateway.service.alerts import Alerts
from gateway.service.station import Station


class Metering:
    """Answers `metrics`, and serves them where that is configured."""

    def __init__(
        self,
        config: OperationsConfig,
        *,
        reactor: Any,
        in_thread: InThread,
        clock: Clock,
        station: Station,
        alerts: Alerts,
        endings: Callable[[], Iterable[Expiring]],
        has_law: bool = True,
    ) -> None:
        """`endings` tells the files of now that have an end; `has_law`: whether discrepancies are counted."""
        self._in_thread = in_thread
        self._clock = clock
        self._started = clock()
        self._station = station
        self._alerts = alerts
        self._endings = endings
        self._has_law = has_law
        at = config.metrics
        self._server = None if at is None else MetricsServer(reactor, at.host, at.port, self.page)

    def start(self) -> None:
        """Serve, if so configured; ConfigurationFault when the port cannot be had."""
        if self._server is not None:
            self._server.start()

    async def stop(self) -> None:
        """Serve no more."""
        if self._server is not None:
            await self._server.stop()

    def register(self, commands: Commands) -> None:
        """Add the control command."""
        commands.add("metrics", self._command)

    async def page(self) -> bytes:
        """What Prometheus reads."""
        waiting = await self._station.ledger.read(depths)
        reading = self._reading(waiting)
        # With hundreds of partners the page takes a tenth of a second.
        return await self._in_thread(page, reading)

    async def _command(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"text": (await self.page()).decode()}

    def _known_endings(self) -> Iterator[Ending]:
        yield from (_ending(one, term) for one, term in terms(self._endings()))
        shown: dict[str, datetime] = {}
        for line in self._station.line.status():
            if line.certificate_ends is not None:
                ends = shown.get(line.partner, line.certificate_ends)
                shown[line.partner] = min(ends, line.certificate_ends)
        yield from (Ending("certificate", "shown", name, "", ends) for name, ends in shown.items())

    def _reading(self, waiting: Depths) -> Reading:
        return Reading(
            version=_version(),
            now=self._clock(),
            started=self._started,
            alerts=len(self._alerts.rows()),
            lines=tuple(map(_line, self._station.line.status())),
            endings=tuple(self._known_endings()),
            outbox=waiting.outbox,
            due_since=waiting.due_since,
            queues={
                "interchanges_ready": waiting.interchanges_ready,
                "interchanges_without_receipt": waiting.interchanges_without_receipt,
                "inbound_to_settle": waiting.inbound_to_settle,
                "receipts_due": waiting.receipts_due,
                "feedback_unwritten": waiting.feedback_unwritten,
            },
            rooms=tuple(
                RoomReading(one.name, room.free_bytes, reserve.bytes, one.is_short)
                for one, room, reserve in self._station.space.readings()
            ),
            discrepancies=waiting.discrepancies_open if self._has_law else None,
        )


def _line(status: LineStatus) -> LineReading:
    return LineReading(
        partner=status.partner,
        direction=status.direction.value,
        state=status.state,
        since=status.since,
        sessions=status.sessions,
        refusals=status.refusals,
        files={"sent": status.files_sent, "received": status.files_received},
        octets={"sent": status.bytes_sent, "received": status.bytes_received},
    )


def _ending(one: Expiring, term: Term) -> Ending:
    return Ending("crl" if one.is_crl else "certificate", one.role, one.partner, str(one.path), term.ends)


def _version() -> str:
    try:
        return version("licence-gateway")
    except PackageNotFoundError:
        return "unknown"

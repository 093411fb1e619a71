"""The daily duties put together: almanac, reports on the shelf, contacts, and the commands about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from gateway.config import GatewayConfig
from gateway.exchange.correspondence import Secretary
from gateway.exchange.day import Daybook, Expire
from gateway.exchange.offices import Offices
from gateway.ledger.store import Ledger
from gateway.operations.commands import Commands
from gateway.service.almanac import Almanac, Hours
from gateway.service.day_handlers import DayHandlers
from gateway.service.day_shelf import DayShelf
from gateway.service.directory import Directory
from gateway.service.surroundings import Surroundings

REPORTS_FOLDER = "reports"


class Days:
    """Built at rest; `start` sets it to work."""

    def __init__(
        self,
        config: GatewayConfig,
        surroundings: Surroundings,
        *,
        ledger: Ledger,
        secretary: Secretary,
        offices: Offices,
        expire: Expire,
        written: Callable[[], None],
        alarm: Callable[[str, str | None], None],
    ) -> None:
        """`written` is called after each commit that puts something into the outbox."""
        self._directory = directory = Directory(config.contacts)
        shelf = DayShelf(Path(config.gateway.state) / REPORTS_FOLDER, directory, offices.centre.name)
        answer_within = timedelta(minutes=config.daily.answer_within_minutes)
        self._almanac = Almanac(
            ledger=ledger,
            daybook=Daybook(secretary, offices, expire),
            shelf=shelf,
            hours=Hours(config.daily.close_at, answer_within),
            directory=directory,
            clock=surroundings.clock,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            written=written,
            alarm=alarm,
        )
        self._handlers = DayHandlers(
            ledger=ledger,
            almanac=self._almanac,
            shelf=shelf,
            directory=directory,
            offices=offices,
            clock=surroundings.clock,
        )

    def start(self) -> None:
        """Begin with the days that were missed."""
        self._almanac.start()

    async def stop(self) -> None:
        """Finish what is in hand."""
        await self._almanac.stop()

    def renew(self, config: GatewayConfig) -> None:
        """Go on with the contacts of `config`; its hours hold from the next start."""
        self._directory.renew(config.contacts)
        self._almanac.wake()

    def register(self, commands: Commands) -> None:
        """Add the control commands."""
        self._handlers.register(commands)

"""A station: one end of the line with its ledger, post office, workers and reception.

The gateway and the simulated customs are both stations; what differs is the bench at which their workers
examine, the desk that decides, and what else runs beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.error import CannotListenError

from gateway.config import PartnerConfig, PostLimits
from gateway.errors import ConfigurationFault
from gateway.exchange.correspondence import Correspondent
from gateway.exchange.file_services import AgreedServices
from gateway.exchange.giving_up import GivingUp
from gateway.exchange.opening import Opener
from gateway.exchange.post_office import LedgerPostOffice
from gateway.exchange.reception import Desk, Reception
from gateway.exchange.spool import SpoolTree
from gateway.exchange.terms import Address, PostOfficeLimits
from gateway.exchange.workers import Workers
from gateway.ledger.store import LEDGER_FILE, Ledger
from gateway.line.settings import LineSettings
from gateway.operations.free_space import MIB
from gateway.operations.stopping import Duty
from gateway.service.alerts import Alerts
from gateway.service.recovery import Recovery
from gateway.service.space import Space
from gateway.service.surroundings import Surroundings

INBOUND_FOLDER = "inbound"


@dataclass(frozen=True, slots=True)
class StationSettings:
    """Who we are, where the state is kept, and the line with its partners and bounds."""

    participant: str
    state: Path
    line: LineSettings
    partners: tuple[PartnerConfig, ...]
    limits: PostLimits


def open_ledger(surroundings: Surroundings, state: Path) -> Ledger:
    """The ledger in the state folder; EnvironmentFault if it cannot be opened."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    runners = surroundings.runners()
    try:
        return Ledger.open(state / LEDGER_FILE, clock=surroundings.clock, runners=runners)
    except BaseException:
        runners.stop()
        raise


class Station:
    """Built closed; `open` sets it to work; its duties, performed in order, end it and lose nothing."""

    def __init__(
        self,
        settings: StationSettings,
        surroundings: Surroundings,
        *,
        workers: Workers,
        ledger: Ledger,
        alerts: Alerts,
        trees: Sequence[SpoolTree] = (),
        wrap_protocol: Callable[[Any], Any] | None = None,
    ) -> None:
        """`trees` are looked at for what the last run left in them.

        `wrap_protocol` puts something between the line and the wire: faults, in a simulated partner.
        """
        self.us = Correspondent("self", settings.participant)
        self.partners = {one.name: Correspondent(one.name, one.participant) for one in settings.partners}
        self.ledger = ledger
        self._surroundings = surroundings
        self._workers = workers
        self._alerts = alerts
        self._inbound = settings.state / INBOUND_FOLDER
        self._inbound.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reception: Reception | None = None
        self._giving_up: GivingUp | None = None
        self.recovery = Recovery(
            ledger=ledger,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            trees=trees,
        )
        limits, line = settings.limits, settings.line
        self.space = Space(
            {"state": self._inbound, **{f"spool {tree.name}": tree.root for tree in trees}},
            min_free_bytes=limits.min_free_mib * MIB,
            reactor=surroundings.reactor,
            look=surroundings.look_at_room,
            alarm=alerts,
        )
        self.services = _services(settings.partners)
        self._addresses = _addresses(line, settings.partners)
        self._senders = _senders(settings.partners)
        self._opener = Opener(
            self.services, max_bytes=limits.inbound_max_bytes, lined=_lined(settings.partners)
        )
        self.post_office = LedgerPostOffice(
            ledger=ledger,
            us=self.us,
            addresses=self._addresses,
            folder=self._inbound,
            clock=surroundings.clock,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            arrived=self._arrived,
            limits=PostOfficeLimits(
                limits.interchange_max_messages, limits.interchange_max_bytes, limits.inbound_max_bytes
            ),
            services=self.services,
            alarm=alerts,
            gone_on=self.recovery.gone_on,
            has_room=self.space.has_room,
        )
        self.line = surroundings.make_line(line, self.post_office, wrap_protocol)
        self._renewing = DeferredLock()

    async def open(self, desk: Desk) -> None:
        """Work off what was received before, then open the line."""
        self._reception = Reception(
            workers=self._workers,
            ledger=self.ledger,
            desk=desk,
            senders=self._senders,
            folder=self._inbound,
            clock=self._surroundings.clock,
            reactor=self._surroundings.reactor,
            in_thread=self._surroundings.in_thread,
            opener=self._opener,
            alarm=self._alerts,
        )
        self._giving_up = GivingUp(
            ledger=self.ledger, post_office=self.post_office, reception=self._reception, desk=desk
        )
        self.space.start()
        self.recovery.put_away(await self._reception.tidy_up())
        self._reception.pump.start()
        try:
            await self.line.start()
        except CannotListenError as error:
            raise ConfigurationFault(f"line.listen: {error}") from error

    async def give_up(self, number: int, by: str, why: str) -> str | None:
        """See `GivingUp.give_up`."""
        assert self._giving_up is not None, "a station that answers is open"
        return await self._giving_up.give_up(number, by, why)

    async def renew(self, line: LineSettings, partners: tuple[PartnerConfig, ...]) -> list[str]:
        """Take over other settings of the line and other partners; what changed, in words.

        ConfigurationFault for what cannot be used, and nothing has changed then. One after the other.
        """
        return await self._renewing.run(lambda: Deferred.fromCoroutine(self._renew(line, partners)))

    async def _renew(self, line: LineSettings, partners: tuple[PartnerConfig, ...]) -> list[str]:
        services, lined = _services(partners), _lined(partners)
        restore = self._held()
        # Whoever is new, or begins anew, may have sessions before all the others are done; and files of
        # whoever goes are settled until then.
        self._addresses.update(_addresses(line, partners))
        # What those have sent who are no partners any more is settled still.
        self._senders.update(_senders(partners))
        self.services.renew(self.services.joined(services))
        self._opener.renew((self._opener.lined - {one.name for one in partners}) | lined)
        try:
            changed = await self.line.renew(line)
        except ConfigurationFault:
            restore()
            raise
        self.services.renew(services)
        self._opener.renew(lined)
        self.partners.clear()
        self.partners.update({one.name: Correspondent(one.name, one.participant) for one in partners})
        self.post_office.wake()
        return changed

    def _held(self) -> Callable[[], None]:
        """What is agreed with the partners now; the result has it hold again."""
        addresses, senders = dict(self._addresses), dict(self._senders)
        services, lined = self.services.joined(AgreedServices()), self._opener.lined

        def restore() -> None:
            self._addresses.clear()
            self._addresses.update(addresses)
            self._senders.clear()
            self._senders.update(senders)
            self.services.renew(services)
            self._opener.renew(lined)

        return restore

    def line_duties(self) -> Sequence[Duty]:
        """End the sessions properly, then the reception; what is queued stays queued."""
        reception = [] if self._reception is None else [("reception", self._reception.pump.stop)]
        watches = [("recovery", self.recovery.stop), ("space", self.space.stop)]
        return [*watches, ("line", self.line.stop), *reception]

    def last_duties(self) -> Sequence[Duty]:
        """End the workers, then the ledger: last, so that everything that ended could still be recorded."""
        return [("workers", self._workers.stop), ("ledger", self._close_ledger)]

    async def _close_ledger(self) -> None:
        # The last word of this run: the next one goes by it.
        await self.recovery.ended()
        await self.ledger.close()

    def _arrived(self) -> None:
        if self._reception is not None:
            self._reception.pump.wake()


def _services(partners: tuple[PartnerConfig, ...]) -> AgreedServices:
    return AgreedServices.load({one.name: one.services for one in partners})


def _addresses(line: LineSettings, partners: Sequence[PartnerConfig]) -> dict[str, Address]:
    return {
        one.name: Address(Correspondent(one.name, one.participant), line.identification, one.identification)
        for one in partners
    }


def _senders(partners: Sequence[PartnerConfig]) -> dict[str, frozenset[str]]:
    """By partner, whose messages come over its line."""
    return {one.name: frozenset({one.participant}) for one in partners}


def _lined(partners: tuple[PartnerConfig, ...]) -> frozenset[str]:
    """The partners whose records are lines."""
    return frozenset(one.name for one in partners if one.files.records_are_lines)

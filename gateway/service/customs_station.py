"""The simulated customs daemon, put together: a station whose desk takes licences and releases goods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gateway.config import CustomsConfig
from gateway.customs import register, tables, taking
from gateway.customs.bench import CustomsBench, CustomsBenchSettings
from gateway.customs.desk import Behaviour, CustomsDesk
from gateway.customs.faults import faulty_protocols
from gateway.customs.misstatement import Misstatement
from gateway.customs.scenario import Scenario
from gateway.data import data_dir
from gateway.exchange.correspondence import Secretary
from gateway.ledger.store import UnitOfWork
from gateway.operations.commands import CommandRefused, Commands
from gateway.operations.expiring import Expiring, certificates_of_line
from gateway.operations.stopping import Duty
from gateway.service.alerts import Alerts
from gateway.service.line_commands import register_line_commands
from gateway.service.line_report import line_rows
from gateway.service.line_settings import line_settings
from gateway.service.metering import Metering
from gateway.service.queue_handlers import QueueHandlers
from gateway.service.reloading import Reloaded, needing_restart
from gateway.service.station import Station, StationSettings, open_ledger
from gateway.service.surroundings import Surroundings
from gateway.trust.certificates import Role
from gateway.trust.signing import Signer
from licencexml.values import LicenceKey

_WORKERS = 1
_WORKER_TIMEOUT_SECONDS = 60.0


def bench_settings(config: CustomsConfig) -> CustomsBenchSettings:
    """What the workers are built from."""
    return CustomsBenchSettings(
        participant=config.customs.participant,
        xsd_dir=data_dir("xsd"),
        anchors={
            Role.ISSUER: Path(config.trust.issuer),
            Role.SEAL: Path(config.trust.seal),
            Role.GATEWAY: Path(config.trust.gateway),
        },
        max_interchange_bytes=config.limits.inbound_max_bytes,
    )


class CustomsStation:
    """`gatewayd customs` (`gateway.service.daemon.Daemon`)."""

    name = "customs"

    def __init__(self, config: CustomsConfig, surroundings: Surroundings) -> None:
        """Raises ConfigurationFault or EnvironmentFault for what cannot be used; nothing is running then."""
        self._config = self._latest = config
        self._clock = surroundings.clock
        self._alerts = Alerts(surroundings.clock)
        behaviour = _behaviour(config)
        signer = Signer.load(Path(config.keys.customs_key), Path(config.keys.customs_certificate))
        settings = bench_settings(config)
        CustomsBench(settings)
        post = StationSettings(
            participant=config.customs.participant,
            state=Path(config.customs.state),
            line=line_settings(config.line, config.partners),
            partners=config.partners,
            limits=config.limits,
        )
        # From here on nothing fails but the environment: what is open is in the daemon's hands.
        ledger = open_ledger(surroundings, post.state)
        self._workers = surroundings.make_workers(
            count=_WORKERS,
            timeout_seconds=_WORKER_TIMEOUT_SECONDS,
            build=CustomsBench,
            arguments=(settings,),
        )
        self._station = station = Station(
            post,
            surroundings,
            workers=self._workers,
            ledger=ledger,
            alerts=self._alerts,
            wrap_protocol=faulty_protocols(
                surroundings.reactor,
                cut_after_bytes=config.faults.cut_after_bytes,
                slow_bytes_per_second=config.faults.slow_bytes_per_second,
            ),
        )
        gateway = station.partners[config.partners[0].name]
        self._desk = CustomsDesk(
            secretary=Secretary(signer, us=station.us, partner=gateway, new_id=surroundings.new_id),
            behaviour=behaviour,
            settled=station.post_office.wake,
        )

        self._metering = Metering(
            config.operations,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            clock=surroundings.clock,
            station=station,
            alerts=self._alerts,
            endings=self._endings,
            has_law=False,
        )

    async def start(self) -> str:
        """See `Daemon.start`."""
        await self._station.ledger.submit(_prepare)
        counts = await self._station.ledger.read(register.counts)
        left = await self._station.recovery.begin()
        await self._station.open(self._desk)
        self._metering.start()
        return f"{counts['licences']} licences in the register; {left}"

    def duties(self) -> Sequence[Duty]:
        """See `Daemon.duties`."""
        return [
            ("metrics", self._metering.stop),
            *self._station.line_duties(),
            *self._station.last_duties(),
        ]

    async def reload(self) -> Reloaded:
        """See `Daemon.reload`: line, partners, what is agreed about files; in new workers anchors."""
        source = self._config.source
        config = CustomsConfig.load(source) if source else self._config
        CustomsBench(bench_settings(config))
        line = line_settings(config.line, config.partners)
        changed = await self._station.renew(line, config.partners)
        self._latest = config
        await self._workers.renew((bench_settings(config),))
        read = ("line", "anchors", "services for files")
        return Reloaded(read, tuple(changed), needing_restart(self._config, config))

    def healthy(self) -> bool:
        """See `Daemon.healthy`."""
        return True

    def register(self, commands: Commands) -> None:
        """See `Daemon.register`."""
        commands.add("status", self._status)
        commands.add("totals", self._totals)
        commands.add("licence show", self._licence)
        queue = QueueHandlers(ledger=self._station.ledger, wake=self._station.post_office.wake)
        commands.add("queue flush", queue.queue_flush)
        self._metering.register(commands)
        register_line_commands(commands, self._station, self._endings, self._clock)

    def _endings(self) -> Iterable[Expiring]:
        return certificates_of_line(self._latest.line, self._latest.partners)

    async def _status(self, arguments: dict[str, Any]) -> dict[str, Any]:
        counts = await self._station.ledger.read(register.counts)
        return {
            "customs": {"participant": self._config.customs.participant},
            "register": counts,
            "lines": line_rows(self._station.line),
            "recovery": self._station.recovery.shown(),
            "space": self._station.space.rows(),
            "alerts": self._alerts.rows(),
        }

    async def _totals(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"rows": await self._station.ledger.read(register.totals)}

    async def _licence(self, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            key = LicenceKey.parse(str(arguments.get("licence", "")))
        except ValueError as error:
            raise CommandRefused(
                "usage", f"expected TYPE/NUMBER such as EXPORT/26-AA-000001: {error}"
            ) from None
        if arguments.get("as_of") is not None:
            raise CommandRefused("usage", "as_of: the simulated customs tells how a licence stands now only")
        now = self._clock()
        found = await self._station.ledger.read(lambda connection: register.licence(connection, key, now))
        if found is None:
            raise CommandRefused("not-found", f"customs has no licence {key}")
        shown: dict[str, Any] = found
        return shown


def _prepare(uow: UnitOfWork) -> None:
    """Make what tables are missing, and bring a register of an earlier day up to date."""
    tables.metadata.create_all(uow.connection)
    taking.list_earlier_licences(uow)


def _behaviour(config: CustomsConfig) -> Behaviour:
    scenario, faults = config.customs.scenario, config.faults
    return Behaviour(
        scenario=Scenario.load(Path(scenario)) if scenario else Scenario(),
        seed=config.customs.seed,
        repeat_every=faults.repeat_every,
        refuse_every=faults.refuse_every,
        reorder=faults.reorder,
        misstatement=Misstatement(faults.lose_every, faults.wrong_figures_every),
    )

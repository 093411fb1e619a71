"""The gateway daemon, put together: intake, sealing, feedback, and a station at the line to customs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.config import GatewayConfig
from gateway.data import data_dir
from gateway.errors import ConfigurationFault
from gateway.exchange.agenda import Tree
from gateway.exchange.bench import Bench, BenchSettings
from gateway.exchange.correspondence import Secretary
from gateway.exchange.desk import GatewayDesk
from gateway.exchange.expiry import expiring
from gateway.exchange.feedback_writer import FeedbackWriter
from gateway.exchange.intake import Intake, IntakeLimits
from gateway.exchange.offices import Offices
from gateway.exchange.sealing import Sealing
from gateway.exchange.spool import SpoolTree
from gateway.line.settings import LineSettings
from gateway.operations.commands import Commands
from gateway.operations.expiring import certificates_of
from gateway.operations.stopping import Duty
from gateway.service.alerts import Alerts
from gateway.service.days import Days
from gateway.service.handlers import GatewayHandlers
from gateway.service.law import Law, policy_of
from gateway.service.licence_handlers import LicenceHandlers
from gateway.service.line_settings import line_settings
from gateway.service.metering import Metering
from gateway.service.post_watch import PostWatch
from gateway.service.reloading import Reloaded, needing_restart
from gateway.service.station import Station, StationSettings, open_ledger
from gateway.service.surroundings import Surroundings
from gateway.service.watchman import Watchman
from gateway.trust.certificates import Role
from gateway.trust.signing import Signer

#: Batches in hand at once: one for each worker, and one that is being read or committed meanwhile.
_SPARE_LANES = 1
#: Each tree's answers are written beside those of the others, so that one that is slow holds up few.
_SCRIBES = 4
#: Longer than any disk that still works takes for a batch of answers.
_SCRIBE_TIMEOUT_SECONDS = 600.0


def bench_settings(config: GatewayConfig) -> BenchSettings:
    """What the workers are built from."""
    trust = config.trust
    return BenchSettings(
        participant=config.gateway.participant,
        xsd_dir=data_dir("xsd"),
        anchors={
            Role.ISSUER: Path(trust.issuer),
            Role.SEAL: Path(trust.seal),
            Role.CUSTOMS: Path(trust.customs),
            Role.GATEWAY: Path(trust.gateway),
        },
        max_message_bytes=config.limits.max_file_bytes,
        max_interchange_bytes=config.limits.inbound_max_bytes,
        seal_key=Path(config.keys.seal_key),
        seal_certificate=Path(config.keys.seal_certificate),
    )


class LicenceGateway:
    """`gatewayd run` (`gateway.service.daemon.Daemon`)."""

    name = "gateway"

    def __init__(self, config: GatewayConfig, surroundings: Surroundings) -> None:
        """Raises ConfigurationFault or EnvironmentFault for what cannot be used; nothing is running then."""
        # What the start went by, and what the last reload has read.
        self._config = self._latest = config
        self._alerts = Alerts(surroundings.clock)
        signer = Signer.load(Path(config.keys.gateway_key), Path(config.keys.gateway_certificate))
        settings = bench_settings(config)
        # Built once here too: a fault in keys or anchors is told now, and not by a dying worker.
        Bench(settings)
        self._law = law = Law(config.law)
        trees, self._cleared = _trees(config)
        post = StationSettings(
            participant=config.gateway.participant,
            state=Path(config.gateway.state),
            line=line_settings(config.line, config.partners),
            partners=config.partners,
            limits=config.limits,
        )
        # From here on nothing fails but the environment: what is open is in the daemon's hands.
        ledger = open_ledger(surroundings, post.state)
        self._workers = surroundings.make_workers(
            count=config.limits.workers,
            timeout_seconds=config.limits.worker_timeout_seconds,
            build=Bench,
            arguments=(settings,),
        )
        self._station = station = Station(
            post,
            surroundings,
            workers=self._workers,
            ledger=ledger,
            alerts=self._alerts,
            trees=[tree.spool for tree in trees],
        )
        self._offices = offices = Offices.of(config.partners)
        self._scribes = surroundings.make_workers(
            count=min(len(trees), _SCRIBES),
            timeout_seconds=_SCRIBE_TIMEOUT_SECONDS,
            build=surroundings.make_scribe,
            arguments=(),
        )
        self._feedback = FeedbackWriter(
            trees=[tree.spool for tree in trees],
            ledger=ledger,
            reactor=surroundings.reactor,
            scribes=self._scribes,
            in_thread=surroundings.in_thread,
            alarm=self._alerts,
            caught_up=self._caught_up,
        )
        self._sealing = Sealing(
            workers=self._workers,
            ledger=ledger,
            us=station.us,
            offices=offices,
            new_id=surroundings.new_id,
            clock=surroundings.clock,
            reactor=surroundings.reactor,
            sealed=self._answers_wait,
            alarm=self._alerts,
        )
        secretary = Secretary(signer, us=station.us, partner=offices.centre, new_id=surroundings.new_id)
        self._desk = GatewayDesk(secretary=secretary, offices=offices, policy=law, settled=self._answers_wait)
        self._days = Days(
            config,
            surroundings,
            ledger=ledger,
            secretary=secretary,
            offices=offices,
            expire=expiring(secretary, offices),
            written=self._answers_wait,
            alarm=self._alerts,
        )
        self._licence_handlers = LicenceHandlers(
            ledger=ledger, secretary=secretary, offices=offices, written=self._answers_wait
        )
        self._intake = Intake(
            trees=trees,
            workers=self._workers,
            ledger=ledger,
            policy=law,
            clock=surroundings.clock,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            accepted=self._sealing.pump.wake,
            answered=self._feedback.wake,
            limits=IntakeLimits(
                batch_files=config.limits.intake_batch,
                max_file_bytes=config.limits.max_file_bytes,
                lanes=config.limits.workers + _SPARE_LANES,
                scan_seconds=config.limits.intake_scan_seconds,
            ),
            alarm=self._alerts,
            has_room=station.space.has_room,
            is_held_back=lambda: bool(self._feedback.arrears),
        )
        self._watch = surroundings.watch_folders(
            {tree.spool.name: tree.spool.incoming for tree in trees}, self._intake.noticed
        )
        self._watchman = Watchman(
            lines=station.line.status,
            certificates=certificates_of(config),
            clock=surroundings.clock,
            reactor=surroundings.reactor,
            alarm=self._alerts,
        )
        self._post_watch = PostWatch(
            ledger=ledger,
            partners=station.partners,
            reactor=surroundings.reactor,
            alarm=self._alerts,
        )
        self._metering = Metering(
            config.operations,
            reactor=surroundings.reactor,
            in_thread=surroundings.in_thread,
            clock=surroundings.clock,
            station=station,
            alerts=self._alerts,
            endings=lambda: certificates_of(self._latest),
        )
        self._handlers = GatewayHandlers(
            config=config,
            policy=law,
            station=station,
            in_thread=surroundings.in_thread,
            trees=[tree.spool for tree in trees],
            alerts=self._alerts,
            clock=surroundings.clock,
            endings=lambda: certificates_of(self._latest),
        )

    async def start(self) -> str:
        """See `Daemon.start`."""
        found = await self._station.recovery.begin(cleared=self._cleared)
        await self._handlers.tell_of_strays()
        self._feedback.start()
        self._sealing.pump.start()
        await self._station.open(self._desk)
        self._intake.start()
        self._watch.start()
        self._watchman.start()
        self._post_watch.start()
        self._days.start()
        self._metering.start()
        return found

    def duties(self) -> Sequence[Duty]:
        """See `Daemon.duties`: no new files, then the line, then what is in hand, then the ledger."""
        self._watch.stop()
        return [
            ("metrics", self._metering.stop),
            ("watchman", self._watchman.stop),
            ("watch over the post", self._post_watch.stop),
            ("day's end", self._days.stop),
            ("intake", self._intake.stop),
            ("sealing", self._sealing.pump.stop),
            *self._station.line_duties(),
            ("feedback", self._feedback.stop),
            ("scribes", self._scribes.stop),
            *self._station.last_duties(),
        ]

    async def reload(self) -> Reloaded:
        """See `Daemon.reload`: law, contacts, line and partners; in new workers anchors and the seal key."""
        source = self._config.source
        config = GatewayConfig.load(source) if source else self._config
        # All that may be at fault comes first; the line judges what it is given before it takes it over.
        Bench(bench_settings(config))
        policy_of(config.law)
        line = line_settings(config.line, config.partners)
        changed, is_divided = await self._renew_partners(line, config)
        needs_restart = needing_restart(self._config, config)
        if not is_divided:
            needs_restart += ("partner: another one is the centre",)
        self._law.renew(config.law)
        self._days.renew(config)
        await self._handlers.renew(config.partners)
        self._latest = config
        self._watchman.renew(certificates_of(config))
        self._post_watch.renew(self._station.partners)
        await self._workers.renew((bench_settings(config),))
        read = ("law", "contacts", "line", "anchors", "seal key", "services for files")
        return Reloaded(read, tuple(changed), needs_restart)

    async def _renew_partners(self, line: LineSettings, config: GatewayConfig) -> tuple[list[str], bool]:
        """What changed on the line, and whether licences are divided among the offices as is configured."""
        # Whoever is new may write, and is to be answered itself, before all the others are done.
        undo = self._offices.renew(config.partners)
        try:
            return await self._station.renew(line, config.partners), undo is not None
        except ConfigurationFault:
            if undo is not None:
                undo()
            raise

    def healthy(self) -> bool:
        """See `Daemon.healthy`: a reactor that runs this is not stuck; trouble is for alerts."""
        return True

    def register(self, commands: Commands) -> None:
        """See `Daemon.register`."""
        self._handlers.register(commands)
        self._days.register(commands)
        self._licence_handlers.register(commands)
        self._metering.register(commands)

    def _caught_up(self) -> None:
        self._intake.wake()

    def _answers_wait(self) -> None:
        self._feedback.wake()
        self._station.post_office.wake()


def _trees(config: GatewayConfig) -> tuple[list[Tree], int]:
    """The spool trees, made where they are missing, and how many half-written files were cleared away."""
    trees = [
        Tree(SpoolTree(spool.name, Path(spool.path)), frozenset(spool.issuers) or None)
        for spool in config.spools
    ]
    return trees, sum([tree.spool.prepare() for tree in trees])

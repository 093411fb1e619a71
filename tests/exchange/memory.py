"""Whole daemons in one test: a fake clock, no threads or processes, a line made of function calls."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TaskClock

from gateway.config import CustomsConfig, GatewayConfig
from gateway.exchange.threads import inline
from gateway.exchange.workers import InlineWorkers
from gateway.ledger.runners import InlineRunners
from gateway.line.office import (
    IncomingReceipt,
    OfferedFile,
    OutgoingFile,
    OutgoingReceipt,
    Phase,
    PostOffice,
    RefusedFile,
    RefusedOffer,
)
from gateway.line.settings import LineSettings
from gateway.line.tracing import Tracing
from gateway.operations.commands import Commands
from gateway.operations.free_space import Room
from gateway.service.customs_station import CustomsStation
from gateway.service.daemon import Daemon
from gateway.service.licence_gateway import LicenceGateway
from gateway.service.surroundings import Surroundings
from oftp2.commands import EERP
from oftp2.receipt_words import receipt_words

DUPLICATE_FILE = 13
CHUNK_BYTES = 1000


class Reactor(TaskClock):
    """A fake clock that also takes calls from threads, of which there are none."""

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        function(*args)


class RenewableInlineWorkers(InlineWorkers):
    def __init__(self, build: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        super().__init__(build(*arguments))
        self._build = build

    async def renew(self, arguments: tuple[Any, ...]) -> None:
        self._bench = self._build(*arguments)


@dataclass
class Wire:
    """Both ends' post offices by the name that the other end calls them; and what goes wrong between them.

    One wire joins the gateway with one customs, whatever that is called.
    """

    offices: dict[str, PostOffice] = field(default_factory=dict)
    up: bool = True
    cut_after_bytes: int | None = None
    sent: list[tuple[str, str]] = field(default_factory=list)
    offers: list[tuple[str, OfferedFile, bytes]] = field(default_factory=list)
    #: What comes instead of an end-to-end response; and why such were not taken.
    tamper: Callable[[IncomingReceipt], Sequence[IncomingReceipt]] = lambda receipt: [receipt]
    faults: list[str] = field(default_factory=list)


class MemoryLine:
    """One end's line: a session a partner."""

    def __init__(self, reactor: Reactor, wires: Mapping[str, Wire], us: str, office: PostOffice) -> None:
        """`wires` by the partner's name."""
        self._wires = wires
        self.prober: Any = None
        self.tracing = Tracing(reactor, dict.fromkeys(wires, "O0013THEM"))
        self._sessions = {
            them: MemorySession(reactor, wire, us, them, office) for them, wire in wires.items()
        }

    async def start(self) -> None:
        for session in self._sessions.values():
            session.start()

    async def stop(self) -> None:
        for session in self._sessions.values():
            session.stop()

    async def renew(self, settings: LineSettings) -> list[str]:
        return []

    def partners(self) -> Sequence[str]:
        return tuple(self._sessions)

    def up(self, partner: str) -> None:
        self._wires[partner].up = True
        self._sessions[partner].wake()

    async def down(self, partner: str) -> None:
        self._wires[partner].up = False

    async def drain(self, partner: str) -> None:
        self._wires[partner].up = False

    def status(self) -> Sequence[Any]:
        return ()


class MemorySession:
    """Carries files and receipts to one partner, as a session would, and in a session's order."""

    def __init__(self, reactor: Reactor, wire: Wire, us: str, them: str, office: PostOffice) -> None:
        self._reactor = reactor
        self._wire = wire
        self._us = us
        self._them = them
        self._office = office
        self._unwatch: Callable[[], None] = lambda: None
        self._busy = False
        self._again = False
        wire.offices[us] = office

    def start(self) -> None:
        self._unwatch = self._office.watch(self._them, self.wake)
        self.wake()

    def stop(self) -> None:
        self._unwatch()
        self._unwatch = lambda: None

    def wake(self) -> None:
        self._again = True
        if not self._busy:
            self._busy = True
            self._reactor.callLater(0, lambda: Deferred.fromCoroutine(self._work()))

    async def _work(self) -> None:
        try:
            while self._again and self._wire.up:
                self._again = False
                while (
                    self._wire.up and (item := await self._office.next_to_send(self._them, self)) is not None
                ):
                    await self._carry(item)
        finally:
            self._busy = False

    async def _carry(self, item: OutgoingFile | OutgoingReceipt) -> None:
        other = self._wire.offices[self._them]
        if isinstance(item, OutgoingReceipt):
            await self._respond(item, other)
            return
        data = await item.open()
        assert len(data) == item.size_bytes
        offered = OfferedFile(item.identity, len(data), len(data), item.user_data, item.attributes)
        self._wire.offers.append((self._us, offered, data))
        incoming = await other.offer(self._us, offered)
        if isinstance(incoming, RefusedOffer):
            if incoming.reason == DUPLICATE_FILE:
                await self._office.file_already_there(self._them, item.identity)
            else:
                await self._office.file_refused(
                    self._them,
                    item.identity,
                    Phase.START,
                    incoming.reason,
                    incoming.text,
                    retry=bool(incoming.retry),
                )
            return
        for start in range(incoming.position_bytes, len(data), CHUNK_BYTES):
            if self._wire.cut_after_bytes is not None and start >= self._wire.cut_after_bytes:
                self._wire.up = False
                self._wire.cut_after_bytes = None
                await incoming.abandon()
                self._office.session_lost(self._them, self)
                return
            incoming.write(data[start : start + CHUNK_BYTES])
        try:
            await incoming.close(len(data))
        except RefusedFile as refused:
            await self._office.file_refused(
                self._them, item.identity, Phase.END, refused.reason, refused.text, retry=False
            )
            return
        self._wire.sent.append((self._us, item.identity.dataset_name))
        await self._office.file_sent(self._them, item.identity)

    async def _respond(self, item: OutgoingReceipt, other: PostOffice) -> None:
        said = item.command()
        receipt = IncomingReceipt(
            item.identity,
            item.refusal,
            "" if isinstance(said, EERP) else said.creator,
            said.hash,
            said.signature,
            receipt_words(said),
        )
        for tampered in self._wire.tamper(receipt):
            fault = await other.receipt_received(self._us, tampered)
            if fault is not None:
                self._wire.faults.append(fault)
        if not self._wire.up:
            self._office.session_lost(self._them, self)
            return
        await self._office.receipt_sent(self._them, item.identity)
        self._wire.sent.append((self._us, type(said).__name__))


class Told:
    """What a streaming command has told."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def send(self, item: dict[str, Any]) -> None:
        self.items.append(item)

    def send_all(self, items: Sequence[dict[str, Any]]) -> None:
        self.items.extend(items)


class NoWatch:
    """Nobody tells of new files: intake looks by itself."""

    def __init__(self, folders: Mapping[str, Path], noticed: Callable[[str, str], None]) -> None:
        self.noticed = noticed

    def start(self) -> None: ...

    def stop(self) -> None: ...


class World:
    """One instance, its daemons in memory, and the means to look at them.

    `offices` are customs beside the first: NAME.toml each, and a partner of that name in gateway.toml.
    """

    def __init__(
        self, instance: Path, started: datetime | None = None, *, offices: Sequence[str] = ()
    ) -> None:
        self.instance = instance
        self.reactor = Reactor()
        self.wires = {name: Wire() for name in ("customs", *offices)}
        self.wire = self.wires["customs"]
        self.offices: dict[str, Daemon] = {}
        self._epoch = started or datetime.now(UTC)
        self._ids = count(1)
        self.room = Room(free_bytes=2**40, size_bytes=2**41)
        self.gateway: Daemon | None = None
        self.customs: Daemon | None = None
        self.spool = Path(GatewayConfig.load(instance / "gateway.toml").spools[0].path)

    def clock(self) -> datetime:
        return self._epoch + timedelta(seconds=self.reactor.seconds())

    def surroundings(self, us: str) -> Surroundings:
        return Surroundings(
            reactor=self.reactor,
            clock=self.clock,
            in_thread=inline,
            runners=InlineRunners,
            make_workers=lambda *, count, timeout_seconds, build, arguments: RenewableInlineWorkers(
                build, arguments
            ),
            make_line=lambda settings, office, wrap_protocol: MemoryLine(
                self.reactor, self.wires if us == "gateway" else {"gateway": self.wires[us]}, us, office
            ),
            watch_folders=NoWatch,
            new_id=lambda: f"{us}-{next(self._ids)}",
            look_at_room=lambda _folder: self.room,
        )

    def start_gateway(self) -> str:
        config = GatewayConfig.load(self.instance / "gateway.toml")
        self.gateway = LicenceGateway(config, self.surroundings("gateway"))
        return self.now(self.gateway.start())

    def start_customs(self) -> str:
        config = CustomsConfig.load(self.instance / "customs.toml")
        self.customs = CustomsStation(config, self.surroundings("customs"))
        return self.now(self.customs.start())

    def start_office(self, name: str) -> str:
        config = CustomsConfig.load(self.instance / f"{name}.toml")
        self.offices[name] = CustomsStation(config, self.surroundings(name))
        return self.now(self.offices[name].start())

    def connect(self, partner: str) -> None:
        """The line to this partner is up again, and both ends notice."""
        self.wires[partner].up = True
        daemons: list[Any] = [self.gateway, self.customs, *self.offices.values()]
        for daemon in daemons:
            daemon._station.post_office.wake()

    def stop(self) -> None:
        for daemon in (self.gateway, self.customs, *self.offices.values()):
            for _name, duty in daemon.duties() if daemon is not None else ():
                self.now(duty())
        self.gateway = self.customs = None
        self.offices = {}

    def at(self, instant: datetime) -> None:
        """Let the clocks show `instant` (aware); no timer runs for it."""
        self._epoch += instant - self.clock()

    def run(self, seconds: float = 30) -> None:
        """Let time pass in small steps."""
        for _ in range(int(seconds * 4)):
            self.reactor.advance(0.25)

    def drop(self, name: str, data: bytes) -> None:
        temporary = self.spool / "in" / f"{name}.tmp"
        temporary.write_bytes(data)
        temporary.rename(self.spool / "in" / f"{name}.xml")

    def ask(self, daemon: Daemon | None, command: str, **arguments: Any) -> dict[str, Any]:
        assert daemon is not None
        commands = Commands()
        daemon.register(commands)
        told = Told()
        answer = self.now(commands.answer(command, arguments, told))  # type: ignore[arg-type]
        result: dict[str, Any] = answer if answer is not None else told.items[-1]["result"]
        return result

    def out(self) -> list[str]:
        return sorted(path.name for path in (self.spool / "out").iterdir())

    def now(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        results: list[Any] = []
        failures: list[Any] = []
        Deferred.fromCoroutine(coroutine).addCallbacks(results.append, failures.append)
        for _ in range(200):
            if results or failures:
                break
            self.reactor.advance(0.05)
        if failures:
            failures[0].raiseException()
        assert results, "it does not end"
        return results[0]

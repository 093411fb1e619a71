"""A partner in trouble delays no other: one daemon, a good partner, and bad ones of every kind beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.office import Incoming, OutgoingFile, OutgoingReceipt, RefusedOffer
from gateway.line.resolving import Resolver
from gateway.line.service import LineService
from gateway.line.settings import LineSettings, PartnerSettings
from oftp2 import commands as c
from oftp2 import events as e
from oftp2.negotiation import Credentials
from oftp2.subrecords import Encoder
from tests.line.bad_partners import Client, Floods, Trickles, never_reads
from tests.line.dummies import DummyOffice, identity_of

#: More than the reactor has threads for files, and for names of its own.
HANGING_NAMES = 20
FILES, FILE_BYTES = 20, 20_000
#: Without any neighbour it takes a few hundredths of this.
SOON_SECONDS = 5.0


class Offices:
    """An office for each partner; what comes in is synced on the reactor's threads, as in the daemon."""

    def __init__(self) -> None:
        self.of = defaultdict(lambda: DummyOffice(answers_with_receipts=False))

    async def offer(self, partner: str, *arguments: Any) -> Incoming | RefusedOffer:
        await deferToThread(lambda: None)
        return await self.of[partner].offer(partner, *arguments)

    async def next_to_send(self, partner: str, session: object) -> OutgoingFile | OutgoingReceipt | None:
        return await self.of[partner].next_to_send(partner, session)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda partner, *arguments, **more: getattr(self.of[partner], name)(
            partner, *arguments, **more
        )


def client(code: str, wanted: Callable[[Client, e.Event], None]) -> Client:
    return Client(Credentials(code, "THEIRS"), Credentials("O0013US", "OURS"), wanted)


class NeighbourTests(TestCase):
    timeout = 30

    def setUp(self) -> None:
        self.names_hang = Event()
        self.addCleanup(self.names_hang.set)
        self.clients: list[Client] = []
        self.offices = Offices()

    async def start(self) -> None:
        common: dict[str, Any] = {"password_ours": "OURS", "password_theirs": "THEIRS"}
        names = ["good", "mute", "slow", "flood"]
        partners = [PartnerSettings(name, f"O0013{name.upper()}", **common) for name in names]
        for number in range(HANGING_NAMES):
            nowhere = Endpoint(Transport.TCP, f"host{number}.example", 3305)
            partners.append(PartnerSettings(f"hang{number}", f"HANG{number}", call=(nowhere,), **common))
        settings = LineSettings(
            "O0013US",
            tuple(partners),
            listen=(Endpoint(Transport.TCP, "127.0.0.1", 0),),
            closing_seconds=0.5,
        )
        self.resolver = Resolver(reactor, 60, self.look_up)
        self.service = LineService(reactor, settings, self.offices, resolver=self.resolver)  # type: ignore[arg-type]  # dummies
        await self.service.start()

    async def tearDown(self) -> None:
        for one in self.clients:
            transport: Any = one.transport
            transport.abortConnection()
            await one.gone
        await self.service.stop()
        self.names_hang.set()
        while self.resolver.is_busy:
            pause: Deferred[None] = Deferred()
            reactor.callLater(0.01, pause.callback, None)
            await pause

    def look_up(self, host: str, port: int) -> list[Any]:
        self.names_hang.wait()
        return []

    async def call(self, code: str, wanted: Callable[[Client, e.Event], None]) -> Client:
        factory = Factory.forProtocol(lambda: client(code, wanted))  # type: ignore[arg-type]  # a function makes it
        port = self.service.addresses()[0].port
        caller = await TCP4ClientEndpoint(reactor, "127.0.0.1", port).connect(factory)
        assert isinstance(caller, Client)
        self.clients.append(caller)
        return caller

    async def mute(self) -> None:
        ours = identity_of(1, "O0013US", "O0013MUTE")
        self.offices.of["mute"].outbox.append((ours, bytes(range(256)) * 20_000))
        await self.call("O0013MUTE", never_reads)

    async def slow(self) -> None:
        trickles = Trickles(identity_of(2, "O0013SLOW", "O0013US"), reactor)
        self.addCleanup(lambda: [one.cancel() for one in trickles.later if one.active()])
        await self.call("O0013SLOW", trickles)

    async def flood(self) -> None:
        self.offices.of["flood"].refusal = RefusedOffer(2, "not for us", retry=False)
        self.floods = Floods(identity_of(3, "O0013FLOOD", "O0013US"))
        for _ in range(4):
            await self.call("O0013FLOOD", self.floods)

    async def good(self) -> float:
        """How long the good partner's files take."""
        files = iter(
            [(identity_of(n, "O0013GOOD", "O0013US"), bytes([n]) * FILE_BYTES) for n in range(FILES)]
        )
        through: Deferred[None] = Deferred()
        began = monotonic()

        def send_next(client: Client) -> None:
            following = next(files, None)
            if following is None:
                through.callback(None)
                return
            self.sending = following
            client.session.start_file(c.SFID.of(following[0], FILE_BYTES))

        def pump(client: Client) -> None:
            while self.encoder is not None and client.session.can_send_data:
                if self.encoder.exhausted:
                    self.encoder = None
                    client.session.close_file(unit_count=FILE_BYTES)
                else:
                    client.session.send_data(self.encoder.next_payload())

        def wanted(client: Client, event: e.Event) -> None:
            if isinstance(event, e.ConnectConfirmation | e.CloseFileConfirmation):
                send_next(client)
            elif isinstance(event, e.StartFileConfirmation):
                content = iter((self.sending[1],))
                self.encoder: Encoder | None = Encoder(content, payload_bytes=1000, compress=False)
                pump(client)
            elif isinstance(event, e.DataConfirmation):
                pump(client)

        await self.call("O0013GOOD", wanted)
        await through
        return monotonic() - began

    async def test_a_good_partner_is_served_among_all_of_them(self) -> None:
        await self.start()
        await self.mute()
        await self.slow()
        await self.flood()
        took_seconds = await self.good()
        assert took_seconds < SOON_SECONDS
        assert 0 < self.floods.offers <= 4 * 20, "the flood is slowed down"
        assert len(self.offices.of["good"].received) == FILES
        assert self.offices.of["slow"].received == {}

    async def test_names_that_hang_hold_up_neither_files_nor_the_end(self) -> None:
        await self.start()
        assert await self.good() < SOON_SECONDS
        hanging = [one for one in self.service.status() if one.partner.startswith("hang")]
        assert {one.state for one in hanging if one.direction == "calling"} == {"calling"}


class ManyTests(TestCase):
    """As many partners as there may be, all in session at once."""

    timeout = 60

    async def test_two_hundred_and_fifty_six_partners_are_served(self) -> None:
        names = [f"P{number}" for number in range(256)]
        partners = tuple(
            PartnerSettings(name.lower(), name, password_ours="OURS", password_theirs="THEIRS")
            for name in names
        )
        listen = (Endpoint(Transport.TCP, "127.0.0.1", 0),)
        settings = LineSettings("O0013US", partners, listen=listen, closing_seconds=0.5)
        offices = Offices()
        service = LineService(reactor, settings, offices)  # type: ignore[arg-type]  # dummies
        await service.start()
        standing: list[str] = []
        clients = []
        for name in names:
            offices.of[name.lower()].outbox.append((identity_of(1, "O0013US", name), name.encode()))

            def wanted(client: Client, event: e.Event, name: str = name) -> None:
                if isinstance(event, e.ConnectConfirmation):
                    client.session.change_direction()
                elif isinstance(event, e.StartFileIndication):
                    client.session.accept_file(0)
                elif isinstance(event, e.CloseFileIndication):
                    client.session.accept_end()
                    standing.append(name)

            factory = Factory.forProtocol(lambda name=name, wanted=wanted: client(name, wanted))  # type: ignore[misc]
            endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", service.addresses()[0].port)
            clients.append(await endpoint.connect(factory))
        watching = LoopingCall(lambda: len(standing) == len(names) and watching.stop())
        await watching.start(0.01)
        assert sorted(standing) == sorted(names)
        assert sum(one.state == "in session" for one in service.status()) == len(names)
        for one in clients:
            assert isinstance(one, Client)
            transport: Any = one.transport
            transport.abortConnection()
            await one.gone
        await service.stop()

"""Partners of every bad kind, by the engine of the codec: they log in, and then behave badly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from oftp2 import commands as c
from oftp2 import events as e
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities, Credentials
from oftp2.session import Role, Session

#: Between the octets of one who trickles.
TRICKLE_SECONDS = 0.02


class Client(Protocol):
    """A partner that calls. `wanted` is told of each event, and does what comes next."""

    def __init__(
        self, ours: Credentials, theirs: Credentials, wanted: Callable[[Client, e.Event], None]
    ) -> None:
        self.session = Session(Role.INITIATOR, Capabilities(ours), theirs)
        self.gone: Deferred[None] = Deferred()
        self._wanted = wanted

    def connectionMade(self) -> None:
        self.session.connection_made()

    def dataReceived(self, data: bytes) -> None:
        for event in self.session.receive_data(data):
            self._wanted(self, event)
        self.flush()

    def flush(self) -> None:
        assert self.transport is not None
        self.transport.write(self.session.data_to_send())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.gone.callback(None)


def never_reads(client: Client, event: e.Event) -> None:
    """Wants its files, and never reads a byte of them."""
    if isinstance(event, e.ConnectConfirmation):
        client.session.change_direction()
    elif isinstance(event, e.StartFileIndication):
        client.session.accept_file(0)
        transport: Any = client.transport
        transport.pauseProducing()


class Floods:
    """Offers the file again as fast as it is refused; `offers` counts."""

    def __init__(self, identity: FileIdentity) -> None:
        self.offers = 0
        self._identity = identity

    def __call__(self, client: Client, event: e.Event) -> None:
        if isinstance(event, e.ConnectConfirmation | e.StartFileRefusal):
            self.offers += 1
            client.session.start_file(c.SFID.of(self._identity, 1))


class Trickles:
    """Sends a file, an octet at a time; `later` are its calls to come."""

    def __init__(self, identity: FileIdentity, reactor: Any) -> None:
        self.later: list[Any] = []
        self._identity = identity
        self._reactor = reactor

    def __call__(self, client: Client, event: e.Event) -> None:
        if isinstance(event, e.ConnectConfirmation):
            client.session.start_file(c.SFID.of(self._identity, 50_000))
        elif isinstance(event, e.StartFileConfirmation):
            client.session.send_data(b"\x3f" + b"x" * 63)
            self._write(client, client.session.data_to_send())

    def _write(self, client: Client, octets: bytes) -> None:
        assert client.transport is not None
        if octets:
            client.transport.write(octets[:1])
            self.later.append(self._reactor.callLater(TRICKLE_SECONDS, self._write, client, octets[1:]))

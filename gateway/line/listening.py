"""Where the line listens: ports that are opened, and changed while it runs."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory

from gateway.config.endpoints import Endpoint
from gateway.errors import ConfigurationFault
from gateway.line import journal
from gateway.line.endpoints import server_endpoint, server_factory
from gateway.line.settings import LineSettings
from gateway.line.vault import Vault
from gateway.line.waiting import done


class Ports:
    """The open ports by what the operator has written; `factory` makes the protocols of all of them."""

    def __init__(self, reactor: Any, vault: Vault, factory: Factory) -> None:
        self._reactor = reactor
        self._vault = vault
        self._factory = factory
        self._open: dict[Endpoint, IListeningPort] = {}

    async def open(self, settings: LineSettings) -> None:
        """Listen wherever `settings` say. CannotListenError for a port in use."""
        for written in settings.listen:
            self._open[written] = await self._listen(written, settings)

    async def change(self, settings: LineSettings) -> None:
        """Open what is new, then close what is not wanted any more.

        ConfigurationFault when one cannot be opened; then nothing has changed.
        """
        opened: dict[Endpoint, IListeningPort] = {}
        try:
            for written in settings.listen:
                if written not in self._open:
                    opened[written] = await self._listen(written, settings)
        except CannotListenError as error:
            for port in opened.values():
                await done(port.stopListening())
            raise ConfigurationFault(f"line.listen: {error}") from error
        self._open |= opened
        for written in self._open.keys() - set(settings.listen):
            await done(self._open.pop(written).stopListening())
            journal.listening_no_more(str(written))

    async def close(self) -> None:
        """Listen no more."""
        ports, self._open = self._open, {}
        for port in ports.values():
            await done(port.stopListening())

    def addresses(self) -> list[Any]:
        """Where we really listen, as Twisted's addresses."""
        return [port.getHost() for port in self._open.values()]

    async def _listen(self, written: Endpoint, settings: LineSettings) -> IListeningPort:
        factory = server_factory(self._reactor, written, self._factory, self._vault)
        port = await server_endpoint(self._reactor, settings, written).listen(factory)
        journal.listening(str(written))
        return port

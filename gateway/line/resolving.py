"""Names of hosts, looked up so that one that hangs keeps nobody waiting but those who ask for it.

The system's resolver (getaddrinfo) can only be waited for, sometimes for minutes. On the reactor's few
threads, which also sync files to disk, it would hold up everything; so each name has a thread of its own,
one at most, that nobody ever waits for at the end.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from threading import Thread
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint, TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import (
    IAddress,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from zope.interface import implementer

#: What getaddrinfo gives for one name: family and socket address among other things.
Found = list[tuple[Any, ...]]
LookUp = Callable[[str, int], Found]


def _system_look_up(host: str, port: int) -> Found:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """See IHostResolution: a thread cannot be stopped, and what it finds may be of use to another."""


@implementer(IHostnameResolver)
class Resolver:
    """Looks names up, each on a thread of its own; without an answer in `timeout_seconds` there is none."""

    def __init__(self, reactor: Any, timeout_seconds: float, look_up: LookUp = _system_look_up) -> None:
        self._reactor = reactor
        self.timeout_seconds = timeout_seconds
        self._look_up = look_up
        self._waiting: dict[tuple[str, int], list[Callable[[Found], None]]] = {}

    @property
    def is_busy(self) -> bool:
        """Whether any name is being looked up."""
        return bool(self._waiting)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """See IHostnameResolver."""
        resolution: IHostResolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def tell(found: Found) -> None:
            if limit.active():
                limit.cancel()
                for address in _addresses(found):
                    resolutionReceiver.addressResolved(address)
                resolutionReceiver.resolutionComplete()

        limit = self._reactor.callLater(self.timeout_seconds, resolutionReceiver.resolutionComplete)
        self._ask((hostName, portNumber), tell)
        return resolution

    def _ask(self, name: tuple[str, int], tell: Callable[[Found], None]) -> None:
        """Have `tell` called with what is found; one thread a name, however many ask for it."""
        if name in self._waiting:
            self._waiting[name].append(tell)
            return
        self._waiting[name] = [tell]
        Thread(target=self._run, args=(name,), name=f"look up {name[0]}", daemon=True).start()

    def _run(self, name: tuple[str, int]) -> None:
        try:
            found = self._look_up(*name)
        except OSError:
            found = []
        self._reactor.callFromThread(self._answer, name, found)

    def _answer(self, name: tuple[str, int], found: Found) -> None:
        for tell in self._waiting.pop(name):
            tell(found)


def _addresses(found: Found) -> list[IAddress]:
    kinds = {socket.AF_INET: IPv4Address, socket.AF_INET6: IPv6Address}
    return [kinds[family]("TCP", *address) for family, *_, address in found if family in kinds]


@implementer(IReactorPluggableNameResolver)
class _WithResolver:
    """A reactor that looks names up otherwise."""

    def __init__(self, reactor: Any, resolver: Resolver) -> None:
        self._reactor = reactor
        self.nameResolver = resolver

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:  # noqa: N802
        """See IReactorPluggableNameResolver: this one stays."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)


def named_endpoint(
    reactor: Any, host: str, port: int, timeout_seconds: float, resolver: Resolver
) -> IStreamClientEndpoint:
    """Where to connect by TCP: an address as it is, a name by `resolver`."""
    try:
        version = ip_address(host).version
    except ValueError:
        return HostnameEndpoint(_WithResolver(reactor, resolver), host, port, timeout=timeout_seconds)
    kind = TCP4ClientEndpoint if version == 4 else TCP6ClientEndpoint  # noqa: PLR2004 - of IP
    return kind(reactor, host, port, timeout=timeout_seconds)

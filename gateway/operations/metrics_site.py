"""GET /metrics over HTTP, for a Prometheus on this machine: nothing else is there, or can be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from twisted.web.http import INTERNAL_SERVER_ERROR, NOT_ALLOWED
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from gateway.errors import ConfigurationFault
from gateway.operations.metrics import CONTENT_TYPE

_log = Logger(namespace="gateway.operations.metrics")

#: Who asks again within so long is given the same page: asking often costs nothing.
KEPT_SECONDS: Final = 1.0
CONNECTIONS_MAX: Final = 16
_IDLE_SECONDS: Final = 30


class Pages:
    """Pages made by `make`, one at a time, each kept for a moment."""

    def __init__(self, make: Callable[[], Awaitable[bytes]], seconds: Callable[[], float]) -> None:
        self._make = make
        self._seconds = seconds
        self._made: tuple[float, bytes] | None = None
        self._waiting: list[Deferred[bytes]] = []

    def get(self) -> Deferred[bytes]:
        """The page: the last one, the one that is being made, or a new one."""
        answer: Deferred[bytes] = Deferred()
        if self._made is not None and self._seconds() - self._made[0] < KEPT_SECONDS:
            answer.callback(self._made[1])
            return answer
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            making = Deferred.fromCoroutine(self._page())
            making.addCallbacks(self._tell, self._tell)
        return answer

    async def _page(self) -> bytes:
        page = await self._make()
        self._made = (self._seconds(), page)
        return page

    def _tell(self, page: bytes | Failure) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer.callback(page)


class _Root(Resource):
    def __init__(self) -> None:
        Resource.__init__(self)

    def getChild(self, path: bytes, request: Request) -> IResource:  # noqa: N802 - Twisted's name
        """What is not there."""
        missing: IResource = notFound()
        return missing


class _Metrics(Resource):
    isLeaf = True  # noqa: N815 - Twisted's name

    def __init__(self, pages: Pages) -> None:
        Resource.__init__(self)
        self._pages = pages

    def render(self, request: Request) -> int | bytes:
        """The page, when it is made."""
        if request.method not in {b"GET", b"HEAD"}:
            request.setResponseCode(NOT_ALLOWED)
            request.setHeader("allow", "GET, HEAD")
            return b""
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)

        def answer(page: bytes) -> None:
            if not gone:
                request.setHeader("content-type", CONTENT_TYPE)
                request.write(page)
                request.finish()

        def failed(failure: Failure) -> None:
            _log.failure("the metrics could not be read", failure)
            if not gone:
                request.setResponseCode(INTERNAL_SERVER_ERROR)
                request.finish()

        self._pages.get().addCallback(answer).addErrback(failed)
        return NOT_DONE_YET


class _Site(Site):
    noisy = False

    def __init__(self, root: Resource, reactor: Any) -> None:
        Site.__init__(self, root, reactor=reactor, timeout=_IDLE_SECONDS)

    def log(self, request: Any) -> None:
        """Nobody wants a line in the log every few seconds."""


class _Bounded(WrappingFactory[Any]):
    noisy = False

    def __init__(self, site: Site) -> None:
        WrappingFactory.__init__(self, site)

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        """None, which hangs up, when there are too many."""
        return super().buildProtocol(addr) if len(self.protocols) < CONNECTIONS_MAX else None


class MetricsServer:
    """Listens at `host` and `port` from `start` to `stop`."""

    def __init__(self, reactor: Any, host: str, port: int, make: Callable[[], Awaitable[bytes]]) -> None:
        self._reactor = reactor
        self._at = (host, port)
        root = _Root()
        root.putChild(b"metrics", _Metrics(Pages(make, reactor.seconds)))
        self._site = _Bounded(_Site(root, reactor))
        self._port: IListeningPort | None = None

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        assert self._port is not None, "it listens"
        address: Any = self._port.getHost()
        return int(address.port)

    def start(self) -> None:
        """Listen; ConfigurationFault if that cannot be."""
        host, port = self._at
        try:
            self._port = self._reactor.listenTCP(port, self._site, interface=host, backlog=CONNECTIONS_MAX)
        except CannotListenError as error:
            raise ConfigurationFault(f"operations.metrics: {error}") from error

    async def stop(self) -> None:
        """Listen no more, and hang up."""
        for connection in tuple(self._site.protocols):
            connection.transport.abortConnection()
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)

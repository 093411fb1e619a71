"""The line of one daemon, as the daemon and its operators use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.interfaces import IProtocol

from gateway.clock import Clock, system_clock
from gateway.line.factory import LineFactory
from gateway.line.listening import Ports
from gateway.line.office import PostOffice
from gateway.line.partner_line import PartnerLine
from gateway.line.probing import Prober
from gateway.line.renewal import Renewal
from gateway.line.resolving import Resolver
from gateway.line.settings import LineSettings
from gateway.line.status import LineStatus
from gateway.line.steward import Steward
from gateway.line.vault import Holdings


class LineService:
    """Holds the line: one calling session to each partner that is called, and whoever of them calls.

    `office` is the house. `wrap_protocol`, when given, is called with each new session's protocol and returns
    what is connected to TCP or TLS in its place (a `ProtocolWrapper`, say): that is how a simulated partner
    cuts, delays or garbles. `chance` gives numbers in 0..1 for the jitter of the pauses; `clock` judges the
    certificates by which partners authenticate themselves, and says when there may be sessions.
    """

    def __init__(
        self,
        reactor: Any,
        settings: LineSettings,
        office: PostOffice,
        *,
        wrap_protocol: Callable[[IProtocol], IProtocol] | None = None,
        chance: Callable[[], float] | None = None,
        clock: Clock = system_clock,
        resolver: Resolver | None = None,
    ) -> None:
        self.office = office
        self._settings = settings
        self._steward = Steward(
            reactor,
            settings,
            office,
            wrap_protocol=wrap_protocol,
            chance=chance,
            clock=clock,
            resolver=resolver,
        )
        self.tracing = self._steward.tracing
        self.prober = Prober(reactor, self._steward)
        self._lines = self._steward.lines
        self._ports = Ports(reactor, self._steward.vault, LineFactory(self._steward.answer))
        self._renewing = DeferredLock()
        self._is_stopped = False

    async def start(self) -> None:
        """Listen, and call every partner that is to be called.

        Raises ConfigurationFault for what cannot be used, and Twisted's CannotListenError for a port in use.
        """
        await self._ports.open(self._settings)
        for line in self._lines.values():
            self._steward.equip(line)
            line.begin()

    async def stop(self) -> None:
        """Listen no more, end all sessions properly, at the latest after `closing_seconds`."""
        self._is_stopped = True
        for name in self._lines:
            self._steward.unwatch(name)
        await self._ports.close()
        self._steward.nameless.hang_up()
        seconds = self._settings.closing_seconds
        drained = [Deferred.fromCoroutine(one.drain(seconds)) for one in self._lines.values()]
        await DeferredList(drained, consumeErrors=True)

    def up(self, partner: str) -> None:
        """Call `partner`, and let it call, also in maintenance. KeyError when there is no such partner."""
        self._lines[partner].up()

    async def down(self, partner: str) -> None:
        """End all sessions with `partner` now, and take no more. What is cut is restarted later."""
        await self._lines[partner].down()

    async def drain(self, partner: str) -> None:
        """Let what is in hand with `partner` be finished, then end its sessions; take no more."""
        await self._lines[partner].drain()

    async def renew(self, settings: LineSettings) -> list[str]:
        """Go on by `settings`; what changed, in words. Sessions that this does not concern are not touched.

        ConfigurationFault for what cannot be used, and nothing has changed then.
        """
        return await self._renewing.run(lambda: Deferred.fromCoroutine(self._renew(settings)))

    def partners(self) -> tuple[str, ...]:
        """The names of all partners."""
        return tuple(self._lines)

    def status(self) -> list[LineStatus]:
        """A status for each partner and direction that is in use."""
        return [status for line in self._lines.values() for status in line.status()]

    def addresses(self) -> list[Any]:
        """Where the line really listens, as Twisted's addresses, in the order of `listen`."""
        return self._ports.addresses()

    async def _renew(self, settings: LineSettings) -> list[str]:
        holdings = Holdings.load(settings)
        renewal = Renewal.between(self._settings, settings)
        in_files = holdings.differences(self._steward.vault.holdings)
        await self._ports.change(settings)
        before, self._settings = self._settings, settings
        self._steward.renew(settings, holdings)
        # Who goes is known as long as there are sessions with it.
        self.tracing.know(_codes(before) | _codes(settings))
        going = [Deferred.fromCoroutine(self._renew_line(line, renewal)) for line in self._lines.values()]
        for partner in renewal.added:
            line = self._lines[partner.name] = self._steward.desk(partner)
            self._steward.equip(line)
            line.begin()
        await DeferredList(going, consumeErrors=True)
        self.tracing.know(_codes(settings))
        return [*renewal.words(), *in_files]

    async def _renew_line(self, line: PartnerLine, renewal: Renewal) -> None:
        if line.name in renewal.removed:
            await line.drain()
            self._steward.forget(line)
            return
        (settings,) = (one for one in renewal.new.partners if one.name == line.name)
        anew = renewal.concerns_sessions(line.name)
        was_up = await line.renew(settings, renewal.new, ends_sessions=anew)
        if anew:
            self._steward.equip(line)
        elif line.caller is not None:
            line.caller.renew(settings, self._steward.call_addresses(settings))
        if was_up and not self._is_stopped:
            line.begin()


def _codes(settings: LineSettings) -> dict[str, str]:
    return {one.name: one.identification for one in settings.partners}

"""`line up`, `line down` and `line drain`: of one partner or of all, telling what is waited for meanwhile.

Each may be asked for again and again: what is so already is said, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall, deferLater

from gateway.operations.commands import CommandRefused, Commands, Stream
from gateway.service.line_report import LineReport
from gateway.service.line_trace import partner_named
from gateway.service.surroundings import Line

_TELL_SECONDS: Final = 1.0

Act = Callable[[str], Awaitable[None]]


class LineActs:
    """Streams: `{"partner": str}` or `{"all": true}` → now and then `{"waits": …}`, last `{"result": …}`."""

    def __init__(self, line: Line, report: LineReport) -> None:
        self._line = line
        self._report = report

    def register(self, commands: Commands) -> None:
        """Add all three."""
        commands.add_stream("line up", self.up)
        commands.add_stream("line down", self.down)
        commands.add_stream("line drain", self.drain)

    async def up(self, arguments: dict[str, Any], stream: Stream) -> None:
        """Call the partners at once, and let them call."""

        async def up(partner: str) -> None:
            self._line.up(partner)

        await self._act(arguments, stream, up, _is_up)

    async def down(self, arguments: dict[str, Any], stream: Stream) -> None:
        """End the sessions with the partners now."""
        await self._act(arguments, stream, self._line.down, _is_down)

    async def drain(self, arguments: dict[str, Any], stream: Stream) -> None:
        """Let what is in hand be finished, then end the sessions."""
        await self._act(arguments, stream, self._line.drain, _is_down)

    async def _act(
        self,
        arguments: dict[str, Any],
        stream: Stream,
        act: Act,
        told: Callable[[Sequence[str], int], str],
    ) -> None:
        partners = self._partners(arguments)
        before = {partner: self._states(partner) for partner in partners}
        stood = {partner: len(self._line.tracing.standing(partner)) for partner in partners}
        began_seconds = self._line.tracing.clock.seconds()

        def tell() -> None:
            waits = [
                {"partner": partner, **one.to_dict()}
                for partner in partners
                for one in self._line.tracing.standing(partner)
            ]
            seconds = self._line.tracing.clock.seconds() - began_seconds
            stream.send({"waits": waits, "seconds": round(seconds, 1)})

        telling = LoopingCall(tell)
        telling.clock = self._line.tracing.clock
        telling.start(_TELL_SECONDS, now=False)
        try:
            await DeferredList([Deferred.fromCoroutine(_run(act, partner)) for partner in partners])
            # The last session is gone only when those who waited for its end have been told.
            await deferLater(self._line.tracing.clock, 0, lambda: None)
        finally:
            telling.stop()
        done = [{"partner": one, "done": told(before[one], stood[one])} for one in partners]
        rows = [row for partner in partners for row in await self._report.rows(partner)]
        stream.send_all([{"result": {"done": done, "rows": rows}}])

    def _states(self, partner: str) -> list[str]:
        return [one.state for one in self._line.status() if one.partner == partner]

    def _partners(self, arguments: dict[str, Any]) -> Sequence[str]:
        name = arguments.get("partner")
        if bool(arguments.get("all")) is (name is not None):
            raise CommandRefused("usage", "expected a partner, or all of them")
        return self._line.partners() if name is None else [partner_named(self._line, name)]


async def _run(act: Act, partner: str) -> None:
    await act(partner)


def _is_up(before: Sequence[str], stood: int) -> str:
    if any(state == "in session" for state in before):
        return (
            f"was up already: {_sessions(stood)} stand" if stood != 1 else "was up already: 1 session stands"
        )
    return "is up: calls, and may be called"


def _is_down(before: Sequence[str], stood: int) -> str:
    if stood:
        return f"is down: {_sessions(stood)} ended"
    return "was down already" if before and set(before) == {"down"} else "is down: no session stood"


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"

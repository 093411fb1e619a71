"""The desk of one partner: its caller, the sessions that it opened, its gauges, and when it may have any."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater

from gateway.clock import Clock, local_words
from gateway.config.endpoints import Transport
from gateway.line import journal
from gateway.line.calling import DOWN, Caller
from gateway.line.conversation import Conversation
from gateway.line.inflow import Inflow
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.status import Direction, Gauge, LineStatus, Told
from gateway.line.timetable import Closure, Phase, Timetable
from gateway.line.waiting import when_finished
from oftp2.negotiation import Disagreement
from oftp2.reasons import EndReason

_CLOSING = "closing down"
_LISTENING = "listening"
#: The clock on the wall may be set: the timetable is looked at again at least so often.
_LOOK_AGAIN_SECONDS = 30.0
#: Whoever asked for it waits for an answer.
_PATIENCE_SECONDS = 40.0
#: How long the refusal of a caller that is put off is held back, and of how many at once.
_SLOW_SECONDS = 5.0
_HELD_MAX = 4


class PartnerLine:
    """All sessions with one partner. What befalls them here touches no other partner's."""

    def __init__(
        self, settings: PartnerSettings, line: LineSettings, clock: Any, now: Clock, told: Told
    ) -> None:
        """`told` hears of what happens outside of any session."""
        self.settings = settings
        self.name = settings.name
        self.caller: Caller | None = None
        self.accepted: list[Conversation] = []
        self.gauges = {direction: Gauge(self.name, direction, told) for direction in Direction}
        self.inflow = Inflow(settings.failed_calls_per_minute, settings.backoff_max_seconds, clock)
        self._line = line
        self._clock = clock
        self._now = now
        self._timetable = Timetable(line, settings)
        self._closure: Closure | None = None
        self._overridden_until: datetime | None = None
        self._is_up = False
        self._held: set[Deferred[None]] = set()
        self._looking: IDelayedCall | None = None
        for gauge in self.gauges.values():
            gauge.since_seconds = clock.seconds()

    # What operators do

    def up(self) -> None:
        """Call, and let the partner call; also inside of a closure, which counts for nothing then."""
        _, closure = self._timetable.at(self._now())
        self._overridden_until = closure.end if closure is not None else None
        self.begin()
        if self.caller is not None:
            self.caller.call_now()

    def begin(self) -> None:
        """As `up`, but with the timetable in force."""
        self._is_up = True
        self._look_at_timetable()
        if self._closure is None:
            self._open()

    async def renew(self, settings: PartnerSettings, line: LineSettings, *, ends_sessions: bool) -> bool:
        """Go on by other settings, after the proper end of the sessions if need be; whether it was up."""
        was_up = self._is_up
        if ends_sessions:
            await self.drain()
        self.settings, self._line = settings, line
        self._timetable = Timetable(line, settings)
        self.inflow.renew(settings.failed_calls_per_minute, settings.backoff_max_seconds)
        return was_up

    async def down(self) -> None:
        """End all sessions now, and take no more. What is cut is restarted later."""
        self._close_for_good()
        self._end_all()
        await self._gone()

    async def drain(self, seconds: float | None = None) -> None:
        """Let what is in hand be finished, for `seconds` or as long as an operator waits; take no more."""
        self._close_for_good()
        self._drain_all()
        patience = min(self._line.drain_seconds, _PATIENCE_SECONDS) if seconds is None else seconds
        limit = self._clock.callLater(patience, self._end_all)
        await self._gone()
        if limit.active():
            limit.cancel()

    def status(self) -> list[LineStatus]:
        """A status for each direction that is in use."""
        shown = []
        if self.caller is not None:
            shown.append(self.gauges[Direction.CALLING].read())
        if self._line.listen and self.settings.they_call:
            shown.append(self.gauges[Direction.ANSWERING].read())
        return shown

    # What the line asks

    def room(self) -> Disagreement | None:
        """Why a session that the partner opens may not stand now, or None."""
        if not self._is_up:
            return Disagreement(EndReason.NO_RESOURCES, "the line is down")
        if self._closure is not None:
            why = f"{self._closure.state}{self._closure.detail} (Asia/Shanghai)"
            return Disagreement(EndReason.NO_RESOURCES, why)
        if len(self.accepted) >= self.settings.max_sessions:
            return Disagreement(EndReason.NO_RESOURCES, "too many sessions")
        return None

    def policy(self, over: Transport, place: str) -> Disagreement | None:
        """Why the partner may not call us, or not over this transport, or not from `place` now, or None."""
        if not self.settings.they_call:
            return Disagreement(EndReason.INCOMPATIBLE, "calls are not taken here: it is we who call")
        if not self.settings.accepts(over):
            return Disagreement(EndReason.INCOMPATIBLE, f"calls over {over} were not agreed")
        seconds = self.inflow.put_off_seconds(place)
        if seconds > 0:
            return Disagreement(EndReason.NO_RESOURCES, f"too many failed calls: again in {seconds:.0f} s")
        return None

    async def slow_down(self, place: str) -> None:
        """Wait a little with the answer to a caller that is put off; a few are kept waiting, no more."""
        seconds = min(self.inflow.put_off_seconds(place), _SLOW_SECONDS)
        if seconds > 0 and len(self._held) < _HELD_MAX:
            held = deferLater(self._clock, seconds, lambda: None)
            self._held.add(held)
            with suppress(CancelledError):
                await held
            self._held.discard(held)

    def conversations(self) -> list[Conversation]:
        """All connections to and from the partner."""
        calling = [self.caller.conversation] if self.caller and self.caller.conversation else []
        return [*calling, *self.accepted]

    def established(self, conversation: Conversation) -> Gauge:
        """A session stands; its gauge."""
        if conversation.direction is Direction.ANSWERING:
            self.accepted.append(conversation)
        elif self.caller is not None:
            self.caller.established()
        gauge = self.gauges[conversation.direction]
        gauge.set("in session", self._clock.seconds())
        gauge.parameters = conversation.session.parameters
        if conversation.direction is Direction.ANSWERING:
            self._watch_outcome(conversation, gauge)
        return gauge

    def ended(self, conversation: Conversation) -> None:
        """A connection that the partner opened is gone."""
        gauge = self.gauges[Direction.ANSWERING]
        if conversation not in self.accepted:
            self.refused(str(conversation.outcome), conversation.link.peer)
            return
        self.accepted.remove(conversation)
        if not conversation.was_released:
            gauge.went_wrong(conversation.outcome, self._clock.seconds())
        if not self.accepted:
            gauge.parameters = None
            self._show_rest()

    def refused(self, why: str, place: str, *, is_their_fault: bool = True) -> None:
        """A call of the partner was refused; whoever looks at its line sees why nobody comes."""
        gauge = self.gauges[Direction.ANSWERING]
        gauge.went_wrong(f"a call was refused: {why}", self._clock.seconds())
        if is_their_fault and self._is_up and self._closure is None:
            self._failed(place)

    # Inside

    def _watch_outcome(self, conversation: Conversation, gauge: Gauge) -> None:
        """A session that is lost before anything passed is a failed call."""
        place, passed = conversation.link.peer, gauge.traffic.files

        def over(_: object) -> None:
            if conversation.was_released or gauge.traffic.files > passed:
                self.inflow.worked(place)
                gauge.circuit = None
            elif self._is_up and self._closure is None and not conversation.was_ended_here:
                self._failed(place)

        conversation.finished.addCallback(over)

    def _failed(self, place: str) -> None:
        seconds = self.inflow.failed(place)
        if seconds:
            until = local_words(self._now() + timedelta(seconds=seconds))
            gauge = self.gauges[Direction.ANSWERING]
            gauge.circuit = gauge.circuit or f"calls from {place} fail over and over"
            journal.put_off(self.name, place, until)

    def _open(self) -> None:
        self._closure = None
        self._show_rest()
        if self.caller is not None:
            self.caller.start()

    def _show_rest(self) -> None:
        """What the line is in without a session that the partner has opened."""
        if self.accepted:
            return
        state, detail = _LISTENING, ""
        if not self._is_up or not self._line.listen:
            state = DOWN
        elif self._closure is not None:
            state, detail = self._closure.state, self._closure.detail
        self.gauges[Direction.ANSWERING].set(state, self._clock.seconds(), detail)

    def _close_for_good(self) -> None:
        self._is_up = False
        self._closure = self._overridden_until = None
        if self._looking is not None and self._looking.active():
            self._looking.cancel()
        self._looking = None
        for held in list(self._held):
            held.cancel()
        if self.caller is not None:
            self.caller.stop()
        self._show_rest()

    def _look_at_timetable(self) -> None:
        """Do what the timetable says, and look again."""
        if self._looking is not None and self._looking.active():
            self._looking.cancel()
        self._looking = None
        if self._timetable.is_empty and self._closure is None:
            return
        now = self._now()
        phase, closure = self._timetable.at(now)
        if closure is not None and self._overridden_until is not None and now < self._overridden_until:
            phase, closure = Phase.OPEN, None
        if closure != self._closure:
            self._change(closure)
        if phase is Phase.DRAINED:
            self._drain_all()
        elif phase is Phase.CLOSED:
            self._end_all()
        change = self._timetable.next_change(now)
        seconds = _LOOK_AGAIN_SECONDS if change is None else (change - now).total_seconds()
        self._looking = self._clock.callLater(min(seconds, _LOOK_AGAIN_SECONDS), self._look_at_timetable)

    def _change(self, closure: Closure | None) -> None:
        self._closure = closure
        if closure is None:
            journal.open_again(self.name)
            self._open()
            return
        journal.closed_until(self.name, closure.state, local_words(closure.end))
        if self.caller is not None:
            self.caller.stop(closure.state, closure.detail)
        self._show_rest()

    def _drain_all(self) -> None:
        for conversation in self.conversations():
            conversation.drain()

    def _end_all(self) -> None:
        for conversation in self.conversations():
            conversation.end(EndReason.EMERGENCY_CLOSE, _CLOSING)

    async def _gone(self) -> None:
        for conversation in self.conversations():
            await when_finished(conversation)

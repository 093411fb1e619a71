"""Calls a partner over and over: at once after a session that worked, else after growing, jittered pauses.

Each round begins with the primary address; the others follow at once, in their order, while calls fail. Only
a round in vain is followed by a pause, and counts for the circuit breaker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from gateway.clock import Clock, local_words, system_clock
from gateway.line import journal
from gateway.line.breaker import Breaker, Circuit
from gateway.line.conversation import Conversation
from gateway.line.homing import CallAddress, Homing
from gateway.line.protocol import LineProtocol
from gateway.line.settings import PartnerSettings
from gateway.line.status import Gauge
from gateway.line.waiting import end_when_idle

#: The state between the sessions of a partner that is only called when there is need.
RESTING = "resting"
DOWN = "down"
_GROWTH = 2.0
_DOUBLINGS_MAX = 16


def pause_seconds(settings: PartnerSettings, failures: int, chance: float) -> float:
    """How long to wait after `failures` rounds in a row that came to nothing; `chance` is in 0..1.

    Doubles from the minimum to the maximum, and takes between a half and the whole of that.
    """
    assert failures >= 1
    doublings = min(failures - 1, _DOUBLINGS_MAX)
    whole = min(settings.backoff_max_seconds, settings.backoff_min_seconds * _GROWTH**doublings)
    return whole * (0.5 + 0.5 * chance)


class Caller:
    """Keeps one session to a partner up, while it is started."""

    def __init__(
        self,
        partner: PartnerSettings,
        addresses: Sequence[CallAddress],
        factory: Callable[[CallAddress], Factory],
        *,
        clock: IReactorTime,
        chance: Callable[[], float],
        gauge: Gauge,
        now: Clock = system_clock,
    ) -> None:
        """`factory` makes protocols that are told of by `joined`; `chance` gives numbers in 0..1."""
        assert addresses, "there must be somebody to call"
        self._partner = partner
        self._addresses = addresses
        self._factory = factory
        self._clock = clock
        self._chance = chance
        self._gauge = gauge
        self._now = now
        self._breaker = Breaker(partner.circuit_failures)
        self._homing = Homing(addresses[0], partner.primary_again_seconds, clock, self._go_home)
        self._is_started = False
        self._is_going_home = False
        self._stopped_as = (DOWN, "")
        self._at = 0
        self._retry: IDelayedCall | None = None
        self._connecting: Deferred[IProtocol] | None = None
        self._conversation: Conversation | None = None
        self._began_seconds = 0.0
        self._passed_before = 0
        self._is_wanted = False
        self._proving: IDelayedCall | None = None

    @property
    def conversation(self) -> Conversation | None:
        """The session, from the moment that the connection stands."""
        return self._conversation

    def renew(self, partner: PartnerSettings, addresses: Sequence[CallAddress]) -> None:
        """Go on by other settings from the next call on; the addresses are the same, made anew."""
        assert len(addresses) == len(self._addresses), "with other addresses there is another caller"
        self._partner, self._addresses = partner, addresses
        self._breaker.failures_to_open = partner.circuit_failures
        self._homing.renew(addresses[0], partner.primary_again_seconds)

    def start(self) -> None:
        """Call now, and keep calling."""
        if self._is_started:
            return
        self._is_started = True
        if self._conversation is None:
            self._breaker, self._gauge.circuit, self._at = Breaker(self._partner.circuit_failures), None, 0
            self._call()

    def stop(self, state: str = DOWN, detail: str = "") -> None:
        """Call no more; without a session the line is in `state`. A session that stands is not touched."""
        self._is_started = False
        self._stopped_as = (state, detail)
        self._homing.end()
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = self._gauge.next_call_seconds = None
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._conversation is None:
            self._set(state, detail)

    def call_now(self) -> None:
        """Do not wait out a pause: there is something to send, or an operator asks."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
            self._call()

    def wake(self) -> None:
        """There may be something to send: call, if resting after a session that was released."""
        if self._gauge.state == RESTING:
            self.call_now()
        elif self._conversation is not None and self._conversation.was_released:
            # Too late for this session: it is saying goodbye.
            self._is_wanted = True

    def joined(self, protocol: LineProtocol) -> None:
        """The connection stands."""
        self._conversation = protocol.conversation
        self._began_seconds = self._clock.seconds()
        self._passed_before = self._gauge.traffic.files
        self._is_wanted = False
        self._set("starting the session")
        protocol.conversation.finished.addCallback(self._ended)
        if self._at:
            self._homing.begin()

    def established(self) -> None:
        """The session stands; once it has lasted a little, the circuit is closed."""
        self._proving = self._clock.callLater(self._partner.backoff_min_seconds, self._worked)

    def _call(self) -> None:
        self._retry = self._gauge.next_call_seconds = None
        address = self._addresses[self._at]
        self._gauge.address = str(address.written)
        self._breaker.trying()
        self._set("calling")
        self._connecting = connecting = address.endpoint.connect(self._factory(address))
        connecting.addCallbacks(self._connected, self._not_connected)

    def _connected(self, _: object) -> None:
        self._connecting = None
        if not self._is_started and self._conversation is not None:
            self._conversation.link.abort()

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        if not self._is_started:
            self._set(*self._stopped_as)
            return
        reason = "cancelled" if failure.check(CancelledError) else failure.getErrorMessage()
        self._gauge.note(f"no connection to {self._gauge.address}: {reason}")
        self._failed(reason)

    def _ended(self, _: None) -> None:
        conversation, self._conversation = self._conversation, None
        assert conversation is not None, "what ended had begun"
        self._gauge.parameters = None
        self._homing.end()
        if self._proving is not None and self._proving.active():
            self._proving.cancel()
        goes_home, self._is_going_home = self._is_going_home, False
        if not self._is_started:
            self._set(*self._stopped_as)
        elif goes_home or self._has_worked(conversation):
            self._worked()
            # Not from within the end of the session before.
            self._call_again(0)
        elif conversation.was_released and self._rests:
            self._worked()
            self._set(RESTING)
            self._call_again(0.0 if self._is_wanted else self._partner.backoff_max_seconds)
        else:
            self._failed(conversation.outcome)

    @property
    def _rests(self) -> bool:
        return self._partner.rests(is_serial=self._addresses[self._at].is_serial)

    def _has_worked(self, conversation: Conversation) -> bool:
        if conversation.was_released and self._rests:
            return False
        lasted = self._clock.seconds() - self._began_seconds
        passed = self._gauge.traffic.files > self._passed_before
        return conversation.is_established and (passed or lasted >= self._partner.backoff_min_seconds)

    def _worked(self) -> None:
        if self._breaker.worked():
            journal.circuit_closed(self._partner.name)
        self._gauge.circuit = None

    def _failed(self, reason: str) -> None:
        self._gauge.went_wrong(reason, self._clock.seconds())
        failed = self._addresses[self._at]
        if self._at + 1 < len(self._addresses):
            self._at += 1
            following = str(self._addresses[self._at].written)
            is_news = self._breaker.circuit is Circuit.CLOSED
            journal.address_failed(
                self._partner.name, str(failed.written), reason, following, is_news=is_news
            )
            self._set("calling")
            self._retry = self._clock.callLater(0, self._call)
            return
        opens = self._breaker.failed(reason)
        seconds = pause_seconds(self._partner, self._breaker.failures, self._chance())
        next_try = local_words(self._now() + timedelta(seconds=seconds))
        if self._breaker.circuit is Circuit.OPEN:
            self._gauge.circuit = self._breaker.why
            self._set("circuit open", f", next try at {next_try}")
        else:
            self._set("waiting to call again")
        if opens:
            journal.circuit_opened(self._partner.name, self._breaker.why or reason, next_try)
        is_news = self._breaker.circuit is Circuit.CLOSED
        journal.call_failed(self._partner.name, reason, seconds, is_news=is_news)
        self._call_again(seconds)

    def _call_again(self, seconds: float) -> None:
        """The next round."""
        self._at = 0
        self._retry = self._clock.callLater(seconds, self._call)
        self._gauge.next_call_seconds = self._retry.getTime()

    def _go_home(self) -> None:
        """The primary answers: finish what is in hand here, and call there."""
        if self._conversation is not None and not self._is_going_home:
            self._is_going_home = True
            journal.going_home(self._partner.name, str(self._addresses[0].written))
            self._homing.end()
            self._conversation.drain()
            end_when_idle(self._conversation, self._clock, "back to the primary address")

    def _set(self, state: str, detail: str = "") -> None:
        self._gauge.set(state, self._clock.seconds(), detail)

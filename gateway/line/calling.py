"""Calls a partner over and over: at once after a session that worked, else after growing, jittered pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from gateway.line.conversation import Conversation
from gateway.line.journal import call_failed
from gateway.line.protocol import LineProtocol
from gateway.line.settings import PartnerSettings
from gateway.line.status import Gauge

#: The state between the sessions of a partner that is only called when there is need.
RESTING = "resting"
_GROWTH = 2.0
_DOUBLINGS_MAX = 16


def pause_seconds(settings: PartnerSettings, failures: int, chance: float) -> float:
    """How long to wait after `failures` calls in a row that came to nothing; `chance` is in 0..1.

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
        endpoints: Sequence[IStreamClientEndpoint],
        factory: Callable[[], Factory],
        *,
        clock: IReactorTime,
        chance: Callable[[], float],
        gauge: Gauge,
    ) -> None:
        """`factory` makes protocols that are told of by `joined`; `chance` gives numbers in 0..1."""
        assert endpoints, "there must be somebody to call"
        self._partner = partner
        self._endpoints = endpoints
        self._factory = factory
        self._clock = clock
        self._chance = chance
        self._gauge = gauge
        self._is_started = False
        self._failures = 0
        self._tries = 0
        self._retry: IDelayedCall | None = None
        self._connecting: Deferred[IProtocol] | None = None
        self._conversation: Conversation | None = None
        self._began_seconds = 0.0
        self._passed_before = 0
        self._is_wanted = False

    @property
    def conversation(self) -> Conversation | None:
        """The session, from the moment that the connection stands."""
        return self._conversation

    def start(self) -> None:
        """Call now, and keep calling."""
        if self._is_started:
            return
        self._is_started = True
        self._failures = 0
        if self._conversation is None:
            self._call()

    def stop(self) -> None:
        """Call no more. A session that stands is not touched."""
        self._is_started = False
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = None
        if self._connecting is not None:
            self._connecting.cancel()
        elif self._conversation is None:
            self._set("down")

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

    def _call(self) -> None:
        self._retry = None
        self._set("calling")
        endpoint = self._endpoints[self._tries % len(self._endpoints)]
        self._tries += 1
        self._connecting = connecting = endpoint.connect(self._factory())
        connecting.addCallbacks(self._connected, self._not_connected)

    def _connected(self, _: object) -> None:
        self._connecting = None
        if not self._is_started and self._conversation is not None:
            self._conversation.link.abort()

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        if not self._is_started:
            self._set("down")
            return
        reason = "cancelled" if failure.check(CancelledError) else failure.getErrorMessage()
        self._gauge.note(f"no connection: {reason}")
        self._failed(reason)

    def _ended(self, _: None) -> None:
        conversation, self._conversation = self._conversation, None
        assert conversation is not None, "what ended had begun"
        self._gauge.parameters = None
        if not self._is_started:
            self._set("down")
        elif conversation.was_released and self._partner.rests:
            self._failures = 0
            self._set(RESTING)
            rest_seconds = 0.0 if self._is_wanted else self._partner.backoff_max_seconds
            self._retry = self._clock.callLater(rest_seconds, self._call)
        elif self._has_worked(conversation):
            self._failures = 0
            # Not from within the end of the session before.
            self._retry = self._clock.callLater(0, self._call)
        else:
            self._failed(conversation.outcome)

    def _has_worked(self, conversation: Conversation) -> bool:
        lasted = self._clock.seconds() - self._began_seconds
        passed = self._gauge.traffic.files > self._passed_before
        return conversation.is_established and (passed or lasted >= self._partner.backoff_min_seconds)

    def _failed(self, reason: str) -> None:
        self._failures += 1
        seconds = pause_seconds(self._partner, self._failures, self._chance())
        self._gauge.traffic.last_error = reason
        self._set("waiting to call again")
        call_failed(self._partner.name, reason, seconds)
        self._retry = self._clock.callLater(seconds, self._call)

    def _set(self, state: str) -> None:
        self._gauge.set(state, self._clock.seconds())

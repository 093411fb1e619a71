"""The watchman: goes round now and then, and tells what is wrong though nothing has failed.

A line that stays down, and a certificate that is about to expire, stop nothing at first; whoever runs the
gateway wants to know before they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from gateway.clock import Clock
from gateway.line.status import Direction
from gateway.operations.expiring import Expiring, certificate_trouble, expiry_trouble, terms

_log = Logger(namespace="gateway.watchman")

ROUND_SECONDS = 10.0
#: A partner that cannot be reached for so long is an alert.
LINE_DOWN_SECONDS = 60.0
#: How the state of a line begins that is as it should be, or as an operator wanted it.
_IN_ORDER = ("in session", "resting", "down", "maintenance", "closed")


class Watchman:
    """Makes a round every `ROUND_SECONDS`, from `start` to `stop`."""

    def __init__(
        self,
        *,
        lines: Callable[[], Iterable[Any]],
        certificates: Sequence[Expiring],
        clock: Clock,
        reactor: IReactorTime,
        alarm: Callable[[str, str | None], None],
    ) -> None:
        """`lines` gives what `LineService.status` does."""
        self._lines = lines
        self._certificates = tuple(certificates)
        self._clock = clock
        self._reactor = reactor
        self._alarm = alarm
        self._lines_told: dict[str, str | None] = {}
        self._without_session: dict[str, float] = {}
        self._rounds = LoopingCall(self.make_round)
        self._rounds.clock = reactor

    def start(self) -> None:
        """Begin with a round at once."""
        self._rounds.start(ROUND_SECONDS).addErrback(
            lambda failure: _log.failure("the watchman has stopped", failure)
        )

    def renew(self, certificates: Sequence[Expiring]) -> None:
        """Look after these from now on; what was wrong with others is of no interest any more."""
        for gone in {one.title for one in self._certificates} - {one.title for one in certificates}:
            self._alarm(gone, None)
        self._certificates = tuple(certificates)

    async def stop(self) -> None:
        """Make no more rounds."""
        if self._rounds.running:
            self._rounds.stop()

    def make_round(self) -> None:
        """Look at everything once."""
        now = self._clock()
        troubles = {**dict(self._line_troubles()), **self._shown_troubles(now)}
        for name in self._lines_told.keys() - troubles.keys():
            self._alarm(name, None)
        for name, trouble in troubles.items():
            self._alarm(name, trouble)
        self._lines_told = troubles
        for certificate in self._certificates:
            self._alarm(certificate.title, expiry_trouble(certificate, now))

    def _line_troubles(self) -> Iterator[tuple[str, str | None]]:
        for line in self._lines():
            if line.direction is Direction.CALLING:
                yield f"line to {line.partner}", self._trouble_of(line)
            else:
                yield f"calls of {line.partner}", line.circuit

    def _shown_troubles(self, now: datetime) -> dict[str, str | None]:
        """Of certificates that partners show in their sessions: of an issuer's, nobody here has the file."""
        files = (one for one in self._certificates if one.role == "tls_anchor")
        told = {(one.partner, term.ends) for one, term in terms(files)}
        troubles: dict[str, str | None] = {}
        for line in self._lines():
            ends = line.certificate_ends
            if ends is not None and (line.partner, ends) not in told:
                name = f"certificate that {line.partner} shows"
                troubles[name] = troubles.get(name) or certificate_trouble("it", ends, now)
        return troubles

    def _trouble_of(self, line: Any) -> str | None:
        """A caller goes from state to state while it tries; what counts is how long it has had no session."""
        now_seconds = self._reactor.seconds()
        if line.state.startswith(_IN_ORDER):
            self._without_session.pop(line.partner, None)
            return None
        if line.circuit is not None:
            # One alert, in the words of the failure that opened it, until a session stands.
            return f"circuit open: {line.circuit}"
        since_seconds = self._without_session.setdefault(line.partner, now_seconds)
        if now_seconds - since_seconds < LINE_DOWN_SECONDS:
            return None
        return f"no session for more than {LINE_DOWN_SECONDS:g} seconds: {line.last_error or line.state}"

"""How the line is doing, partner by partner and direction by direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.line.tls import Shown
from oftp2.negotiation import Parameters


class Direction(StrEnum):
    """Who opened the connection: we, or the partner."""

    CALLING = "calling"
    ANSWERING = "answering"


#: Hears partner, direction and what happened on the line outside of any session.
Told = Callable[[str, Direction, str], object]


@dataclass(slots=True)
class Traffic:
    """What has passed since the start, over all sessions of one partner in one direction."""

    files_sent: int = 0
    files_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    sessions: int = 0
    refusals: int = 0
    last_error: str = ""
    last_refusal: str | None = None
    last_file: str | None = None

    @property
    def files(self) -> int:
        """Grows with each file that is through. Bytes alone may be the same ones, over and over."""
        return self.files_sent + self.files_received


_INSTANTS = ("since", "certificate_ends", "next_call", "last_error_at")


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line in words and numbers. `since` is when `state` began; `parameters` are those negotiated.

    `last_file` is the last file that passed, and the services that it went through (RFC 5024 section 6);
    `last_refusal` is the last file that was refused, by whom, why, and whether it is to be tried again;
    `refusals` counts them, and `sessions` those that have stood. `address` is where the partner is called, or
    was last; `next_call` is when it will be by itself. `circuit` tells why the circuit is open. `tls` is the
    suite of the session that stands and the partner's certificate; the one that it showed last ends at
    `certificate_ends`.
    """

    partner: str
    direction: Direction
    state: str
    since: datetime
    last_error: str
    files_sent: int
    files_received: int
    bytes_sent: int
    bytes_received: int
    parameters: Parameters | None = None
    last_refusal: str | None = None
    last_file: str | None = None
    address: str | None = None
    circuit: str | None = None
    sessions: int = 0
    refusals: int = 0
    tls: str | None = None
    certificate_ends: datetime | None = None
    next_call: datetime | None = None
    last_error_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        instants = {name: getattr(self, name) for name in _INSTANTS}
        written = {name: at and at.isoformat(timespec="seconds") for name, at in instants.items()}
        return {**asdict(self), **written}


@dataclass(slots=True)
class Gauge:
    """The status of one line as it changes. `told` hears what has no session of its own to be told in."""

    partner: str
    direction: Direction
    told: Told = field(default=lambda *_: None, repr=False)
    traffic: Traffic = field(default_factory=Traffic)
    state: str = "down"
    since_seconds: float = 0.0
    parameters: Parameters | None = None
    address: str | None = None
    circuit: str | None = None
    detail: str = ""
    shown: Shown | None = None
    next_call_seconds: float | None = None
    last_error_seconds: float | None = None

    def set(self, state: str, now_seconds: float, detail: str = "") -> None:
        """The line is in `state` from now on; `detail` goes with it into the status."""
        self.detail = detail
        if state != self.state:
            self.state, self.since_seconds = state, now_seconds

    def went_wrong(self, why: str, now_seconds: float) -> None:
        """A call or a session came to a bad end."""
        self.traffic.last_error, self.last_error_seconds = why, now_seconds

    def note(self, text: str) -> None:
        """Something happened on the line."""
        self.told(self.partner, self.direction, text)

    def read(self) -> LineStatus:
        """The status now."""
        traffic, shown = self.traffic, self.shown
        return LineStatus(
            partner=self.partner,
            direction=self.direction,
            state=self.state + self.detail,
            since=datetime.fromtimestamp(self.since_seconds, UTC),
            last_error=traffic.last_error,
            files_sent=traffic.files_sent,
            files_received=traffic.files_received,
            bytes_sent=traffic.bytes_sent,
            bytes_received=traffic.bytes_received,
            parameters=self.parameters,
            last_refusal=traffic.last_refusal,
            last_file=traffic.last_file,
            address=self.address,
            circuit=self.circuit,
            sessions=traffic.sessions,
            refusals=traffic.refusals,
            next_call=_instant(self.next_call_seconds),
            last_error_at=_instant(self.last_error_seconds),
            tls=None if shown is None or self.parameters is None else shown.words,
            certificate_ends=None if shown is None else shown.certificate_ends,
        )


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

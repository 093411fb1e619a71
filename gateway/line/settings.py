"""What the line must know, as plain frozen values; the composition root fills them from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.config.endpoints import Endpoint, Transport
from gateway.config.hours import Period, Weekly
from gateway.line.file_rules import FileRules
from gateway.line.status import Direction
from oftp2.identity import PASSWORD_MAX, check_identification, check_short_text
from oftp2.levels import LEVELS
from oftp2.negotiation import Mode
from oftp2.serial_outputs import LinkSettings


class IdlePolicy(StrEnum):
    """What a calling session does when idle: keep the turn, or end and call again when there is need."""

    HOLD = "hold"
    RELEASE = "release"


class Calls(StrEnum):
    """Who calls whom."""

    WE = "we"
    THEY = "they"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class AuthenticationFiles:
    """PEM files for secure authentication with one partner: our key and certificate, and its certificate."""

    key: Path
    certificate: Path
    partner_certificate: Path


@dataclass(frozen=True, slots=True)
class PartnerSettings:
    """One partner. `password_ours` is what we send it, `password_theirs` what it must send us.

    `call` are its addresses, the primary one first; without any it is only listened for. `calls` tells who
    calls whom. `tls_anchor` is a PEM file with its certificate, or with certificates that issue it; with
    one, the partner is not accepted without TLS, unless `accept_over` names serial lines. Among what an
    issuer has issued, `tls_names` and `tls_subject` tell which is the partner's; `tls_crl` is a PEM file of
    the issuer's revocation lists. With `authentication` both ends prove who they are first (RFC 5024 section
    4.2.3), and there is no session without. `level_min` to `level_max` are the release levels spoken with
    it. `mode_...` is what we do in the sessions that one end opened.

    Sessions are only in `call_windows`, if there are any, and not in `maintenance`. A calling session that
    is idle for `offer_turn_seconds`, while the partner has none to us, offers the turn. On another address
    than the primary, that one is tried again every `primary_again_seconds`. After `circuit_failures` rounds
    of calls in vain the circuit is open: only time, or an operator, leads to the next. A partner whose own
    calls fail more often than `failed_calls_per_minute` is put off. `max_sessions` bounds what is accepted.
    """

    name: str
    identification: str
    password_ours: str = field(repr=False)
    password_theirs: str = field(repr=False)
    call: tuple[Endpoint, ...] = ()
    calls: Calls = Calls.BOTH
    accept_over: frozenset[Transport] | None = None
    call_windows: tuple[Weekly, ...] = ()
    maintenance: tuple[Period, ...] = ()
    mode_when_we_call: Mode = Mode.BOTH
    mode_when_they_call: Mode = Mode.BOTH
    files: FileRules = field(default_factory=FileRules)
    tls_anchor: Path | None = None
    tls_names: tuple[str, ...] = ()
    tls_subject: str | None = None
    tls_crl: Path | None = None
    authentication: AuthenticationFiles | None = None
    buffer_bytes: int = 32_768
    window: int = 64
    level_min: int = LEVELS[-1]
    level_max: int = LEVELS[0]
    compression: bool = True
    max_sessions: int = 4
    backoff_min_seconds: float = 1.0
    backoff_max_seconds: float = 120.0
    idle_policy: IdlePolicy = IdlePolicy.HOLD
    offer_turn_seconds: float = 30.0
    primary_again_seconds: float = 300.0
    circuit_failures: int = 5
    failed_calls_per_minute: int = 20

    def __post_init__(self) -> None:
        check_identification(self.identification, f"identification of {self.name}")
        check_short_text(self.password_ours, f"our password for {self.name}", PASSWORD_MAX)
        check_short_text(self.password_theirs, f"the password of {self.name}", PASSWORD_MAX)
        assert 0 < self.backoff_min_seconds <= self.backoff_max_seconds

    @property
    def levels(self) -> tuple[int, ...]:
        """The release levels that are spoken with the partner, the highest first."""
        return tuple(level for level in LEVELS if self.level_min <= level <= self.level_max)

    @property
    def we_call(self) -> bool:
        """Whether we call the partner."""
        return bool(self.call) and self.calls is not Calls.THEY

    @property
    def they_call(self) -> bool:
        """Whether the partner may call us."""
        return self.calls is not Calls.WE

    def accepts(self, transport: Transport) -> bool:
        """Whether the partner may call us over `transport`; certificates are for TLS alone."""
        if self.accept_over is not None:
            return transport in self.accept_over
        return (transport is Transport.TLS) == (self.tls_anchor is not None)

    def mode(self, direction: Direction) -> Mode:
        """What we do in a session of `direction`."""
        return self.mode_when_we_call if direction is Direction.CALLING else self.mode_when_they_call

    def rests(self, *, is_serial: bool) -> bool:
        """Whether a calling session ends when idle.

        On a serial line every block must soon be answered; and where we only receive, there is nothing to
        keep the turn for.
        """
        only_receives = self.mode_when_we_call is Mode.RECEIVE
        return is_serial or only_receives or self.idle_policy is IdlePolicy.RELEASE


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Our end of the line.

    `inactivity_seconds` limits how long an answer that the partner owes us may take, `idle_limit_seconds` how
    long nothing at all may happen, `closing_seconds` how long a session may take to end properly,
    `connect_timeout_seconds` how long a call may wait for a connection, and for each word until its session
    stands, `identify_seconds` how long a caller may take to say who it is. Of more than `max_unidentified`
    connections that have not identified themselves the oldest is hung up on. In `maintenance` there are no
    sessions with anybody; those that stand are drained for `drain_seconds` before. `link` holds for serial
    lines, but for its speed, which the endpoint tells.
    """

    identification: str
    partners: tuple[PartnerSettings, ...]
    listen: tuple[Endpoint, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    inactivity_seconds: float = 300.0
    connect_timeout_seconds: float = 30.0
    idle_limit_seconds: float = 86_400.0
    closing_seconds: float = 10.0
    identify_seconds: float = 10.0
    max_unidentified: int = 32
    maintenance: tuple[Period, ...] = ()
    drain_seconds: float = 60.0
    link: LinkSettings = field(default_factory=LinkSettings)

    def __post_init__(self) -> None:
        check_identification(self.identification)
        names = [partner.name for partner in self.partners]
        assert len(set(names)) == len(names), "partners have names of their own"

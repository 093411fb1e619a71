"""What the line must know, as plain frozen values; the composition root fills them from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.config.endpoints import Endpoint, Transport
from oftp2.identity import PASSWORD_MAX, check_identification, check_short_text
from oftp2.levels import LEVELS
from oftp2.serial_outputs import LinkSettings


class IdlePolicy(StrEnum):
    """What a calling session does when idle: keep the turn, or end and call again when there is need."""

    HOLD = "hold"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class AuthenticationFiles:
    """PEM files for secure authentication with one partner: our key and certificate, and its certificate."""

    key: Path
    certificate: Path
    partner_certificate: Path


@dataclass(frozen=True, slots=True)
class PartnerSettings:
    """One partner. `password_ours` is what we send it, `password_theirs` what it must send us.

    `call` are its endpoints, tried in turn; without any it is only listened for. `tls_anchor` is a PEM file
    with its certificate, or with certificates that issue it; with one, the partner is never accepted without
    TLS. Among what an issuer has issued, `tls_names` and `tls_subject` tell which is the partner's; `tls_crl`
    is a PEM file of the issuer's revocation lists. With `authentication` both ends prove who they are first
    (RFC 5024 section 4.2.3), and there is no session without. `level_min` to `level_max` are the release
    levels spoken with it. A calling session that is idle for `offer_turn_seconds`, while the partner has none
    to us, offers the turn.
    """

    name: str
    identification: str
    password_ours: str = field(repr=False)
    password_theirs: str = field(repr=False)
    call: tuple[Endpoint, ...] = ()
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
    backoff_min_seconds: float = 1.0
    backoff_max_seconds: float = 120.0
    idle_policy: IdlePolicy = IdlePolicy.HOLD
    offer_turn_seconds: float = 30.0

    def __post_init__(self) -> None:
        check_identification(self.identification, f"identification of {self.name}")
        check_short_text(self.password_ours, f"our password for {self.name}", PASSWORD_MAX)
        check_short_text(self.password_theirs, f"the password of {self.name}", PASSWORD_MAX)
        assert 0 < self.backoff_min_seconds <= self.backoff_max_seconds
        assert self.is_serial or all(endpoint.transport is not Transport.SERIAL for endpoint in self.call)

    @property
    def levels(self) -> tuple[int, ...]:
        """The release levels that are spoken with the partner, the highest first."""
        return tuple(level for level in LEVELS if self.level_min <= level <= self.level_max)

    @property
    def is_serial(self) -> bool:
        """Whether we call the partner over a serial line, and over nothing else."""
        return bool(self.call) and all(endpoint.transport is Transport.SERIAL for endpoint in self.call)

    @property
    def rests(self) -> bool:
        """Whether a calling session ends when idle: on a serial line, every block must soon be answered."""
        return self.is_serial or self.idle_policy is IdlePolicy.RELEASE


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Our end of the line.

    `inactivity_seconds` limits how long an answer that the partner owes us may take, `idle_limit_seconds` how
    long nothing at all may happen, `closing_seconds` how long a session may take to end properly,
    `identify_seconds` how long a caller may take to say who it is.
    `max_sessions_per_partner` bounds what is accepted; of more than `max_unidentified` connections that have
    not identified themselves the oldest is hung up on. `link` holds for serial lines, but for its
    speed, which the endpoint tells.
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
    max_sessions_per_partner: int = 4
    max_unidentified: int = 32
    link: LinkSettings = field(default_factory=LinkSettings)

    def __post_init__(self) -> None:
        check_identification(self.identification)
        names = [partner.name for partner in self.partners]
        assert len(set(names)) == len(names), "partners have names of their own"

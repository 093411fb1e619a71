"""The sections that make up a configuration file, with their defaults and bounds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from gateway.config.endpoints import Transport
from gateway.config.host_port import HostPort
from gateway.config.kinds import (
    Address,
    CallWindow,
    CustomsPrefix,
    FilePath,
    Flag,
    Level,
    MaintenanceWindow,
    Name,
    NamePattern,
    OftpCode,
    ParticipantId,
    UserDataPattern,
    one_of,
    seconds,
    whole,
)
from gateway.config.secrets import read_password
from gateway.config.section import Section
from gateway.config.services import ServicesConfig
from gateway.config.tls import Subject, TlsName
from oftp2.levels import SECURE_LEVEL

KIB = 1024
MIB = 1024 * KIB
_MAX_TLS_NAMES = 16
_MAX_LISTEN = 16
_MAX_CALL = 8
_MAX_WINDOWS = 64
_MAX_PATTERNS = 64
#: What we do in a session.
_MODE = one_of("send", "receive", "both")


class IdentityConfig(Section):
    """Who we are (`Sender` of our messages) and where we keep our state."""

    participant: ParticipantId
    state: FilePath


class SpoolConfig(Section):
    """One spool tree. `issuers` are the participants who may drop licences there; none: all trusted ones."""

    name: Name
    path: FilePath
    issuers: tuple[ParticipantId, ...] = ()


class PostLimits(Section):
    """Bounds on what passes over the line."""

    inbound_max_bytes: Annotated[int, whole(KIB, 1024 * MIB, "bytes")] = 16 * MIB
    interchange_max_messages: Annotated[int, whole(1, 1_000)] = 500
    interchange_max_bytes: Annotated[int, whole(16 * KIB, 64 * MIB, "bytes")] = 4 * MIB


class LimitsConfig(PostLimits):
    """The gateway's bounds: those of the line, and those of intake and its worker processes."""

    max_file_bytes: Annotated[int, whole(KIB, 64 * MIB, "bytes")] = 4 * MIB
    intake_batch: Annotated[int, whole(1, 1_000)] = 64
    intake_scan_seconds: Annotated[float, seconds(0.05, 60)] = 1.0
    workers: Annotated[int, whole(1, 64)] = 2
    worker_timeout_seconds: Annotated[float, seconds(1, 3_600)] = 60.0


class TrustConfig(Section):
    """Folders of PEM certificates that anchor each role's signatures."""

    issuer: FilePath
    seal: FilePath
    customs: FilePath
    gateway: FilePath


class CustomsTrustConfig(Section):
    """The same for the simulated customs, which need not trust itself."""

    issuer: FilePath
    seal: FilePath
    gateway: FilePath


class KeysConfig(Section):
    """PEM files: the central seal, and the gateway's own key for its acknowledgements."""

    seal_key: FilePath
    seal_certificate: FilePath
    gateway_key: FilePath
    gateway_certificate: FilePath


class CustomsKeysConfig(Section):
    """PEM files: customs' key for acknowledgements and write-offs."""

    customs_key: FilePath
    customs_certificate: FilePath


class LawConfig(Section):
    """What the law leaves to announcements and to the operator.

    `tables` is the folder of the dated tables; none: those that come with the gateway. `port_match`
    "district" compares the first two digits of customs codes. A release may be dated
    `release_ahead_seconds` after now. With `replacement_needs_reconciliation` a licence that customs has is
    replaced or revoked only after its use stood still and both sides' figures were equal. With
    `count_restored_on_withdrawal` a declaration that is withdrawn whole gives back its count too.
    """

    tables: FilePath | None = None
    port_match: Annotated[str, one_of("exact", "district")] = "exact"
    release_ahead_seconds: Annotated[int, whole(0, 86_400, "seconds")] = 300
    replacement_needs_reconciliation: Flag = True
    count_restored_on_withdrawal: Flag = True


class LineConfig(Section):
    """Our end of the line: `identification` is our SSIDCODE; `certificate` and `key` serve TLS.

    In `maintenance` there are no sessions with anybody; those that stand are drained `drain_seconds` before.
    The limits: an answer that is owed, a connection that is to stand, nothing at all, the proper end of a
    session, a caller that has not said who it is, and how many of those there are at most.
    """

    identification: OftpCode
    listen: tuple[Address, ...] = Field(default=(), max_length=_MAX_LISTEN)
    certificate: FilePath | None = None
    key: FilePath | None = None
    inactivity_seconds: Annotated[float, seconds(1, 86_400)] = 300.0
    connect_timeout_seconds: Annotated[float, seconds(1, 600)] = 30.0
    idle_limit_seconds: Annotated[float, seconds(60, 604_800)] = 86_400.0
    closing_seconds: Annotated[float, seconds(0.5, 60)] = 10.0
    identify_seconds: Annotated[float, seconds(1, 600)] = 10.0
    max_unidentified: Annotated[int, whole(1, 4_096)] = 32
    maintenance: tuple[MaintenanceWindow, ...] = Field(default=(), max_length=_MAX_WINDOWS)
    drain_seconds: Annotated[float, seconds(0, 3_600)] = 60.0

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: expected both or neither")
        return self


class FilesConfig(Section):
    """Which files a partner may send us (RFC 5024 section 5.3.3); others are refused (section 5.3.5).

    `names` and `user_data` are patterns for SFIDDSN and SFIDUSER: `*` is anything, `?` one character. Records
    of a file in F or V format are one after the other, or lines with `records_are_lines`. Our files go out in
    `send_format`, of F and V in records of `send_record_bytes`.
    """

    max_bytes: Annotated[int, whole(KIB, 1024 * MIB, "bytes")] = 1024 * MIB
    names: tuple[NamePattern, ...] = Field(default=("*",), min_length=1, max_length=_MAX_PATTERNS)
    user_data: tuple[UserDataPattern, ...] = Field(default=("*",), min_length=1, max_length=_MAX_PATTERNS)
    formats: tuple[Annotated[str, one_of("F", "V", "U", "T")], ...] = Field(
        default=("F", "V", "U", "T"), min_length=1, max_length=4
    )
    records_are_lines: Flag = False
    send_format: Annotated[str, one_of("U", "F", "V")] = "U"
    send_record_bytes: Annotated[int, whole(0, 99_999, "bytes")] = 0

    @model_validator(mode="after")
    def _records_have_a_length(self) -> Self:
        if (self.send_format == "U") is not (self.send_record_bytes == 0):
            raise ValueError('send_record_bytes: expected 1 or more with send_format "F" and "V", 0 with "U"')
        return self


class PartnerConfig(Section):
    """Who is at the other end.

    `participant` is its `Sender`, `identification` its SSIDCODE; `buffer_bytes` and `window` are what we
    offer as SSIDSDEB (128 to 99999, RFC 5024 section 5.3.2) and SSIDCRED.
    `call` is where it is called, the primary address first, then those to fall back on; `calls` is who calls
    whom; `accept_over` the transports over which it may call us (none named: TLS if it has a `tls_anchor`,
    else the others). `mode_...` is what we do in the sessions that one end opened.
    `tls_anchor` is the PEM file of the certificate, or of its issuer, that the partner must show; of an
    issuer's, the partner's is the one with one of `tls_names` (default: the hosts in `call`), or of
    `tls_subject`; `tls_crl` is the PEM file of the issuer's revocation lists.
    `offices`: it gets the licences whose place of clearance begins so; none: all that no other partner names.
    `authentication` "certificate" has both ends prove who they are by RSA keys before any file passes (RFC
    5024 section 4.2.3): ours is in `auth_key` and `auth_certificate`, the partner's certificate in
    `partner_auth_certificate`. A session has the highest level of ODETTE-FTP that both ends speak (SSIDLEV),
    of ours from `level_min` to `level_max`; authentication needs level 5.
    `services` are those for whole files (RFC 5024 section 6).
    """

    name: Name
    participant: ParticipantId
    identification: OftpCode
    call: tuple[Address, ...] = Field(default=(), max_length=_MAX_CALL)
    calls: Annotated[str, one_of("we", "they", "both")] = "both"
    accept_over: tuple[Annotated[str, one_of(*Transport)], ...] | None = Field(default=None, max_length=3)
    call_windows: tuple[CallWindow, ...] = Field(default=(), max_length=_MAX_WINDOWS)
    maintenance: tuple[MaintenanceWindow, ...] = Field(default=(), max_length=_MAX_WINDOWS)
    mode_when_we_call: Annotated[str, _MODE] = "both"
    mode_when_they_call: Annotated[str, _MODE] = "both"
    files: FilesConfig = FilesConfig()
    offices: tuple[CustomsPrefix, ...] = ()
    password_ours_file: FilePath
    password_theirs_file: FilePath
    tls_anchor: FilePath | None = None
    tls_names: Annotated[tuple[TlsName, ...], Field(max_length=_MAX_TLS_NAMES)] = ()
    tls_subject: Subject | None = None
    tls_crl: FilePath | None = None
    authentication: Annotated[str, one_of("none", "certificate")] = "none"
    auth_key: FilePath | None = None
    auth_certificate: FilePath | None = None
    partner_auth_certificate: FilePath | None = None
    services: ServicesConfig = ServicesConfig()
    buffer_bytes: Annotated[int, whole(128, 99_999, "bytes")] = 32_768
    window: Annotated[int, whole(1, 999)] = 64
    level_min: Level = 1
    level_max: Level = 5
    compression: Flag = True
    max_sessions: Annotated[int, whole(1, 64)] = 4
    idle_policy: Annotated[str, one_of("hold", "release")] = "hold"
    offer_turn_seconds: Annotated[float, seconds(0.05, 86_400)] = 30.0
    backoff_min_seconds: Annotated[float, seconds(0.05, 3_600)] = 1.0
    backoff_max_seconds: Annotated[float, seconds(0.05, 86_400)] = 120.0
    primary_again_seconds: Annotated[float, seconds(1, 86_400)] = 300.0
    circuit_failures: Annotated[int, whole(1, 1_000)] = 5
    failed_calls_per_minute: Annotated[int, whole(1, 10_000)] = 20

    @model_validator(mode="after")
    def _somewhere_to_call(self) -> Self:
        if self.calls == "we" and not self.call:
            raise ValueError('call: expected at least one address with calls = "we"')
        return self

    @model_validator(mode="after")
    def _certificate_for_tls(self) -> Self:
        over = self.accept_over or ()
        if self.tls_anchor is None and "tls" in over:
            raise ValueError('tls_anchor: missing; expected a path with accept_over = ["tls"]')
        if self.tls_anchor is not None and "tcp" in over:
            raise ValueError('accept_over: expected no "tcp" with a tls_anchor, which only TLS can show')
        return self

    @model_validator(mode="after")
    def _backoff_in_order(self) -> Self:
        if self.backoff_min_seconds > self.backoff_max_seconds:
            raise ValueError("expected backoff_min_seconds not above backoff_max_seconds")
        return self

    @model_validator(mode="after")
    def _tls_anchored(self) -> Self:
        given = self.tls_names or self.tls_subject is not None or self.tls_crl is not None
        if given and self.tls_anchor is None:
            raise ValueError("tls_names, tls_subject, tls_crl: expected only beside tls_anchor")
        return self

    @model_validator(mode="after")
    def _authentication_complete(self) -> Self:
        files = (self.auth_key, self.auth_certificate, self.partner_auth_certificate)
        wanted = self.authentication == "certificate"
        if wanted is not all(files) or wanted is not any(files):
            names = "auth_key, auth_certificate and partner_auth_certificate"
            raise ValueError(f'{names}: expected all of them with authentication = "certificate", else none')
        return self

    @model_validator(mode="after")
    def _levels_in_order(self) -> Self:
        if self.level_min > self.level_max:
            raise ValueError("expected level_min not above level_max")
        if self.authentication == "certificate" and self.level_max < SECURE_LEVEL:
            raise ValueError(f'level_max: expected {SECURE_LEVEL}, for authentication = "certificate"')
        if self.services.needs_level_5 and self.level_min < SECURE_LEVEL:
            raise ValueError(
                f"level_min: expected {SECURE_LEVEL}, for services: files of lower levels have none"
            )
        return self

    def password_ours(self) -> SecretStr:
        """SSIDPSWD that we send, from its file; ConfigurationFault if unusable."""
        return read_password(self.password_ours_file)

    def password_theirs(self) -> SecretStr:
        """SSIDPSWD that the partner must send, from its file; ConfigurationFault if unusable."""
        return read_password(self.password_theirs_file)


class LogConfig(Section):
    """The JSON log, and from which level on things are written."""

    file: FilePath
    level: Annotated[str, one_of("debug", "info", "warn", "error", "critical")] = "info"


class OperationsConfig(Section):
    """The control socket, which only its owner can open, and where metrics are served.

    `metrics` must be on this machine itself, unless `metrics_remote` says that others are meant to see them.
    """

    control_socket: FilePath
    metrics: HostPort | None = None
    metrics_remote: Flag = False

    @model_validator(mode="after")
    def _metrics_at_home(self) -> Self:
        if self.metrics is not None and not self.metrics_remote and not self.metrics.is_loopback:
            raise ValueError(
                f"metrics: {self.metrics} can be reached by others, who may read them all; expected"
                ' "127.0.0.1:9464" or the like, or metrics_remote = true'
            )
        return self

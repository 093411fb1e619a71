"""What is agreed with a partner, the other end of a line: `[[partner]]`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from gateway.config.endpoints import Transport
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
from gateway.config.sections import KIB, MAX_WINDOWS, MIB
from gateway.config.services import ServicesConfig
from gateway.config.tls import Subject, TlsName
from oftp2.levels import SECURE_LEVEL

_MAX_TLS_NAMES = 16
_MAX_CALL = 8
_MAX_PATTERNS = 64
#: What we do in a session.
_MODE = one_of("send", "receive", "both")


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
    call_windows: tuple[CallWindow, ...] = Field(default=(), max_length=MAX_WINDOWS)
    maintenance: tuple[MaintenanceWindow, ...] = Field(default=(), max_length=MAX_WINDOWS)
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

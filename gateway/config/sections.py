"""The sections that make up a configuration file, with their defaults and bounds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.config.host_port import HostPort
from gateway.config.kinds import (
    Address,
    FilePath,
    Flag,
    MaintenanceWindow,
    Name,
    OftpCode,
    ParticipantId,
    one_of,
    seconds,
    whole,
)
from gateway.config.section import Section

KIB = 1024
MIB = 1024 * KIB
#: Of call windows and of maintenance, each.
MAX_WINDOWS = 64
_MAX_LISTEN = 16


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
    """Bounds on what passes over the line, and on the disk.

    With less than `min_free_mib` free (or a tenth, if that is less) no new work is taken; 0: it always is.
    """

    inbound_max_bytes: Annotated[int, whole(KIB, 1024 * MIB, "bytes")] = 16 * MIB
    interchange_max_messages: Annotated[int, whole(1, 1_000)] = 500
    interchange_max_bytes: Annotated[int, whole(16 * KIB, 64 * MIB, "bytes")] = 4 * MIB
    min_free_mib: Annotated[int, whole(0, KIB * KIB, "MiB")] = 64


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
    maintenance: tuple[MaintenanceWindow, ...] = Field(default=(), max_length=MAX_WINDOWS)
    drain_seconds: Annotated[float, seconds(0, 3_600)] = 60.0

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: expected both or neither")
        return self


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

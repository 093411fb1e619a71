"""From the configuration to the line's own settings; the passwords are read from their files here."""

from __future__ import annotations

from pathlib import Path

from gateway.config import FilesConfig, LineConfig, PartnerConfig
from gateway.config.endpoints import Transport
from gateway.line.file_rules import FileRules
from gateway.line.settings import AuthenticationFiles, Calls, IdlePolicy, LineSettings, PartnerSettings
from oftp2.negotiation import Mode


def line_settings(line: LineConfig, partners: tuple[PartnerConfig, ...]) -> LineSettings:
    """What the line must know; ConfigurationFault if a password cannot be read."""
    return LineSettings(
        identification=line.identification,
        partners=tuple(_partner_settings(partner) for partner in partners),
        listen=line.listen,
        certificate=_path(line.certificate),
        key=_path(line.key),
        inactivity_seconds=line.inactivity_seconds,
        connect_timeout_seconds=line.connect_timeout_seconds,
        idle_limit_seconds=line.idle_limit_seconds,
        closing_seconds=line.closing_seconds,
        identify_seconds=line.identify_seconds,
        max_unidentified=line.max_unidentified,
        maintenance=line.maintenance,
        drain_seconds=line.drain_seconds,
    )


def _partner_settings(partner: PartnerConfig) -> PartnerSettings:
    over = partner.accept_over
    return PartnerSettings(
        name=partner.name,
        identification=partner.identification,
        password_ours=partner.password_ours().get_secret_value(),
        password_theirs=partner.password_theirs().get_secret_value(),
        call=partner.call,
        calls=Calls(partner.calls),
        accept_over=None if over is None else frozenset(Transport(one) for one in over),
        call_windows=partner.call_windows,
        maintenance=partner.maintenance,
        mode_when_we_call=Mode[partner.mode_when_we_call.upper()],
        mode_when_they_call=Mode[partner.mode_when_they_call.upper()],
        files=_file_rules(partner.files),
        tls_anchor=_path(partner.tls_anchor),
        tls_names=partner.tls_names,
        tls_subject=partner.tls_subject,
        tls_crl=_path(partner.tls_crl),
        authentication=_authentication(partner),
        buffer_bytes=partner.buffer_bytes,
        window=partner.window,
        level_min=partner.level_min,
        level_max=partner.level_max,
        compression=partner.compression,
        max_sessions=partner.max_sessions,
        backoff_min_seconds=partner.backoff_min_seconds,
        backoff_max_seconds=partner.backoff_max_seconds,
        idle_policy=IdlePolicy(partner.idle_policy),
        offer_turn_seconds=partner.offer_turn_seconds,
        primary_again_seconds=partner.primary_again_seconds,
        circuit_failures=partner.circuit_failures,
        failed_calls_per_minute=partner.failed_calls_per_minute,
    )


def _file_rules(files: FilesConfig) -> FileRules:
    return FileRules(
        files.max_bytes,
        files.names,
        files.user_data,
        frozenset(files.formats),
        files.send_format,
        files.send_record_bytes,
    )


def _authentication(partner: PartnerConfig) -> AuthenticationFiles | None:
    key, own, other = partner.auth_key, partner.auth_certificate, partner.partner_auth_certificate
    if key is None or own is None or other is None:
        return None
    return AuthenticationFiles(Path(key), Path(own), Path(other))


def _path(path: Path | None) -> Path | None:
    return None if path is None else Path(path)

"""From the configuration to the line's own settings; the passwords are read from their files here."""

from __future__ import annotations

from pathlib import Path

from gateway.config import LineConfig, PartnerConfig
from gateway.line.settings import AuthenticationFiles, LineSettings, PartnerSettings


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
    )


def _partner_settings(partner: PartnerConfig) -> PartnerSettings:
    return PartnerSettings(
        name=partner.name,
        identification=partner.identification,
        password_ours=partner.password_ours().get_secret_value(),
        password_theirs=partner.password_theirs().get_secret_value(),
        call=partner.call,
        tls_anchor=_path(partner.tls_anchor),
        tls_names=partner.tls_names,
        tls_subject=partner.tls_subject,
        tls_crl=_path(partner.tls_crl),
        authentication=_authentication(partner),
        buffer_bytes=partner.buffer_bytes,
        window=partner.window,
        level_min=partner.level_min,
        level_max=partner.level_max,
        backoff_min_seconds=partner.backoff_min_seconds,
        backoff_max_seconds=partner.backoff_max_seconds,
    )


def _authentication(partner: PartnerConfig) -> AuthenticationFiles | None:
    key, own, other = partner.auth_key, partner.auth_certificate, partner.partner_auth_certificate
    if key is None or own is None or other is None:
        return None
    return AuthenticationFiles(Path(key), Path(own), Path(other))


def _path(path: Path | None) -> Path | None:
    return None if path is None else Path(path)

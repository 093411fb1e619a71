"""From the configuration to the line's own settings; the passwords are read from their files here."""

from __future__ import annotations

from pathlib import Path

from gateway.config import LineConfig, PartnerConfig
from gateway.line.settings import LineSettings, PartnerSettings


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
        buffer_bytes=partner.buffer_bytes,
        window=partner.window,
        backoff_min_seconds=partner.backoff_min_seconds,
        backoff_max_seconds=partner.backoff_max_seconds,
    )


def _path(path: Path | None) -> Path | None:
    return None if path is None else Path(path)

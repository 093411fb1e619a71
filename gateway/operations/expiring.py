"""Certificates whose end would stop the work, and what is told before it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.clock import BUSINESS_ZONE
from gateway.config import GatewayConfig, LineConfig, PartnerConfig
from gateway.errors import ConfigurationFault
from gateway.trust.keys import load_certificates

#: So many days before its end a certificate is spoken of, each time anew. A new one takes weeks to come.
NOTICE_DAYS: Final = (1, 7, 30, 90)


@dataclass(frozen=True, slots=True)
class Expiring:
    """A file of certificates, and what they are for."""

    name: str
    path: Path


def certificates_of(config: GatewayConfig) -> tuple[Expiring, ...]:
    """Those that sign, and those of the line, ours and the partners'."""
    return (
        Expiring("of the seal", Path(config.keys.seal_certificate)),
        Expiring("of the gateway", Path(config.keys.gateway_certificate)),
        *certificates_of_line(config.line, config.partners),
    )


def certificates_of_line(line: LineConfig, partners: tuple[PartnerConfig, ...]) -> Iterator[Expiring]:
    """Those for TLS, for secure authentication and for the services for files."""
    if line.certificate is not None:
        yield Expiring("of the line", Path(line.certificate))
    for partner in partners:
        paths = (
            (f"of {partner.name} for TLS", partner.tls_anchor),
            (f"of ours for {partner.name}", partner.auth_certificate),
            (f"of {partner.name} for authentication", partner.partner_auth_certificate),
            (f"of ours for files with {partner.name}", partner.services.certificate),
            (f"of {partner.name} for files", partner.services.partner_certificates),
        )
        yield from (Expiring(name, Path(path)) for name, path in paths if path is not None)


def expiry_trouble(path: Path, now: datetime) -> str | None:
    """What is to be told at `now` of the certificate in `path` that ends first; None while there is time.

    The sentence is another at each of `NOTICE_DAYS`.
    """
    try:
        not_after = min(known.not_after for known in load_certificates(path))
    except ConfigurationFault as error:
        return str(error)
    when = not_after.astimezone(BUSINESS_ZONE).isoformat(timespec="minutes")
    if now > not_after:
        return f"{path} has expired on {when}"
    left = (not_after - now).total_seconds() / 86_400
    for days in NOTICE_DAYS:
        if left <= days:
            return f"{path} expires on {when}: {days} {'day' if days == 1 else 'days'} left at most"
    return None

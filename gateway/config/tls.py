"""How a certificate is told from others of the same issuer: by its names, or by its subject."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.config.kinds import Kind

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
#: What OpenSSL writes, and cryptography does not know by these names.
_ATTRIBUTES: Final = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "E": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
}


def parse_subject(written: str) -> x509.Name:
    """The name that is written as `CN=…,O=…,C=…` (RFC 4514); ValueError if it is none."""
    name = x509.Name.from_rfc4514_string(written, _ATTRIBUTES)
    if not name.rdns:
        raise ValueError("an empty name")
    return name


def _read_tls_name(value: Any, _folder: Path | None) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    name = value.lower()
    if re.fullmatch(r"[0-9.]+|.*:.*", name):
        return str(ip_address(name))
    if not _HOST.fullmatch(name):
        raise ValueError
    return name


def _read_subject(value: Any, _folder: Path | None) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - one error for whatever is not of the kind
    parse_subject(value)
    return value


TlsName = Annotated[
    str, Kind('a name in a certificate such as "oftp.example.org" or "192.0.2.1"', _read_tls_name)
]
Subject = Annotated[str, Kind('the subject of a certificate such as "CN=oftp,O=Example,C=CN"', _read_subject)]

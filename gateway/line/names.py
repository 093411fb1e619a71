"""Names in certificates (RFC 6125, RFC 9525): DNS names and addresses of the subject alternative name.

The common name is no such name: it has not been one since RFC 6125.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from cryptography import x509
from service_identity import VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from service_identity.exceptions import CertificateError

_SHOWN_MAX = 8
_UNREADABLE = (
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    ValueError,
)


def is_address(name: str) -> bool:
    """Whether `name` is an IP address, and no DNS name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def carries_one_of(certificate: x509.Certificate, names: Sequence[str]) -> str | None:
    """None if `certificate` has one of `names`, else which were expected and which are there."""
    if any(_carries(certificate, name) for name in names):
        return None
    there = names_in(certificate)
    shown = ", ".join(there[:_SHOWN_MAX]) + (" and more" if len(there) > _SHOWN_MAX else "")
    return f"expected the name {' or '.join(names)}; its names are: {shown or 'none'}"


def names_in(certificate: x509.Certificate) -> list[str]:
    """The DNS names and addresses that a certificate has, fit to be shown."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except _UNREADABLE:
        return []
    names = extension.get_values_for_type(x509.DNSName)
    addresses = extension.get_values_for_type(x509.IPAddress)
    return [*(ascii(name)[1:-1] for name in names), *map(str, addresses)]


def _carries(certificate: x509.Certificate, name: str) -> bool:
    verify = verify_certificate_ip_address if is_address(name) else verify_certificate_hostname
    try:
        verify(certificate, name)
    except (VerificationError, CertificateError, *_UNREADABLE):
        # A certificate that cannot be taken apart has no names.
        return False
    return True

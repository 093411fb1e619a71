"""The PEM files of TLS, read and judged before anything is done with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from gateway.clock import local_words
from gateway.errors import ConfigurationFault
from gateway.trust.faults import shown
from gateway.trust.strength import weakness_of

_CRL_BEGINS = b"-----BEGIN X509 CRL-----"
_CRL_ENDS = b"-----END X509 CRL-----"
#: Authorities with millions of customers split their lists long before they are so large.
_MAX_BYTES = 64 * 1024 * 1024


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, one at least; ConfigurationFault when one is absent, or too weak."""
    try:
        certificates = tuple(x509.load_pem_x509_certificates(_read(path)))
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"{path}: no certificates for TLS: {error}") from error
    for certificate in certificates:
        weakness = weakness_of(certificate)
        if weakness is not None:
            raise ConfigurationFault(f"{path}: the certificate of {subject_in_words(certificate)} {weakness}")
    return certificates


def load_crls(path: Path, anchors: Iterable[x509.Certificate]) -> tuple[x509.CertificateRevocationList, ...]:
    """The revocation lists of a PEM file; ConfigurationFault if none, or if `anchors` are no issuers."""
    if not all(map(is_authority, anchors)):
        raise ConfigurationFault(
            f"{path}: revocation lists need the issuer's certificate in tls_anchor, only"
        )
    return read_crls(path)


def read_crls(path: Path) -> tuple[x509.CertificateRevocationList, ...]:
    """The revocation lists of a PEM file, one at least; ConfigurationFault."""
    try:
        return tuple(x509.load_pem_x509_crl(block) for block in _blocks(_read(path)))
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"{path}: no revocation lists can be read: {error}") from error


def subject_in_words(certificate: x509.Certificate) -> str:
    """Whose a certificate is, fit to be shown, whatever it is made of."""
    try:
        return shown(certificate.subject.rfc4514_string())
    except ValueError:
        return "somebody whose name cannot be read"


def in_short(certificate: x509.Certificate) -> str:
    """Whose a certificate is, and until when, for operators."""
    return f"{subject_in_words(certificate)}, until {local_words(certificate.not_valid_after_utc)}"


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may issue others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES} bytes")
    return content


def _blocks(content: bytes) -> list[bytes]:
    parts = content.split(_CRL_BEGINS)[1:]
    if not parts:
        raise ValueError(f"expected {_CRL_BEGINS.decode()} (for DER: openssl crl -inform DER)")
    return [_CRL_BEGINS + part.split(_CRL_ENDS)[0] + _CRL_ENDS + b"\n" for part in parts]

"""What a TLS handshake came to, in words: version, cipher, and the partner's certificate, known by what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cryptography import x509
from OpenSSL import crypto

from gateway.clock import local_words
from gateway.line.anchorage import Anchorage
from gateway.line.probe import Stage
from gateway.line.tls import partner_certificate
from gateway.trust.faults import shown


def describe_tls(transport: Any, anchorage: Anchorage | None, now: datetime) -> list[tuple[Stage, str]]:
    """The steps of a handshake that has ended well."""
    connection = transport.getHandle()
    told = [(Stage.TLS, f"{connection.get_protocol_version_name()}, {connection.get_cipher_name()}")]
    found = partner_certificate(transport)
    if found is not None:
        certificate, chain = found
        known = "" if anchorage is None else _known_by(certificate, chain, anchorage.certificates)
        told.append((Stage.CERTIFICATE, f"{_certificate(certificate, now)}{known}"))
    return told


def _certificate(certificate: x509.Certificate, now: datetime) -> str:
    end = certificate.not_valid_after_utc
    return f"{_subject(certificate)}, valid until {local_words(end)}, {(end - now).days} days left"


def _known_by(
    certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], anchors: Iterable[x509.Certificate]
) -> str:
    for anchor in anchors:
        if anchor == certificate:
            return "; it is in tls_anchor itself"
        if _leads(certificate, chain, anchor):
            return f"; issued under {_subject(anchor)} of tls_anchor"
    return ""


def _leads(
    certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], anchor: x509.Certificate
) -> bool:
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    store.add_cert(crypto.X509.from_cryptography(anchor))
    intermediates = [crypto.X509.from_cryptography(link) for link in chain]
    leaf = crypto.X509.from_cryptography(certificate)
    try:
        crypto.X509StoreContext(store, leaf, intermediates).verify_certificate()
    except crypto.X509StoreContextError:
        return False
    return True


def _subject(certificate: x509.Certificate) -> str:
    return shown(certificate.subject.rfc4514_string())

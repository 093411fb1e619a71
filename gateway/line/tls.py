"""Mutual TLS (1.2 or later) where a partner's certificate is pinned, or anchored, by a PEM file of its own.

Host names play no part: who a partner is follows from its certificate alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from gateway.errors import ConfigurationFault

#: ECDHE only, authenticated encryption only; TLS 1.3 has no others.
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_VERIFY = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
_CHAIN_DEPTH = 4


def load_anchors(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file; ConfigurationFault when there are none."""
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigurationFault(f"{path}: no certificates to anchor a partner by: {error}") from error


def is_anchored(
    certificate: x509.Certificate, chain: Iterable[x509.Certificate], anchors: Iterable[x509.Certificate]
) -> bool:
    """Whether `certificate` is, or descends through `chain` from, one of `anchors`, and is valid now."""
    store = _store(anchors)
    try:
        intermediates = [crypto.X509.from_cryptography(link) for link in chain]
        leaf = crypto.X509.from_cryptography(certificate)
        crypto.X509StoreContext(store, leaf, intermediates).verify_certificate()
    except crypto.X509StoreContextError:
        return False
    return True


def make_context(certificate: Path, key: Path, anchors: Sequence[x509.Certificate]) -> SSL.Context:
    """A context that shows our certificate and demands one of `anchors`; ConfigurationFault if unusable."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS)
    context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(_VERIFY, _accept_what_openssl_accepts)
    context.set_verify_depth(_CHAIN_DEPTH)
    try:
        context.use_certificate_chain_file(str(certificate))
        context.use_privatekey_file(str(key))
        context.check_privatekey()
    except (SSL.Error, OSError) as error:
        raise ConfigurationFault(f"{certificate} with {key}: not usable for TLS: {error}") from error
    _fill(context.get_cert_store(), anchors)
    return context


def partner_certificate(
    transport: object,
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]] | None:
    """The certificate that the partner showed, and what it sent with it; None without TLS."""
    connection = getattr(transport, "getHandle", lambda: None)()
    if not isinstance(connection, SSL.Connection):
        return None
    certificate = connection.get_peer_certificate(as_cryptography=True)
    if certificate is None:
        return None
    return certificate, tuple(connection.get_peer_cert_chain(as_cryptography=True) or ())


@implementer(IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator)
class Connections:
    """Makes TLS connections of one context, for either side."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """See IOpenSSLClientConnectionCreator."""
        return SSL.Connection(self._context, None)

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """See IOpenSSLServerConnectionCreator."""
        return SSL.Connection(self._context, None)


def _accept_what_openssl_accepts(*judgement: object) -> bool:
    return bool(judgement[-1])


def _store(anchors: Iterable[x509.Certificate]) -> crypto.X509Store:
    store = crypto.X509Store()
    _fill(store, anchors)
    return store


def _fill(store: crypto.X509Store | None, anchors: Iterable[x509.Certificate]) -> None:
    assert store is not None, "a context has a store"
    # An anchor may be the partner's own certificate, which is no authority: the chain may stop there.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for anchor in anchors:
        store.add_cert(crypto.X509.from_cryptography(anchor))

"""Mutual TLS (1.2 or later): contexts, and connections that judge the partner's certificate as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from gateway.errors import ConfigurationFault
from gateway.line.anchorage import Anchorage
from gateway.line.names import is_address
from gateway.line.tls_files import in_short, load_certificates
from gateway.line.verdicts import CRL_TROUBLES, refused

#: ECDHE only, authenticated encryption only; TLS 1.3 has no others. Level 2: 112 bits, no SHA-1 in a chain.
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
_VERIFY = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
_CHAIN_DEPTH = 4

#: Why a certificate that OpenSSL finds good is not the one expected, or None.
Judge = Callable[[x509.Certificate], str | None]


class Handshake:
    """What one handshake found out.

    `fault` is a sentence about the partner's certificate when that was refused, and `refused` is the
    certificate, if it is itself at fault and no authority of it.
    """

    def __init__(self, judge: Judge | None = None, *, tolerated: frozenset[int] = frozenset()) -> None:
        self.fault = ""
        self.refused: x509.Certificate | None = None
        self._judge = judge
        self._tolerated = tolerated

    def accepts(self, certificate: x509.Certificate, error: int, depth: int) -> bool:
        """OpenSSL's verdict on one certificate of the chain (`error` 0: good), and ours on the partner's."""
        why: str | int | None = None
        if error not in {0, *self._tolerated}:
            why = error
        elif depth == 0 and self._judge is not None:
            why = self._judge(certificate)
        if why is not None:
            self.fault = refused(certificate, depth, why)
            self.refused = certificate if depth == 0 else None
        return why is None


class JudgedConnection(SSL.Connection):
    """A connection that keeps what its handshake found out."""

    def __init__(self, context: SSL.Context, handshake: Handshake) -> None:
        super().__init__(context, None)
        self.handshake = handshake


def make_context(certificate: Path, key: Path, anchorages: Sequence[Anchorage]) -> SSL.Context:
    """A context that shows our certificate and wants one of `anchorages`; ConfigurationFault if unusable."""
    load_certificates(certificate)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(CIPHERS)
    context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_verify(_VERIFY, _judge)
    context.set_verify_depth(_CHAIN_DEPTH)
    try:
        context.use_certificate_chain_file(str(certificate))
        context.use_privatekey_file(str(key))
        context.check_privatekey()
    except (SSL.Error, OSError) as error:
        raise ConfigurationFault(f"{certificate} with {key}: not usable for TLS: {error}") from error
    store = context.get_cert_store()
    assert store is not None, "a context has a store"
    for anchorage in anchorages:
        anchorage.fill(store)
    return context


def partner_certificate(
    transport: object,
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]] | None:
    """The certificate that the partner showed, and what it sent with it; None without TLS."""
    connection = _connection(transport)
    certificate = None if connection is None else connection.get_peer_certificate(as_cryptography=True)
    if connection is None or certificate is None:
        return None
    return certificate, tuple(connection.get_peer_cert_chain(as_cryptography=True) or ())


def failed_handshake(transport: object) -> Handshake | None:
    """The handshake in which we refused the partner's certificate; None if we did not."""
    connection = _connection(transport)
    if isinstance(connection, JudgedConnection) and connection.handshake.fault:
        return connection.handshake
    return None


def handshake_fault(transport: object) -> str | None:
    """Why we refused the partner's certificate in the handshake; None if we did not."""
    failed = failed_handshake(transport)
    return None if failed is None else failed.fault


@dataclass(frozen=True, slots=True)
class Shown:
    """What a session's TLS came to: protocol and suite, and the certificate that the partner showed."""

    words: str
    certificate_ends: datetime

    @classmethod
    def of(cls, transport: object) -> Self | None:
        """That of a connection that stands; None without TLS."""
        connection = _connection(transport)
        found = partner_certificate(transport)
        if connection is None or found is None:
            return None
        protocol, suite = connection.get_protocol_version_name(), connection.get_cipher_name()
        return cls(f"{protocol}, {suite}; {in_short(found[0])}", found[0].not_valid_after_utc)


@implementer(IOpenSSLClientConnectionCreator)
class Calls:
    """Makes TLS connections to one host. Context and judgement are asked for anew each time."""

    def __init__(self, host: str, context: Callable[[], SSL.Context], judge: Judge) -> None:
        self._host = host
        self._context = context
        self._judge = judge

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """See IOpenSSLClientConnectionCreator."""
        connection = JudgedConnection(self._context(), Handshake(self._judge))
        if not is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        return connection


@implementer(IOpenSSLServerConnectionCreator)
class Answers:
    """Makes TLS connections for whoever calls; whose its certificate is, is judged when it says who it is."""

    def __init__(self, context: Callable[[], SSL.Context]) -> None:
        self._context = context

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803
        """See IOpenSSLServerConnectionCreator."""
        # One partner has lists and another has none: what is lacking is told when we know which one calls.
        return JudgedConnection(self._context(), Handshake(tolerated=CRL_TROUBLES))


def _connection(transport: object) -> SSL.Connection | None:
    try:
        connection = getattr(transport, "getHandle", lambda: None)()
    except AttributeError:
        # A plain socket, and closed already.
        return None
    return connection if isinstance(connection, SSL.Connection) else None


def _judge(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, _: int) -> bool:
    assert isinstance(connection, JudgedConnection), "connections are made by Calls and Answers"
    try:
        return connection.handshake.accepts(certificate.to_cryptography(), error, depth)
    except Exception as unreadable:
        # Strangers' certificates come here too, and OpenSSL reads what cryptography does not.
        connection.handshake.fault = f"the certificate is refused: it cannot be read: {unreadable}"
        return False

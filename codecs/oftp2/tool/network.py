"""Where to connect or to listen, with TLS or without."""

from __future__ import annotations

import argparse
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing

from oftp2.tool.link import Failure, Usage
from oftp2.tool.outcome import complain

_PORT_MAX = 65_535


def parse_endpoint(written: str) -> tuple[str, int]:
    """`HOST:PORT` as host and port, an IPv6 address in brackets; ValueError otherwise."""
    host, colon, port = written.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= _PORT_MAX):
        raise ValueError(f"{written!r} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def connect(options: argparse.Namespace) -> socket.socket:
    """A connection to the partner, through the TLS handshake; Failure when there is none."""
    host, port = options.endpoint
    context = tls_context(options, server=False)
    try:
        connection = socket.create_connection((host, port), timeout=options.timeout)
        if context is None:
            return connection
        return context.wrap_socket(connection, server_hostname=options.server_name)
    except OSError as error:
        raise Failure(f"no connection to {host}:{port}: {_why(error)}") from error


def accept(options: argparse.Namespace, listening: socket.socket) -> Iterator[tuple[socket.socket, str]]:
    """One connection after the other, with the caller's address; a failed handshake is told."""
    context = tls_context(options, server=True)
    while True:
        connection, address = listening.accept()
        connection.settimeout(options.timeout)
        try:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
        except OSError as error:
            connection.close()
            complain(f"{address[0]}: {_why(error)}")
            continue
        with closing(connection):
            yield connection, str(address[0])


def listen(options: argparse.Namespace) -> socket.socket:
    """A listening socket; Failure when the address cannot be had."""
    host, port = options.listen
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Failure(f"cannot listen at {host}:{port}: {_why(error)}") from error


def tls_context(options: argparse.Namespace, *, server: bool) -> ssl.SSLContext | None:
    """TLS 1.2 or later, mutual when a certificate is given; None without --tls. Usage when a file is no good.

    The partner is known by `--ca`: its own certificate, or those that issue it. A name is compared only
    when `--server-name` says which, for certificates of OFTP2 partners often carry none.
    """
    if not options.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not server:
        context.check_hostname = options.server_name is not None
    if options.ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _load("--ca", lambda: context.load_verify_locations(options.ca))
    if options.certificate is not None:
        _load(
            "--certificate and --key",
            lambda: context.load_cert_chain(options.certificate, options.key, password=_no_password),
        )
    return context


def _load(options: str, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Usage(f"{options} cannot be used: {why}") from error


def _no_password() -> str:
    raise ValueError("the key is locked with a pass phrase, which is not asked for here")


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the partner's certificate is not accepted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error)

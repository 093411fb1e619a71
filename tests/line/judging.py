"""Handshakes in memory: what our end says of the certificate of the other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from gateway.config.endpoints import Endpoint, Transport
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import JudgedConnection
from gateway.line.vault import Vault
from tests.line.papers import Issued

HOST = "oftp.customs.example"


def handshake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Carry records between two connections without sockets until both are through, or one raises."""
    client.set_connect_state()
    server.set_accept_state()
    waiting = {client, server}
    for _ in range(20):
        for one, other in ((client, server), (server, client)):
            try:
                one.do_handshake()
                waiting.discard(one)
            except SSL.WantReadError:
                pass
            with suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(65_536))
        if not waiting:
            return
    raise AssertionError("the handshake never ends")


def settings(own: Issued, anchor: Path, **partner: Any) -> LineSettings:
    """A line that listens over TLS, and calls its one partner at HOST."""
    endpoint = Endpoint(Transport.TLS, HOST, 6619)
    one = PartnerSettings("partner", "P", "", "", call=(endpoint,), tls_anchor=anchor, **partner)
    return LineSettings("US", (one,), listen=(endpoint,), certificate=own.path, key=own.key)


def call(us: Issued, anchor: Path, answering: Issued, host: str = HOST, **partner: Any) -> str:
    """What we say of `answering`'s certificate when we call it at `host`; empty if nothing."""
    vault = Vault(settings(us, anchor, **partner))
    ours = vault.calls("partner", host).clientConnectionForTLS(None)  # type: ignore[arg-type]  # not used
    return _judgement(ours, answering, ours_calls=True)


def answer(us: Issued, anchor: Path, calling: Issued, **partner: Any) -> str:
    """What we say in the handshake of `calling`'s certificate when it calls us."""
    vault = Vault(settings(us, anchor, **partner))
    ours = vault.answers().serverConnectionForTLS(None)  # type: ignore[arg-type]  # not used
    return _judgement(ours, calling, ours_calls=False)


def _judgement(ours: SSL.Connection, other: Issued, *, ours_calls: bool) -> str:
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(str(other.path))
    context.use_privatekey_file(str(other.key))
    theirs = SSL.Connection(context, None)
    assert isinstance(ours, JudgedConnection)
    try:
        handshake(*((ours, theirs) if ours_calls else (theirs, ours)))
    except SSL.Error:
        assert ours.handshake.fault
    return ours.handshake.fault

"""Who is let through TLS, and with what."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL

from gateway.errors import ConfigurationFault
from gateway.line.tls import is_anchored, load_anchors, make_context
from tests.line.dummies import make_paper


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


def contexts(folder: Path) -> tuple[SSL.Context, SSL.Context]:
    _, authority = make_paper(folder, "authority")
    server, _ = make_paper(folder, "server", authority)
    client, _ = make_paper(folder, "client", authority)
    anchors = load_anchors(folder / "authority.pem")
    return (
        make_context(client.certificate, client.key, anchors),
        make_context(server.certificate, server.key, anchors),
    )


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
def test_tls_from_1_2_on_is_spoken(tmp_path: Path, version: int) -> None:
    client, server = contexts(tmp_path)
    client.set_max_proto_version(version)
    ends = SSL.Connection(client, None), SSL.Connection(server, None)
    handshake(*ends)
    assert ends[1].get_peer_certificate(as_cryptography=True) is not None


def test_tls_before_1_2_is_not(tmp_path: Path) -> None:
    _, server = contexts(tmp_path)
    old = SSL.Context(SSL.TLS_METHOD)
    old.set_cipher_list(b"ALL:@SECLEVEL=0")
    old.set_max_proto_version(SSL.TLS1_1_VERSION)
    with pytest.raises(SSL.Error, match=r"unsupported protocol|protocol version"):
        handshake(SSL.Connection(old, None), SSL.Connection(server, None))


def test_a_client_without_a_certificate_is_not_let_in(tmp_path: Path) -> None:
    _, server = contexts(tmp_path)
    with pytest.raises(SSL.Error, match="did not return a certificate"):
        handshake(SSL.Connection(SSL.Context(SSL.TLS_METHOD), None), SSL.Connection(server, None))


def test_anchors_are_issuers_or_the_certificate_itself(tmp_path: Path) -> None:
    _, (root, root_key) = make_paper(tmp_path, "root")
    _, (leaf, _) = make_paper(tmp_path, "leaf", (root, root_key))
    _, (sister, _) = make_paper(tmp_path, "sister", (root, root_key))
    _, (stranger, _) = make_paper(tmp_path, "stranger")
    assert is_anchored(leaf, (), (root,))
    assert is_anchored(leaf, (), (leaf,))
    assert is_anchored(leaf, (root,), (leaf,))
    assert not is_anchored(leaf, (root,), (sister,))
    assert not is_anchored(stranger, (), (root,))
    assert not is_anchored(leaf, (root,), ())


def test_a_name_alike_is_not_the_anchor(tmp_path: Path) -> None:
    _, (root, _) = make_paper(tmp_path, "root")
    _, forged = make_paper(tmp_path, "root")
    _, (leaf, _) = make_paper(tmp_path, "leaf", forged)
    assert isinstance(leaf, x509.Certificate)
    assert not is_anchored(leaf, (forged[0],), (root,))


def test_unusable_files_say_which(tmp_path: Path) -> None:
    paper, _ = make_paper(tmp_path, "one")
    other, _ = make_paper(tmp_path, "two")
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(ConfigurationFault, match=r"empty\.pem"):
        load_anchors(tmp_path / "empty.pem")
    with pytest.raises(ConfigurationFault, match=r"one\.pem"):
        make_context(paper.certificate, other.key, ())
    with pytest.raises(ConfigurationFault, match="absent"):
        make_context(tmp_path / "absent.pem", paper.key, ())

"""Challenges for secure authentication: sealed to a partner's certificate, opened by its key alone."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import ConfigurationFault
from gateway.trust.authority import Authority, KeyKind
from gateway.trust.challenge import Authenticator, ChallengeFault
from tests.trust.enciphering import authentication_paper

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("authentication")
    for name in ("alice", "bob"):
        authentication_paper(made, name, NOW - timedelta(days=1), NOW + timedelta(days=365))
    return made


@cache
def authenticator(folder: Path, own: str, other: str) -> Authenticator:
    return Authenticator.load(folder / f"{own}.key", folder / f"{own}.pem", folder / f"{other}.pem")


def test_what_one_seals_the_other_opens(folder: Path) -> None:
    alice, bob = authenticator(folder, "alice", "bob"), authenticator(folder, "bob", "alice")
    for _ in range(20):  # line ends among the octets too
        made = alice.challenge(NOW)
        assert len(made.answer) == 20
        assert made.answer not in made.envelope
        assert bob.respond(made.envelope) == made.answer
    assert alice.challenge(NOW).answer != alice.challenge(NOW).answer
    assert "answer" not in repr(made)
    assert "key=" not in repr(alice).split("certificate")[0]


def test_nobody_else_opens_it(folder: Path) -> None:
    alice = authenticator(folder, "alice", "bob")
    with pytest.raises(ChallengeFault, match="cannot be opened"):
        alice.respond(alice.challenge(NOW).envelope)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), octet=st.integers(1, 255))
def test_what_was_changed_on_the_way_gives_the_one_answer(folder: Path, at: int, octet: int) -> None:
    alice, bob = authenticator(folder, "alice", "bob"), authenticator(folder, "bob", "alice")
    made = alice.challenge(NOW)
    envelope = bytearray(made.envelope)
    envelope[at % len(envelope)] ^= octet
    try:
        assert len(bob.respond(bytes(envelope))) == 20
    except ChallengeFault as fault:
        assert str(fault) == "the challenge cannot be opened: expected AES or 3DES, and RSA, for our key"


@pytest.mark.parametrize("envelope", [b"", b"0", b"\x30\x80", b"garbage" * 100])
def test_garbage_is_not_opened(folder: Path, envelope: bytes) -> None:
    with pytest.raises(ChallengeFault):
        authenticator(folder, "bob", "alice").respond(envelope)


def test_a_partners_certificate_must_hold_when_it_is_challenged(folder: Path) -> None:
    alice = authenticator(folder, "alice", "bob")
    with pytest.raises(ChallengeFault, match="expired"):
        alice.challenge(NOW + timedelta(days=366))
    with pytest.raises(ChallengeFault, match="not valid yet"):
        alice.challenge(NOW - timedelta(days=2))


def test_while_a_partner_changes_its_key_either_opens_the_challenge(folder: Path, tmp_path: Path) -> None:
    begins, ends = NOW - timedelta(days=30), NOW + timedelta(days=400)
    authentication_paper(tmp_path, "new", begins, ends)
    authentication_paper(tmp_path, "old", begins, NOW - timedelta(days=1))
    both = tmp_path / "both.pem"
    both.write_bytes((folder / "bob.pem").read_bytes() + (tmp_path / "new.pem").read_bytes())
    alice = Authenticator.load(folder / "alice.key", folder / "alice.pem", both)
    made = alice.challenge(NOW)
    for key, certificate in ((folder, "bob"), (tmp_path, "new")):
        bob = Authenticator.load(key / f"{certificate}.key", key / f"{certificate}.pem", folder / "alice.pem")
        assert bob.respond(made.envelope) == made.answer
    # One that has ended does not hold up the other, and is sealed to no more.
    both.write_bytes((folder / "bob.pem").read_bytes() + (tmp_path / "old.pem").read_bytes())
    made = Authenticator.load(folder / "alice.key", folder / "alice.pem", both).challenge(NOW)
    gone = Authenticator.load(tmp_path / "old.key", tmp_path / "old.pem", folder / "alice.pem")
    with pytest.raises(ChallengeFault, match="cannot be opened"):
        gone.respond(made.envelope)
    assert authenticator(folder, "bob", "alice").respond(made.envelope) == made.answer


def test_what_is_unfit_is_told_when_it_is_loaded(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFault, match="no certificate can be read"):
        authenticator(folder, "alice", "nobody")
    with pytest.raises(ConfigurationFault, match="no private key can be read"):
        Authenticator.load(folder / "no.key", folder / "alice.pem", folder / "bob.pem")
    with pytest.raises(ConfigurationFault, match="not the key of"):
        Authenticator.load(folder / "bob.key", folder / "alice.pem", folder / "bob.pem")
    with pytest.raises(ConfigurationFault, match="other than our own"):
        authenticator(folder, "alice", "alice")
    authority = Authority.create("CA", at=NOW)
    for kind, words in ((KeyKind.P256, "RSA"), (KeyKind.RSA2048, "keyEncipherment")):
        path = tmp_path / f"{kind}.pem"
        authority.issue_signing("X", at=NOW, kind=kind).save_certificate(path)
        with pytest.raises(ConfigurationFault, match=words):
            Authenticator.load(folder / "alice.key", folder / "alice.pem", path)


OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="the program openssl is not here")


def openssl(*arguments: str, given: bytes) -> bytes:
    assert OPENSSL is not None
    return subprocess.run([OPENSSL, *arguments], input=given, capture_output=True, check=True).stdout


@needs_openssl
def test_openssl_opens_what_is_sealed_here(folder: Path) -> None:
    made = authenticator(folder, "alice", "bob").challenge(NOW)
    opening = ("cms", "-decrypt", "-inform", "DER", "-inkey", str(folder / "bob.key"))
    opened = openssl(*opening, given=made.envelope)
    assert opened == made.answer
    shown = openssl("cms", "-cmsout", "-print", "-inform", "DER", given=made.envelope)
    assert b"aes-256-cbc" in shown
    assert b"rsaEncryption" in shown


@needs_openssl
@pytest.mark.parametrize(("cipher", "opens"), [("-aes256", 1), ("-aes128", 1), ("-des3", 1), ("-aes192", 0)])
def test_what_openssl_seals_is_opened_here(folder: Path, cipher: str, opens: int) -> None:
    answer = bytes(range(20))
    sealing = ("cms", "-encrypt", "-binary", "-outform", "DER", cipher, str(folder / "bob.pem"))
    envelope = openssl(*sealing, given=answer)
    bob = authenticator(folder, "bob", "alice")
    if opens:
        assert bob.respond(envelope) == answer
    else:
        with pytest.raises(ChallengeFault):
            bob.respond(envelope)

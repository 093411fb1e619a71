"""Who is let through TLS, and with what; in memory, without sockets."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from gateway.config.endpoints import Endpoint, Transport
from gateway.errors import ConfigurationFault
from gateway.line.anchorage import Anchorage
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import JudgedConnection, make_context
from gateway.line.tls_files import load_certificates, load_crls
from gateway.line.vault import Holdings, Vault
from gateway.line.verdicts import in_words
from tests.line.papers import DAY, Issued, bundle, issue, rsa_key

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


@pytest.fixture
def root(tmp_path: Path) -> Issued:
    return issue(tmp_path, "root", authority=True)


@pytest.fixture
def us(root: Issued) -> Issued:
    return root.issue("us", names=("us.example",))


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


class TestNames:
    def test_whom_we_call_must_have_the_name_that_we_called(self, root: Issued, us: Issued) -> None:
        right = root.issue("right", names=("else.example", HOST))
        wrong = root.issue("wrong", names=("else.example", "192.0.2.7"))
        assert call(us, root.path, right) == ""
        assert call(us, root.path, wrong) == (
            "the certificate of CN=wrong is refused: expected the name oftp.customs.example;"
            " its names are: else.example, 192.0.2.7"
        )
        # A common name is no name that is checked.
        assert "its names are: none" in call(us, root.path, root.issue(HOST))

    def test_an_address_is_a_name_of_its_own_kind(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=("192.0.2.7", "2001:db8::7"))
        assert call(us, root.path, one, host="192.0.2.7") == ""
        assert call(us, root.path, one, host="2001:db8:0::7") == ""
        assert "expected the name 192.0.2.8" in call(us, root.path, one, host="192.0.2.8")
        assert "expected" in call(us, root.path, root.issue("two", names=(HOST,)), host="192.0.2.7")

    def test_tls_names_take_the_place_of_the_host(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=("customs.example",))
        assert call(us, root.path, one, tls_names=("other.example", "customs.example")) == ""
        refusal = call(us, root.path, one, tls_names=("other.example", "third.example"))
        assert "expected the name other.example or third.example; its names are: customs.example" in refusal

    def test_a_certificate_that_is_pinned_needs_no_name(self, us: Issued, tmp_path: Path) -> None:
        # As `openssl req -x509` makes it: an authority of itself.
        own = issue(tmp_path, "own", authority=True)
        assert call(us, own.path, own) == ""
        assert answer(us, own.path, own) == ""
        # What it goes on to issue is not it.
        assert "expected the name" in call(us, own.path, own.issue("child", names=("x.example",)))

    def test_a_subject_may_stand_for_names(self, root: Issued, us: Issued) -> None:
        one = root.issue("one")
        assert call(us, root.path, one, tls_subject="CN=one") == ""
        assert "is refused: expected one of CN=two" in call(us, root.path, one, tls_subject="CN=two")
        refusal = call(us, root.path, one, tls_subject="CN=one", tls_names=("one.example",))
        assert "expected the name one.example" in refusal, "both, where both are configured"


class TestCallers:
    """The handshake lets in whom any partner's anchor vouches for; who it is, is judged with the code."""

    def test_of_an_issuers_certificates_one_has_the_partners_name(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,), names=("a.example",))
        assert anchorage.refusal_of(root.issue("a", names=("a.example",)).certificate) is None
        refusal = anchorage.refusal_of(root.issue("b", names=("b.example",)).certificate)
        assert refusal is not None
        assert "CN=b is refused: expected the name a.example; its names are: b.example" in refusal

    def test_without_names_it_is_known_by_the_hosts_at_which_it_is_called(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,), hosts=("a.example", "b.example"))
        assert not anchorage.is_vague
        assert anchorage.refusal_of(root.issue("b", names=("b.example",)).certificate) is None
        assert anchorage.refusal_of(root.issue("c", names=("c.example",)).certificate) is not None

    def test_where_nothing_tells_whose_it_is_nobody_comes_in(self, root: Issued) -> None:
        anchorage = Anchorage((root.certificate,))
        assert anchorage.is_vague
        refusal = anchorage.refusal_of(root.issue("a", names=("a.example",)).certificate)
        assert refusal is not None
        assert "tls_names does not say which" in refusal
        leaf = root.issue("leaf")
        assert not Anchorage((leaf.certificate,)).is_vague
        assert Anchorage((leaf.certificate,)).refusal_of(leaf.certificate) is None

    def test_a_name_alike_is_not_the_anchor(self, root: Issued, tmp_path: Path) -> None:
        (tmp_path / "forged").mkdir()
        forged = issue(tmp_path / "forged", "root", authority=True)
        leaf = forged.issue("leaf", names=(HOST,))
        anchorage = Anchorage((root.certificate,), names=(HOST,))
        assert anchorage.refusal_of(leaf.certificate, (forged.certificate,)) is not None

    def test_who_is_no_authority_cannot_vouch_for_others(self, root: Issued) -> None:
        leaf = root.issue("leaf")
        child = leaf.issue("child", names=(HOST,))
        refusal = Anchorage((leaf.certificate,), names=(HOST,)).refusal_of(child.certificate)
        assert refusal is not None
        assert Anchorage((root.certificate,), names=(HOST,)).refusal_of(
            child.certificate, (leaf.certificate,)
        )

    def test_old_and_new_are_both_accepted_while_both_are_in_the_file(
        self, root: Issued, us: Issued, tmp_path: Path
    ) -> None:
        old, new, third = (issue(tmp_path, name) for name in ("old", "new", "third"))
        both = bundle(tmp_path / "both.pem", old, new)
        assert answer(us, both, old) == answer(us, both, new) == ""
        assert "CN=third is refused: it signed itself, and is not in tls_anchor" in answer(us, both, third)


class TestMadness:
    def test_a_stranger_whose_certificate_cannot_be_read_is_refused_as_any_other(
        self, root: Issued, us: Issued, tmp_path: Path
    ) -> None:
        mad = issue(tmp_path, "ABCDEFGH")
        der = mad.certificate.public_bytes(Encoding.DER)
        # A T61String has any octets: good enough for OpenSSL.
        der = der.replace(b"\x0c\x08ABCDEFGH", b"\x14\x08" + b"\xff" * 8)
        mad.path.write_text(ssl.DER_cert_to_PEM_cert(der))
        for judged in (call, answer):
            assert judged(us, root.path, mad) == (
                "the certificate of somebody whose name cannot be read is refused:"
                " it signed itself, and is not in tls_anchor"
            )
        twice = bytes.fromhex("0603551d13")
        other = issue(tmp_path, "twice")
        der = other.certificate.public_bytes(Encoding.DER).replace(bytes.fromhex("0603551d0e"), twice)
        other.path.write_text(ssl.DER_cert_to_PEM_cert(der))
        for judged in (call, answer):
            assert "is refused" in judged(us, root.path, other)

    def test_a_host_with_the_dot_of_the_root_is_the_same_host(self, root: Issued, us: Issued) -> None:
        one = root.issue("one", names=(HOST,))
        assert call(us, root.path, one, host=f"{HOST.upper()}.") == ""


class TestDates:
    def test_expired_and_not_yet_valid_are_told_apart(self, root: Issued, us: Issued) -> None:
        expired = root.issue("expired", names=(HOST,), begins=-2 * DAY, ends=-DAY)
        early = root.issue("early", names=(HOST,), begins=DAY, ends=2 * DAY)
        for judged in (call, answer):
            assert judged(us, root.path, expired).endswith("CN=expired is refused: it has expired")
            assert judged(us, root.path, early).endswith("CN=early is refused: it is not valid yet")
        assert answer(us, expired.path, expired).endswith("it has expired"), "pinned or not"


class TestChains:
    def test_an_intermediate_comes_with_the_certificate(self, root: Issued, us: Issued) -> None:
        between = root.issue("between", authority=True)
        leaf = between.issue("leaf", names=(HOST,))
        assert "is in tls_anchor" in call(us, root.path, leaf)
        bundle(leaf.path, leaf, between)
        assert call(us, root.path, leaf) == answer(us, root.path, leaf) == ""
        assert call(us, between.path, leaf) == "", "and may be the anchor"

    def test_an_expired_intermediate_is_named(self, root: Issued, us: Issued) -> None:
        between = root.issue("between", authority=True, begins=-2 * DAY, ends=-DAY)
        leaf = between.issue("leaf", names=(HOST,))
        bundle(leaf.path, leaf, between)
        assert call(us, root.path, leaf) == (
            "the certificate is refused because of its authority CN=between: it has expired"
        )

    def test_a_certificate_for_the_other_end_only_does_not_do(self, root: Issued, us: Issued) -> None:
        server = root.issue("server", names=(HOST,), usage=ExtendedKeyUsageOID.SERVER_AUTH)
        assert call(us, root.path, server) == ""
        assert "extended key usage" in answer(us, root.path, server)


class TestRevocation:
    def test_a_revoked_certificate_is_refused_at_both_ends(self, root: Issued, us: Issued) -> None:
        good, bad = (root.issue(name, names=(HOST,)) for name in ("good", "bad"))
        crl = root.crl("root", bad)
        for judged in (call, answer):
            assert judged(us, root.path, good, tls_crl=crl) == ""
            assert judged(us, root.path, bad, tls_crl=crl).endswith("its issuer has revoked it")
            assert judged(us, root.path, bad) == "", "without a list nobody knows"

    @pytest.mark.parametrize(
        ("begins", "ends", "told"), [(-2 * DAY, -DAY, "out of date"), (DAY, 2 * DAY, "not valid yet")]
    )
    def test_a_list_that_is_not_of_now_vouches_for_nobody(
        self, root: Issued, us: Issued, begins: Any, ends: Any, told: str
    ) -> None:
        good = root.issue("good", names=(HOST,))
        crl = root.crl("root", begins=begins, ends=ends)
        assert told in call(us, root.path, good, tls_crl=crl)
        # Another partner may have no lists at all: it is refused once it has said who it is.
        assert answer(us, root.path, good, tls_crl=crl) == ""
        anchors = load_certificates(root.path)
        refusal = Anchorage(anchors, names=(HOST,), crls=load_crls(crl, anchors)).refusal_of(good.certificate)
        assert refusal is not None
        assert told in refusal

    def test_an_intermediate_can_be_revoked_too(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        between = root.issue("between", authority=True)
        leaf = between.issue("leaf", names=(HOST,))
        bundle(leaf.path, leaf, between)
        lists = tmp_path / "all.crl"
        lists.write_bytes(root.crl("r").read_bytes() + between.crl("b").read_bytes())
        assert call(us, root.path, leaf, tls_crl=lists) == ""
        lists.write_bytes(root.crl("r", between).read_bytes() + between.crl("b").read_bytes())
        for judged in (call, answer):
            assert "authority CN=between: its issuer has revoked it" in judged(
                us, root.path, leaf, tls_crl=lists
            )
        assert "tls_crl has no list of its issuer" in call(us, root.path, leaf, tls_crl=root.crl("r"))
        # Below an intermediate that is trusted itself, its own list is enough.
        assert call(us, between.path, leaf, tls_crl=between.crl("b")) == ""

    def test_lists_are_of_issuers(self, root: Issued, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationFault, match="need the issuer's certificate in tls_anchor"):
            load_crls(root.crl("root"), (root.issue("leaf").certificate,))
        with pytest.raises(ConfigurationFault, match="expected -----BEGIN X509 CRL-----"):
            load_crls(root.path, (root.certificate,))


def sha1_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate under a hash that cryptography refuses to sign with; by OpenSSL's command."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    names = {"ca": "CN=CA", "old": "CN=old"}
    for name, subject in names.items():
        issuer = ["-CA", "ca.pem", "-CAkey", "ca.key"] if name == "old" else []
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/{subject}", "-sha1", *issuer]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run(["openssl", *request, *files], cwd=folder, check=True, capture_output=True)
    return folder / "old.pem", folder / "old.key"


class TestFiles:
    def test_unusable_files_say_which(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        (tmp_path / "empty.pem").write_text("")
        with pytest.raises(ConfigurationFault, match=r"empty\.pem"):
            load_certificates(tmp_path / "empty.pem")
        with pytest.raises(ConfigurationFault, match=r"us\.pem"):
            make_context(us.path, root.key, ())
        with pytest.raises(ConfigurationFault, match="absent"):
            make_context(tmp_path / "absent.pem", us.key, ())

    def test_weak_certificates_are_told_before_they_are_used(self, root: Issued, tmp_path: Path) -> None:
        weak = root.issue("weak", private=rsa_key(1024))
        with pytest.raises(ConfigurationFault, match=r"CN=weak has an RSA key of 1024 bits; expected 2048"):
            load_certificates(weak.path)
        old = sha1_certificate(tmp_path)
        with pytest.raises(ConfigurationFault, match="CN=old is signed with SHA-1 or MD5"):
            make_context(*old, ())
        # Under a certificate that signs itself a hash proves nothing.
        assert load_certificates(issue(tmp_path, "self", private=rsa_key(2048)).path)

    def test_all_that_is_unfit_is_told_at_once(self, root: Issued, us: Issued, tmp_path: Path) -> None:
        wrong = settings(us, tmp_path / "absent.pem")
        second = PartnerSettings("second", "Q", "", "", tls_anchor=root.path, tls_crl=tmp_path / "no.crl")
        with pytest.raises(ConfigurationFault) as raised:
            Holdings.load(LineSettings("US", (*wrong.partners, second), wrong.listen, root.path, us.key))
        told = str(raised.value).splitlines()
        assert [line.split(":")[0] for line in told] == [
            str(tmp_path / "absent.pem"),
            str(tmp_path / "no.crl"),
            f"{root.path} with {us.key}",
        ]

    def test_tls_needs_certificate_and_anchor(self, us: Issued) -> None:
        endpoint = Endpoint(Transport.TLS, HOST, 6619)
        partner = PartnerSettings("partner", "P", "", "")
        with pytest.raises(ConfigurationFault, match="TLS needs the line's certificate and key"):
            Vault(LineSettings("US", (partner,), listen=(endpoint,)))
        with pytest.raises(ConfigurationFault, match="TLS needs tls_anchor"):
            Vault(LineSettings("US", (partner,), listen=(endpoint,), certificate=us.path, key=us.key))


def test_what_openssl_says_is_told_in_a_sentence() -> None:
    alert = SSL.Error([("SSL routines", "", "tlsv1 alert unknown ca")])
    assert in_words(alert) == "TLS: tlsv1 alert unknown ca, says the partner"
    assert in_words(SSL.Error([("SSL routines", "", "no shared cipher")])) == "TLS: no shared cipher"
    assert in_words(SSL.Error()) is None
    assert in_words(ValueError("x")) is None
